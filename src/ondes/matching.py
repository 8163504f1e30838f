"""What belongs together: frames in runs, events in chains, true and found events in pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.timebase import FloatArray, IntArray

if TYPE_CHECKING:
    from ondes.events import EventList

CHUNK = 1000  # pairs solved together: the solver's time grows with their square


@dataclass(frozen=True, eq=False)
class Comparison:
    """Truth and found events matched one to one: `pairs` [n, 2] holds indices (truth, found)."""

    truth: EventList
    found: EventList
    pairs: IntArray

    @property
    def missed(self) -> EventList:
        """True events that were not found."""
        return self.truth[~np.isin(np.arange(len(self.truth)), self.pairs[:, 0])]

    @property
    def extra(self) -> EventList:
        """Found events that are not true."""
        return self.found[~np.isin(np.arange(len(self.found)), self.pairs[:, 1])]

    @property
    def precision(self) -> float:
        """Share of the found events that are true; NaN if none was found."""
        return _share(len(self.pairs), len(self.found))

    @property
    def recall(self) -> float:
        """Share of the true events that were found; NaN if there are none."""
        return _share(len(self.pairs), len(self.truth))

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN if both lists are empty."""
        return _share(2 * len(self.pairs), len(self.truth) + len(self.found))


def compare(
    truth: EventList, found: EventList, *, onset_s: float, offset_s: float | None, ratio: float
) -> Comparison:
    """Match two lists of one rate; `EventList.compare` says what makes a pair."""
    timebase, n = truth.timebase, len(truth)
    reach = timebase.within(onset_s)
    kind = kinds(np.append(truth.label, found.label), np.append(truth.channel, found.channel))
    onset = np.append(truth.onset, found.onset)
    onset += apart(kind, onset, reach)
    pairs = pairs_within(onset[:n], onset[n:], reach)
    if offset_s is not None:
        share = np.round(ratio * (truth.offset - truth.onset), 6)  # 0.29 * 100 is 29
        allowed = np.maximum(timebase.within(offset_s), share)
        pairs = pairs[_distance(truth.offset, found.offset, pairs) <= allowed[pairs[:, 0]]]
    cost = _distance(truth.onset, found.onset, pairs)
    return Comparison(truth, found, best_matching(pairs, cost))


def runs(frames: NDArray[np.bool_]) -> tuple[IntArray, IntArray, IntArray]:
    """Return row, first and stop of each run of true frames in a map [row, frame].

    >>> [found.tolist() for found in runs(np.array([[False, True, True], [True, False, True]]))]
    [[0, 1, 1], [1, 0, 2], [3, 1, 3]]
    """
    width = frames.shape[1] + 1
    apart = np.pad(frames, ((0, 0), (1, 0))).ravel()
    edges = np.flatnonzero(np.diff(apart, append=False))
    row, first = np.divmod(edges[::2], width)
    return row, first, edges[1::2] % width


def means(scores: NDArray[Any], row: IntArray, first: IntArray, stop: IntArray) -> FloatArray:
    """Return the mean of `scores` [label, frame] over each run of frames [first, stop)."""
    if not len(row):
        return np.zeros(0)
    padded = np.pad(scores, ((0, 0), (0, 1)))  # so that a run may stop where a row does
    edges = np.stack([first, stop], axis=1) + row[:, None] * padded.shape[1]
    sums = np.add.reduceat(padded.ravel(), edges.ravel(), dtype=np.float64)[::2]
    return np.asarray(sums / (stop - first))


def kinds(*columns: NDArray[Any]) -> IntArray:
    """Number the rows: two rows get the same number just when they agree in every column.

    >>> kinds(np.array(["b", "a", "b"]), np.array([0, 0, 1])).tolist()
    [2, 0, 3]
    """
    kind = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, code = np.unique(column, return_inverse=True)
        kind = kind * len(values) + code
    return kind


