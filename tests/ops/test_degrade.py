"""Filters against closed forms, scipy, and beats of the MIT-BIH Arrhythmia Database."""

import math

import numpy as np
import pytest
import scipy.linalg

from ondes.errors import InputError, NotFiniteError, TooShortError
from ondes.ops.degrade import (
    align_peaks,
    apply_filters,
    cut_beats,
    fit_filters,
    level_beats,
    toeplitz,
)

RNG = np.random.default_rng(3)
TIME = np.arange(-32, 32)
SMOOTH = np.exp(-0.5 * (TIME / 6) ** 2)
ROUGH = RNG.normal(size=64)


def test_filtering_is_convolution_with_the_middle_tap_at_no_delay():
    kernel = RNG.normal(size=9)
    expected = np.convolve(ROUGH, kernel)[4:-4]
    assert apply_filters(ROUGH, kernel[None])[0] == pytest.approx(expected)
    full = scipy.linalg.toeplitz(np.append(ROUGH[4:], np.zeros(4)), ROUGH[4::-1])
    assert toeplitz(ROUGH, taps=9)[:60, :5] == pytest.approx(full[:60])


def test_a_known_filter_is_found_again():
    kernels = RNG.normal(size=(5, 15))
    found = fit_filters(ROUGH, apply_filters(ROUGH, kernels), ridge=0, taps=15)
    assert found.filters == pytest.approx(kernels)
    assert found.error == pytest.approx(np.zeros(5), abs=1e-9)


@pytest.mark.parametrize("taps", [15, 63, 127])
@pytest.mark.parametrize("ridge", [1e-3, 0.3])
def test_filters_solve_the_normal_equations(taps, ridge):
    beats = RNG.normal(size=(4, 64))
    found = fit_filters(ROUGH, beats, ridge=ridge, taps=taps)
    x = toeplitz(ROUGH, taps=taps)
    square = x.T @ x + ridge * np.trace(x.T @ x) / taps * np.eye(taps)
    assert found.filters == pytest.approx(np.linalg.solve(square, x.T @ beats.T).T)
    assert found.condition == pytest.approx(np.linalg.cond(square), rel=1e-6)
    rest = np.linalg.norm(x @ found.filters.T - beats.T, axis=0)
    assert found.error == pytest.approx(rest / np.linalg.norm(beats, axis=1))


def test_gain_changes_the_filter_and_nothing_else():
    beats = RNG.normal(size=(2, 64))
    one, louder = fit_filters(ROUGH, beats), fit_filters(10 * ROUGH, beats)
    assert louder.filters == pytest.approx(one.filters / 10)
    assert louder.error == pytest.approx(one.error)
    assert louder.condition == pytest.approx(one.condition)


def test_without_a_ridge_a_smooth_beat_makes_noise():
    """A millionth of noise becomes more than the filter itself, and nothing with the ridge."""
    kernel = np.zeros((1, 63))
    kernel[0, 31] = 1.0
    beat = apply_filters(SMOOTH, kernel)
    noisy = beat + 1e-6 * RNG.normal(size=beat.shape)

    def moved(ridge):
        clean, other = (fit_filters(SMOOTH, y, ridge=ridge, taps=63) for y in (beat, noisy))
        return np.linalg.norm(other.filters - clean.filters) / np.linalg.norm(clean.filters)

    assert fit_filters(SMOOTH, beat, ridge=0, taps=63).condition > 1e15
    assert fit_filters(SMOOTH, beat, ridge=1e-3, taps=63).condition < 1e5
    assert moved(0) > 1
    assert moved(1e-3) < 1e-4


def test_more_taps_than_samples_need_a_ridge():
    assert math.isinf(fit_filters(ROUGH, ROUGH[None], ridge=0).condition)
    assert fit_filters(ROUGH, ROUGH[None]).filters.shape == (1, 127)


