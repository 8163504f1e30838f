"""The contract of a model, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ondes.errors import ChannelError, InputError, RateError, TooShortError
from ondes.signal import Signal
from ondes.spec import Spec
from ondes.timebase import Timebase

SPEC = Spec(
    48000,
    2,
    ("A4", "C4"),
    512,
    look_back=1000,
    look_ahead=88,
    heads=("frame", "onset"),
    accepts_hz=(44100.0,),
)


def take(n_samples: int, rate_hz: float, channels: int = 2) -> Signal:
    return Signal.of(np.zeros((channels, n_samples)), rate_hz=rate_hz)


def test_what_follows_from_a_spec():
    assert SPEC.receptive_field == 1600
    assert SPEC.latency_s == 600 / 48000
    assert SPEC.timebase == Timebase(48000, 512)


@pytest.mark.parametrize("signal", [take(512, 48000), take(48000, 44100), take(471, 44100)])
def test_signals_that_fit(signal):
    SPEC.check(signal)


@pytest.mark.parametrize(
    ("signal", "error", "cure"),
    [
        (take(48000, 32000), RateError, "--resample"),
        (take(48000, 48000, channels=1), ChannelError, "--channel"),
        (take(511, 48000), TooShortError, "at least one frame"),
        (take(300, 44100), TooShortError, "at least one frame"),
    ],
)
def test_signals_that_do_not_fit_and_the_cure(signal, error, cure):
    with pytest.raises(error, match=cure):
        SPEC.check(signal)


def test_a_spec_travels_as_json():
    assert Spec.from_dict(json.loads(json.dumps(SPEC.to_dict()))) == SPEC


def test_numbers_of_numpy_travel_too():
    assert json.dumps(replace(SPEC, hop=np.int64(512)).to_dict()) == json.dumps(SPEC.to_dict())


def test_a_wrong_key_is_named_with_the_nearest():
    with pytest.raises(InputError, match="'chanels'; did you mean 'channels'"):
        Spec.from_dict({**SPEC.to_dict(), "chanels": 1})
    with pytest.raises(InputError, match=r"missing .* 'hop'"):
        Spec.from_dict({key: value for key, value in SPEC.to_dict().items() if key != "hop"})


@pytest.mark.parametrize(
    "changes",
    [
        {"channels": 0},
        {"look_back": -1},
        {"look_ahead": -1},
        {"hop": 0},
        {"hop": 512.0},
        {"classes": ()},
        {"classes": ("a", "a")},
        {"heads": ("frame", "onsets")},
        {"heads": ()},
        {"rate_hz": 0.0},
        {"accepts_hz": (0.0,)},
        {"pass_band": 1.0},
    ],
)
def test_what_cannot_be_is_refused(changes):
    with pytest.raises(InputError):
        replace(SPEC, **changes)
