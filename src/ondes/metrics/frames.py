"""Scores of frame maps: every cell of a map is one yes-no answer, all count alike (micro)."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError
from ondes.timebase import IntArray

Cells = NDArray[np.bool_]
Probs = NDArray[np.floating[Any]]

BITS = 20  # of a log-odds in single precision that a histogram tells apart: 11 of the fraction


class FrameCounts(NamedTuple):
    """Cells by truth and answer.

    >>> FrameCounts(true_positive=6, false_positive=2, false_negative=2, true_negative=90).f1
    0.75
    """

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0

    @property
    def accuracy(self) -> float:
        """Share of right answers; NaN of no cells."""
        return _share(self.true_positive + self.true_negative, sum(self))

    @property
    def precision(self) -> float:
        """Share of the positive answers that are right; NaN if there is none."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """Share of the positive cells that were found; NaN if there are none."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN if no cell is positive and none was said."""
        wrong = self.false_positive + self.false_negative
        return _share(2 * self.true_positive, 2 * self.true_positive + wrong)


def frame_scores(
    truth: ArrayLike, probs: ArrayLike, *, threshold: float | ArrayLike = 0.5
) -> dict[str, float]:
    """Return accuracy, precision, recall, f1, roc_auc and pr_auc of all cells together.

    Args:
        truth: booleans of any shape, such as [class, frame].
        probs: probabilities of the same shape.
        threshold: a cell is positive from here on; a number, or what broadcasts to the shape,
            such as [class, 1].

    Raises:
        InputError: the shapes differ, or a probability is not from 0 to 1.
    """
    cells, values = _checked(truth, probs)
    counts = _count(cells, values >= np.asarray(threshold))
    return {**_named(counts), "roc_auc": roc_auc(cells, values), "pr_auc": pr_auc(cells, values)}


def roc_auc(truth: ArrayLike, probs: ArrayLike) -> float:
    """Return the area under the receiver operating characteristic, by scikit-learn.

    It is the share of pairs of a positive and a negative cell in which the positive one has the
    higher probability, ties counting half; NaN unless there are cells of both kinds.
    """
    cells, values = _checked(truth, probs)
    return _roc_auc(cells.ravel(), values.ravel())


def pr_auc(truth: ArrayLike, probs: ArrayLike) -> float:
    """Return the average precision, the area under the stepped precision-recall curve.

    By scikit-learn; NaN if no cell is positive.
    """
    cells, values = _checked(truth, probs)
    return _pr_auc(cells.ravel(), values.ravel())


class Histogram:
    """Frame scores of any number of cells in 16 megabytes.

    Probabilities are sorted into bins by the leading bits of their log-odds, which tell apart
    what differs by 0.05 % of the log-odds, near 0 and near 1 alike. Counts at a threshold of 0.5
    are exact; the areas differ from the exact ones by what ties within bins change, about 1e-5.

    >>> histogram = Histogram()
    >>> histogram.add([True, False, False], [0.9, 0.2, 0.7])
    >>> histogram.add([True], [0.6])
    >>> histogram.roc_auc(), histogram.counts().recall
    (0.75, 1.0)
    """

    def __init__(self) -> None:
        self._bins = np.zeros((2, 2**BITS), np.int64)

    def add(self, truth: ArrayLike, probs: ArrayLike) -> None:
        """Add cells: booleans and probabilities of the same shape.

        Raises:
            InputError: the shapes differ, or a probability is not from 0 to 1.
        """
        cells, values = _checked(truth, probs)
        bins, size = _bin(values.ravel()), 2**BITS
        self._bins[1] += np.bincount(bins[cells.ravel()], minlength=size)
        self._bins[0] += np.bincount(bins[~cells.ravel()], minlength=size)

    def counts(self, threshold: float = 0.5) -> FrameCounts:
        """Return the cells by truth and answer, positive from the bin of `threshold` on."""
        (first,) = _bin(np.array([threshold]))
        above, below = self._bins[:, first:].sum(1), self._bins[:, :first].sum(1)
        return FrameCounts(int(above[1]), int(above[0]), int(below[1]), int(below[0]))

    def roc_auc(self) -> float:
        """Return `roc_auc` of all cells added."""
        return _roc_auc(*self._weighted())

    def pr_auc(self) -> float:
        """Return `pr_auc` of all cells added."""
        return _pr_auc(*self._weighted())

    def scores(self, threshold: float = 0.5) -> dict[str, float]:
        """Return what `frame_scores` returns, of all cells added."""
        areas = {"roc_auc": self.roc_auc(), "pr_auc": self.pr_auc()}
        return {**_named(self.counts(threshold)), **areas}

    def _weighted(self) -> tuple[Cells, IntArray, IntArray]:
        """Return truth, bin and number of the cells in each bin that holds any."""
        truth, bins = self._bins.nonzero()
        return truth.astype(np.bool_), bins, self._bins[truth, bins]


def _bin(probs: Probs) -> IntArray:
    """Return bins whose order is that of the probabilities.

    The bits of a float, read as an integer, rise with its magnitude; those of a negative one are
    turned round.
    """
    with np.errstate(divide="ignore"):
        p = probs.astype(np.float64, copy=False)
        odds = (np.log(p) - np.log1p(-p)).astype(np.float32)
    bits = (odds + np.float32(0)).view(np.int32).astype(np.int64)
    rising = np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits)
    bins: IntArray = (rising >> (32 - BITS)) + 2 ** (BITS - 1)
    return bins


def _checked(truth: ArrayLike, probs: ArrayLike) -> tuple[Cells, Probs]:
    cells, values = np.asarray(truth), np.asarray(probs)
    if cells.shape != values.shape:
        raise InputError(f"truth of shape {cells.shape} and probs of shape {values.shape} differ")
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise InputError(
            f"probs from {values.min():g} to {values.max():g}: probabilities are from 0 to 1; "
            f"take the sigmoid of logits"
        )
    return cells.astype(np.bool_, copy=False), values


def _count(truth: Cells, said: Cells) -> FrameCounts:
    right, positive, answered = int((truth & said).sum()), int(truth.sum()), int(said.sum())
    return FrameCounts(
        right, answered - right, positive - right, truth.size - positive - answered + right
    )


def _named(counts: FrameCounts) -> dict[str, float]:
    return {name: getattr(counts, name) for name in ("accuracy", "precision", "recall", "f1")}


def _roc_auc(truth: Cells, values: NDArray[Any], weight: IntArray | None = None) -> float:
    from sklearn.metrics import roc_auc_score

    if truth.all() or not truth.any():
        return math.nan
    return float(roc_auc_score(truth, values, sample_weight=weight))


def _pr_auc(truth: Cells, values: NDArray[Any], weight: IntArray | None = None) -> float:
    from sklearn.metrics import average_precision_score

    if not truth.any():
        return math.nan
    return float(average_precision_score(truth, values, sample_weight=weight))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
