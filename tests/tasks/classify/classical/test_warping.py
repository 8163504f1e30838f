"""Warped distances against the textbook's double loop, and bounds against distances."""

import numpy as np
import pytest

from ondes.tasks.classify.classical.families import nn_dtw
from ondes.tasks.classify.classical.rival import Training
from ondes.tasks.classify.classical.warping import distances, envelope, series, squares


def textbook(a, b, band):
    """Sakoe and Chiba, cell by cell."""
    n, m = a.shape[1], b.shape[1]
    band = max(band, abs(n - m))
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0
    for i in range(n):
        for j in range(m):
            if abs(i - j) <= band:
                before = min(total[i, j], total[i, j + 1], total[i + 1, j])
                total[i + 1, j + 1] = np.square(a[:, i] - b[:, j]).sum() + before
    return total[n, m]


def clips(lengths, channels=2, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((channels, n)).astype(np.float32) for n in lengths]


@pytest.mark.parametrize("band", [0, 1, 2, 5, 11, 40])
@pytest.mark.parametrize("channels", [1, 3])
def test_pairs_of_one_length(band, channels):
    a, b = clips([12] * 9, channels), clips([12] * 9, channels, seed=1)
    expected = [textbook(x, y, band) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(distances(series(a), series(b), band=band), expected, rtol=1e-5)


@pytest.mark.parametrize("band", [0, 1, 3, 30])
def test_pairs_of_unequal_lengths(band):
    a, b = clips([5, 9, 1, 12, 7, 3]), clips([9, 5, 12, 1, 7, 4], seed=1)
    expected = [textbook(x, y, band) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(distances(series(a), series(b), band=band), expected, rtol=1e-5)


def test_one_against_many_and_many_pieces(monkeypatch):
    monkeypatch.setattr("ondes.tasks.classify.classical.warping.CELLS", 8)
    [a], b = clips([10]), clips([10, 4, 17, 10, 11, 10, 2, 10, 9, 10], seed=1)
    expected = [textbook(a, y, 3) for y in b]
    np.testing.assert_allclose(distances(series([a]), series(b), band=3), expected, rtol=1e-5)


def test_a_delayed_copy_is_at_no_distance_in_a_wide_band():
    x = np.zeros((1, 40), np.float32)
    x[0, 10:15] = [1, 2, 3, 2, 1]
    late = np.roll(x, 6, axis=1)
    pair = series([x]), series([late])
    assert distances(*pair, band=6) == 0
    assert distances(*pair, band=5) > 0
    assert distances(*pair, band=0) == squares(*pair) == 2 * 19


def test_a_wider_band_makes_no_distance_more_and_bounds_hold():
    a, b = clips([30] * 20), clips([30] * 20, seed=1)
    found = np.stack([distances(series(a), series(b), band=w) for w in range(31)])
    assert (np.diff(found, axis=0) <= 0).all()
    for band in (0, 2, 7, 29):
        for x in a[:5]:
            bound = envelope(series(b).x, band=band).bounds(x)
            exact = distances(series([x]), series(b), band=band)
            assert (bound <= exact * (1 + 1e-6)).all()
            if band == 0:
                np.testing.assert_allclose(bound, exact, rtol=1e-5)


def test_the_envelope_holds_least_and_greatest():
    x = np.array([[[0, 3, 1, -2, 0]]], np.float32)
    low, high = envelope(x, band=1)
    assert low.tolist() == [[[0, 0, -2, -2, -2]]]
    assert high.tolist() == [[[3, 3, 3, 1, 0]]]


@pytest.mark.parametrize("lengths", [[11] * 12, list(range(4, 16))])
def test_the_band_is_that_of_leaving_one_out(lengths):
    rng = np.random.default_rng(0)
    x = [np.cumsum(c, axis=1) for c in clips(lengths, 1)]
    y = np.eye(2, dtype=np.float32)[rng.integers(2, size=12)]
    longest, wrong = max(lengths), {}
    for band in sorted({-(-p * longest // 100) for p in range(101)}):
        apart = np.array([[textbook(a, b, band) for b in x] for a in x])
        np.fill_diagonal(apart, np.inf)
        wrong[band] = int((y[apart.argmin(1)] != y).any(1).sum())
    best = min(wrong, key=lambda band: (wrong[band], band))
    found = nn_dtw.fit(Training(x, y, "class"), nn_dtw.Options(), rate_hz=1, seed=0)
    assert found.band == best


@pytest.mark.parametrize("band", [0.0, 0.2])
def test_pruned_search_finds_the_nearest_of_each_class(band, monkeypatch):
    monkeypatch.setattr(nn_dtw, "CELLS", 8)
    x, y = clips([30] * 60, 1), np.eye(3, dtype=np.float32)[np.arange(60) % 3]
    options = nn_dtw.Options(window=band)
    model = nn_dtw.fit(Training(x, y, "class"), options, rate_hz=1, seed=0)
    for asked in clips([30] * 10, 1, seed=2):
        exact = np.array([textbook(asked, b, model.band) for b in x])
        near = 1 / np.array([exact[y[:, k] == 1].min() for k in range(3)])
        np.testing.assert_allclose(model.scores(asked), near / near.sum(), rtol=1e-4)
    np.testing.assert_array_equal(model.scores(x[4]), y[4])


def test_scores_of_tags_weigh_with_against_without():
    x = [np.full((1, 3), v, np.float32) for v in (0, 1, 4)]
    y = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    model = nn_dtw.fit(Training(x, y, "tags"), nn_dtw.Options(window=0), rate_hz=1, seed=0)
    asked = np.full((1, 3), 0.8, np.float32)  # distances 1.92, .12, 30.72
    np.testing.assert_allclose(model.scores(asked), [0.12 / (0.12 + 1.92), 1, 0], rtol=1e-4)


def test_means_of_neighbours():
    x = np.arange(7, dtype=np.float32)[None]
    assert nn_dtw.reduced(x, 3).tolist() == [[1, 4, 6]]


def test_an_endless_choice_is_refused_with_its_cure():
    many = Training(
        [np.zeros((1, 20_000), np.float32)] * 300, np.eye(2)[np.arange(300) % 2], "class"
    )
    with pytest.raises(nn_dtw.InputError, match="reduce="):
        nn_dtw.fit(many, nn_dtw.Options(), rate_hz=1, seed=0)
