"""CSV and TSV: a column for each channel under its name, a row for each sample.

The first row names the columns, as ``time (s),MLII (mV),V1 (mV)``; units stand in brackets, or in a
second row. The rate is that of the call (`--rate`), else of a column rate_hz, fs or alike that says
the same in each row, else of a column of times: time, t, seconds or alike, in s, ms or us, which
must be regular. A column of the samples' numbers (sample, index) is no channel. Files without names
have channels 0, 1, ... `part` names those that are meant, as ``part="II,V1"``. Values are taken as
they are. `write` stores times and values from which both come back exactly.
"""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, FormatError, InputError, nearest
from ondes.io.signalfile import Given, Samples, SignalFile
from ondes.io.signals.hdf5 import RATES
from ondes.signal import Signal
from ondes.timebase import exact_rate

SUFFIXES = (".csv", ".tsv")
SELF_DESCRIBING = False
HAS_PARTS = True
NAMED_ALONE = True

LINES = 2**14
"""Rows that are read at once."""
TIMES = {"time", "times", "t", "seconds", "elapsedtime", "timestamp"}
NUMBERS = {"sample", "samples", "index", "samplenumber", "sample#", "n", "#"}
SECONDS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "": 1.0}
CURE = (
    "Bring the samples to one rate (numpy.interp); or, where the times are wrong, leave the column "
    "out and say --rate"
)
_NAMED = re.compile(r"(.*?)\s*[(\[]([^)\]]*)[)\]]")
_UNIT = re.compile(r"(?!nan|inf)[^\d\s]{1,12}", re.IGNORECASE)
_EVENTS = {"onset_s", "offset_s"}
OFF = 0.5  # part of a sample by which a step may differ from the others
APART = 256  # rows from one time that is remembered to the next
FINE_S = 1e-9  # times that are written so finely are not rounded
PLAIN = 10  # denominator of a rate that is what it seems
FAR = 1.0  # samples by which a time may lie beside its place


class Column(NamedTuple):
    """A column of the file."""

    place: int
    name: str
    unit: str

    @property
    def word(self) -> str:
        """The name without what makes no difference."""
        return self.name.lower().replace("_", "").replace(" ", "")


