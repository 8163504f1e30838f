"""A detector that hears nothing: what is left is the cost of everything around a detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ondes.events import EventList
from ondes.run.source import Choice, Samples
from ondes.spec import Spec


@dataclass(frozen=True)
class Null:
    """Takes any stream at the rate given."""

    rate_hz: float

    @property
    def spec(self) -> Spec:
        """One class, never found."""
        return Spec(self.rate_hz, 1, ("none",), hop=16, look_back=0, look_ahead=0)

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> Deaf:
        """Return what hears nothing."""
        return Deaf(rate_hz, start)


class Deaf:
    """`Listening` without events."""

    def __init__(self, rate_hz: float, start: int) -> None:
        self.decided = self.restart = start
        self._none = EventList.empty(rate_hz)

    def push(self, block: Samples) -> EventList:
        """Take samples."""
        self.decided = self.restart = self.decided + block.shape[1]
        return self._none

    def finish(self) -> EventList:
        """Return nothing."""
        return self._none
