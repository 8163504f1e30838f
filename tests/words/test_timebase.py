"""Time arithmetic, held against fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ondes.errors import InputError, RateError
from ondes.timebase import Timebase, exact_rate, whole_samples

RATES = {
    0.1: Fraction(1, 10),
    1.0: Fraction(1),
    31.25: Fraction(125, 4),
    100 / 3: Fraction(100, 3),
    44100: Fraction(44100),
    48000 / 1.001: Fraction(48000000, 1001),
    48000000 / 1001: Fraction(48000000, 1001),
    1 / 6.4e-7: Fraction(1562500),
    math.pi: Fraction(math.pi),
}
rates = st.sampled_from(list(RATES))
positions = st.integers(-(2**38), 2**38)
grids = st.from_type(Timebase)


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


@pytest.mark.parametrize(("rate_hz", "fraction"), RATES.items())
def test_a_rate_means_a_fraction(rate_hz, fraction):
    assert exact_rate(rate_hz) == fraction


@given(st.floats(min_value=1e-9, max_value=1e7))
def test_a_rate_moves_by_no_more_than_rounding_and_only_once(rate_hz):
    stored = Timebase(rate_hz).rate_hz
    assert math.isclose(stored, rate_hz, rel_tol=1e-15)
    assert exact_rate(stored) == exact_rate(rate_hz)


def test_rates_a_rounding_apart_are_one():
    assert 48000 / 1.001 != 48000000 / 1001
    assert Timebase(48000 / 1.001) == Timebase(48000000 / 1001)


@pytest.mark.parametrize("rate_hz", [0, -8000.0, math.nan, math.inf])
def test_a_rate_is_finite_and_above_zero(rate_hz):
    with pytest.raises(RateError, match="finite rate above zero"):
        Timebase(rate_hz)


def test_a_hop_is_at_least_one():
    with pytest.raises(InputError, match="hop=0"):
        Timebase(8000, hop=0)


@given(rates, st.integers(-(2**30), 2**30))
def test_seconds_are_rounded_once(rate_hz, sample):
    assert Timebase(rate_hz).seconds(sample) == float(sample / RATES[rate_hz])


@given(rates, positions)
def test_seconds_lead_back_to_the_sample(rate_hz, sample):
    timebase = Timebase(rate_hz)
    assert timebase.samples(timebase.seconds(sample)) == sample


@given(rates, st.floats(-1e6, 1e6))
@example(1.0, 0.49999999999999994)
@example(1.0, -0.5)
def test_samples_are_the_nearest(rate_hz, seconds):
    exact = Fraction(seconds) * RATES[rate_hz]
    slack = abs(exact) * Fraction(1, 2**51)
    assert abs(Timebase(rate_hz).samples(seconds) - exact) <= Fraction(1, 2) + slack


@pytest.mark.parametrize("seconds", [math.nan, math.inf, np.array([0.0, np.nan])])
def test_times_are_finite(seconds):
    with pytest.raises(InputError, match="finite"):
        Timebase(8000).samples(seconds)


@given(rates, st.integers(0, 10**6))
def test_a_tolerance_holds_every_sample_that_is_no_further(rate_hz, sample):
    timebase = Timebase(rate_hz)
    seconds = timebase.seconds(sample)
    assert timebase.within(seconds) == sample
    assert sample == 0 or timebase.within(np.nextafter(seconds, 0)) == sample - 1
    assert timebase.within(timebase.seconds(10 * sample + 9) / 10) == sample


def test_a_tolerance_is_not_negative():
    with pytest.raises(InputError, match="zero or more"):
        Timebase(8000).within(-0.1)


@given(rates, rates, positions)
def test_rescaling_is_exact(from_hz, to_hz, sample):
    expected = half_up(sample * RATES[to_hz] / RATES[from_hz])
    assert Timebase(from_hz).rescale(sample, to_hz) == expected
    assert Timebase(from_hz).rescale(np.array([sample]), to_hz).tolist() == [expected]


@given(rates, rates, st.integers(-(10**9), 10**9))
def test_rescaling_to_a_higher_rate_loses_nothing(a, b, sample):
    low, high = sorted((a, b))
    assert Timebase(high).rescale(Timebase(low).rescale(sample, high), low) == sample


def test_a_week_of_sound_does_not_drift():
    week = 7 * 24 * 3600
    assert Timebase(44100).rescale(44100 * week, 48000) == 48000 * week
    assert Timebase(48000 / 1.001).rescale(48000 * 1000 * week, 48000) == 48048 * 1000 * week


def test_a_position_beyond_int64_is_an_error_rather_than_another():
    with pytest.raises(OverflowError):
        Timebase(1).rescale(np.array([2**62]), 48000)


@given(grids, st.integers(-99, 99))
def test_frames_tile_the_samples(grid, sample):
    frame = grid.frame_of(sample)
    assert grid.sample_of(frame) <= sample < grid.sample_of(frame + 1)
    assert grid.sample_of(frame) <= grid.centre_of(frame) < grid.sample_of(frame + 1)
    assert grid.frame_of(grid.centre_of(frame)) == frame


def test_centred_frames_have_their_centre_on_the_hop():
    grid = Timebase(48000, hop=512, start=-256)
    assert grid.centre_of(np.arange(3)).tolist() == [0, 512, 1024]


@given(grids, st.integers(0, 99))
def test_whole_frames_fit_in(grid, n_samples):
    assert grid.frames_in(n_samples) * grid.hop <= n_samples
    assert (grid.frames_in(n_samples) + 1) * grid.hop > n_samples


@given(grids, st.lists(st.integers(-99, 99)))
def test_an_array_is_treated_like_its_numbers(grid, samples):
    array = np.array(samples, dtype=np.int64)
    for method in (grid.seconds, grid.frame_of, grid.sample_of, grid.centre_of):
        assert method(array).tolist() == [method(sample) for sample in samples]
    assert grid.samples(grid.seconds(array)).tolist() == samples


@given(grids, st.integers(-99, 99), st.integers(1, 30))
def test_frames_over_an_event_are_those_whose_centre_it_covers(grid, onset, length):
    first, stop = grid.frames_over(np.array([onset]), np.array([onset + length]))
    covered = [k for k in range(-200, 200) if onset <= grid.centre_of(k) < onset + length]
    assert list(range(first[0], stop[0])) == covered or [grid.frame_of(onset + length // 2)]
    assert first[0] < stop[0]


def test_counts_are_whole_numbers():
    assert whole_samples([]).dtype == np.int64
    with pytest.raises(InputError, match="float64"):
        whole_samples([480.0])
