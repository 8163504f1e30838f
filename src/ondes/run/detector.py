"""What finds events, however it does: recordings in whole by `detect`, block by block by `listen`.

An `Ear` turns rows of samples into events: a network with its decoder, a classical rule. All that
is around - what a recording can come as, which of its channels are heard, where it lies on the
time axis - is the same for all of them and lives here, so that `Detects` makes a `Detector` of any
ear, and the command line talks to detectors alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from ondes.events import EventList
from ondes.run.source import Choice, Recording, Route, Samples, Source, route, source_of
from ondes.spec import Spec
from ondes.timebase import Timebase

Progress = Callable[[float], None]  # is told how many seconds of the recording are done


class Known(NamedTuple):
    """What is known of a recording on its way besides the events that are over.

    settled: position before which no event begins that is neither given nor among `open`.
    open: events that go on, and last at least to their offsets; their scores are yet unknown.
    """

    settled: int
    open: EventList | None = None


@runtime_checkable
class Telling(Protocol):
    """What hears a recording and tells what goes on, rather than what is over alone."""

    @property
    def known(self) -> Known:
        """What goes on now."""


class Listening(Protocol):
    """One recording on its way: samples [channel, time] in, events out as soon as they are over.

    Events do not depend on how the samples are cut into blocks. Positions, those of events too,
    lie on the recording's axis: they count from its `start`, at its own rate.
    """

    @property
    def decided(self) -> int:
        """Position up to which all is said: no event still to come has its onset before it.

        It never falls. A store that holds all events given so far, and this position, lacks
        nothing before it, and may have some from there on: shorter events end earlier.
        """

    @property
    def restart(self) -> int:
        """Position from which a new listener (``start=restart``) gives what is still to come.

        It lies at or before `decided`, never falls, and never goes before the recording's start.
        The new listener's events with onsets at or after `decided` are bit by bit those that this
        one gives, or has given, from there on; its earlier ones are to be left out.
        """

    def push(self, block: Samples) -> EventList:
        """Take the next samples; return the events that are now over.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends; nothing can be pushed after.

        Raises:
            TooShortError: the whole recording is too short.
        """


class Detector(Protocol):
    """What finds events in recordings; `ondes.load` returns one."""

    @property
    def spec(self) -> Spec:
        """Its rate, channels, classes, frames and latency."""

    def detect(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
        progress: Progress | None = None,
    ) -> EventList:
        """Return the events of a whole recording, see `Detecting.detect`."""

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> Listening:
        """Return what hears a recording block by block: `detect` for what is not over yet.

        Args:
            rate_hz: of the blocks.
            channels: the names of their channels.
            choice: which of these, as for `detect`.
            resample: as for `detect`.
            start: place of the first sample on the time axis.

        Raises:
            RateError, ChannelError: the recording does not fit.
        """


class Hearing(Protocol):
    """What an ear makes of one recording's rows: `Listening`, on an axis that begins at 0.

    Events carry the number of their row as their channel.
    """

    @property
    def decided(self) -> int:
        """As of `Listening`."""

    @property
    def restart(self) -> int:
        """As of `Listening`."""

    def push(self, block: Samples) -> EventList:
        """Take the next samples [row, time]; return the events that are now over."""

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends."""


class Ear(Protocol):
    """What finds events in rows of samples; knows no files, channel names or places."""

    @property
    def spec(self) -> Spec:
        """What it hears: one row at a time where ``channels`` is 1, else exactly so many."""

    def hear(self, *, rate_hz: float, n_rows: int, resample: bool = False) -> Hearing:
        """Return what hears the rows of one recording.

        Raises:
            RateError: it was not made for `rate_hz`, and `resample` is off.
        """


