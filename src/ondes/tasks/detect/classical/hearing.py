"""A classical detector at work: samples in, events out as soon as they are over.

Running means begin anew at fixed places, one segment apart, and count after a segment of run-up,
which is so long that it makes no difference that matters. So what becomes of a sample depends on a
bounded past, and one who begins to listen later agrees with one who was there all the time, to the
last bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ondes.errors import InputError, NotFiniteError, TooShortError
from ondes.events import Event, EventList
from ondes.ops.tape import Tape
from ondes.tasks.detect.classical.features import Reader
from ondes.tasks.detect.classical.front import Doubles, Floats, Front, Stretch
from ondes.tasks.detect.classical.rule import Bools, Rule, samples
from ondes.tasks.detect.classical.trigger import Hit, Trigger

RUN_UP = 8  # long times: exp(-8) is left of the level that a run-up begins with
STEP = 2**14  # samples worked on at once; changes no answer


@dataclass
class Row:
    """One channel: its latest samples, its trigger, and the hits that are not yet events."""

    tape: Tape
    trigger: Trigger
    level: float = 0.0  # mean square of the noise at the start of the hit that goes on
    pending: list[tuple[Hit, float]] = field(default_factory=list)
    end: int = 0  # of the last event

    def take(self, on: Bools, hold: Bools, level: Doubles, *, first: int) -> None:
        """Take samples from `first` on: what may begin a hit, what holds one, the noise."""
        if self.trigger.start < 0 and not on.any():
            return
        places = (first + np.flatnonzero(mask) for mask in (on, hold))
        for hit in self.trigger.push(*places, stop=first + len(on)):
            self.pending.append((hit, self._level(hit.start, level, first)))
        if self.trigger.start >= 0:
            self.level = self._level(self.trigger.start, level, first)

    def _level(self, start: int, level: Doubles, first: int) -> float:
        return float(level[start - first]) if start >= first else self.level

    @property
    def earliest(self) -> int:
        """The first trigger of which not all is said; the next sample if there is none."""
        going = [self.trigger.start] if self.trigger.start >= 0 else [self.tape.stop]
        return self.pending[0][0].start if self.pending else going[0]


class Hearing:
    """The rows of one recording on their way through a detector."""

    def __init__(self, rule: Rule, *, rate_hz: float, n_rows: int) -> None:
        self._rule, self._rate_hz, self._n_rows = rule, rate_hz, n_rows
        self._plan = rule.plan(rate_hz)
        self._reader = Reader(rule, rate_hz)
        self._lockout = samples(rule.hlt_s, rate_hz, default=0)
        self._gap = rule.gap(rate_hz)
        longest = samples(rule.longest_s, rate_hz, default=2**16, least=1)
        self._rows = [
            Row(Tape(1), Trigger(self._gap, self._lockout, longest)) for _ in range(n_rows)
        ]
        self._segment = max(RUN_UP * self._plan.n_slow, STEP)
        self._front, self._next = self._fresh(), self._fresh()
        self._taken = 0
        self._known = 0  # samples that the front has let through
        self._calm = Calm(self._quiet, self._gap)
        self._ended = False

    @property
    def decided(self) -> int:
        """Position up to which all is said: no event still to come has its onset before it."""
        if self._ended:
            return self._taken
        return max(0, min(row.earliest for row in self._rows) - self._reader.lead)

    @property
    def restart(self) -> int:
        """Position from which another hearing gives all events from `decided` on."""
        return max(0, self._calm.since // self._segment - 1) * self._segment

    @property
    def _quiet(self) -> int:
        """Samples without a trigger after which nothing before matters."""
        return self._gap + self._lockout + self._reader.past + self._reader.future + 1

    def push(self, block: Floats) -> EventList:
        """Take the next samples [row, time]; return the events that are now over.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        self._check(block)
        events = [event for piece in self._pieces(block) for event in self._advance(piece)]
        return EventList.of(events, rate_hz=self._rate_hz)

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends.

        Raises:
            TooShortError: there was no sample.
        """
        if not self._taken:
            raise TooShortError("a recording without samples: give at least one, [channel, time]")
        self._take(self._front.flush())
        for row in self._rows:
            row.pending += [(hit, row.level) for hit in row.trigger.finish()]
        self._ended = True
        return EventList.of(self._over(ended=True), rate_hz=self._rate_hz)

    def _fresh(self) -> Front:
        return Front(self._plan, self._n_rows)

    def _pieces(self, block: Floats) -> Iterator[Floats]:
        """Cut a block where a segment ends, and into pieces of bounded size."""
        while block.shape[1]:
            size = min(STEP, self._segment - self._taken % self._segment)
            yield block[:, :size]
            block = block[:, size:]

    def _advance(self, x: Floats) -> list[Event]:
        stretch = self._front.push(x)
        self._next.push(x)
        self._taken += x.shape[1]
        self._take(stretch)
        if self._taken % self._segment == 0:
            self._front, self._next = self._next, self._fresh()
        return list(self._over(ended=False))

    def _take(self, stretch: Stretch) -> None:
        on, hold = self._rule.judged(stretch)
        for i, row in enumerate(self._rows):
            row.tape.append(stretch.y[i : i + 1])
            row.take(on[i], hold[i], stretch.slow[i], first=self._known)
        self._known += stretch.width
        self._calm.take(on, hold, stop=self._known)

    def _over(self, *, ended: bool) -> Iterator[Event]:
        """Yield the events of hits around which all is known; forget what matters no more."""
        for i, row in enumerate(self._rows):
            while row.pending and (ended or self._is_known(row.pending[0][0])):
                hit, level = row.pending.pop(0)
                event = self._reader.read(row.tape, hit, row=i, level=level, after=row.end)
                if event:
                    row.end = event.offset
                    yield event
            row.tape.forget(row.earliest - self._reader.past)

    def _is_known(self, hit: Hit) -> bool:
        return hit.stop + self._reader.future <= self._known

    def _check(self, block: Floats) -> None:
        if block.ndim != 2 or len(block) != self._n_rows:
            raise InputError(
                f"a block of shape {list(block.shape)} in a recording of {self._n_rows} "
                f"channels: blocks are [channel, time]"
            )
        finite = np.isfinite(block)
        if not finite.all():
            channel, sample = (int(i[0]) for i in np.nonzero(~finite))
            raise NotFiniteError(
                f"{int((~finite).sum())} samples of a block are NaN or infinite, the first in "
                f"channel {channel} at sample {self._taken + sample} of the recording: repair it, "
                "or cut that part out"
            )


class Calm:
    """Remembers a place by which nothing that came before matters any more.

    It is one where no row held a hit, and from which no trigger came for `quiet` samples.

    >>> calm, nothing = Calm(quiet=10, gap=2), np.zeros((1, 8), bool)
    >>> calm.take(nothing, nothing, stop=8), calm.take(nothing, nothing, stop=18), calm.since
    (None, None, 6)
    """

    def __init__(self, quiet: int, gap: int) -> None:
        self.since = 0
        self._quiet, self._gap = quiet, gap
        self._held = -1  # the last sample that held
        self._candidate: int | None = None

    def take(self, on: Bools, hold: Bools, *, stop: int) -> None:
        """Take what is on and what holds [row, time], up to `stop`."""
        held = np.flatnonzero(hold.any(axis=0))
        if len(held):
            self._held = stop - hold.shape[1] + int(held[-1])
        if on.any():
            self._candidate = None
        if self._candidate is not None and stop - self._candidate >= self._quiet:
            self.since, self._candidate = max(self.since, self._candidate - self._gap), None
        if self._candidate is None and stop - self._held > self._gap:
            self._candidate = stop
