"""Windows of a recording: the same samples however it arrives, nothing left out, little kept."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.errors import ChannelError, InputError, TooShortError
from ondes.ops.resample import Resampler
from ondes.run.source import together
from ondes.run.windows import Pace, Windows
from ondes.spec import ClipSpec

SPEC = ClipSpec(1000, 2, ("a", "b"), least=20)
NOISE = np.random.default_rng(0).normal(size=(2, 1700)).astype(np.float32)


def heard(x, sizes, *, rate_hz, pace):
    resampler = Resampler(rate_hz, 1000) if rate_hz != 1000 else None
    windows = Windows(pace, spec=SPEC, resampler=resampler, rate_hz=rate_hz)
    found = []
    for block in np.split(x, np.cumsum(sizes), axis=1):
        found += [window._replace(x=window.x.copy()) for window in windows.push(block)]
    return [*found, *windows.finish()]


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 400), max_size=8),
    st.sampled_from([1000.0, 1500.0, 3000.0, 441.0]),
    st.integers(20, 300),
    st.floats(0.05, 1.0),
    st.integers(100, 1700),
)
def test_windows_are_pieces_of_the_whole(sizes, rate_hz, size, overlap, length):
    x = NOISE[:, :length]
    pace = Pace(size, max(1, round(size * overlap)))
    whole = x if rate_hz == 1000 else Resampler(rate_hz, 1000)(x)
    n = whole.shape[1]
    starts = list(range(0, max(n - size, 0) + 1, pace.hop))
    starts += [n - size] if starts[-1] + size < n else []
    found = heard(x, sizes, rate_hz=rate_hz, pace=pace)
    assert [window.start for window in found] == [
        math.floor(s * rate_hz / 1000 + 0.5) for s in starts
    ]
    for start, window in zip(starts, found, strict=True):
        assert np.array_equal(window.x, whole[:, start : start + size])
    assert found[-1].stop == length


def test_a_short_recording_is_one_window():
    (window,) = heard(NOISE[:, :50], [], rate_hz=1000, pace=Pace(200, 100))
    assert window[:2] == (0, 50)
    assert np.array_equal(window.x, NOISE[:, :50])


def test_what_is_said_is_never_taken_back():
    windows = Windows(Pace(100, 30), spec=SPEC, resampler=None, rate_hz=1000)
    before, starts = 0, []
    for block in np.split(NOISE, 34, axis=1):
        given_ = [window.start for window in windows.push(block)]
        assert all(start >= before for start in given_)
        assert windows.decided >= before
        before = windows.decided
        starts += given_
    assert [window.start >= before for window in windows.finish()] == [True]


def test_little_is_kept_of_a_long_recording():
    windows = Windows(Pace(100, 30), spec=SPEC, resampler=None, rate_hz=1000)
    for _ in range(50):
        for window in windows.push(NOISE):
            assert window.x.shape == (2, 100)
    assert windows._tape._array.nbytes < 4 * NOISE.nbytes


def test_windows_that_cannot_be_are_refused():
    assert Pace.of(SPEC, window_s=0.1, hop_s=0.05) == Pace(100, 50)
    assert Pace.of(SPEC, window_s=0.1) == Pace(100, 100)
    with pytest.raises(TooShortError, match=r"give at least 0\.02 s"):
        Pace.of(SPEC, window_s=0.01)
    for hop_s in (0, 0.2):
        with pytest.raises(InputError, match="no longer than the window"):
            Pace.of(SPEC, window_s=0.1, hop_s=hop_s)
    windows = Windows(Pace(100, 30), spec=SPEC, resampler=None, rate_hz=1000)
    with pytest.raises(InputError, match="recording of 2 channels"):
        list(windows.push(NOISE[:1]))
    list(windows.push(NOISE[:, :19]))
    with pytest.raises(TooShortError, match="takes 20 or more"):
        list(windows.finish())


def test_channels_go_together_or_not_at_all():
    assert together(None, ("l", "r"), SPEC).rows == (0, 1)
    assert together(["r", "l"], ("l", "r"), SPEC).rows == (1, 0)
    one = ClipSpec(1000, 1, ("a",), least=1)
    assert together("mix", ("l", "r"), one).mixed
    assert together("r", ("l", "r"), one).rows == (1,)
    with pytest.raises(ChannelError, match=r'choose 1 .*, or "mix" for their mean'):
        together(None, ("l", "r"), one)
    with pytest.raises(
        ChannelError, match=r"1 channel given, .* whose channels are l, r, for a model of 2"
    ):
        together("l", ("l", "r"), SPEC)