@dataclass(frozen=True)
class _Sheet:
    """Where the rows of a file lie, and which of its columns are channels."""

    path: Path
    columns: Sequence[Column]
    n_columns: int
    marks: list[tuple[int, int, int]] = field(default_factory=list)  # row, byte and line

    def decode(self, start: int, stop: int, size: int) -> Iterator[Samples]:
        """Yield blocks of the chosen columns."""
        row, place, line = max(mark for mark in self.marks if mark[0] <= start)
        held = np.empty((len(self.columns), 0), np.float32)
        places = [column.place for column in self.columns]
        with self.path.open("rb") as stream:
            stream.seek(place)
            for table in self.tables(stream, line):
                part = table[max(0, start - row) : stop - row, places].T
                row += len(table)
                with np.errstate(over="ignore"):
                    held = np.concatenate([held, part.astype(np.float32)], axis=1)
                while held.shape[1] >= size:
                    yield np.ascontiguousarray(held[:, :size])
                    held = held[:, size:]
                if row >= stop:
                    break
        if held.shape[1]:
            yield np.ascontiguousarray(held)

    def tables(self, stream: BinaryIO, line: int) -> Iterator[NDArray[np.float64]]:
        """Yield the rows of a stream in pieces; `line` is the number of the first."""
        while lines := list(islice(stream, LINES)):
            yield self.table(lines, line)
            line += len(lines)

    def table(self, lines: list[bytes], line: int) -> NDArray[np.float64]:
        """Return rows of numbers; raises `FormatError` naming the line."""
        texts = [text for text in lines if text.strip()]
        if not texts:
            return np.empty((0, self.n_columns))
        mark = _delimiter(self.path)
        try:
            table = np.loadtxt(
                texts, delimiter=mark, ndmin=2, comments=None, quotechar='"', encoding="utf-8"
            )
        except ValueError:
            table = np.empty((0, 0))
        if table.shape[1] != self.n_columns:
            raise self._wrong(lines, line)
        return np.asarray(table)

    def _wrong(self, lines: list[bytes], line: int) -> FormatError:
        """The error for the first row that is none."""
        for number, text in enumerate(lines, start=line):
            fields = _fields(self.path, text, number)
            if text.strip() and len(fields) != self.n_columns:
                what = f"{len(fields)} fields under {self.n_columns} columns"
                return FormatError(f"{self.path}, line {number}: {what}")
            bad = next((one for one in fields if text.strip() and not _is_number(one)), None)
            if bad is not None:
                return FormatError(
                    f"{self.path}, line {number}: {bad!r} is no number: write one with a decimal "
                    "point, or nan where there is no sample"
                )
        return FormatError(f"{self.path}, lines {line} and on: these are no rows of numbers")


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a file: reads it once, for the number of its samples and their times.

    Raises `FormatError` where it is no table of numbers, or its times are irregular; `InputError`
    where nothing says the rate; `ChannelError` where `part` names a column that is not there.
    """
    columns, begin, line = _head(path)
    rates = [column for column in columns if column.word in RATES]
    times = [column for column in columns if column.word in TIMES]
    known = [c for c in columns if c not in rates + times and c.word not in NUMBERS]
    chosen = _chosen(path, known, given.part)
    sheet = _Sheet(path, chosen, len(columns), [(0, begin, line)])
    watched = [column.place for column in (rates or times)[:1]]
    clock = _Clock(path, (rates or times)[0]) if watched else None
    n_samples = 0
    with path.open("rb") as stream:
        stream.seek(begin)
        for table in sheet.tables(stream, line):
            if clock is not None and len(table):
                clock.take(table[:, watched[0]], n_samples, constant=bool(rates))
            n_samples += len(table)
            line += LINES
            sheet.marks.append((n_samples, stream.tell(), line))
    rate_hz = clock.rate(n_samples, given.rate_hz) if clock else given.rate_hz
    if rate_hz is None:
        raise InputError(f"{path} does not say its rate: give rate_hz= (--rate), or a column time")
    names, units = tuple(c.name for c in chosen), [c.unit for c in chosen]
    return SignalFile(
        path,
        rate_hz,
        len(chosen),
        n_samples,
        "float64",
        sheet.decode,
        names if len(set(names)) == len(names) else (),
        units[0] if len(set(units)) == 1 else ", ".join(units),
    )


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write times and values.

    Raises `InputError` on a type, or where a signal of one sample has no times to tell its rate.
    """
    if dtype is not None:
        raise InputError(f"dtype={dtype!r}: CSV holds text, from which every value comes back")
    if signal.n_samples < 2:
        raise InputError(f"{path}: the times of one sample tell no rate; write .npz or .wav")
    units = signal.unit.split(", ")
    each = units if len(units) == signal.n_channels else [signal.unit] * signal.n_channels
    names = [f"{n} ({u})" if u else n for n, u in zip(signal.channels, each, strict=True)]
    mark = _delimiter(path)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=mark, lineterminator="\n").writerow(["time (s)", *names])
        for begin in range(0, signal.n_samples, LINES):
            part = signal.samples[:, begin : begin + LINES]
            times = (begin + np.arange(part.shape[1])) / signal.rate_hz
            rows = np.concatenate([times[:, None], part.T.astype(np.float64)], axis=1)
            formats = ["%.17g", *["%.9g"] * signal.n_channels]
            np.savetxt(stream, rows, fmt=formats, delimiter=mark)


