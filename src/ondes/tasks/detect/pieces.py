"""From probabilities to pieces of events, all classes and frames at once.

Everything here is local: what becomes of a frame depends on ``Decoder.halo`` frames around it. So
a stretch of frames with that much on both sides can be cut on its own, and of a stretch only those
cells need a look that have an active one so near: in most signals, most of the time, none. These
cells lie end to end, class by class, and a place is the index of one of them.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ondes.tasks.detect.decoder import Decoder

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
Pieces = npt.NDArray[Any]

# One row per piece of an event over the frames [start, stop). `onset` counts from `start` and
# `offset` from `stop`, in frames, to the refined positions. `total` is the sum and `top` the
# highest of the probabilities of its `frames` active frames; `onset_peak` the highest onset
# probability around its start. `struck`: an onset peak begins it. `loud`: it reaches the high
# threshold. `joined`: it began before the stretch. `open`: it goes on after the stretch. `votes`,
# where classes exclude each other: the sum of each one's probabilities, as `total`.
PIECE = (
    *((name, np.int64) for name in ("label", "start", "stop", "total", "frames")),
    *((name, np.float64) for name in ("onset", "offset", "top", "onset_peak")),
    *((name, np.bool_) for name in ("struck", "loud", "joined", "open")),
)

# Probabilities are summed as whole multiples of this: exact, whatever the parts of the sum.
UNIT = 2.0**-24


def piece(votes: int) -> np.dtype[Any]:
    """Return the type of a row about an event that one of so many classes has, 0 if one only."""
    return np.dtype([*PIECE, *([("votes", np.int64, (votes,))] if votes else [])])


class Starts(NamedTuple):
    """Places where events begin, rising; `onset` in frames from there; see PIECE."""

    place: Places
    onset: Doubles
    peak: Doubles
    struck: Bools


@dataclass(frozen=True)
class Thresholds:
    """The low and the high threshold of each row of a map."""

    low: Floats
    high: Floats

    @classmethod
    def of(cls, decoder: Decoder, *, classes: int, times: int = 1) -> "Thresholds":
        """Return those of a map that holds all classes so many times, one after the other."""
        return cls(np.tile(decoder.lows(classes), times), np.tile(decoder.highs(classes), times))


@dataclass(frozen=True)
class Stretch:
    """The cells of some frames that matter; `of` picks them.

    `frame`, `onset` and `offset` are their probabilities (None where the model has no such head),
    `label` and `at` their rows and frames, `low` and `high` their thresholds, `votes` [class, cell]
    the probabilities of classes that exclude each other. `width` is the number of frames,
    ``decoder.halo`` of them at both ends being there for the others' sake.
    """

    decoder: Decoder
    width: int
    label: Places
    at: Places
    low: Floats
    high: Floats
    frame: Floats
    onset: Floats | None = None
    offset: Floats | None = None
    votes: Floats | None = None

    @classmethod
    def of(
        cls, decoder: Decoder, probs: Floats, thresholds: Thresholds, *, votes: int = 0
    ) -> "Stretch | None":
        """Return what matters of probabilities [head, row, frame], None where nothing does.

        The last `votes` of the heads are those of classes that exclude each other.
        """
        width = probs.shape[2]
        active = np.flatnonzero(probs[0] >= thresholds.low[:, None])
        if not active.size:
            return None
        cells = _around(active, decoder.halo, width)
        label, at = np.divmod(cells, width)
        heads = probs.reshape(len(probs), -1)[:, cells]
        n_heads = len(probs) - votes
        low, high = thresholds.low[label], thresholds.high[label]
        frame, onset, offset = [*heads[:n_heads], None, None][:3]
        told = heads[n_heads:] if votes else None
        return cls(decoder, width, label, at, low, high, frame, onset, offset, told)

    def pieces(self) -> Pieces:
        """Return the pieces of events inside the halos, by row and time."""
        active = majority(self.frame >= self.low, self.decoder.median)
        starts = self._starts(active)
        begins = np.zeros(active.shape, np.bool_)
        begins[starts.place] = True
        goes_on = np.zeros(active.shape, np.bool_)
        goes_on[:-1] = active[1:] & ~begins[1:]
        first, final, inside = self._runs(active, begins, goes_on)
        pieces = np.zeros(len(first), piece(0 if self.votes is None else len(self.votes)))
        pieces["label"], pieces["start"] = self.label[first], self.at[first]
        pieces["stop"] = self.at[final] + 1
        pieces["joined"], pieces["open"] = ~begins[first], goes_on[final]
        self._begin(pieces, starts, first)
        self._end(pieces, starts, final + 1)
        self._sum(pieces, inside)
        return pieces

    def _runs(self, active: Bools, begins: Bools, goes_on: Bools) -> tuple[Places, Places, Bools]:
        """Return first and last place of each piece, and the active cells inside the halos."""
        left, right = self.decoder.halo, self.width - self.decoder.halo
        inside = active & (self.at >= left) & (self.at < right)
        first = inside & (begins | (self.at == left))
        final = inside & (~goes_on | (self.at == right - 1))
        return np.flatnonzero(first), np.flatnonzero(final), inside

    def _starts(self, active: Bools) -> Starts:
        """Return where runs of active frames begin and where onset peaks cut them."""
        rises = active.copy()
        rises[1:] &= ~active[:-1]
        runs = self._away_from_ends(np.flatnonzero(rises))
        struck = self._struck(active)
        quiet = np.setdiff1d(runs, struck.place, assume_unique=True)
        crossing = self._crossing(quiet - 1, quiet) - 0.5 + self.decoder.onset_shift
        unstruck = Starts(quiet, crossing, self._peak_near(quiet), np.zeros(len(quiet), np.bool_))
        order = np.argsort(np.concatenate([struck.place, quiet]))
        return Starts(*(np.concatenate(both)[order] for both in zip(struck, unstruck, strict=True)))

    def _struck(self, active: Bools) -> Starts:
        """Return the starts that an onset peak begins; of several peaks the highest counts."""
        if self.onset is None:
            none = np.zeros(0)
            return Starts(none.astype(np.int64), none, none, none > 0)
        peak = self._peaks(self.onset)
        place, fresh = self._begun_by(peak, active)
        height = self.onset[peak].astype(np.float64)
        needed = np.where(fresh, self.decoder.onset, self.decoder.restart)
        begins = np.flatnonzero((place >= 0) & (height >= needed))
        begins = begins[np.lexsort((-height[begins], place[begins]))]
        place, highest = np.unique(place[begins], return_index=True)
        peak, height = peak[begins[highest]], height[begins[highest]]
        onset = peak - place + 0.5 + self._centroid(self.onset, peak) + self.decoder.onset_shift
        return Starts(place, onset, height, np.ones(len(place), np.bool_))

    def _peaks(self, onset: Floats) -> Places:
        """Return places that none within ``reach`` exceeds; of equal ones the first."""
        floor = min(self.decoder.onset, self.decoder.restart)
        place = self._away_from_ends(np.flatnonzero(onset >= floor))
        for step in range(1, self.decoder.reach + 1):
            here = onset[place]
            place = place[(here > onset[place - step]) & (here >= onset[place + step])]
        return place

    def _begun_by(self, peak: Places, active: Bools) -> tuple[Places, Bools]:
        """Return the place that each peak begins (-1: none), and whether a run begins there.

        That is the next active frame, ``attach`` later at most; or the beginning of its run, if
        that is no more than ``attach`` before.
        """
        place = np.full(len(peak), -1)
        for step in range(self.decoder.attach, -1, -1):
            place = np.where(active[peak + step], peak + step, place)
        sounding, age = place >= 0, np.zeros(len(peak), np.int64)
        for step in range(1, self.decoder.attach + 2):
            sounding &= active[place - step]
            age += sounding
        return np.where(sounding, place, place - age), ~sounding

    def _begin(self, pieces: Pieces, starts: Starts, first: Places) -> None:
        at = np.searchsorted(starts.place, first)
        fresh = ~pieces["joined"]
        for name, values in (
            ("onset", starts.onset),
            ("onset_peak", starts.peak),
            ("struck", starts.struck),
        ):
            pieces[name][fresh] = values[at[fresh]]

    def _end(self, pieces: Pieces, starts: Starts, stop: Places) -> None:
        """Place the ends where the probability falls, at the next event's onset at the latest."""
        offset = self._falls(stop)
        following = np.searchsorted(starts.place, stop)
        known = np.flatnonzero(following < len(starts.place))
        ahead = starts.place[following[known]] - stop[known]
        close = ahead <= self.decoder.near  # two rows lie further apart
        known, ahead = known[close], ahead[close]
        onset = ahead + starts.onset[following[known]]
        offset[known] = np.where(ahead > 0, np.minimum(offset[known], onset), onset)
        pieces["offset"] = offset

    def _falls(self, stop: Places) -> Doubles:
        """Return where the probability falls, or where an offset peak says so, from `stop`."""
        falls = 0.5 - self._crossing(stop, stop - 1)
        if self.offset is not None and len(stop):
            peak = self._highest_near(self.offset, stop)
            sure = self.offset[peak] >= self.decoder.offset
            falls[sure] = (peak - stop)[sure] + 0.5 + self._centroid(self.offset, peak[sure])
        return falls + self.decoder.offset_shift

    def _sum(self, pieces: Pieces, inside: Bools) -> None:
        if not len(pieces):
            return
        lengths = pieces["stop"] - pieces["start"]
        first = np.cumsum(lengths) - lengths
        loud = majority(self.frame >= self.high, self.decoder.median)
        values = self.frame[inside]
        pieces["frames"] = lengths
        pieces["total"] = np.add.reduceat(units(values), first)
        if self.votes is not None:
            pieces["votes"] = np.add.reduceat(units(self.votes[:, inside].T), first)
        pieces["top"] = np.maximum.reduceat(values, first)
        pieces["loud"] = np.logical_or.reduceat(loud[inside], first)

    def _away_from_ends(self, places: Places) -> Places:
        """Leave out places so near the ends that what is around them is not known."""
        margin = self.decoder.attach + self.decoder.reach + 1
        places = places[(places >= margin) & (places < len(self.at) - margin)]
        column = self.at[places]
        return places[(column >= margin) & (column < self.width - margin)]

    def _crossing(self, outside: Places, inside: Places) -> Doubles:
        """Return where the probability crosses the low threshold between two frames, 0 to 1."""
        low = self.low[inside].astype(np.float64)
        below, above = (self.frame[place].astype(np.float64) for place in (outside, inside))
        rise = above - below
        share = np.divide(low - below, rise, out=np.full(len(rise), 0.5), where=rise > 0)
        return np.asarray(np.clip(share, 0.0, 1.0))

    def _centroid(self, values: Floats, peak: Places) -> Doubles:
        """Return how far the centre of mass around each peak lies from it, in frames."""
        steps = np.arange(-self.decoder.reach, self.decoder.reach + 1)
        mass = values[peak[:, None] + steps].astype(np.float64)
        return np.asarray((mass * steps).sum(axis=1) / mass.sum(axis=1))

    def _highest_near(self, values: Floats, places: Places) -> Places:
        steps = np.arange(-self.decoder.attach, self.decoder.attach + 1)
        around = places[:, None] + steps
        return np.asarray(places + steps[values[around].argmax(axis=1)])

    def _peak_near(self, places: Places) -> Doubles:
        if self.onset is None:
            return np.zeros(len(places))
        highest = self._highest_near(self.onset, places)
        return self.onset[highest].astype(np.float64)


