"""Signals: valid once they exist, never changed, and refused where they do not fit together."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.signal import Signal

signals = st.from_type(Signal)
STEREO = Signal.of([[1, 2, 3, 4], [5, 6, 7, 8]], rate_hz=2, channels=["left", "right"], unit="V")


def test_a_signal_says_what_it_is():
    take = Signal.of(np.zeros(48000), rate_hz=48000, start=24000)
    assert (take.n_channels, take.n_samples, take.stop) == (1, 48000, 72000)
    assert (take.start_s, take.duration_s, take.channels) == (0.5, 1.0, ("0",))
    assert repr(STEREO) == "<Signal (left, right) in V: 4 samples from 0 at 2 Hz, 2 s>"


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.bool_, np.float16, np.float64, ">f4"])
def test_any_real_type_becomes_float32_unscaled(dtype):
    take = Signal.of(np.array([0, 1], dtype), rate_hz=1)
    assert take.samples.dtype == np.float32
    assert take.samples.tolist() == [[0, 1]]


def test_the_first_bad_sample_is_named():
    samples = np.zeros((2, 9))
    samples[1, 4:6] = math.nan, -math.inf
    with pytest.raises(NotFiniteError, match=r"2 samples .* first at channel 1, sample 4"):
        Signal.of(samples, rate_hz=1)
    with pytest.raises(NotFiniteError, match="beyond float32"):
        Signal.of([1e300], rate_hz=1)


@pytest.mark.parametrize(
    ("array", "error", "said"),
    [
        ([], TooShortError, "at least one sample"),
        (np.zeros((0, 9)), TooShortError, "at least one sample"),
        (np.zeros((1, 1, 9)), InputError, r"\[channel, time\]"),
        ([1j], InputError, "real numbers"),
        (["a"], InputError, "real numbers"),
    ],
)
def test_what_is_no_signal_is_refused(array, error, said):
    with pytest.raises(error, match=said):
        Signal.of(array, rate_hz=1)


@pytest.mark.parametrize("names", [["left"], ["left", "left"]])
def test_channel_names_are_complete_and_different(names):
    with pytest.raises(ChannelError, match="all different"):
        Signal.of(np.zeros((2, 9)), rate_hz=1, channels=names)


def test_a_signal_starts_on_a_sample():
    with pytest.raises(InputError, match="whole numbers"):
        STEREO.shift(0.5)


def test_a_rate_is_above_zero():
    with pytest.raises(RateError, match="above zero"):
        Signal.of([0], rate_hz=0)


def test_nothing_can_change_a_signal():
    mine = np.ones((1, 3), np.float32)
    take = Signal.of(mine, rate_hz=1)
    mine[0, 0] = 9
    assert take.samples.tolist() == [[1, 1, 1]]
    with pytest.raises(ValueError, match="read-only"):
        take.samples[0, 0] = 9
    with pytest.raises(dataclasses.FrozenInstanceError):
        take.start = 9


def test_read_only_samples_are_shared():
    mine = np.ones((1, 3), np.float32)
    mine.setflags(write=False)
    take = Signal.of(mine, rate_hz=1)
    assert np.shares_memory(take.samples, mine)
    assert np.shares_memory(take.crop(1, 2).samples, mine)


@given(signals)
def test_copies_are_equal_and_read_only(signal):
    for twin in (copy.deepcopy(signal), pickle.loads(pickle.dumps(signal))):
        assert twin == signal
        assert hash(twin) == hash(signal)
        assert not twin.samples.flags.writeable


def test_any_difference_is_one():
    variants = [
        Signal.of([0, 1], rate_hz=1),
        Signal.of([0, 2], rate_hz=1),
        Signal.of([0, 1], rate_hz=2),
        Signal.of([0, 1], rate_hz=1, start=1),
        Signal.of([0, 1], rate_hz=1, unit="V"),
        Signal.of([0, 1], rate_hz=1, channels=["mic"]),
    ]
    assert all((a == b) == (a is b) for a in variants for b in variants)
    assert variants[0] != "a signal"


def test_slices_are_seconds_of_the_time_axis():
    later = STEREO.shift(10)
    assert later[5.5:6.5] == STEREO.crop(1, 3).shift(10)
    assert later[5.5:] == STEREO.crop(1, 4).shift(10)
    assert later[:] == later


@pytest.mark.parametrize("key", [0, slice(0, 1, 2), "left"])
def test_only_seconds_can_be_sliced(key):
    with pytest.raises(InputError, match="slice from second to second"):
        STEREO[key]


@pytest.mark.parametrize("span", [(-1, 2), (0, 5), (2, 2), (3, 1)])
def test_a_crop_neither_pads_nor_comes_back_empty(span):
    with pytest.raises(InputError, match=r"over samples \[0, 4\)"):
        STEREO.crop(*span)


@given(signals, st.integers(0, 9), st.integers(0, 9))
def test_silence_around_a_signal_can_be_cut_off_again(signal, before, after):
    wide = signal.extend(signal.start - before, signal.stop + after)
    assert wide.crop(signal.start, signal.stop) == signal
    assert not wide.samples[:, :before].any()
    assert not wide.samples[:, before + signal.n_samples :].any()


def test_to_extend_is_not_to_cut():
    with pytest.raises(InputError, match="name a span around it"):
        STEREO.extend(1, 9)


def test_channels_go_by_name_and_by_index():
    assert STEREO.channel("right") == STEREO.channel(1)
    assert STEREO.channel("right").samples.tolist() == [[5, 6, 7, 8]]
    assert STEREO.channel("right").channels == ("right",)


@pytest.mark.parametrize(
    ("name", "said"), [("rihgt", "did you mean 'right'"), (2, "2"), (-1, "-1")]
)
def test_a_channel_that_is_not_there_is_named(name, said):
    with pytest.raises(ChannelError, match=said):
        STEREO.channel(name)


def test_a_mix_covers_both_spans():
    mix = Signal.of([1, 2, 3], rate_hz=1) + Signal.of([10, 20], rate_hz=1, start=4)
    assert mix == Signal.of([1, 2, 3, 0, 10, 20], rate_hz=1)


@given(signals, st.integers(-50, 50))
def test_mixing_commutes(signal, shift):
    assert signal + signal.shift(shift) == signal.shift(shift) + signal


@given(signals, st.data())
def test_parts_add_up_to_the_whole(signal, data):
    cut = data.draw(st.integers(signal.start, signal.stop))
    if signal.start < cut < signal.stop:
        left, right = signal.crop(signal.start, cut), signal.crop(cut, signal.stop)
        assert left + right == Signal.concatenate([left, right]) == signal


@pytest.mark.parametrize(
    ("other", "error", "said"),
    [
        (dataclasses.replace(STEREO, rate_hz=4), RateError, r"ondes\.resample\(signal, 2\)"),
        (STEREO.channel(0), ChannelError, "channel"),
        (dataclasses.replace(STEREO, unit="mV"), InputError, "one unit"),
    ],
)
def test_what_differs_in_kind_does_not_mix(other, error, said):
    with pytest.raises(error, match=said):
        STEREO + other
    with pytest.raises(error, match=said):
        Signal.concatenate([STEREO, other])


def test_only_signals_mix():
    with pytest.raises(TypeError):
        STEREO + 1
    with pytest.raises(InputError, match="at least one"):
        Signal.concatenate([])
