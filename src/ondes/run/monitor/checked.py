"""Detectors that do not judge bad signal: where it is flat or saturated is an event of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ondes.events import Event, EventList
from ondes.run.detector import Detecting, Detector, Known, Listening, ongoing
from ondes.run.monitor.quality import Quality, Windows, units, watchers
from ondes.run.source import Choice, Route, Samples, route
from ondes.spec import Spec
from ondes.timebase import Timebase


@dataclass(frozen=True)
class Checked(Detecting):
    """A `Detector` whose events are withheld where the signal is bad.

    Bad stretches are events themselves, in their channel. An event that lies in one of them, or no
    more than the margin away, is withheld; one that goes beyond is kept. Where the detector hears
    several channels at once, one that is bad is enough.

    Args:
        detector: which.
        quality: what is bad.
        unit: of the samples, one for all channels or a list of theirs.

    >>> import numpy as np
    >>> from ondes.run.classical import of
    >>> x = 0.01 * np.random.default_rng(0).normal(size=(1, 20000)).astype(np.float32)
    >>> x[0, 8000:8040] += np.sin(np.arange(40))
    >>> x[0, 12000:16000] = 0.5
    >>> quality = Quality.of({"flat": {"within": 0.001, "longer_s": 0.1}, "margin_s": 0.2})
    >>> found = Checked(of("threshold"), quality).detect(x, rate_hz=8000)[0.5:]
    >>> found.label.tolist(), found.onset.tolist()
    (['event', 'flat'], [8001, 12000])
    """

    detector: Detector
    quality: Quality
    unit: str = ""

    @property
    def spec(self) -> Spec:
        """The detector's own."""
        return self.detector.spec

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> Checking:
        """Return what hears a recording block by block, see `Detector.listen`.

        Raises:
            InputError: the limits have other units than the signal.
        """
        listener = self.detector.listen(
            rate_hz=rate_hz, channels=channels, choice=choice, resample=resample, start=start
        )
        chosen = route(choice, channels, self.spec)
        each = units(self.unit, channels)
        rows = [
            Row(place, channel, label, watcher)
            for place, channel in enumerate((0,) if chosen.mixed else chosen.rows)
            for label, watcher in watchers(
                self.quality, unit=each[channel], rate_hz=rate_hz, first=start
            ).items()
        ]
        margin = Timebase(rate_hz).samples(self.quality.margin_s)
        together = self.spec.channels > 1
        grid = Timebase(rate_hz, start=start)
        return Checking(listener, chosen, rows, margin=margin, together=together, grid=grid)


class Row(NamedTuple):
    """What looks for bad signal of one kind in one row of what is heard."""

    place: int
    channel: int
    label: str
    watcher: Windows


class Checking:
    """One recording on its way, as `ondes.run.detector.Listening`.

    An event waits until the signal around it is known to be good or bad: no longer than a bad
    stretch must last at least, most often not at all.
    """

    def __init__(
        self,
        listener: Listening,
        chosen: Route,
        rows: Sequence[Row],
        *,
        margin: int,
        together: bool,
        grid: Timebase,
    ) -> None:
        self._listener, self._route, self._rows = listener, chosen, rows
        self._margin, self._together, self._rate_hz = margin, together, grid.rate_hz
        self._marks = [(grid.start, grid.start)]  # what the listener had decided, and its restart
        self._held: list[Event] = []
        self._bad: list[Event] = []  # the last stretches, as far as they may matter

    @property
    def decided(self) -> int:
        """As of `Listening`."""
        begun = (row.watcher.undecided for row in self._rows)
        return min([self._listener.decided, *begun, *(event.onset for event in self._held)])

    @property
    def restart(self) -> int:
        """As of `Listening`; bad stretches are heard from their beginning."""
        decided = self.decided
        near = [bad.onset for bad in self._bad if bad.offset + self._margin > decided]
        now = (self._listener.decided, self._listener.restart)
        behind = max(restart for upto, restart in [*self._marks, now] if upto <= decided)
        return min([behind, decided, *near])

    @property
    def known(self) -> Known:
        """What goes on: events of the detector that will not be withheld, and bad stretches."""
        settled, going = ongoing(self._listener)
        own = [*going] if going is not None else []
        sure = [event for event in own if self._is_clear(event) and not self._is_bad(event)]
        unsure = [event.onset for event in (*self._held, *own) if event not in sure]
        quiet = [row.watcher.undecided for row in self._rows if row.watcher.begun is None]
        told = EventList.of([*sure, *self._open()], rate_hz=self._rate_hz)
        return Known(min([settled, *unsure, *quiet]), told)

    def push(self, block: Samples) -> EventList:
        """Take the next samples; return the events that are over, and bad stretches that are.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        found = self._listener.push(block)
        if not block.shape[1]:
            return found
        heard = self._route(block)
        over = [
            Event(start, stop, row.label, row.channel)
            for row in self._rows
            for start, stop in row.watcher.push(heard[row.place])
        ]
        return self._passed(found, over)

    def finish(self) -> EventList:
        """Return the events and bad stretches that the end of the recording ends.

        Raises:
            TooShortError: the whole recording is too short.
        """
        found = self._listener.finish()
        over = [
            Event(start, stop, row.label, row.channel)
            for row in self._rows
            for start, stop in row.watcher.finish()
        ]
        return self._passed(found, over, ended=True)

    def _passed(self, found: EventList, over: list[Event], *, ended: bool = False) -> EventList:
        """Return what is good among the events found, and the stretches that are over."""
        self._bad += over
        if self._all_good(found):
            self._forget()
            return found
        waiting = [*self._held, *found]
        self._held = []
        good: list[Event] = []
        for event in waiting:
            if self._is_bad(event):
                continue
            (good if ended or self._is_clear(event) else self._held).append(event)
        self._forget()
        return EventList.of([*good, *over], rate_hz=self._rate_hz)

    def _all_good(self, found: EventList) -> bool:
        """Whether no stretch is bad, and none that is not known yet reaches any of the events."""
        if self._bad or self._held or any(row.watcher.begun is not None for row in self._rows):
            return False
        known = min((row.watcher.undecided for row in self._rows), default=0)
        return not len(found) or known > int(found.onset.max()) + self._margin

    def _is_bad(self, event: Event) -> bool:
        """Whether an event lies in a bad stretch, or no more than the margin away."""
        return any(
            bad.onset - self._margin <= event.onset and event.offset <= bad.offset + self._margin
            for bad in (*self._bad, *self._open())
            if self._together or bad.channel == event.channel
        )

    def _is_clear(self, event: Event) -> bool:
        """Whether no stretch that is not known yet can reach an event's onset."""
        return all(
            row.watcher.undecided > event.onset + self._margin
            for row in self._rows
            if self._together or row.channel == event.channel
        )

    def _open(self) -> list[Event]:
        """Return the stretches that go on, as far as they are known."""
        return [
            Event(row.watcher.begun, row.watcher.stop, row.label, row.channel)
            for row in self._rows
            if row.watcher.begun is not None
        ]

    def _forget(self) -> None:
        """Let go of stretches that lie before all events to come."""
        first, decided = self._listener.decided, self.decided
        if first >= self._marks[-1][0] + self._rate_hz:
            self._marks.append((first, self._listener.restart))
        while len(self._marks) > 1 and self._marks[1][0] <= decided:
            self._marks.pop(0)
        self._bad = [bad for bad in self._bad if bad.offset + self._margin > decided]
