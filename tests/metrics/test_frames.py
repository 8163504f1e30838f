"""Frame scores against scikit-learn and torchmetrics."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from torchmetrics.functional.classification import binary_auroc

from ondes.errors import InputError
from ondes.metrics import FrameCounts, Histogram, frame_scores, pr_auc, roc_auc


def cells(n: int, *, seed: int = 0, positives: float = 0.05):
    """Return truth and calibrated-looking probabilities, most of them near 0 and 1."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < positives
    logits = rng.normal(np.where(truth, 4, -6), 3)
    return truth, (1 / (1 + np.exp(-logits))).astype(np.float32)


def test_scores_are_sklearns():
    truth, probs = cells(20_000)
    ours = frame_scores(truth.reshape(10, -1), probs.reshape(10, -1))
    said = probs >= 0.5
    assert ours == pytest.approx(
        {
            "accuracy": sk.accuracy_score(truth, said),
            "precision": sk.precision_score(truth, said),
            "recall": sk.recall_score(truth, said),
            "f1": sk.f1_score(truth, said),
            "roc_auc": sk.roc_auc_score(truth, probs),
            "pr_auc": sk.average_precision_score(truth, probs),
        }
    )


def test_roc_auc_is_torchmetrics():
    truth, probs = cells(5000)
    theirs = binary_auroc(torch.from_numpy(probs), torch.from_numpy(truth).long())
    assert roc_auc(truth, probs) == pytest.approx(theirs.item(), abs=1e-6)


def test_thresholds_may_differ_by_class():
    truth, probs = np.array([[True, False], [True, True]]), np.array([[0.3, 0.1], [0.3, 0.6]])
    scores = frame_scores(truth, probs, threshold=[[0.2], [0.5]])
    assert (scores["precision"], scores["recall"]) == (1, pytest.approx(2 / 3))


def test_a_cell_at_the_threshold_is_positive():
    assert frame_scores([True, False], [0.5, 0.4999])["recall"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_histogram_gives_what_all_cells_at_once_give(seed):
    truth, probs = cells(60_000, seed=seed)
    histogram = Histogram()
    for part in np.array_split(np.arange(truth.size), 7):
        histogram.add(truth[part], probs[part])
    exact = frame_scores(truth, probs)
    assert histogram.scores() == pytest.approx(exact, abs=2e-5)
    for name in ("accuracy", "precision", "recall", "f1"):
        assert histogram.scores()[name] == exact[name]


def test_a_histogram_is_as_fine_near_one_as_near_zero():
    histogram, odds = Histogram(), np.linspace(9, 14, 400)
    truth = np.arange(400) % 3 == 0
    near_zero = 1 / (1 + np.exp(odds))
    histogram.add(truth, 1 - near_zero)
    assert histogram.roc_auc() == pytest.approx(sk.roc_auc_score(truth, odds), abs=1e-3)
    histogram = Histogram()
    histogram.add(truth, near_zero)
    assert histogram.roc_auc() == pytest.approx(1 - sk.roc_auc_score(truth, odds), abs=1e-3)


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=50))
def test_bins_keep_the_order(values):
    from ondes.metrics.frames import _bin

    bins = _bin(np.sort(np.array(values, np.float32)))
    assert (np.diff(bins) >= 0).all()
    assert bins.min() >= 0
    assert bins.max() < 2**20


@given(st.floats(0.01, 0.99))
def test_histogram_counts_at_any_threshold_are_close(threshold):
    truth, probs = cells(5000)
    histogram = Histogram()
    histogram.add(truth, probs)
    recall = frame_scores(truth, probs, threshold=threshold)["recall"]
    assert histogram.counts(threshold).recall == pytest.approx(recall, abs=0.01)


def test_without_positives_areas_and_recall_have_no_value():
    scores = frame_scores(np.zeros(5, bool), np.linspace(0, 0.4, 5))
    assert scores.pop("accuracy") == 1
    assert all(math.isnan(value) for value in scores.values())


def test_without_negatives_the_roc_has_no_value():
    scores = frame_scores(np.ones(3, bool), np.array([0.2, 0.8, 0.9]))
    assert math.isnan(scores["roc_auc"])
    assert (scores["pr_auc"], scores["recall"]) == (1, pytest.approx(2 / 3))


def test_of_no_cells_nothing_has_a_value():
    empty = Histogram()
    assert all(math.isnan(v) for v in empty.scores().values())
    assert all(math.isnan(v) for v in frame_scores(np.zeros(0, bool), np.zeros(0)).values())


def test_found_where_nothing_was_has_f1_zero():
    assert FrameCounts(false_positive=3, true_negative=5).f1 == 0
    assert math.isnan(FrameCounts(true_negative=8).f1)


@pytest.mark.parametrize("function", [roc_auc, pr_auc, frame_scores, Histogram().add])
def test_logits_and_unequal_shapes_are_refused(function):
    with pytest.raises(InputError, match="sigmoid"):
        function([True, False], [3.0, -1.0])
    with pytest.raises(InputError, match="sigmoid"):
        function([True, False], [math.nan, 0.2])
    with pytest.raises(InputError, match="differ"):
        function([True, False], [0.5])
