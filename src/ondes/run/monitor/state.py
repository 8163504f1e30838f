"""What a rule remembers of one channel: little, and all of it can be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ondes.events import Event
from ondes.run.monitor.alarm import Alarm, event_of, event_row, from_json, to_json


@dataclass
class State:
    """A rule in one channel, up to some sample.

    channel: which. since: where the present stretch of signal began. events: the last that count.
    start, end: of an episode that lasts. streak: events in a row. worst: the most extreme value of
    the alarm that is on. alarm: that alarm; number: of the last one.
    """

    channel: int = 0
    since: int = 0
    events: list[Event] = field(default_factory=list)
    start: int | None = None
    end: int = 0
    streak: int = 0
    worst: float = 0.0
    alarm: Alarm | None = None
    number: int = 0

    def begin(self, since: int) -> None:
        """Forget what was, but for the number of alarms."""
        self.since, self.events, self.start, self.end, self.streak = since, [], None, 0, 0
        self.alarm = None

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_json` brings it back unchanged."""
        return {
            **asdict(self),
            "events": [event_row(event) for event in self.events],
            "alarm": self.alarm and to_json(self.alarm),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> State:
        """Return what `to_json` wrote."""
        events, alarm = row["events"], row["alarm"]
        kept = {"events": [*map(event_of, events)], "alarm": alarm and from_json(alarm)}
        return cls(**{**row, **kept})
