"""From probabilities to pieces of events, all classes and frames at once.

Everything here is local: what becomes of a frame depends on ``Decoder.halo`` frames around it, so
a stretch of frames with that much on both sides can be cut on its own. A place is the index of a
cell in the flattened map [class, frame].
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
# threshold. `joined`: it began before the stretch. `open`: it goes on after the stretch.
PIECE = np.dtype(
    [
        *((name, np.int64) for name in ("label", "start", "stop", "total", "frames")),
        *((name, np.float64) for name in ("onset", "offset", "top", "onset_peak")),
        *((name, np.bool_) for name in ("struck", "loud", "joined", "open")),
    ]
)

# Probabilities are summed as whole multiples of this: exact, whatever the parts of the sum.
UNIT = 2.0**-24


class Starts(NamedTuple):
    """Places where events begin, rising; `onset` in frames from there; see PIECE."""

    place: Places
    onset: Doubles
    peak: Doubles
    struck: Bools


@dataclass(frozen=True)
class Stretch:
    """Probabilities [class, frame] of some frames, with ``decoder.halo`` more at both ends.

    `onset` and `offset` are None where the model has no such head.
    """

    decoder: Decoder
    frame: Floats
    onset: Floats | None = None
    offset: Floats | None = None

    @property
    def width(self) -> int:
        """Number of frames, halos included."""
        return int(self.frame.shape[1])

    def pieces(self) -> Pieces:
        """Return the pieces of events inside the halos, by class and time."""
        active = majority(self.frame >= self._lows()[:, None], self.decoder.median)
        starts = self._starts(active)
        begins = np.zeros(active.shape, np.bool_)
        begins.ravel()[starts.place] = True
        goes_on = np.zeros(active.shape, np.bool_)
        goes_on[:, :-1] = active[:, 1:] & ~begins[:, 1:]
        first, final, inside = self._runs(active, begins, goes_on)
        pieces = np.zeros(len(first), PIECE)
        pieces["label"], pieces["start"] = np.divmod(first, self.width)
        pieces["stop"] = final % self.width + 1
        pieces["joined"], pieces["open"] = ~begins.ravel()[first], goes_on.ravel()[final]
        self._begin(pieces, starts, first)
        self._end(pieces, starts, final + 1)
        self._sum(pieces, inside)
        return pieces

    def _lows(self) -> Floats:
        return self.decoder.lows(len(self.frame))

    def _runs(self, active: Bools, begins: Bools, goes_on: Bools) -> tuple[Places, Places, Bools]:
        """Return first and last place of each piece, and the active cells inside the halos."""
        left, right = self.decoder.halo, self.width - self.decoder.halo
        inside = active.copy()
        inside[:, :left] = inside[:, right:] = False
        first, final = inside & begins, inside & ~goes_on
        first[:, left], final[:, right - 1] = inside[:, left], inside[:, right - 1]
        return np.flatnonzero(first), np.flatnonzero(final), inside

    def _starts(self, active: Bools) -> Starts:
        """Return where runs of active frames begin and where onset peaks cut them."""
        rises = active.copy()
        rises[:, 1:] &= ~active[:, :-1]
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
        place, fresh = self._begun_by(peak, active.ravel())
        height = self.onset.ravel()[peak].astype(np.float64)
        needed = np.where(fresh, self.decoder.onset, self.decoder.restart)
        begins = np.flatnonzero((place >= 0) & (height >= needed))
        begins = begins[np.lexsort((-height[begins], place[begins]))]
        place, highest = np.unique(place[begins], return_index=True)
        peak, height = peak[begins[highest]], height[begins[highest]]
        onset = peak - place + 0.5 + self._centroid(self.onset, peak) + self.decoder.onset_shift
        return Starts(place, onset, height, np.ones(len(place), np.bool_))

    def _peaks(self, onset: Floats) -> Places:
        """Return places that none within ``reach`` exceeds; of equal ones the first."""
        flat = onset.ravel()
        floor = min(self.decoder.onset, self.decoder.restart)
        place = self._away_from_ends(np.flatnonzero(flat >= floor))
        for step in range(1, self.decoder.reach + 1):
            here = flat[place]
            place = place[(here > flat[place - step]) & (here >= flat[place + step])]
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
        same_class = stop[known] % self.width + ahead < self.width
        close = same_class & (ahead <= self.decoder.near)
        known, ahead = known[close], ahead[close]
        onset = ahead + starts.onset[following[known]]
        offset[known] = np.where(ahead > 0, np.minimum(offset[known], onset), onset)
        pieces["offset"] = offset

    def _falls(self, stop: Places) -> Doubles:
        """Return where the probability falls, or where an offset peak says so, from `stop`."""
        falls = 0.5 - self._crossing(stop, stop - 1)
        if self.offset is not None and len(stop):
            peak = self._highest_near(self.offset, stop)
            sure = self.offset.ravel()[peak] >= self.decoder.offset
            falls[sure] = (peak - stop)[sure] + 0.5 + self._centroid(self.offset, peak[sure])
        return falls + self.decoder.offset_shift

    def _sum(self, pieces: Pieces, inside: Bools) -> None:
        if not len(pieces):
            return
        lengths = pieces["stop"] - pieces["start"]
        first = np.cumsum(lengths) - lengths
        highs = self.decoder.highs(len(self.frame))
        loud = majority(self.frame >= highs[:, None], self.decoder.median)
        values = self.frame[inside]
        pieces["frames"] = lengths
        pieces["total"] = np.add.reduceat(np.rint(values / UNIT).astype(np.int64), first)
        pieces["top"] = np.maximum.reduceat(values, first)
        pieces["loud"] = np.logical_or.reduceat(loud[inside], first)

    def _away_from_ends(self, places: Places) -> Places:
        """Leave out places so near the ends that what is around them is not known."""
        margin = self.decoder.attach + self.decoder.reach + 1
        column = places % self.width
        return places[(column >= margin) & (column < self.width - margin)]

    def _crossing(self, outside: Places, inside: Places) -> Doubles:
        """Return where the probability crosses the low threshold between two frames, 0 to 1."""
        flat = self.frame.ravel()
        low = self._lows()[inside // self.width].astype(np.float64)
        below, above = flat[outside].astype(np.float64), flat[inside].astype(np.float64)
        rise = above - below
        share = np.divide(low - below, rise, out=np.full(len(rise), 0.5), where=rise > 0)
        return np.asarray(np.clip(share, 0.0, 1.0))

    def _centroid(self, values: Floats, peak: Places) -> Doubles:
        """Return how far the centre of mass around each peak lies from it, in frames."""
        steps = np.arange(-self.decoder.reach, self.decoder.reach + 1)
        mass = values.ravel()[peak[:, None] + steps].astype(np.float64)
        return np.asarray((mass * steps).sum(axis=1) / mass.sum(axis=1))

    def _highest_near(self, values: Floats, places: Places) -> Places:
        steps = np.arange(-self.decoder.attach, self.decoder.attach + 1)
        around = places[:, None] + steps
        return np.asarray(places + steps[values.ravel()[around].argmax(axis=1)])

    def _peak_near(self, places: Places) -> Doubles:
        if self.onset is None:
            return np.zeros(len(places))
        highest = self._highest_near(self.onset, places)
        return self.onset.ravel()[highest].astype(np.float64)


def majority(active: Bools, median: int) -> Bools:
    """Return the median filter of a map [class, frame] over `median` frames, zeros outside.

    The median of probabilities reaches a threshold where the median of the thresholded map is
    true, so counting votes filters exactly, whatever the length.

    >>> majority(np.array([[True, False, True, True, False, False, True]]), 3).astype(int)
    array([[0, 1, 1, 1, 0, 0, 0]])
    """
    if median == 1:
        return active
    half, ones = median // 2, active.astype(np.uint8)
    votes = ones.copy()
    for step in range(1, half + 1):
        votes[:, step:] += ones[:, :-step]
        votes[:, :-step] += ones[:, step:]
    return votes > half
