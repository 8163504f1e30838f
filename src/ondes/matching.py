"""Optimal one-to-one matching of positions, the arithmetic under `EventList.compare`."""

from __future__ import annotations

import numpy as np

from ondes.timebase import IntArray


def pairs_within(a: IntArray, b: IntArray, reach: int) -> IntArray:
    """All index pairs [n, 2] with |a[i] - b[j]| <= reach.

    >>> pairs_within(np.array([0, 10]), np.array([9, 1, 2]), 1).tolist()
    [[0, 1], [1, 0]]
    """
    order = np.argsort(b, kind="stable")
    first = np.searchsorted(b, a - reach, side="left", sorter=order)
    stop = np.searchsorted(b, a + reach, side="right", sorter=order)
    count = stop - first
    begin = np.cumsum(count) - count
    within = np.arange(count.sum()) + np.repeat(first - begin, count)
    return np.stack([np.repeat(np.arange(len(a)), count), order[within]], axis=1)


def best_matching(pairs: IntArray, cost: IntArray) -> IntArray:
    """The pairs of a largest one-to-one matching; of all largest, one of least total cost.

    `pairs` [n, 2] are the allowed index pairs, `cost` [n] >= 0. Solved exactly, as a sparse
    linear assignment: every left index may also stay single at a price above all costs.
    """
    if not len(pairs):
        return pairs
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    _, left = np.unique(pairs[:, 0], return_inverse=True)
    right_index, right = np.unique(pairs[:, 1], return_inverse=True)
    n_left, n_right = int(left.max()) + 1, len(right_index)
    single = (int(cost.max()) + 1.0) * (n_left + 1)
    rows = np.concatenate([left, np.arange(n_left)])
    columns = np.concatenate([right, n_right + np.arange(n_left)])
    weights = np.concatenate([cost + 1.0, np.full(n_left, single)])
    graph = coo_array((weights, (rows, columns)), shape=(n_left, n_right + n_left)).tocsr()
    row, column = min_weight_full_bipartite_matching(graph)
    chosen = column[np.argsort(row)][left] == right
    return pairs[chosen]