class _Clock:
    """A column that tells the rate: the same number in each row, or times that are regular."""

    def __init__(self, path: Path, column: Column) -> None:
        self._path, self._column = path, column
        self._first = self._last = math.nan
        self._step = math.nan  # of the first two
        self._told: float | None = None
        self._marks: list[tuple[int, float]] = []

    def take(self, values: NDArray[np.float64], row: int, *, constant: bool) -> None:
        """Take the values of the next rows; raises `FormatError` where they do not go on so."""
        if not np.isfinite(values).all():
            raise self._wrong("has values that are no finite numbers")
        if constant:
            self._told = self._told or float(values[0])
            if not (values == self._told).all() or self._told <= 0:
                raise self._wrong("must say the same rate, above zero, in each row")
            return
        values = values * self._second()
        if row == 0:
            self._first = float(values[0])
        steps = np.diff(values, prepend=values[:1] if row == 0 else self._last)[int(row == 0) :]
        self._last = float(values[-1])
        places = range(-row % APART, len(values), APART)
        self._marks += [(row + place, float(values[place])) for place in places]
        if len(steps):
            self._check(steps, row)

    def rate(self, n_samples: int, given: float | None) -> float | None:
        """Return the rate; one that the call says is checked against the times alone."""
        if self._told is not None or n_samples < 2:
            return self._told or given
        rate = given or self._rounded((n_samples - 1) / (self._last - self._first), n_samples)
        for row, time_s in [*self._marks, (n_samples - 1, self._last)]:
            if abs((time_s - self._first) * rate - row) > FAR:
                said = "the call says" if given else "they are, on the whole, those of"
                raise self._wrong(
                    f"is irregular: sample {row} is at {time_s:.10g} s, which is not its place at "
                    f"{rate:.10g} Hz, as {said}. {CURE}"
                )
        return rate

    def _rounded(self, measured: float, n_samples: int) -> float:
        """Return the rate of times that may be rounded: rates seldom have many digits."""
        span_s, grain = self._last - self._first, self._grain()
        if grain <= FINE_S or exact_rate(measured).denominator <= PLAIN:
            return measured
        rates = (round(measured, digits) for digits in range(7))
        fits = (rate for rate in rates if rate and abs((n_samples - 1) / rate - span_s) <= grain)
        return next(fits, measured)

    def _check(self, steps: NDArray[np.float64], row: int) -> None:
        """Raise where a step is not like the first ones, but for rounding."""
        if math.isnan(self._step):
            self._step = float(np.median(steps[:1000]))
        odd = np.flatnonzero(~(np.abs(steps - self._step) <= OFF * self._step))
        if self._step <= 0 or len(odd):
            at = row + int(odd[0]) + int(row == 0) if len(odd) else row
            raise self._wrong(
                f"is irregular at sample {at}: steps of about {self._step:g} s, and there one of "
                f"{steps[odd[0]] if len(odd) else steps[0]:g} s. {CURE}"
            )

    def _grain(self) -> float:
        """The step in which the times are written, to a decimal digit."""
        values = (self._last, self._step)  # one alone may happen to have few digits
        for digits in range(10):
            if all(abs(x - round(x, digits)) < 1e-12 * max(1, abs(x)) for x in values):
                return float(10.0**-digits)
        return 0.0

    def _second(self) -> float:
        unit = self._column.unit.lower()
        if unit not in SECONDS:
            raise self._wrong(f"is in {self._column.unit!r}: write s, ms or us")
        return SECONDS[unit]

    def _wrong(self, what: str) -> FormatError:
        return FormatError(f"{self._path}: the column {self._column.name!r} {what}")


def _head(path: Path) -> tuple[list[Column], int, int]:
    """Return the columns, and the byte and the number of the first line of samples."""
    with path.open("rb") as stream:
        marked = stream.read(3) == codecs.BOM_UTF8
        stream.seek(3 * marked)
        first = _fields(path, stream.readline(), 1)
        begin = stream.tell()
        second = _fields(path, stream.readline(), 2)
        after = stream.tell()
    if not any(first):
        raise FormatError(f"{path} begins with an empty line: write the names of its columns there")
    if set(first) >= _EVENTS:
        raise FormatError(f"{path} is a table of events: name the recording they were found in")
    if all(map(_is_number, first)):
        return [Column(k, str(k), "") for k in range(len(first))], 3 * marked, 1
    columns = [Column(k, *_named(text)) for k, text in enumerate(first)]
    if len(second) == len(first) and all(map(_UNIT.fullmatch, second)):
        units = (unit.strip() for unit in second)
        columns = [c._replace(unit=unit) for c, unit in zip(columns, units, strict=True)]
        return columns, after, 3
    return columns, begin, 2


def _named(text: str) -> tuple[str, str]:
    """Return name and unit of a heading.

    >>> _named("MLII (mV)"), _named("V1")
    (('MLII', 'mV'), ('V1', ''))
    """
    match = _NAMED.fullmatch(text)
    return (match[1], match[2]) if match and match[1] else (text, "")


def _fields(path: Path, line: bytes, number: int) -> list[str]:
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise FormatError(f"{path}, line {number} is not UTF-8 text: save it as UTF-8") from None
    try:
        row = next(csv.reader([text], delimiter=_delimiter(path), strict=True), [])
    except csv.Error as error:
        raise FormatError(f"{path}, line {number}: {error}: quote as RFC 4180") from error
    return [one.strip().strip("'") for one in row]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _delimiter(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _chosen(path: Path, columns: Sequence[Column], part: str | None) -> list[Column]:
    names = [column.name for column in columns]
    if not columns:
        raise FormatError(f"{path} has no column of samples: one beside time and rate is needed")
    if part is None:
        return list(columns)
    wanted = [part] if part in names else [name.strip() for name in part.split(",")]
    for name in wanted:
        if name not in names:
            raise ChannelError(
                f"{path} has no column {name!r}{nearest(name, names)}; it has {', '.join(names)}"
            )
    return [columns[names.index(name)] for name in wanted]
