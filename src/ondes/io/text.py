"""What the text formats of events share: lines that know their number, numbers, seconds."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ondes.errors import FormatError, InputError
from ondes.events import EventList
from ondes.timebase import IntArray, Timebase

Table = Mapping[str, EventList]
LARGEST_S = 1e11  # three thousand years; beyond, samples of MHz signals do not fit 64 bits


class Row(NamedTuple):
    """One event of one recording, as files write it."""

    file: str
    onset_s: float
    offset_s: float
    label: str
    channel: int = 0
    score: float = math.nan


@dataclass(frozen=True)
class Line:
    """A place in a file; reads numbers and complains with that place."""

    path: Path
    number: int

    def error(self, problem: str) -> FormatError:
        """Return the error for a problem on this line."""
        return FormatError(f"{self.path}, line {self.number}: {problem}")

    def seconds(self, text: str, column: str) -> float:
        """Read a time in seconds."""
        value = self._number(text, column)
        if not abs(value) < LARGEST_S:
            raise self.error(f"{column} is {text!r}: write a finite time in seconds")
        return value

    def score(self, text: str) -> float:
        """Read a score; nothing stands for none."""
        return self._number(text, "score") if text else math.nan

    def whole(self, text: str, column: str, *, least: int = 0) -> int:
        """Read a whole number."""
        if not (text.isascii() and text.isdigit() and int(text) >= least):
            raise self.error(f"{column} is {text!r}: write a whole number from {least} up")
        return int(text)

    def row(
        self,
        file: str,
        onset_s: float,
        offset_s: float,
        label: str,
        channel: int = 0,
        score: float = math.nan,
    ) -> Row:
        """Return an event, its offset not before its onset."""
        if offset_s < onset_s:
            raise self.error(f"the event ends at {offset_s} s, before it begins at {onset_s} s")
        return Row(file, onset_s, offset_s, label, channel, score)

    def _number(self, text: str, column: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise self.error(
                f"{column} is {text!r}: write a number with a decimal point, as 1.25"
            ) from None


def read_text(path: Path) -> str:
    """Return a file's text, UTF-8 with or without a byte order mark."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8"
        ) from None


def lines(path: Path) -> list[tuple[Line, str]]:
    """Return the lines that hold something, without their ends, and their places."""
    rows = enumerate(read_text(path).split("\n"), start=1)
    return [(Line(path, number), row.rstrip("\r")) for number, row in rows if row.strip()]


def write_text(path: Path, text: str) -> None:
    """Write UTF-8; raises `InputError` on characters that it does not have."""
    try:
        path.write_bytes(text.encode())
    except UnicodeEncodeError as error:
        bad = text[error.start : error.end]
        raise InputError(f"{bad!r} is no Unicode text: rename the label or file") from None


def gather(path: Path, rows: Iterable[Row], rate_hz: float | None) -> dict[str, EventList]:
    """Return the events of each recording, in the order in which the recordings turn up.

    Times go to the nearest sample; an event shorter than a sample lasts one, so that the point
    labels of Audacity and others are not lost. Raises `InputError` without a rate.
    """
    if rate_hz is None:
        raise InputError(f"{path} holds seconds: give rate_hz= of the recording they belong to")
    files: dict[str, list[Row]] = {}
    for row in rows:
        files.setdefault(row.file, []).append(row)
    return {file: _events(group, rate_hz) for file, group in files.items()}


def _events(rows: list[Row], rate_hz: float) -> EventList:
    _, onset_s, offset_s, label, channel, score = zip(*rows, strict=True)
    timebase = Timebase(rate_hz)
    onset = timebase.samples(np.array(onset_s))
    offset = np.maximum(timebase.samples(np.array(offset_s)), onset + 1)
    return EventList(onset, offset, np.array(label), np.array(channel), np.array(score), rate_hz)


def seconds_text(samples: IntArray, timebase: Timebase) -> list[str]:
    """Write times so that the samples come back: to 1 us, or a tenth of a sample if finer.

    >>> seconds_text(np.array([1, 48000]), Timebase(48000))
    ['0.000021', '1.000000']
    >>> seconds_text(np.array([1]), Timebase(1.5625e6))
    ['0.00000064']
    """
    digits = max(6, math.ceil(math.log10(timebase.rate_hz)) + 1)
    return [f"{seconds:.{digits}f}" for seconds in timebase.seconds(samples).tolist()]


def times_text(events: EventList) -> tuple[list[str], list[str]]:
    """Write all onsets and offsets."""
    return (
        seconds_text(events.onset, events.timebase),
        seconds_text(events.offset, events.timebase),
    )


def score_text(score: float) -> str:
    """Write a score with six digits, none as nothing.

    >>> score_text(0.8750001), score_text(math.nan)
    ('0.875', '')
    """
    return "" if math.isnan(score) else f"{score:.6g}"


def unbroken(text: str, what: str, separators: str, cure: str) -> str:
    """Return a text that holds no separator; raises `InputError` when it does.

    `separators` are the characters that end a field of the format; `cure` names one that can
    carry the text.
    """
    if any(mark in text for mark in separators):
        raise InputError(f"{what} {text!r} holds a character that separates fields: {cure}")
    return text


def only(lists: Table) -> tuple[str, EventList]:
    """Return the one recording and its events."""
    ((file, events),) = lists.items()
    return file, events
