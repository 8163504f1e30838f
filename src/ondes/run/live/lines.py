"""Events as lines of JSON."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

from ondes.errors import InputError
from ondes.events import Event
from ondes.run.live.sinks import Batch, Gap, Key, SinkError
from ondes.run.monitor.alarm import AlarmKey, from_json, in_seconds
from ondes.timebase import Timebase

Row = Mapping[str, Any]
AnyKey = Key | Gap | AlarmKey

PIECE = 2**16  # bytes that are read at once
BEGINNINGS = tuple(f'{{"{name}": '.encode() for name in ("onset", "gap", "alarm"))


class JsonLines:
    """A line of JSON for each event, gap and alarm, on the disk before the next batch begins.

    An alarm has a line when it is raised and another when it is over.

    An existing file is continued; half a line, left by a crash, is removed. So is what a crash left
    between here and a store, which is written later, since it comes again: lines at the end that
    begin at or after `resume`, the position up to which the store is complete, and are not among
    the events `known` to it, or alarms that it `has`.

    Raises:
        InputError: the file cannot be written to, or holds something else.
    """

    def __init__(
        self,
        path: Path,
        *,
        rate_hz: float,
        resume: int | None = None,
        known: Collection[Key] = (),
        has: Callable[[AlarmKey], bool] = lambda _key: False,
    ) -> None:
        self._path, self._timebase = path, Timebase(rate_hz)
        try:
            self._stream: BinaryIO = path.open("a+b", buffering=0)
        except OSError as error:
            raise InputError(
                f"{path} cannot be written to ({error.strerror}): name another file"
            ) from error
        self._check_begins()
        self._drop_half_a_line()
        if resume is not None:
            self._drop_the_new(resume, known, has)

    def write(self, batch: Batch) -> None:
        """Append lines, all of a batch or, where the disk is full, none."""
        rows: list[Row] = [
            *map(self._row, batch.events),
            *({"gap": gap._asdict()} for gap in batch.gaps),
            *({"alarm": in_seconds(alarm, self._timebase.rate_hz)} for alarm in batch.alarms),
        ]
        if not rows:
            return
        end = self._stream.seek(0, os.SEEK_END)
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
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
        return {
            **event._asdict(),
            "score": None if math.isnan(event.score) else event.score,
            "onset_s": self._timebase.seconds(event.onset),
            "offset_s": self._timebase.seconds(event.offset),
        }

    def _drop_the_new(
        self, resume: int, known: Collection[Key], has: Callable[[AlarmKey], bool]
    ) -> None:
        """Remove what stands at the end and is not in the store."""

        def is_new(line: bytes) -> bool:
            key = _key(json.loads(line))
            if isinstance(key, AlarmKey):
                return not has(key)
            start = key.start if isinstance(key, Gap) else key[1]
            return start >= resume and key not in known

        try:
            new = sum(len(line) + 1 for line in takewhile(is_new, _backwards(self._stream)))
        except (ValueError, KeyError, TypeError) as error:
            self.close()
            raise InputError(
                f"{self._path} holds something else than events: name another file"
            ) from error
        if new:
            self._stream.truncate(self._stream.seek(0, os.SEEK_END) - new)

    def _check_begins(self) -> None:
        """Raise InputError, and leave the file as it is, unless it begins as ours do."""
        self._stream.seek(0)
        head = self._stream.read(max(map(len, BEGINNINGS)))
        if not any(head.startswith(begin[: len(head)]) for begin in BEGINNINGS):
            self.close()
            raise InputError(f"{self._path} holds something else than events: name another file")

    def _drop_half_a_line(self) -> None:
        half = next(_pieces(self._stream), b"").rpartition(b"\n")[2]
        if half:
            self._stream.truncate(self._stream.seek(0, os.SEEK_END) - len(half))


def _key(row: Row) -> AnyKey:
    if "alarm" in row:
        return from_json(row["alarm"]).key
    if "gap" in row:
        return Gap(**row["gap"])
    return row["channel"], row["onset"], row["offset"], row["label"]


def _backwards(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file, the last one first."""
    rest = b""
    for piece in _pieces(stream):
        rest, *lines = (piece + rest).split(b"\n")
        yield from filter(None, reversed(lines))
    if rest:
        yield rest


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces, the last one first."""
    at = stream.seek(0, os.SEEK_END)
    while at:
        size = min(at, PIECE)
        at -= size
        stream.seek(at)
        yield stream.read(size)
