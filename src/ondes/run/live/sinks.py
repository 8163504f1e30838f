"""Where events go: several sinks at once, each told of every batch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TextIO

from ondes.errors import OndesError
from ondes.events import EventList
from ondes.io.table import text_of
from ondes.run.monitor.alarm import Alarm

Key = tuple[int, int, int, str]  # of an event: channel, onset, offset and label


class SinkError(OndesError):
    """A sink takes no more: its disk is full, or it is damaged."""


class Gap(NamedTuple):
    """The samples [start, stop) are missing, or, where both are one, how many is not known."""

    start: int
    stop: int
    reason: str


@dataclass(frozen=True)
class Position:
    """Where a watch stands, in samples.

    `taken`: heard up to here. `decided` and `restart` are those of `Listening`: what is stored
    lacks nothing before `decided`, and a listener begun at `restart` finds the rest.
    """

    taken: int = 0
    decided: int = 0
    restart: int = 0


@dataclass(frozen=True)
class Batch:
    """What was found since the last batch, and the position that goes with it.

    `alarms` were raised, or are over; `monitor` is all that goes on from here with the next ones.
    """

    events: EventList
    gaps: Sequence[Gap]
    position: Position
    alarms: Sequence[Alarm] = ()
    monitor: str | None = None


class Sink(Protocol):
    """A place for events."""

    def write(self, batch: Batch) -> None:
        """Keep a batch, whole or not at all; raises SinkError."""

    def close(self) -> None:
        """Let go of it."""


class Csv:
    """Lines of CSV, as `ondes detect` prints them, on a stream that shows each batch at once."""

    def __init__(self, name: str, stream: TextIO | None = None) -> None:
        self._name, self._stream = name, stream or sys.stdout
        self._begun = False

    def write(self, batch: Batch) -> None:
        """Print events, the first time below their header."""
        text = text_of({self._name: batch.events})
        if self._begun:
            text = text.split("\n", maxsplit=1)[1]
        self._begun = True
        if text:
            self._show(text)

    def close(self) -> None:
        """The stream stays open: it is not ours."""

    def _show(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            raise SinkError(f"standard output takes no more: {error.strerror}") from error