def units(probabilities: Floats) -> Places:
    """Return probabilities as whole multiples of `UNIT`."""
    whole: Places = np.rint(probabilities / UNIT).astype(np.int64)
    return whole


def _around(active: Places, halo: int, width: int) -> Places:
    """Return all cells of a map that lie in the same row as an active one, `halo` away or nearer.

    >>> _around(np.array([0, 1, 14]), 2, width=10)
    array([ 0,  1,  2,  3, 12, 13, 14, 15, 16])
    """
    row = active // width
    apart = (np.diff(active) > 2 * halo) | (row[1:] != row[:-1])
    first = np.flatnonzero(np.append(True, apart))
    last = np.append(first[1:], len(active)) - 1
    start = np.maximum(active[first] - halo, row[first] * width)
    stop = np.minimum(active[last] + halo, row[last] * width + width - 1) + 1
    length = stop - start
    before = np.cumsum(length) - length
    cells: Places = np.arange(int(length.sum())) + np.repeat(start - before, length)
    return cells


def majority(active: Bools, median: int) -> Bools:
    """Return the median filter of cells over `median` of them, zeros outside.

    The median of probabilities reaches a threshold where the median of the thresholded map is
    true, so counting votes filters exactly, whatever the length.

    >>> majority(np.array([True, False, True, True, False, False, True]), 3).astype(int)
    array([0, 1, 1, 1, 0, 0, 0])
    """
    if median == 1:
        return active
    half, ones = median // 2, active.astype(np.uint8)
    votes = ones.copy()
    for step in range(1, half + 1):
        votes[step:] += ones[:-step]
        votes[:-step] += ones[step:]
    return votes > half