def test_more_ridge_means_smaller_filters_and_larger_errors():
    found = [fit_filters(SMOOTH, ROUGH[None], ridge=ridge) for ridge in (1e-6, 1e-3, 1.0)]
    assert np.all(np.diff([np.linalg.norm(fit.filters) for fit in found]) < 0)
    assert np.all(np.diff([fit.error[0] for fit in found]) > 0)
    assert np.all(np.diff([fit.condition for fit in found]) < 0)


# --- beats ---------------------------------------------------------------------------------------


def test_marks_beside_the_peak_are_moved_to_it():
    shape = np.hanning(15) * np.linspace(-1, 2, 15)
    samples = np.full(4000, 3.0) + 0.01 * RNG.normal(size=4000)
    peaks = np.arange(100, 3900, 100)
    for peak in peaks:
        samples[peak - 7 : peak + 8] += RNG.uniform(0.5, 2) * shape
    marks = peaks.copy()
    marks[::3] += RNG.integers(-6, 7, len(marks[::3]))
    assert align_peaks(samples, marks, reach=8).tolist() == peaks.tolist()
    assert align_peaks(samples, [], reach=8).tolist() == []


def test_levelled_beats_do_not_wander():
    samples = np.repeat([3.0, -8.0], 100)
    samples[[50, 150]] += 2.0
    beats = level_beats(cut_beats(samples, [50, 150], before=10, after=20))
    assert beats.shape == (2, 30)
    assert beats[:, 10].tolist() == [2.0, 2.0]
    assert beats.sum() == 4.0


@pytest.mark.parametrize("taps", [None, 127])
def test_filters_fit_abnormal_beats_of_the_database(shared_data, taps):
    """To 0.6 % with a tap for every delay, to 1.2 % with half of them; records differ."""
    errors = []
    for record in ("105", "106", "200"):
        path = shared_data / "ecg_mitbih" / f"{record}.npz"
        if not path.is_file():
            pytest.skip(f"no {path}")
        data = np.load(path)
        marks, abnormal = data["beat"][2:-2], data["pvc"][2:-2] == 1
        peaks = align_peaks(data["ecg"], marks[~abnormal], reach=18)
        normal, beats = (
            level_beats(cut_beats(data["ecg"], at, before=64, after=64))
            for at in (peaks, marks[abnormal])
        )
        fit = fit_filters(normal.mean(0), beats, taps=taps)
        errors.append(fit.error)
        assert 1e3 < fit.condition < 1e5
    assert np.median(np.concatenate(errors)) < (0.007 if taps is None else 0.015)


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"ridge": -1.0}, "zero or more"),
        ({"ridge": math.nan}, "zero or more"),
        ({"taps": 4}, "odd"),
        ({"normal": np.zeros(64)}, "not zero"),
        ({"normal": ROUGH[None]}, r"give \[n\]"),
        ({"beats": ROUGH[None, 1:]}, r"give \[beat, 64\]"),
    ],
)
def test_what_cannot_be_fitted_is_named(options, says):
    given = {"normal": ROUGH, "beats": ROUGH[None], **options}
    normal, beats = given.pop("normal"), given.pop("beats")
    with pytest.raises(InputError, match=says):
        fit_filters(normal, beats, **given)


def test_what_is_not_finite_is_refused():
    with pytest.raises(NotFiniteError, match="normal beat"):
        fit_filters(ROUGH * np.nan, ROUGH[None])
    with pytest.raises(NotFiniteError, match="leave it out"):
        fit_filters(ROUGH, ROUGH[None] * np.inf)


def test_beats_at_the_ends_are_named():
    with pytest.raises(TooShortError, match=r"1 of 2 beats .* leave out those at \[95\]"):
        cut_beats(np.zeros(100), [50, 95], before=10, after=10)
    with pytest.raises(InputError, match="one lead"):
        cut_beats(np.zeros((2, 100)), [50], before=10, after=10)
    with pytest.raises(InputError, match=r"give \[filter, taps\]"):
        apply_filters(ROUGH, ROUGH)
