"""The contract of networks of whole clips."""

import json

import pytest

from ondes.errors import ChannelError, InputError, RateError, TooShortError
from ondes.signal import Signal
from ondes.spec import ClipSpec

SPEC = ClipSpec(8000, channels=2, outputs=["yes", "no"], least=64)


def signal(samples=64, channels=2, rate_hz=8000):
    return Signal.of([[0.0] * samples] * channels, rate_hz=rate_hz)


def test_it_survives_json():
    assert ClipSpec.from_dict(json.loads(json.dumps(SPEC.to_dict()))) == SPEC
    assert SPEC.outputs == ("yes", "no")


def test_it_takes_any_length_from_the_least_on():
    for samples in (64, 65, 10**6):
        SPEC.check(signal(samples))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"samples": 63}, TooShortError, r"63 samples .* 64 or more \(0.008 s\)"),
        ({"channels": 1}, ChannelError, "for a model of 2"),
        ({"rate_hz": 8001}, RateError, "8001 Hz for a model made for 8000 Hz"),
    ],
)
def test_what_it_cannot_take_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        SPEC.check(signal(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"channels": 0},
        {"least": 0},
        {"least": 1.5},
        {"outputs": []},
        {"outputs": ["a", "a"]},
        {"rate_hz": 0},
        {"output": ["a"]},
    ],
)
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises(InputError):
        ClipSpec.from_dict({**SPEC.to_dict(), **change})


def test_a_missing_key_is_named():
    with pytest.raises(InputError, match=r"ClipSpec\.from_dict.*least"):
        ClipSpec.from_dict({"rate_hz": 1, "channels": 1, "outputs": ["a"]})
