"""One stream with its gaps, as the recordings between them: each is heard for itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

import numpy as np

from ondes.errors import TooShortError
from ondes.events import EventList
from ondes.run.detector import Known, Listening, joined, ongoing
from ondes.run.live.layout import Samples, stretches
from ondes.run.live.sinks import Batch, Gap, Key, Position

Listen = Callable[[int], Listening]  # a new listener, for a recording that starts at a position

NOT_FINITE = "NaN, infinite or absurd samples"


class Follower:
    """Samples and gaps in, events and position out; a gap takes its place in time, no more.

    Args:
        listen: begins to hear at a position.
        rate_hz: of the stream.
        shortest: samples; a stretch shorter than this is not heard.
        position: where to begin; with `known`, go on from there: events that are known already,
            and those with onsets before ``position.decided``, are not given again.
    """

    def __init__(
        self,
        listen: Listen,
        *,
        rate_hz: float,
        shortest: int = 1,
        position: Position | None = None,
        known: Collection[Key] = (),
    ) -> None:
        position = position or Position()
        self.at = position.restart  # the next sample
        self.n_samples = self.n_events = self.n_gaps = self.missing = self.not_finite = 0
        self._listen, self._rate_hz, self._shortest = listen, rate_hz, shortest
        self._begun, self._floor, self._known = self.at, position.decided, known
        self._listener: Listening | None = None
        self._found: list[EventList] = []
        self._gaps: list[Gap] = []
        self._bad = 0  # samples since the last finite one

    @property
    def pending(self) -> int:
        """Events that are found and not yet handed out."""
        return sum(map(len, self._found))

    @property
    def position(self) -> Position:
        """Where it stands, with all that it has found."""
        if self._bad:
            begin = self.at - self._bad
            return Position(self.at, begin, begin)
        if self._listener is None:
            return Position(self.at, max(self._floor, self._begun), self._begun)
        decided = max(self._floor, self._listener.decided)
        return Position(self.at, decided, self._listener.restart)

    @property
    def known(self) -> Known:
        """What goes on now, besides what it has found."""
        if self._bad:
            return Known(self.at - self._bad)
        if self._listener is None:
            return Known(max(self._floor, self._begun))
        settled, going = ongoing(self._listener)
        if going is not None and len(going):
            going = going[going.onset >= self._floor]  # before, all is given already
        return Known(max(self._floor, settled), going)

    def push(self, x: Samples) -> None:
        """Take the next samples [channel, time]; where one is not finite, or absurd, is a gap."""
        for start, stop, finite in stretches(x):
            if finite:
                self._hear(x[:, start:stop])
            else:
                self._skip(stop - start)

    def gap(self, n_samples: int, reason: str) -> None:
        """Leave out samples that are missing, none where it is not known how many."""
        self._close()
        self._note(Gap(self.at, self.at + n_samples, reason))
        self._go_to(self.at + n_samples)

    def finish(self) -> None:
        """End: what still sounds ends here."""
        self._close()
        self._go_to(self.at)

    def batch(self) -> Batch:
        """Hand out what was found since the last time."""
        events, gaps, position = self._found, self._gaps, self.position
        self._found, self._gaps = [], []
        return Batch(joined(events, self._rate_hz), gaps, position)

    def _hear(self, x: Samples) -> None:
        if self._bad:
            self._note(Gap(self.at - self._bad, self.at, NOT_FINITE))
            self._bad = 0
            self._go_to(self.at)
        if self._listener is None:
            self._listener = self._listen(self.at)
        self.at += x.shape[1]
        self.n_samples += x.shape[1]
        self._keep(self._listener.push(x))

    def _skip(self, n_samples: int) -> None:
        if not self._bad:
            self._close()
        self._bad += n_samples
        self.not_finite += n_samples
        self.at += n_samples

    def _close(self) -> None:
        """Finish the recording before a gap; too short a one holds no events."""
        if self._bad:
            self._note(Gap(self.at - self._bad, self.at, NOT_FINITE))
            self._bad = 0
        if self._listener is not None and self.at - self._begun >= self._shortest:
            with suppress(TooShortError):  # the detector may want more to hear anything
                self._keep(self._listener.finish())
        self._listener = None

    def _go_to(self, position: int) -> None:
        self.at = self._begun = self._floor = position

    def _note(self, gap: Gap) -> None:
        self._gaps.append(gap)
        self.n_gaps += 1
        self.missing += gap.stop - gap.start

    def _keep(self, events: EventList) -> None:
        if len(events) and (self._floor > self._begun or self._known):
            events = events[self._new(events)]
        if len(events):
            self._found.append(events)
            self.n_events += len(events)

    def _new(self, events: EventList) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.array(
            [
                event.onset >= self._floor
                and (event.channel, event.onset, event.offset, event.label) not in self._known
                for event in events
            ],
            np.bool_,
        )
