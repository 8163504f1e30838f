"""Alarms of an event list, at once or while the events come in, the same ones either way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ondes.events import Event, EventList
from ondes.run.detector import Known
from ondes.run.monitor.alarm import Alarm, AlarmKey, event_of, event_row
from ondes.run.monitor.kinds import Lasting, Rule
from ondes.run.monitor.rules import Rules
from ondes.run.monitor.state import State
from ondes.timebase import Timebase

Span = tuple[int, int]
Key = tuple[int, str]


@dataclass
class Lane:
    """A rule in one channel, with the events that it has not taken yet."""

    rule: Rule
    state: State
    waiting: list[Event] = field(default_factory=list)
    breaks: list[Span] = field(default_factory=list)

    def advance(self, limit: Key, grid: Timebase) -> list[Alarm]:
        """Take all events before a limit, and the breaks between them."""
        self.waiting.sort(key=_order)
        found: list[Alarm] = []
        taken, count = 0, len(self.waiting)
        while taken < count or self.breaks:
            onset = self.waiting[taken].onset if taken < count else limit[0] + 1
            if self.breaks and self.breaks[0][0] <= min(onset, limit[0]):
                found += self.rule.stop(self.state, *self.breaks.pop(0), grid)
            elif taken < count and _key(self.waiting[taken]) < limit:
                found += self.rule.take(self.state, self.waiting[taken], grid)
                taken += 1
            else:
                break
        del self.waiting[:taken]
        return found + self.rule.rest(self.state, limit[0], grid)


class Monitor:
    """Rules over the events of a stream, as they come in.

    Args:
        rules: which.
        rate_hz: of the events.
        channels: those that events can have; a pause is looked for in each.
        start: where the stream begins.
        together: whether the model hears several channels at once, so that what is wrong with one
            is wrong with all.
        state: what `save` returned, to go on from there.

    >>> rules = Rules.of({"alarms": {"three": {"kind": "run", "of": "V", "count": 3}}})
    >>> monitor = Monitor(rules, rate_hz=360)
    >>> beats = EventList.of([(k * 300, k * 300 + 1, "NVVVN"[k]) for k in range(5)], rate_hz=360)
    >>> for alarm in monitor.push(beats, Known(1500)):
    ...     print(alarm.rule, alarm.raised, alarm.offset, alarm.value)
    three 900 None 3.0
    three 900 901 3.0
    """

    def __init__(
        self,
        rules: Rules,
        *,
        rate_hz: float,
        channels: Sequence[int] = (0,),
        start: int = 0,
        together: bool = False,
        state: str | None = None,
    ) -> None:
        self.rules = rules
        self._grid, self._start, self._together = Timebase(rate_hz), start, together
        self._bad = rules.quality.labels if rules.quality else ()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._heeding: dict[str, list[Rule]] = {}
        if state:
            self._restore(state)
        for channel in channels:
            self._open_lanes(channel, [rule for rule in rules.alarms if not self._is_bad(rule)])

    def push(self, events: EventList, known: Known, *, gaps: Iterable[Span] = ()) -> list[Alarm]:
        """Take events in any order, and gaps [start, stop); return what is raised and what is over.

        An alarm comes twice: when it is raised, and when it is over, with its offset.
        """
        for event in events:
            self._hand_out(event)
        for gap in gaps:
            for lane in self._lanes.values():
                _insert(lane.breaks, gap)
        still = list(known.open) if known.open is not None else []
        for event in still:
            self._open_lanes(event.channel, [r for r in self.rules.alarms if r.heeds(event.label)])
        found = [
            alarm for lane in self._lanes.values() for alarm in self._moved(lane, known, still)
        ]
        return sorted(found, key=_when)

    def finish(self, at: int) -> list[Alarm]:
        """End all alarms at a sample; what comes after is a stretch of its own."""
        return self.push(EventList.empty(self._grid.rate_hz), Known(at), gaps=[(at, at)])

    def save(self) -> str:
        """Return all that it remembers, as text."""
        rows = [
            {
                "rule": lane.rule.name,
                "state": lane.state.to_json(),
                "waiting": [event_row(event) for event in lane.waiting],
                "breaks": lane.breaks,
            }
            for lane in self._lanes.values()
        ]
        return json.dumps(rows)

    def has(self, key: AlarmKey) -> bool:
        """Whether it has told an alarm, when it was raised or when it was over."""
        lane = self._lanes.get((key.rule, key.channel))
        if lane is None:
            return False
        last = lane.state.number
        return key.number < last or (key.number == last and not (key.over and lane.state.alarm))

    def said(self, alarm: Alarm) -> str:
        """Return an alarm in words."""
        at_s = self._grid.seconds(alarm.raised if alarm.offset is None else alarm.offset)
        what = "alarm" if alarm.offset is None else "over"
        value = self.rules[alarm.rule].said(alarm.value)
        return f"{at_s:.2f} s, channel {alarm.channel}: {what}: {alarm.rule}, {value}"

    def _restore(self, text: str) -> None:
        for row in json.loads(text):
            state = State.from_json(row["state"])
            lane = Lane(
                self.rules[row["rule"]],
                state,
                [*map(event_of, row["waiting"])],
                [(start, stop) for start, stop in row["breaks"]],
            )
            self._lanes[lane.rule.name, state.channel] = lane

    def _open_lanes(self, channel: int, rules: Iterable[Rule]) -> None:
        for rule in rules:
            if (rule.name, channel) not in self._lanes:
                state = State(channel=channel, since=self._start)
                self._lanes[rule.name, channel] = Lane(rule, state)

    def _hand_out(self, event: Event) -> None:
        """Let each rule that heeds an event have it; where signal is bad the others break."""
        if event.label not in self._heeding:
            self._heeding[event.label] = self._heed(event.label)
        heeding = self._heeding[event.label]
        self._open_lanes(event.channel, heeding)
        for rule in heeding:
            self._lanes[rule.name, event.channel].waiting.append(event)
        if event.label in self._bad:
            for lane in self._lanes.values():
                if self._breaks(event, lane):
                    _insert(lane.breaks, (event.onset, event.offset))

    def _heed(self, label: str) -> list[Rule]:
        """Return the rules that heed a label; of bad signal those that are about it."""
        heeding = [rule for rule in self.rules.alarms if rule.heeds(label)]
        return [r for r in heeding if self._is_bad(r)] if label in self._bad else heeding

    def _is_bad(self, rule: Rule) -> bool:
        """Whether a rule is about bad signal."""
        return bool(set(rule.of) & set(self._bad))

    def _breaks(self, event: Event, lane: Lane) -> bool:
        """Whether bad signal interrupts what a rule sees."""
        same = self._together or event.channel == lane.state.channel
        return same and event.label in self._bad and not self._is_bad(lane.rule)

    def _moved(self, lane: Lane, known: Known, still: Sequence[Event]) -> list[Alarm]:
        """Advance as far as is known; an event that goes on holds the others back."""
        own = [
            event
            for event in still
            if event.channel == lane.state.channel and lane.rule.heeds(event.label)
        ]
        walls = [_key(event) for event in still if self._breaks(event, lane)]
        limit = min([(known.settled, ""), *map(_key, own), *walls])
        found = lane.advance(limit, self._grid)
        first = min(own, key=_key, default=None)
        if first is None or _key(first) != limit or not isinstance(lane.rule, Lasting):
            return found
        return found + lane.rule.open(lane.state, first, self._grid)


def alarms(
    events: EventList,
    rules: Rules,
    *,
    start: int | None = None,
    stop: int | None = None,
    gaps: Iterable[Span] = (),
    channels: Sequence[int] | None = None,
    together: bool = False,
) -> list[Alarm]:
    """Return the alarms of an event list, each with its end, in order of their beginning.

    Args:
        events: all of a recording.
        rules: which.
        start, stop: of the recording; without them the first onset and the last offset.
        gaps: spans [start, stop) that were not heard.
        channels: those that were heard; without them those that have events.
        together: as of `Monitor`.

    >>> rules = Rules.of({"alarms": {"long": {"kind": "lasting", "of": "AF", "longer_s": 30}}})
    >>> beats = EventList.of([(100, 5000, "AF"), (6000, 6100, "AF")], rate_hz=100)
    >>> [(alarm.raised, alarm.offset, alarm.value) for alarm in alarms(beats, rules)]
    [(3100, 5000, 49.0)]
    """
    begin = int(events.onset.min(initial=0)) if start is None and len(events) else start or 0
    end = int(events.offset.max(initial=begin)) if stop is None else stop
    heard = channels if channels is not None else sorted(set(events.channel.tolist())) or [0]
    monitor = Monitor(rules, rate_hz=events.rate_hz, channels=heard, start=begin, together=together)
    told = monitor.push(events, Known(end), gaps=gaps) + monitor.finish(end)
    return sorted((alarm for alarm in told if alarm.offset is not None), key=_when)


def merged(told: Sequence[Alarm]) -> list[Alarm]:
    """Return alarms once each, as they were last told."""
    last = {alarm.key[:3]: alarm for alarm in told}
    return sorted(last.values(), key=_when)


def _key(event: Event) -> Key:
    return event.onset, event.label


def _order(event: Event) -> tuple[int, str, int]:
    return event.onset, event.label, event.offset


def _when(alarm: Alarm) -> tuple[int, str, int, int, bool]:
    return alarm.raised, alarm.rule, alarm.channel, alarm.number, alarm.offset is not None


def _insert(breaks: list[Span], span: Span) -> None:
    breaks.append(span)
    breaks.sort()