class Detecting:
    """`detect` for what can `listen`: it listens to a recording from end to end."""

    def detect(
        self: Detector,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
        progress: Progress | None = None,
    ) -> EventList:
        """Return the events of a recording, at its own rate, each with a score from 0 to 1.

        Files and blocks are read as they are needed: memory does not grow with their length.

        Args:
            recording: a Signal, a path, an open file, an array [time] or [channel, time], or an
                iterator of blocks [channel, time] of any sizes, which change no answer.
            rate_hz: of an array or blocks.
            resample: convert a rate for which it was not made; nothing is unasked.
            channels: which: None for all, names or numbers, or ``"mix"`` for their mean. What
                takes one channel hears each for itself, and events say which; what takes several
                hears exactly so many, in this order.
            progress: is told now and then how many seconds are done.

        Raises:
            RateError, ChannelError, TooShortError, NotFiniteError: the recording does not fit.
            FormatError, InputError: it cannot be read.
        """
        source = source_of(recording, rate_hz=rate_hz)
        listener = self.listen(
            rate_hz=source.rate_hz,
            channels=source.channels,
            choice=channels,
            resample=resample,
            start=source.start,
        )
        parts = [listener.push(block) for block in told(source, progress)]
        return joined([*parts, listener.finish()], source.rate_hz)


@dataclass(frozen=True)
class Detects(Detecting):
    """Any ear as a `Detector`."""

    ear: Ear

    @property
    def spec(self) -> Spec:
        """The ear's own."""
        return self.ear.spec

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> Listening:
        """Return what hears a recording block by block, see `Detector.listen`."""
        chosen = route(choice, channels, self.spec)
        hearing = self.ear.hear(rate_hz=rate_hz, n_rows=chosen.n_rows, resample=resample)
        return Listener(hearing, chosen, start=start)


class Listener:
    """`Listening` through any ear: picks the channels, puts the events in their place."""

    def __init__(self, hearing: Hearing, chosen: Route, *, start: int = 0) -> None:
        self._hearing, self._route, self._start = hearing, chosen, start
        self._channels = np.array(chosen.channels, np.int64)

    @property
    def decided(self) -> int:
        """Position up to which all is said, see `Listening.decided`."""
        return self._start + self._hearing.decided

    @property
    def restart(self) -> int:
        """Position from which a new listener can take over, see `Listening.restart`."""
        return self._start + self._hearing.restart

    @property
    def known(self) -> Known:
        """What goes on, where the hearing tells it; else no more than `decided`."""
        settled, going = ongoing(self._hearing)
        return Known(self._start + settled, going and self._placed(going))

    def push(self, block: Samples) -> EventList:
        """Take the next samples [channel, time]; return the events that are now over.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        return self._placed(self._hearing.push(self._route(block)))

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends; nothing can be pushed after.

        Raises:
            TooShortError: the whole recording is too short.
        """
        return self._placed(self._hearing.finish())

    def _placed(self, events: EventList) -> EventList:
        if not len(events):
            return events
        return replace(events, channel=self._channels[events.channel]).shift(self._start)


def ongoing(hearing: Listening | Hearing) -> Known:
    """Return what goes on, of what hears a recording, whether it tells that or not."""
    return hearing.known if isinstance(hearing, Telling) else Known(hearing.decided)


def joined(parts: Sequence[EventList], rate_hz: float) -> EventList:
    """Return all events of lists at one rate in one list."""
    some = [part for part in parts if len(part)]
    if not some:
        return EventList.empty(rate_hz)
    return EventList(
        np.concatenate([part.onset for part in some]),
        np.concatenate([part.offset for part in some]),
        np.concatenate([part.label for part in some]),
        np.concatenate([part.channel for part in some]),
        np.concatenate([part.score for part in some]),
        rate_hz,
    )


def told(source: Source, progress: Progress | None) -> Iterator[Samples]:
    """Yield the blocks of a source, and say before each next one how far it is."""
    done, grid = 0, Timebase(source.rate_hz)
    for block in source.blocks():
        yield block
        done += block.shape[1]
        if progress:
            progress(grid.seconds(done))
