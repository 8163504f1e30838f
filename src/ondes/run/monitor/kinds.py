"""The kinds of rules: what makes an alarm of events that come one after the other.

A rule sees the events of one channel, in order of their onsets, and the time that passes between
them; all it remembers is a `State`. `take` gets an event, `rest` is told that all events before a
sample are known, `open` that an event has begun and lasts at least so far, `stop` that the signal
ends or breaks. Each returns alarms, once when one is raised and once when it is over. What is
returned in all does not depend on how often `rest` and `open` are called.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Protocol

from ondes.errors import InputError
from ondes.events import Event
from ondes.run.monitor.alarm import Alarm
from ondes.run.monitor.state import State
from ondes.timebase import Timebase

Alarms = list[Alarm]


class Rule(Protocol):
    """What a monitor needs of a rule."""

    KIND: ClassVar[str]

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def of(self) -> tuple[str, ...]:
        """The labels that make it."""

    def heeds(self, label: str) -> bool:
        """Whether events of a label mean anything to it."""

    def said(self, value: float) -> str:
        """The measured value in words."""

    def take(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """Go on by an event."""

    def rest(self, state: State, upto: int, grid: Timebase) -> Alarms:
        """Go on to a sample before which all events are known."""

    def open(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """Heed an event that goes on, and lasts at least to its offset."""

    def stop(self, state: State, at: int, since: int, grid: Timebase) -> Alarms:
        """End at a sample, and begin anew at another."""


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """What rules of all kinds share."""

    name: str
    of: tuple[str, ...]

    def __post_init__(self) -> None:
        self._require("of", len(self.of) > 0, "name one label at least")
        self._require("name", bool(self.name), "be said")

    def heeds(self, label: str) -> bool:
        """Whether events of a label mean anything to it."""
        return label in self.of

    def rest(self, state: State, upto: int, grid: Timebase) -> Alarms:  # noqa: ARG002
        """Nothing comes of waiting."""
        return []

    def open(self, state: State, event: Event, grid: Timebase) -> Alarms:  # noqa: ARG002
        """An event counts when it is over."""
        return []

    def _require(self, field: str, holds: bool, rule: str) -> None:  # noqa: FBT001
        if not holds:
            raise InputError(f"alarm {self.name!r}: {field}={getattr(self, field)!r} must {rule}")

    def _raised(self, state: State, onset: int, at: int, value: float, why: list[Event]) -> Alarm:
        state.number, state.worst = state.number + 1, float(value)
        state.alarm = Alarm(
            *(self.name, state.channel, state.number, onset, at),
            offset=None,
            value=float(value),
            evidence=tuple(why),
        )
        return state.alarm


@dataclass(frozen=True, kw_only=True)
class Run(_Rule):
    """`count` events of these labels in a row: none `among` the others between them.

    among: labels that interrupt; none for all there are. apart_s: a longer time from one onset to
    the next interrupts too.

    >>> Run(name="run", of=("V",)).said(3)
    '3 V in a row'
    """

    KIND: ClassVar[str] = "run"
    among: tuple[str, ...] = ()
    count: int = 3
    apart_s: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("count", self.count >= 1, "be 1 or more")
        self._require("apart_s", self.apart_s is None or self.apart_s > 0, "lie above 0")

    def heeds(self, label: str) -> bool:
        """All labels that make it or interrupt it."""
        return not self.among or label in self.of or label in self.among

    def said(self, value: float) -> str:
        """How many in a row."""
        return f"{value:.0f} {'/'.join(self.of)} in a row"

    def take(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """Count on, or end."""
        over = self.rest(state, event.onset, grid)
        if event.label not in self.of:
            return over + self._end(state)
        state.events = [*state.events, event][-self.count :]
        state.streak += 1
        state.worst = float(state.streak)
        if state.streak != self.count:
            return over
        first = state.events[0].onset
        return [*over, self._raised(state, first, event.onset, self.count, state.events)]

    def rest(self, state: State, upto: int, grid: Timebase) -> Alarms:
        """End where the next is too late."""
        if self.apart_s is None or not state.events:
            return []
        late = upto > state.events[-1].onset + _samples(grid, self.apart_s)
        return self._end(state) if late else []

    def stop(self, state: State, at: int, since: int, grid: Timebase) -> Alarms:  # noqa: ARG002
        """A run does not reach over a break."""
        over = self._end(state)
        state.begin(since)
        return over

    def _end(self, state: State) -> Alarms:
        alarm, last = state.alarm, state.events[-1:]
        state.begin(state.since)
        return [alarm.ended(last[0].offset, state.worst)] if alarm else []


@dataclass(frozen=True, kw_only=True)
class Rate(_Rule):
    """More events a minute than `above_per_min`, or fewer than `below_per_min`.

    The rate is the mean over the last `over` intervals between onsets.
    """

    KIND: ClassVar[str] = "rate"
    above_per_min: float | None = None
    below_per_min: float | None = None
    over: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        one = (self.above_per_min is None) != (self.below_per_min is None)
        self._require("above_per_min", one, "be given, or below_per_min, and not both")
        self._require("over", self.over >= 1, "be 1 or more intervals")
        limit = self.above_per_min if self.above_per_min is not None else self.below_per_min
        field = "above_per_min" if self.above_per_min is not None else "below_per_min"
        self._require(field, limit is not None and 0 < limit < math.inf, "lie above 0")

    def said(self, value: float) -> str:
        """The rate."""
        return f"{value:.4g} per minute"

    def take(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """Measure the rate anew."""
        state.events = [*state.events, event][-self.over - 1 :]
        if len(state.events) <= self.over:
            return []
        first, last = state.events[0], state.events[-1]
        span_s = grid.seconds(last.onset - first.onset)
        rate = 60 * self.over / span_s if span_s else math.inf
        if not self._beyond(rate):
            return self._end(state)
        state.end = event.offset
        if state.alarm:
            state.worst = (max if self.above_per_min is not None else min)(state.worst, rate)
            return []
        return [self._raised(state, first.onset, event.onset, rate, state.events)]

    def stop(self, state: State, at: int, since: int, grid: Timebase) -> Alarms:  # noqa: ARG002
        """No interval reaches over a break."""
        over = self._end(state)
        state.begin(since)
        return over

    def _beyond(self, rate: float) -> bool:
        if self.above_per_min is not None:
            return rate > self.above_per_min
        return rate < (self.below_per_min or 0)

    def _end(self, state: State) -> Alarms:
        alarm, state.alarm = state.alarm, None
        return [alarm.ended(state.end, state.worst)] if alarm else []


@dataclass(frozen=True, kw_only=True)
class Pause(_Rule):
    """No event of these labels for `longer_s` seconds: since the last onset, or since the signal
    began or came back.
    """

    KIND: ClassVar[str] = "pause"
    longer_s: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("longer_s", 0 < self.longer_s < math.inf, "lie above 0")

    def said(self, value: float) -> str:
        """How long."""
        return f"{value:.4g} s without {'/'.join(self.of)}"

    def take(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """The event ends a pause, and may begin one."""
        over = [*self.rest(state, event.onset, grid), *self._end(state, event.onset, grid)]
        state.events, state.since = [event], event.onset
        return over

    def rest(self, state: State, upto: int, grid: Timebase) -> Alarms:
        """Raise it once it has lasted so long."""
        at = state.since + _samples(grid, self.longer_s)
        if state.alarm or upto < at:
            return []
        return [self._raised(state, state.since, at, self.longer_s, state.events)]

    def stop(self, state: State, at: int, since: int, grid: Timebase) -> Alarms:
        """What is not heard is no pause."""
        over = [*self.rest(state, at, grid), *self._end(state, at, grid)]
        state.begin(since)
        return over

    def _end(self, state: State, at: int, grid: Timebase) -> Alarms:
        alarm, state.alarm = state.alarm, None
        return [alarm.ended(at, grid.seconds(at - alarm.onset))] if alarm else []


@dataclass(frozen=True, kw_only=True)
class Lasting(_Rule):
    """An event of these labels that lasts for `longer_s` seconds.

    Events that overlap, or lie no more than `join_s` seconds apart, are one.
    """

    KIND: ClassVar[str] = "lasting"
    longer_s: float
    join_s: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("longer_s", 0 < self.longer_s < math.inf, "lie above 0")
        self._require("join_s", 0 <= self.join_s < math.inf, "be 0 or more")

    def said(self, value: float) -> str:
        """How long."""
        return f"{'/'.join(self.of)} for {value:.4g} s"

    def take(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """Begin or go on."""
        over = self.rest(state, event.onset, grid)
        if state.start is None:
            state.start = event.onset
        if state.alarm is None:
            state.events.append(event)
        state.end = max(state.end, event.offset)
        return over + self._due(state, grid)

    def rest(self, state: State, upto: int, grid: Timebase) -> Alarms:
        """End where nothing can be joined any more."""
        if state.start is None or upto <= state.end + _samples(grid, self.join_s):
            return []
        return self._end(state, grid)

    def open(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """Raise it before it is over, once it is long enough."""
        near = state.start is not None and event.onset <= state.end + _samples(grid, self.join_s)
        start = state.start if near and state.start is not None else event.onset
        if (near and state.alarm) or event.offset - start < _samples(grid, self.longer_s):
            return []
        return self.take(state, event, grid)

    def stop(self, state: State, at: int, since: int, grid: Timebase) -> Alarms:  # noqa: ARG002
        """It ends with the signal."""
        over = self._end(state, grid)
        state.begin(since)
        return over

    def _due(self, state: State, grid: Timebase) -> Alarms:
        assert state.start is not None, "an episode begins before it is due"
        at = state.start + _samples(grid, self.longer_s)
        if state.alarm or state.end < at:
            return []
        why = [
            one._replace(offset=max(at, one.onset + 1), score=math.nan) if one.offset >= at else one
            for one in state.events
        ]
        state.events = []
        return [self._raised(state, state.start, at, self.longer_s, why)]

    def _end(self, state: State, grid: Timebase) -> Alarms:
        alarm, start, end = state.alarm, state.start, state.end
        state.begin(state.since)
        return [alarm.ended(end, grid.seconds(end - start))] if alarm and start is not None else []


@dataclass(frozen=True, kw_only=True)
class Count(_Rule):
    """`count` events of these labels, the first and the last onset within `within_s` seconds."""

    KIND: ClassVar[str] = "count"
    count: int
    within_s: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("count", self.count >= 2, "be 2 or more")
        self._require("within_s", 0 < self.within_s < math.inf, "lie above 0")

    def said(self, value: float) -> str:
        """How many."""
        return f"{value:.0f} {'/'.join(self.of)} within {self.within_s:g} s"

    def take(self, state: State, event: Event, grid: Timebase) -> Alarms:
        """Count those that are near enough."""
        over = self.rest(state, event.onset, grid)
        first = event.onset - _samples(grid, self.within_s)
        state.events = [one for one in state.events if one.onset >= first] + [event]
        state.end = max(state.end, event.offset)
        if state.alarm:
            state.worst = max(state.worst, len(state.events))
        elif len(state.events) >= self.count:
            onset = state.events[0].onset
            return [*over, self._raised(state, onset, event.onset, self.count, state.events[:])]
        return over

    def rest(self, state: State, upto: int, grid: Timebase) -> Alarms:
        """End where there are no longer so many."""
        late = state.alarm and upto > state.events[-self.count].onset + _samples(
            grid, self.within_s
        )
        return self._end(state) if late else []

    def stop(self, state: State, at: int, since: int, grid: Timebase) -> Alarms:  # noqa: ARG002
        """Nothing is counted over a break."""
        over = self._end(state)
        state.begin(since)
        return over

    def _end(self, state: State) -> Alarms:
        alarm, state.alarm = state.alarm, None
        return [alarm.ended(state.end, state.worst)] if alarm else []


@lru_cache(maxsize=256)
def _samples(grid: Timebase, seconds: float) -> int:
    return grid.samples(seconds)


KINDS: tuple[type[Run | Rate | Pause | Lasting | Count], ...] = (Run, Rate, Pause, Lasting, Count)