def apart(kind: IntArray, positions: IntArray, margin: int) -> IntArray:
    """Return shifts that give each kind its own stretch of the axis, all more than `margin` apart.

    What then lies within `margin` of each other is of one kind.
    """
    if not len(kind):
        return kind
    stretch = int(positions.max()) - int(positions.min()) + margin + 1
    if stretch * (int(kind.max()) + 1) >= 2**62:
        raise InputError(f"events spread over {stretch} samples: too far apart to compare or merge")
    return kind * stretch


def chains(
    kind: IntArray, onset: IntArray, offset: IntArray, gap: int
) -> tuple[IntArray, IntArray]:
    """Return the order that brings together intervals of one kind with gaps of at most `gap`.

    The second array says where in that order each chain begins.
    """
    shift = apart(kind, np.append(onset, offset), gap)
    order = np.argsort(onset + shift, kind="stable")
    reach = np.maximum.accumulate((offset + shift)[order])
    begins = np.append(True, (onset + shift)[order][1:] - reach[:-1] > gap)
    return order, np.flatnonzero(begins)


def pairs_within(a: IntArray, b: IntArray, reach: int) -> IntArray:
    """Return all index pairs [n, 2] with |a[i] - b[j]| <= reach.

    >>> pairs_within(np.array([0, 10]), np.array([9, 1, 2]), 1).tolist()
    [[0, 1], [1, 0]]
    """
    order = np.argsort(b)
    first = np.searchsorted(b, a - reach, side="left", sorter=order)
    count = np.searchsorted(b, a + reach, side="right", sorter=order) - first
    before = np.cumsum(count) - count
    within = np.arange(count.sum()) + np.repeat(first - before, count)
    return np.stack([np.repeat(np.arange(len(a)), count), order[within]], axis=1)


def best_matching(pairs: IntArray, cost: IntArray) -> IntArray:
    """Return the pairs of a largest one-to-one matching; of all largest, one of least total cost.

    `pairs` [n, 2] are the index pairs allowed and `cost` [n] >= 0 theirs. Solved exactly, one
    chunk of connected components after the other.
    """
    if not len(pairs):
        return pairs
    component = _components(pairs)
    order = np.argsort(component, kind="stable")
    chunk = (np.cumsum(np.bincount(component)) // CHUNK)[component[order]]
    chunks = np.split(order, np.flatnonzero(np.diff(chunk)) + 1)
    chosen = [part[_assigned(pairs[part], cost[part])] for part in chunks]
    return pairs[np.sort(np.concatenate(chosen))]


def _components(pairs: IntArray) -> IntArray:
    """Return for each pair the number of the connected component it belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    left, right = pairs[:, 0], pairs[:, 1] + pairs[:, 0].max() + 1
    n = int(right.max()) + 1
    graph = coo_array((np.ones(len(pairs)), (left, right)), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    return np.unique(component[left], return_inverse=True)[1]


def _assigned(pairs: IntArray, cost: IntArray) -> NDArray[np.bool_]:
    """Mark the pairs of the best matching, by sparse linear assignment.

    Each left index may also be matched to a column of its own, that is to nothing, at a price
    above all costs together. Costs are raised by one: zero means no edge to scipy.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    left, right = (np.unique(side, return_inverse=True)[1] for side in pairs.T)
    singles = np.arange(int(left.max()) + 1)
    price = np.full(len(singles), (len(singles) + 1) * (cost.max() + 1.0))
    rows = np.concatenate([left, singles])
    columns = np.concatenate([right, right.max() + 1 + singles])
    graph = coo_array((np.concatenate([cost + 1.0, price]), (rows, columns))).tocsr()
    row, column = min_weight_full_bipartite_matching(graph)
    return np.asarray(column[np.argsort(row)][left] == right)


def _distance(a: IntArray, b: IntArray, pairs: IntArray) -> IntArray:
    distance: IntArray = np.abs(a[pairs[:, 0]] - b[pairs[:, 1]])
    return distance


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
