"""How far along time a value looks, followed through convolutions, pools, pads and reshapes."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, prod
from typing import NamedTuple

Shape = tuple[int, ...]
ONE = Fraction(1)


class Reach(NamedTuple):
    """Value k depends on the samples [k*hop - back, (k+1)*hop + ahead) of the input.

    >>> conv = Reach().window(size=7, stride=2, before=3)
    >>> conv.size, conv.window(size=3, before=1).size
    (7, 11)
    """

    back: Fraction = Fraction(0)
    ahead: Fraction = Fraction(0)
    hop: Fraction = ONE

    @property
    def size(self) -> int:
        """Number of samples that a value depends on, at least one."""
        return max(1, ceil(self.back + self.hop + self.ahead))

    def window(self, *, size: int, stride: int = 1, before: int = 0) -> "Reach":
        """Let value k read the values [k*stride - before, k*stride - before + size)."""
        after = size - stride - before
        return Reach(
            self.back + before * self.hop, self.ahead + after * self.hop, self.hop * stride
        )

    def spread(self, *, size: int, stride: int, before: int = 0) -> "Reach":
        """Let value k lie in `stride` times as many, each spread over `size` of these.

        A transposed convolution; repeating every value is one of ``size=stride``.
        """
        hop = self.hop / stride
        return Reach(
            self.back + (size - 1 - before) * hop, self.ahead + before * hop + self.hop - hop, hop
        )


class Track(NamedTuple):
    """Which axis of a tensor is time, and what its values see; no reach means: everything.

    `rows` remembers, of time that was put together of rows, their length and what they saw.
    """

    axis: int
    reach: Reach | None
    rows: tuple[int, Reach] | None = None

    @property
    def seen(self) -> Reach | None:
        """What a single value sees, wherever it stands in its row."""
        return self.rows[1] if self.rows else self.reach


def union(tracks: Sequence["Track | None"]) -> "Track | None":
    """Return what a value sees that is made of several, whose axes have been brought together."""
    known = [track for track in tracks if track is not None]
    if len(known) < len(tracks) or any(track.reach is None for track in known):
        return None
    reaches = [track.reach for track in known if track.reach is not None]
    axes = {track.axis for track in known}
    if len(axes) != 1 or len({reach.hop for reach in reaches}) != 1:
        return None
    back, ahead = (max(getattr(r, side) for r in reaches) for side in ("back", "ahead"))
    return Track(known[0].axis, Reach(back, ahead, reaches[0].hop))


def reshaped(track: Track, before: Shape, after: Shape) -> Track | None:
    """Follow time through a reshape from one shape to another, row by row.

    Time that is cut into rows is the rows' axis, each of which sees all of its samples; rows that
    are put together are finer time again. Time behind another axis is lost.

    >>> rows = reshaped(Track(1, Reach()), (1, 1024), (1, 4, 256))
    >>> rows.axis, rows.reach.hop
    (1, Fraction(256, 1))
    >>> reshaped(rows, (1, 4, 256), (1, 1024)).reach.hop
    Fraction(1, 1)
    """
    if track.reach is None:
        return track
    for ins, outs in _groups(before, after):
        if track.axis in ins:
            return _regrouped(track, ins, outs, before, after)
    return None


def _regrouped(
    track: Track, ins: list[int], outs: list[int], before: Shape, after: Shape
) -> Track | None:
    axis, reach = track.axis, track.reach or Reach()
    ahead = [i for i in ins if i < axis and before[i] > 1]
    inner = prod(before[i] for i in ins if i > axis)
    wide = [i for i in outs if after[i] > 1] or outs
    if ahead or not wide:
        return None if ahead else Track(min(axis, len(after) - 1), reach)
    rows = prod(after[i] for i in wide[1:])
    if inner > 1 and rows == 1:
        return Track(wide[0], reach.spread(size=inner, stride=inner), (inner, reach))
    if inner == rows:
        return Track(wide[0], reach)
    if inner > 1:
        return None
    if track.rows and track.rows[0] == rows:
        return Track(wide[0], track.rows[1])
    return Track(wide[0], reach.window(size=rows, stride=rows))


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Return the fewest axes of either shape that hold the same values, from left to right."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) and j < len(after):
        ins, outs = [i], [j]
        a, b = before[i], after[j]
        i, j = i + 1, j + 1
        while a != b:
            if a < b and i < len(before):
                a, i = a * before[i], i + 1
                ins.append(i - 1)
            elif j < len(after):
                b, j = b * after[j], j + 1
                outs.append(j - 1)
            else:
                return groups
        groups.append((ins, outs))
    return groups
