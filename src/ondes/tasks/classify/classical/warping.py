"""Dynamic time warping of many pairs at once, along anti-diagonals.

H. Sakoe and S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition",
1978: the least sum of squared differences over all monotone alignments that stay within a band
about the diagonal. Several channels are aligned together ("dependent" warping): the difference of
two samples is the sum over their channels. The lower bound is that of E. Keogh, 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Numbers = NDArray[np.int64]

CELLS = 2**15  # of all pairs on one diagonal: stays in the cache


class Series(NamedTuple):
    """Clips of different lengths as one array: x [clip, channel, time] with zeros at the end."""

    x: Samples
    lengths: Numbers

    def at(self, places: Numbers) -> Series:
        """Return some of them."""
        return Series(self.x[places], self.lengths[places])

    @property
    def equal(self) -> bool:
        """Whether all are of one length."""
        return bool((self.lengths == self.x.shape[-1]).all())


def series(clips: Sequence[Samples]) -> Series:
    """Return clips [channel, time] as one array."""
    lengths = np.array([clip.shape[-1] for clip in clips])
    x = np.zeros((len(clips), len(clips[0]), lengths.max()), np.float32)
    for row, clip in zip(x, clips, strict=True):
        row[:, : clip.shape[-1]] = clip
    return Series(x, lengths)


def distances(a: Series, b: Series, *, band: int) -> Samples:
    """Return float32 [pair]: the warped distance of a[i] and b[i], or of a[0] and each b[i].

    Sample i may be aligned with sample j where abs(i - j) <= band; where the clips of a pair
    differ in length by more, that difference is its band.

    >>> x, y = (series([np.array([v], np.float32)]) for v in ([0, 0, 1, 2], [0, 1, 2, 2]))
    >>> distances(x, y, band=0), distances(x, y, band=1)
    (array([2.], dtype=float32), array([0.], dtype=float32))
    """
    pairs = len(b.lengths)
    width = min(a.x.shape[-1], b.x.shape[-1], band + 1 + np.ptp([*a.lengths, *b.lengths]))
    step = max(8, CELLS // int(width))
    found = np.empty(pairs, np.float32)
    for first in range(0, pairs, step):
        part = np.arange(first, min(first + step, pairs))
        left = a if len(a.lengths) == 1 else a.at(part)
        found[part] = _warped(left, b.at(part), band)
    return found


def squares(a: Series, b: Series) -> Samples:
    """Return float32 [pair]: the distance without warping, of clips of one length."""
    return np.asarray(np.square(a.x - b.x).sum((1, 2)))


class Envelope(NamedTuple):
    """The least and the greatest value of each clip within a band about each sample."""

    low: Samples
    high: Samples

    def bounds(self, x: Samples) -> Samples:
        """Return [clip]: no more than the warped distance to x [channel, time] of their length."""
        over = np.maximum(x - self.high, 0) + np.maximum(self.low - x, 0)
        return np.asarray(np.square(over).sum((1, 2)))


def envelope(x: Samples, *, band: int) -> Envelope:
    """Return the envelope of x [clip, channel, time]."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    size = min(2 * band + 1, 2 * x.shape[-1] - 1)
    low = minimum_filter1d(x, size, axis=-1, mode="nearest")
    return Envelope(low, maximum_filter1d(x, size, axis=-1, mode="nearest"))


def _warped(a: Series, b: Series, band: int) -> Samples:
    """As `distances`, all pairs at once.

    Diagonal k holds the cells i + j = k; rows of the three last ones are i + 1, between rows that
    no alignment reaches.
    """
    n, m = a.x.shape[-1], b.x.shape[-1]
    apart = np.maximum(band, np.abs(a.lengths - b.lengths))
    reach, uneven = int(apart.max()), bool((apart != apart[0]).any())
    one, other = np.ascontiguousarray(a.x.transpose(1, 2, 0)), _turned(b.x)
    ends = a.lengths + b.lengths - 2
    before, last, now = (np.full((n + 2, len(apart)), np.inf, np.float32) for _ in range(3))
    before[0] = 0
    found = np.empty(len(apart), np.float32)
    cost, spare = np.empty_like(now), np.empty_like(now)
    for k in range(int(ends.max()) + 1):
        low = max(0, k - m + 1, (k - reach + 1) // 2)
        high = min(n - 1, k, (k + reach) // 2) + 1
        if low >= high:  # a band of 0 has no cell on odd diagonals
            now[low : high + 2] = np.inf
        else:
            here = cost[: high - low]
            _costs(one[:, low:high], other[:, low + m - 1 - k : high + m - 1 - k], here, spare)
            best = np.minimum(last[low:high], last[low + 1 : high + 1], out=now[low + 1 : high + 1])
            np.minimum(best, before[low:high], out=best)
            best += here
            if uneven:
                best[np.abs(2 * np.arange(low, high) - k)[:, None] > apart] = np.inf
            now[low] = now[high + 1] = np.inf
        done = np.flatnonzero(ends == k)
        found[done] = now[np.broadcast_to(a.lengths, ends.shape)[done], done]
        before, last, now = last, now, before
    return found


def _turned(x: Samples) -> Samples:
    """[clip, channel, time] as [channel, time backwards, clip]."""
    return np.ascontiguousarray(x.transpose(1, 2, 0)[:, ::-1])


def _costs(one: Samples, other: Samples, out: Samples, spare: Samples) -> None:
    """Write the squared differences of [channel, cell, pair], summed over channels, to `out`."""
    np.subtract(one[0], other[0], out=out)
    np.square(out, out=out)
    for x, y in zip(one[1:], other[1:], strict=True):
        further = np.subtract(x, y, out=spare[: len(out)])
        np.square(further, out=further)
        out += further
