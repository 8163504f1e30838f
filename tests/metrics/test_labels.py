"""Scores of clips against scikit-learn's and torchmetrics'."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics
from torchmetrics.functional.classification import multiclass_calibration_error

from ondes.errors import InputError
from ondes.metrics.labels import class_scores, confusion, number_scores, tag_scores

RNG = np.random.default_rng(2)
N, K = 300, 6
PROBS = RNG.dirichlet(np.full(K, 0.4), N)
TRUTH = np.array([RNG.choice(K, p=0.7 * p + 0.3 / K) for p in PROBS])
FOUND = PROBS.argmax(1)
TAGS = RNG.random((N, 3)) < (0.5, 0.1, 0.3)
TAG_PROBS = np.clip(0.3 * TAGS + 0.7 * RNG.random((N, 3)), 0, 1)
NAMES = ("a", "b", "c")


def test_class_scores_are_those_of_sklearn():
    scores = class_scores(TRUTH, PROBS)
    assert scores == {
        "accuracy": pytest.approx(metrics.accuracy_score(TRUTH, FOUND)),
        "balanced_accuracy": pytest.approx(metrics.balanced_accuracy_score(TRUTH, FOUND)),
        "f1_macro": pytest.approx(metrics.f1_score(TRUTH, FOUND, average="macro")),
        "log_loss": pytest.approx(metrics.log_loss(TRUTH, PROBS)),
        "ece": pytest.approx(
            multiclass_calibration_error(
                torch.tensor(PROBS), torch.tensor(TRUTH), K, n_bins=15
            ).item(),
            abs=1e-6,
        ),
    }


def test_classes_that_do_not_occur_count_for_nothing():
    wide = np.pad(PROBS, ((0, 0), (0, 2)))
    assert class_scores(TRUTH, wide) == pytest.approx(class_scores(TRUTH, PROBS))
    few = TRUTH < 2
    scores = class_scores(TRUTH[few], PROBS[few])
    recall = [np.mean(FOUND[c == TRUTH] == c) for c in range(2)]
    assert scores["balanced_accuracy"] == pytest.approx(np.mean(recall))


def test_certainty_in_the_wrong_class_costs_no_infinity():
    scores = class_scores([1], [[1.0, 0.0]])
    assert scores["log_loss"] == pytest.approx(-math.log(1e-15))
    assert scores["ece"] == 1


def test_a_confusion_matrix_is_that_of_sklearn():
    expected = metrics.confusion_matrix(TRUTH, FOUND, labels=range(K + 1))
    np.testing.assert_array_equal(confusion(TRUTH, FOUND, classes=K + 1), expected)


def test_tag_scores_are_those_of_sklearn():
    scores = tag_scores(TAGS, TAG_PROBS, names=NAMES, thresholds=(0.3, 0.5, 0.6))
    found = TAG_PROBS >= (0.3, 0.5, 0.6)
    assert scores["roc_auc"] == pytest.approx(metrics.roc_auc_score(TAGS, TAG_PROBS))
    assert scores["pr_auc"] == pytest.approx(metrics.average_precision_score(TAGS, TAG_PROBS))
    assert scores["f1_macro"] == pytest.approx(metrics.f1_score(TAGS, found, average="macro"))
    assert scores["f1_micro"] == pytest.approx(metrics.f1_score(TAGS, found, average="micro"))
    assert scores["accuracy"] == pytest.approx((found == TAGS).mean())
    for k, name in enumerate(NAMES):
        alone = metrics.roc_auc_score(TAGS[:, k], TAG_PROBS[:, k])
        assert scores[f"roc_auc/{name}"] == pytest.approx(alone)
        assert scores[f"f1/{name}"] == pytest.approx(metrics.f1_score(TAGS[:, k], found[:, k]))


def test_a_tag_that_is_never_true_leaves_the_means_alone():
    none = np.pad(TAGS, ((0, 0), (0, 1)))
    probs = np.pad(TAG_PROBS, ((0, 0), (0, 1)))
    scores = tag_scores(none, probs, names=(*NAMES, "d"))
    fewer = tag_scores(TAGS, TAG_PROBS, names=NAMES)
    assert math.isnan(scores["roc_auc/d"])
    for name in ("roc_auc", "pr_auc", "f1_macro"):
        assert scores[name] == pytest.approx(fewer[name])


def test_number_scores_are_those_of_sklearn():
    truth = RNG.normal(size=(50, 2)) * (1, 10)
    found = truth + RNG.normal(size=(50, 2))
    scores = number_scores(truth, found, names=("x", "y"))
    assert scores["mse"] == pytest.approx(metrics.mean_squared_error(truth, found))
    assert scores["mae"] == pytest.approx(metrics.mean_absolute_error(truth, found))
    assert scores["r2"] == pytest.approx(metrics.r2_score(truth, found))
    assert scores["r2/y"] == pytest.approx(metrics.r2_score(truth[:, 1], found[:, 1]))
    assert set(number_scores(truth[:, :1], found[:, :1], names=("x",))) == {"mse", "mae", "r2"}


def test_no_spread_has_no_r2():
    scores = number_scores([[1.0], [1.0]], [[1.0], [2.0]], names=("x",))
    assert math.isnan(scores["r2"])
    assert scores["mse"] == 0.5


def test_nothing_has_no_score():
    assert all(math.isnan(v) for v in class_scores([], np.zeros((0, 3))).values())
    assert all(
        math.isnan(v)
        for v in number_scores(np.zeros((0, 1)), np.zeros((0, 1)), names=("x",)).values()
    )
    empty = tag_scores(np.zeros((0, 1)), np.zeros((0, 1)), names=("x",))
    assert all(math.isnan(value) for value in empty.values())


@pytest.mark.parametrize(
    "call",
    [
        lambda: class_scores([0, 1], [[0.5, 0.5]]),
        lambda: class_scores([2], [[0.5, 0.5]]),
        lambda: class_scores([-1], [[0.5, 0.5]]),
        lambda: tag_scores(TAGS, TAG_PROBS, names=("a",)),
        lambda: tag_scores(TAGS, TAG_PROBS[:4], names=NAMES),
        lambda: number_scores([[1.0]], [[1.0, 2.0]], names=("x",)),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(InputError):
        call()
