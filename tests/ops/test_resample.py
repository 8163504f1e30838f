"""Resampling against sines in closed form, soxr, and itself in pieces."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes import EventList, Signal
from ondes.errors import InputError, RateError, TooShortError
from ondes.ops.resample import Resampler
from ondes.ops.signals import resample

RATIOS = [(48000, 24000), (44100, 24000), (24000, 48000), (48000, 44100), (250, 360), (100 / 3, 32)]


def tone(frequency_hz, rate_hz, n):
    return np.cos(2 * np.pi * frequency_hz * np.arange(n) / rate_hz + 0.3).astype(np.float32)


def middle(x):
    return x[..., len(x) // 4 : -len(x) // 4]


@pytest.mark.parametrize(("rate_in", "rate_out"), RATIOS)
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.91])
def test_a_tone_in_the_pass_band_stays_itself(rate_in, rate_out, share):
    f = share * min(rate_in, rate_out) / 2
    y = Resampler(rate_in, rate_out)(tone(f, rate_in, 6000))
    error = middle(y - tone(f, rate_out, len(y)))
    assert 20 * np.log10(np.abs(error).max()) < -80


@pytest.mark.parametrize(("rate_in", "rate_out"), [r for r in RATIOS if r[1] < r[0]])
def test_a_tone_above_the_new_nyquist_vanishes(rate_in, rate_out):
    for f in np.linspace(rate_out / 2, rate_in / 2, 7)[:-1]:
        y = Resampler(rate_in, rate_out)(tone(f, rate_in, 12000))
        assert 20 * np.log10(np.abs(middle(y)).max()) < -90


@pytest.mark.parametrize(("rate_in", "rate_out"), RATIOS[:4])
def test_agrees_with_soxr(rate_in, rate_out):
    n = 12000
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(n))
    spectrum[int(0.85 * n / 2 * min(1, rate_out / rate_in)) :] = 0
    x = np.fft.irfft(spectrum, n).astype(np.float32)
    ours = Resampler(rate_in, rate_out)(x)
    theirs = soxr.resample(x, rate_in, rate_out, quality="VHQ")
    assert len(ours) == len(theirs)
    assert np.abs(middle(ours - theirs)).max() < 1e-4 * np.abs(theirs).max()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RATIOS), st.integers(-3000, 9000), st.integers(1, 5000), st.integers(0, 99))
def test_the_same_bits_in_any_piece(rates, start, n, surplus):
    resampler = Resampler(*rates)
    x = np.random.default_rng(0).standard_normal((2, 30000)).astype(np.float32)
    stop = start + n
    first, last = resampler.span(start, stop)
    first, last = first - surplus, last + 2 * surplus
    around = np.pad(x, ((0, 0), (20000, 20000)))
    piece = resampler.outputs(
        around[:, 20000 + first : 20000 + last], first=first, start=start, stop=stop
    )
    whole = resampler.outputs(x, first=0, start=-3000, stop=14000, silent_outside=True)
    assert piece.tobytes() == whole[:, start + 3000 : stop + 3000].tobytes()
    alone = resampler.outputs(x[1], first=0, start=start, stop=stop, silent_outside=True)
    assert alone.tobytes() == piece[1].tobytes()


@pytest.mark.parametrize(("rate_in", "rate_out"), RATIOS)
def test_the_halo_is_enough(rate_in, rate_out):
    resampler = Resampler(rate_in, rate_out)
    x = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    for k in (700, 701, 1203):
        first, last = resampler.span(k, k + 1)
        assert last - first <= 2 * resampler.halo + 1
        poisoned = np.full_like(x, 1e6)
        poisoned[first:last] = x[first:last]
        clean = resampler.outputs(x, first=0, start=k, stop=k + 1)
        assert resampler.outputs(poisoned, first=0, start=k, stop=k + 1) == clean


@pytest.mark.parametrize("pass_band", [0.5, 0.7])
def test_a_lower_pass_band_is_a_shorter_filter_that_keeps_what_it_says(pass_band):
    resampler = Resampler(500, 100, pass_band)
    time = np.arange(20_000) / 500
    inside = resampler(np.sin(2 * np.pi * 50 * pass_band * time).astype(np.float32))
    expected = np.sin(2 * np.pi * 50 * pass_band * np.arange(4_000) / 100)
    np.testing.assert_allclose(inside[100:-100], expected[100:-100], atol=2e-4)
    beyond = resampler(np.sin(2 * np.pi * 50 * 1.01 * time).astype(np.float32))
    assert np.abs(beyond[100:-100]).max() < 10 ** (-90 / 20)
    assert resampler.halo * (1 - pass_band) == pytest.approx(
        Resampler(500, 100).halo * (1 - 0.91), rel=0.02
    )


def test_a_pass_band_is_a_part_of_one():
    for pass_band in (0.0, 1.0, 1.5):
        with pytest.raises(InputError, match="pass band is a part of 1"):
            Resampler(500, 100, pass_band)


def test_too_little_input_is_refused():
    resampler = Resampler(48000, 24000)
    first, last = resampler.span(100, 200)
    x = np.zeros(last - first, np.float32)
    assert resampler.outputs(x, first=first, start=100, stop=200).shape == (100,)
    for n, begin in ((len(x) - 1, first), (len(x), first + 1)):
        with pytest.raises(InputError, match="silent_outside"):
            resampler.outputs(x[:n], first=begin, start=100, stop=200)


def test_constants_and_equal_rates_stay():
    y = Resampler(44100, 24000)(np.ones(8000, np.float32))
    np.testing.assert_allclose(middle(y), 1, atol=1e-6)
    x = np.random.default_rng(0).standard_normal(777).astype(np.float32)
    np.testing.assert_array_equal(Resampler(8000, 8000)(x), x)


def test_rates_that_cannot_be():
    with pytest.raises(RateError):
        Resampler(0, 8000)
    with pytest.raises(InputError, match="simpler ratio"):
        Resampler(48000, 24000.0123457)


def test_a_signal_keeps_its_place_and_its_events():
    clicks = [1200, 31013, 40001]
    samples = np.zeros(50000, np.float32)
    samples[clicks] = 1
    signal = Signal.of(samples, rate_hz=44100, start=12345, unit="V", channels=("left",))
    events = EventList.of([(12345 + c, 12346 + c, "click") for c in clicks], rate_hz=44100)
    moved = resample(signal, 24000)
    assert (moved.rate_hz, moved.unit, moved.channels) == (24000, "V", ("left",))
    assert moved.start == signal.timebase.rescale(signal.start, 24000)
    assert moved.stop == signal.timebase.rescale(signal.stop, 24000)
    for onset in events.resample(24000).onset - moved.start:
        near = moved.samples[0, onset - 3 : onset + 4]
        assert np.argmax(near) == 3


def test_resampling_commutes_with_cropping():
    x = np.random.default_rng(0).standard_normal(40000).astype(np.float32)
    signal = Signal.of(x, rate_hz=44100, start=-7)
    part = resample(signal.crop(10000, 30001), 24000)
    whole = resample(signal, 24000)
    a, b = part.start + 100, part.stop - 100
    np.testing.assert_array_equal(part.crop(a, b).samples, whole.crop(a, b).samples)


def test_a_signal_at_its_own_rate_and_one_that_would_vanish():
    signal = Signal.of(np.ones(3), rate_hz=8000)
    assert resample(signal, 8000) is signal
    with pytest.raises(TooShortError, match="longer signal"):
        resample(signal, 1000)
