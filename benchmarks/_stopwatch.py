"""Times of several calls side by side: in turns, so that what slows the machine slows all.

They are processor time, on one thread what the calls take on a core of their own, however busy the
machine is with others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Call = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Times:
    """Seconds that each call took, round by round."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        """The median over rounds."""
        return float(np.median(self.seconds[name]))

    def ratio(self, name: str, to: str) -> float:
        """The median over rounds of how many times as long as another call it took."""
        return float(np.median(np.divide(self.seconds[name], self.seconds[to])))


def in_turns(calls: Mapping[str, Call], *, rounds: int, clock: Clock = time.process_time) -> Times:
    """Call each once a round, after one round that does not count."""
    taken = [{name: _taken(call, clock) for name, call in calls.items()} for _ in range(rounds + 1)]
    return Times({name: tuple(once[name] for once in taken[1:]) for name in calls})


def _taken(call: Call, clock: Clock) -> float:
    began = clock()
    call()
    return clock() - began
