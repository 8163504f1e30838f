"""Scores of clips judged as a whole: one class of several, several tags, or numbers."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError
from ondes.metrics.frames import pr_auc, roc_auc
from ondes.timebase import IntArray

Doubles = NDArray[np.float64]

BINS = 15  # of the calibration error, as in the paper
LEAST = 1e-15  # probability that a log loss still tells apart from nothing


def confusion(truth: ArrayLike, found: ArrayLike, *, classes: int) -> IntArray:
    """Return how many clips of each true class (row) were taken for each class (column).

    Args:
        truth, found: [clip], numbers of classes from 0.
        classes: how many there are.

    Raises:
        InputError: the shapes differ, or a number is no class's.

    >>> confusion([0, 0, 1], [0, 1, 1], classes=2)
    array([[1, 1],
           [0, 1]])
    """
    rows, columns = np.asarray(truth), np.asarray(found)
    both = np.concatenate([rows.ravel(), columns.ravel()])
    if rows.shape != columns.shape or (len(both) and not 0 <= both.min() <= both.max() < classes):
        raise InputError(
            f"confusion: {rows.shape} true and {columns.shape} found classes, from "
            f"{both.min(initial=classes)} to {both.max(initial=-1)}; give as many of each, from 0 "
            f"to {classes - 1}"
        )
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (rows.astype(np.int64), columns.astype(np.int64)), 1)
    return counts


def class_scores(truth: ArrayLike, probs: ArrayLike) -> dict[str, float]:
    """Return scores of clips of which each has one class; NaN of no clips.

    ``accuracy``; ``balanced_accuracy``, the mean over the classes that occur of the share found;
    ``f1_macro``, the mean F1 of the classes that occur or were found; ``log_loss``, the mean of
    -log p of the truth; ``ece``, the expected calibration error of the likeliest class (Guo et al.
    2017, eq. 3, 15 bins).

    Args:
        truth: [clip], numbers of classes from 0.
        probs: [clip, class], probabilities; the first of the likeliest is what is found.

    Raises:
        InputError: the shapes do not fit, or a number is no class's.

    >>> scores = class_scores([0, 1, 1, 1], [[1, 0], [0, 1], [0, 1], [1, 0]])
    >>> scores["accuracy"], round(scores["balanced_accuracy"], 3)
    (0.75, 0.833)
    """
    true, p = np.asarray(truth), np.asarray(probs, np.float64)
    if p.ndim != 2 or true.shape != p.shape[:1]:
        raise InputError(
            f"{list(true.shape)} true classes and probabilities of shape {list(p.shape)}; give "
            f"[clip] and [clip, class]"
        )
    if not len(true):
        return dict.fromkeys(_CLASS_SCORES, math.nan)
    found = p.argmax(1)
    counts = confusion(true, found, classes=p.shape[1])
    likely = np.clip(p[np.arange(len(true)), true], LEAST, 1)
    values = (
        float((true == found).mean()),
        _balanced(counts),
        _f1_macro(counts),
        float(-np.log(likely).mean()),
        _calibration_error(p.max(1), true == found),
    )
    return dict(zip(_CLASS_SCORES, values, strict=True))


def tag_scores(
    truth: ArrayLike, probs: ArrayLike, *, names: tuple[str, ...], thresholds: ArrayLike = 0.5
) -> dict[str, float]:
    """Return scores of clips of which each may have several tags.

    ``roc_auc`` and ``pr_auc`` (average precision) are the means over the tags that have any,
    ``f1_macro`` the mean F1 at the thresholds, ``f1_micro`` that of all cells together and
    ``accuracy`` the share of right cells; ``roc_auc/<tag>``, ``pr_auc/<tag>`` and ``f1/<tag>`` are
    those of one tag, NaN where it is never true, or for ROC always.

    Args:
        truth: [clip, tag], booleans.
        probs: [clip, tag], probabilities.
        names: of the tags.
        thresholds: from which on a tag is found; one, or one per tag.

    Raises:
        InputError: the shapes differ, or are not those of the names.
    """
    true, p = np.asarray(truth, bool), np.asarray(probs, np.float64)
    if true.shape != p.shape or p.shape[1:] != (len(names),):
        raise InputError(
            f"truth of shape {list(true.shape)} and probabilities of shape {list(p.shape)} for "
            f"{len(names)} tags; give [clip, tag] for both"
        )
    found = p >= np.asarray(thresholds)
    right, wrong = (true & found).sum(0), (true != found).sum(0)
    each = {
        "roc_auc": [roc_auc(true[:, k], p[:, k]) for k in range(len(names))],
        "pr_auc": [pr_auc(true[:, k], p[:, k]) for k in range(len(names))],
        "f1": _f1(right, wrong).tolist(),
    }
    return {
        "roc_auc": _mean(each["roc_auc"]),
        "pr_auc": _mean(each["pr_auc"]),
        "f1_macro": _mean(each["f1"]),
        "f1_micro": float(_f1(right.sum(), wrong.sum())),
        "accuracy": float((true == found).mean()) if true.size else math.nan,
    } | {
        f"{score}/{name}": value
        for score, values in each.items()
        for name, value in zip(names, values, strict=True)
    }


def number_scores(
    truth: ArrayLike, found: ArrayLike, *, names: tuple[str, ...]
) -> dict[str, float]:
    """Return scores of clips that have numbers, in their own units.

    ``mse``, ``mae`` and ``r2`` (1 - squared error / variance of the truth) are means over the
    numbers; where there are several, ``mse/<name>``, ``mae/<name>`` and ``r2/<name>`` are those of
    one. R2 is NaN where all true values are the same.

    Args:
        truth, found: [clip, number].
        names: of the numbers.

    Raises:
        InputError: the shapes differ, or are not those of the names.
    """
    true, values = np.asarray(truth, np.float64), np.asarray(found, np.float64)
    if true.shape != values.shape or values.shape[1:] != (len(names),):
        raise InputError(
            f"truth of shape {list(true.shape)} and answers of shape {list(values.shape)} for "
            f"{len(names)} numbers; give [clip, number] for both"
        )
    if not len(true):
        return dict.fromkeys(("mse", "mae", "r2"), math.nan)
    error, spread = values - true, true.var(0)
    square = (error**2).mean(0)
    each = {
        "mse": square,
        "mae": np.abs(error).mean(0),
        "r2": 1 - np.divide(square, spread, out=np.full_like(square, np.nan), where=spread > 0),
    }
    scores = {score: _mean(per.tolist()) for score, per in each.items()}
    if len(names) == 1:
        return scores
    return scores | {
        f"{score}/{name}": float(value)
        for score, per in each.items()
        for name, value in zip(names, per, strict=True)
    }


_CLASS_SCORES = ("accuracy", "balanced_accuracy", "f1_macro", "log_loss", "ece")


def _balanced(counts: IntArray) -> float:
    """Return the mean share found of the classes that occur."""
    there = counts.sum(1) > 0
    return float((counts.diagonal()[there] / counts.sum(1)[there]).mean())


def _f1_macro(counts: IntArray) -> float:
    right = counts.diagonal()
    return _mean(_f1(right, counts.sum(0) + counts.sum(1) - 2 * right).tolist())


def _f1(right: Any, wrong: Any) -> Doubles:  # noqa: ANN401 - numbers or arrays of them
    """Return 2 TP / (2 TP + FP + FN), `wrong` being FP + FN; NaN where nothing was there."""
    whole = np.asarray(2.0 * right + wrong)
    shares: Doubles = np.divide(
        2.0 * right, whole, out=np.full_like(whole, np.nan), where=whole > 0
    )
    return shares


def _calibration_error(confidence: Doubles, right: NDArray[np.bool_]) -> float:
    """Return the mean gap between confidence and share of right answers, over bins (lo, hi]."""
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.bincount(place, weights=confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _mean(values: list[float]) -> float:
    """Return the mean of what has a value."""
    there = [value for value in values if not math.isnan(value)]
    return math.fsum(there) / len(there) if there else math.nan
