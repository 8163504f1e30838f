"""`Alarm`: a rule that came true, when, by how much, and because of which events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ondes.events import Event
from ondes.timebase import Timebase

Json = dict[str, Any]


class AlarmKey(NamedTuple):
    """What an alarm is known by, raised or over."""

    rule: str
    channel: int
    number: int
    over: bool


class Alarm(NamedTuple):
    """One time that a rule came true in a channel.

    rule: its name. channel: where; number: how many the rule gave there with this one, from 1 on.
    onset: of the first event that made it, or where a pause began. raised: the sample at which the
        rule came true. offset: where it was true no more; None while it is.
    value: the measured value in the rule's own unit: when it was raised, and once it is over the
        most extreme one.
    evidence: the events that made it, those that last cut off where it was raised.
    """

    rule: str
    channel: int
    number: int
    onset: int
    raised: int
    offset: int | None
    value: float
    evidence: tuple[Event, ...] = ()

    @property
    def key(self) -> AlarmKey:
        """What it is known by, and whether it is over."""
        return AlarmKey(self.rule, self.channel, self.number, self.offset is not None)

    def ended(self, offset: int, value: float) -> Alarm:
        """Return it as it is when it is over."""
        return self._replace(offset=max(offset, self.raised, self.onset + 1), value=value)


def to_json(alarm: Alarm) -> Json:
    """Return what JSON can hold; `from_json` brings it back unchanged."""
    return {**alarm._asdict(), "evidence": [event_row(event) for event in alarm.evidence]}


def from_json(row: Mapping[str, Any]) -> Alarm:
    """Return the alarm that `to_json` wrote; what else the row holds is left alone."""
    own = {name: row[name] for name in Alarm._fields}
    return Alarm(**{**own, "evidence": tuple(map(event_of, row["evidence"]))})


def in_seconds(alarm: Alarm, rate_hz: float) -> Json:
    """Return `to_json` with all times in seconds beside those in samples.

    >>> alarm = Alarm("run", 0, 1, 360, 720, None, 3.0, (Event(360, 361, "V"),))
    >>> in_seconds(alarm, 360)["raised_s"], in_seconds(alarm, 360)["offset_s"]
    (2.0, None)
    """
    grid = Timebase(rate_hz)
    return {
        **to_json(alarm),
        "onset_s": grid.seconds(alarm.onset),
        "raised_s": grid.seconds(alarm.raised),
        "offset_s": None if alarm.offset is None else grid.seconds(alarm.offset),
    }


def event_row(event: Event) -> Json:
    """Return an event as JSON has it."""
    return {**event._asdict(), "score": None if math.isnan(event.score) else event.score}


def event_of(row: Mapping[str, Any]) -> Event:
    """Return the event that `event_row` wrote."""
    return Event(**{**row, "score": math.nan if row["score"] is None else row["score"]})
