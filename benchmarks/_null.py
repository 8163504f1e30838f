"""A detector that hears nothing: what is left is the cost of everything around a detector."""

from __future__ import annotations

from dataclasses import dataclass

from ondes.errors import RateError
from ondes.events import EventList
from ondes.run.detector import Detects
from ondes.run.source import Samples
from ondes.spec import Spec


def null(rate_hz: float) -> Detects:
    """The detector, for streams at this rate."""
    return Detects(Null(rate_hz))


@dataclass(frozen=True)
class Null:
    """An `Ear` for any number of channels, each for itself."""

    rate_hz: float

    @property
    def spec(self) -> Spec:
        """One class, never found."""
        return Spec(self.rate_hz, 1, ("none",), hop=16, look_back=0, look_ahead=0)

    def hear(self, *, rate_hz: float, n_rows: int, resample: bool = False) -> Deaf:
        """Return what hears nothing."""
        if rate_hz != self.rate_hz or resample:
            raise RateError(f"{n_rows} channels at {rate_hz:g} Hz for {self.rate_hz:g} Hz")
        return Deaf(rate_hz)


class Deaf:
    """`Hearing` without events."""

    def __init__(self, rate_hz: float) -> None:
        self.decided = self.restart = 0
        self._none = EventList.empty(rate_hz)

    def push(self, block: Samples) -> EventList:
        """Take samples."""
        self.decided = self.restart = self.decided + block.shape[1]
        return self._none

    def finish(self) -> EventList:
        """Return nothing."""
        return self._none
