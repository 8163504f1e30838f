"""From what is loud to hits: where one begins, where it is over, what may begin next."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


class Hit(NamedTuple):
    """Samples [start, stop), from the first that was loud enough to the last that held on."""

    start: int
    stop: int


@dataclass
class Trigger:
    """One row's hits. All numbers are samples.

    A hit begins at the first sample that is `on`; it is over once no sample has been on hold for
    more than `gap`, or when it is `longest`; after that nothing begins for `lockout`. In acoustic
    emission `gap` is the hit definition time and `on` and hold are one threshold; with a gap of 1
    and two thresholds it is the trigger of seismology.

    >>> places = np.array([3, 5, 20])
    >>> trigger = Trigger(gap=4, lockout=0, longest=100)
    >>> trigger.push(places, places, stop=30)
    [Hit(start=3, stop=6), Hit(start=20, stop=21)]
    """

    gap: int
    lockout: int
    longest: int
    start: int = -1  # of the hit that goes on; -1 for none
    last: int = -1  # sample that held on
    free: int = 0  # sample from which a hit may begin

    def push(self, on: Places, hold: Places, *, stop: int) -> list[Hit]:
        """Take the places up to `stop` that are on and that hold; return the hits now over.

        Places rise, and what is on holds.
        """
        if self.start >= 0:
            hold = np.concatenate([[self.last], hold])
        breaks = np.flatnonzero(np.diff(hold) > self.gap)
        hits = []
        while self._begin(on):
            at = int(np.searchsorted(hold, self.last))
            end = int(np.searchsorted(breaks, at))
            final = int(breaks[end]) if end < len(breaks) else len(hold) - 1
            if not self._reach(hold[at : final + 1], broken=end < len(breaks), stop=stop):
                break
            hits.append(Hit(self.start, self.last + 1))
            self.start = -1
        return hits

    def finish(self) -> list[Hit]:
        """Return the hit that the end of the recording ends."""
        ended = [] if self.start < 0 else [Hit(self.start, self.last + 1)]
        self.start = -1
        return ended

    def _begin(self, on: Places) -> bool:
        """Tell whether a hit goes on; begin the next one if there is none."""
        if self.start < 0:
            first = int(np.searchsorted(on, self.free))
            if first == len(on):
                return False
            self.start = self.last = int(on[first])
        return True

    def _reach(self, held: Places, *, broken: bool, stop: int) -> bool:
        """Follow a hit as far as is known; tell whether it is over, and when the next may begin."""
        most = self.start + self.longest
        self.last = int(held[np.searchsorted(held, most) - 1])
        if held[-1] >= most:
            self.free = most + self.lockout
            return True
        self.free = self.last + self.gap + self.lockout
        return broken or stop - self.last > self.gap
