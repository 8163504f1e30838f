"""Where events go: several sinks at once, each told of every batch."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TextIO

from ondes.errors import InputError, OndesError
from ondes.events import Event, EventList
from ondes.io.table import text_of

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
    """What was found since the last batch, and the position that goes with it."""

    events: EventList
    gaps: Sequence[Gap]
    position: Position


class Sink(Protocol):
    """A place for events."""

    def write(self, batch: Batch) -> None:
        """Keep a batch, whole or not at all; raises SinkError."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class Csv:
    """Lines of CSV, as `ondes detect` prints them, on a stream that shows each batch at once."""

    name: str
    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        self._show(text_of({}))

    def write(self, batch: Batch) -> None:
        """Print events."""
        if len(batch.events):
            self._show(text_of({self.name: batch.events}).split("\n", maxsplit=1)[1])

    def close(self) -> None:
        """The stream stays open: it is not ours."""

    def _show(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError as error:
            raise SinkError(f"standard output takes no more: {error.strerror}") from error


class JsonLines:
    """A line of JSON for each event and gap, on the disk before the next batch begins.

    An existing file is continued; half a line, left by a crash, is removed. With `resume` events
    from that position on which are there already are not written again.

    Raises:
        InputError: the file cannot be written to, or holds something else.
    """

    def __init__(self, path: Path, *, rate_hz: float, resume: int | None = None) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._known = set() if resume is None else set(self._keys(resume))
        try:
            self._stream: BinaryIO = path.open("a+b", buffering=0)
        except OSError as error:
            raise InputError(f"{path} cannot be written to ({error.strerror})") from error
        self._drop_half_a_line()

    def write(self, batch: Batch) -> None:
        """Append lines, all of a batch or, where the disk is full, none."""
        rows = [row for event in batch.events if _key(row := self._row(event)) not in self._known]
        said = [*rows, *({"gap": gap._asdict()} for gap in batch.gaps)]
        if not said:
            return
        end = self._stream.seek(0, os.SEEK_END)
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in said).encode()
        try:
            if self._stream.write(text) < len(text):
                raise OSError(0, "the disk is full")
            os.fsync(self._stream.fileno())
        except OSError as error:
            self._stream.truncate(end)
            raise SinkError(f"{self._path} takes no more: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _row(self, event: Event) -> dict[str, object]:
        second = 1 / self._rate_hz
        return {
            **event._asdict(),
            "score": None if math.isnan(event.score) else event.score,
            "onset_s": event.onset * second,
            "offset_s": event.offset * second,
        }

    def _keys(self, start: int) -> Iterator[Key]:
        """Yield the keys of events that are there, from a position on; half a line is none."""
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith(b"\n") and (key := self._key(line, number)) and key[1] >= start:
                    yield key

    def _key(self, line: bytes, number: int) -> Key | None:
        try:
            row = json.loads(line)
            return None if "gap" in row else _key(row)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self._path}, line {number}: no event; name another file") from error

    def _drop_half_a_line(self) -> None:
        size = at = self._stream.seek(0, os.SEEK_END)
        while at:
            begin = max(0, at - 4096)
            self._stream.seek(begin)
            found = self._stream.read(at - begin).rfind(b"\n")
            at = begin + found + 1 if found >= 0 else begin
            if found >= 0:
                break
        if at < size:
            self._stream.truncate(at)


def _key(row: Mapping[str, Any]) -> Key:
    return row["channel"], row["onset"], row["offset"], row["label"]
