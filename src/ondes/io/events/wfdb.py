"""WFDB annotations (`.atr`, `.qrs`, ...): beats, rhythms and notes at the samples of a record.

Labels are the symbols, as N, V, A or ~; such an event lasts one sample. A change of rhythm is an
episode under its note, as `(AFIB`, up to the next change or the end of the record, and a comment
is `"` and its text. Other notes, subtypes and numbers are passed over. The rate is the file's own,
else that of the header `.hea` beside it, else the one that is given; that header also says where
the record ends.

What else an event may be is written so that it comes back: a length as the note `+36` of a symbol,
a label that is no symbol as the comment `ondes+640:label`. Where an episode of rhythm ends and none
begins `(N` is written. Scores have no place. Source: annot(5) of the WFDB Applications Guide.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ondes.errors import FormatError, InputError, RateError
from ondes.events import Event, EventList
from ondes.io import wfdb
from ondes.io.text import Table, only
from ondes.timebase import Timebase

SUFFIXES = (".atr", ".qrs", ".qrsc", ".ecg", ".ari")
RESOLUTION_S = 0.0
CARRIES = frozenset({"channel", "rate"})

_OTHERS = (15, 17, *range(42, 50))
_STANDARD = zip("NLRaVFJASEj/Q~", range(1, 15), strict=True)
_FURTHER = zip('sT*D"=pB^t+u?![]en@xf()r', range(18, 42), strict=True)
CODES = {**dict(_STANDARD), "|": 16, **dict(_FURTHER), **{f"code{k}": k for k in _OTHERS}}
"""Of the standard symbols; those that a file may define for itself are called by their numbers."""
SYMBOLS = {code: symbol for symbol, code in CODES.items()}
_SKIP, _NUM, _SUB, _CHAN, _AUX = 59, 60, 61, 62, 63
_RHYTHM = re.compile(r"\([A-Z]{1,5}")
_OURS = re.compile(r"ondes\+(\d+):(.*)", re.DOTALL)
_LENGTH = re.compile(r"\+(\d+)")
_RATE = re.compile(r"## time resolution: ([\d.]+)")
_LARGEST = 2**31 - 1


class Mark(NamedTuple):
    """One annotation: its sample, its symbol, the signal it belongs to, its note."""

    sample: int
    symbol: str
    channel: int = 0
    note: str = ""


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read annotations.

    Raises `FormatError` where the file is damaged or reaches beyond the end of its record,
    `RateError` where it has another rate than the call says, `InputError` where nothing says it.
    """
    marks = list(_marks(path))
    own = [_RATE.match(m.note) for m in marks if m.symbol == '"' and m.note.startswith("## ")]
    marks = [m for m in marks if m.symbol != '"' or not m.note.startswith("## ")]
    header = path.with_suffix(".hea")
    record = wfdb.length(header) if header.exists() else None
    told = [float(match[1]) for match in own if match]
    rate = _rate(path, told[0] if told else record and record.rate_hz, rate_hz)
    if record is None or record.n_samples is None:
        end = max((m.sample for m in marks), default=0) + 1
    else:
        end = Timebase(record.rate_hz).rescale(record.n_samples, rate)
        _check_inside(path, header, marks, end)
    return {"": EventList.of([*_points(marks), *_episodes(marks, end)], rate_hz=rate)}


def write(lists: Table, path: Path) -> None:
    """Write annotations with their rate.

    Raises `InputError` on what they have no place for: samples below 0, labels of more than 200
    bytes or with surrogates, channels above 127, episodes of rhythm that overlap.
    """
    _, events = only(lists)
    marks = [Mark(0, '"', 0, f"## time resolution: {_decimal(events.rate_hz)}")]
    for event in events:
        if event.onset < 0 or event.offset > _LARGEST or not 0 <= event.channel < 128:
            raise InputError(
                f"{path}: annotations have samples 0 to {_LARGEST} and channels 0 to 127, not "
                f"those of {event}: shift the events, or write .csv or .json"
            )
    marks += [_mark(path, event) for event in events if not _RHYTHM.fullmatch(event.label)]
    marks += _changes(path, [event for event in events if _RHYTHM.fullmatch(event.label)])
    marks[1:] = sorted(marks[1:], key=lambda mark: mark.sample)
    path.write_bytes(b"".join(_bytes(marks)))


def _marks(path: Path) -> Iterator[Mark]:
    """The annotations of a file, in its order."""
    data, place, sample, channel = path.read_bytes(), 0, 0, 0
    mark: Mark | None = None
    try:
        while word := struct.unpack_from("<H", data, place)[0]:
            place += 2
            code, value = divmod(word, 1024)
            if code == _SKIP:
                high, low = struct.unpack_from("<hH", data, place)
                sample, place = sample + high * 65536 + low, place + 4
            elif code == _CHAN:
                channel = value
                mark = mark and mark._replace(channel=value)
            elif code == _AUX:
                note = data[place : place + value]
                if len(note) < value:
                    raise struct.error("a note is cut off")
                place += value + value % 2
                mark = mark and mark._replace(note=note.decode(errors="replace").rstrip("\0"))
            elif code not in (_NUM, _SUB):
                if mark:
                    yield mark
                sample += value
                mark = Mark(sample, SYMBOLS[code], channel) if code in SYMBOLS else None
    except struct.error as error:
        raise FormatError(
            f"{path} ends amid its annotations ({error}): it was cut off or is something else; "
            "copy it again from its source"
        ) from None
    if mark:
        yield mark


def _rate(path: Path, own: float | None, given: float | None) -> float:
    if own is None and given is None:
        raise InputError(
            f"{path} does not say its rate, and {path.stem}.hea is not beside it: give rate_hz= of "
            "the record"
        )
    rate, wanted = (
        Timebase(one or other or 0).rate_hz for one, other in ((own, given), (given, own))
    )
    if rate != wanted:
        raise RateError(
            f"{path} is at {rate:.10g} Hz, the call says {wanted:.10g}: leave rate_hz out, then "
            f"events.resample({wanted:.10g})"
        )
    return rate


def _check_inside(path: Path, header: Path, marks: list[Mark], end: int) -> None:
    """A change of rhythm at the very end only closes an episode; nothing else may stand there."""
    for mark in marks:
        if not 0 <= mark.sample < end + (mark.symbol == "+"):
            raise FormatError(
                f"{path} has an annotation {mark.symbol} at sample {mark.sample}, and the record "
                f"{header.name} has {end}: give it the annotations of this record"
            )


def _points(marks: list[Mark]) -> Iterator[Event]:
    for mark in marks:
        ours, length = _OURS.fullmatch(mark.note), _LENGTH.fullmatch(mark.note)
        if mark.symbol == "+" and mark.note.startswith("("):
            continue
        if ours and mark.symbol == '"':
            yield _event(mark, int(ours[1]), ours[2])
        elif mark.symbol == '"':
            yield _event(mark, 1, '"' + mark.note)
        else:
            yield _event(mark, int(length[1]) if length else 1, mark.symbol)


def _event(mark: Mark, length: int, label: str) -> Event:
    return Event(mark.sample, mark.sample + max(length, 1), label, mark.channel)


def _episodes(marks: list[Mark], end: int) -> Iterator[Event]:
    """Each change of rhythm up to the next; one that ends where it begins only closes another."""
    changes = [mark for mark in marks if mark.symbol == "+" and mark.note.startswith("(")]
    for channel in {mark.channel for mark in changes}:
        own = [mark for mark in changes if mark.channel == channel]
        stops = [*(mark.sample for mark in own[1:]), end]
        for mark, stop in zip(own, stops, strict=True):
            if mark.sample < stop:
                yield Event(mark.sample, stop, mark.note, channel)


def _mark(path: Path, event: Event) -> Mark:
    length, label = event.offset - event.onset, event.label
    if label in CODES:
        note = "" if length == 1 else f"+{length}"
        return Mark(event.onset, label, event.channel, note)
    note = label[1:] if label.startswith('"') else ""
    if length > 1 or not note or note.startswith(("ondes+", "## ")):
        note = f"ondes+{length}:{label}"
    if len(note.encode(errors="replace")) > 240:
        raise InputError(f"{path}: the label {label[:40]!r}... is too long for a note: shorten it")
    return Mark(event.onset, '"', event.channel, note)


def _changes(path: Path, episodes: list[Event]) -> Iterator[Mark]:
    for channel in {event.channel for event in episodes}:
        own = [event for event in episodes if event.channel == channel]
        for event, after in zip(own, [*own[1:], None], strict=True):
            if after and after.onset < event.offset:
                raise InputError(
                    f"{path}: {event.label} and {after.label} overlap at sample {after.onset}, and "
                    "a record has one rhythm at a time: merge or crop them, or write .csv"
                )
            yield Mark(event.onset, "+", channel, event.label)
            if after is None or after.onset > event.offset:
                yield Mark(event.offset, "+", channel, "(N")


def _bytes(marks: list[Mark]) -> Iterator[bytes]:
    sample = channel = 0
    for mark in marks:
        step = mark.sample - sample
        if step > 1023:
            yield struct.pack("<HhH", _SKIP << 10, *divmod(step, 65536))
            step = 0
        yield struct.pack("<H", CODES[mark.symbol] << 10 | step)
        if mark.channel != channel:
            yield struct.pack("<H", _CHAN << 10 | mark.channel)
        note = _encoded(mark.note)
        if note:
            yield struct.pack("<H", _AUX << 10 | len(note)) + note + b"\0" * (len(note) % 2)
        sample, channel = mark.sample, mark.channel
    yield b"\0\0"


def _encoded(note: str) -> bytes:
    try:
        return note.encode()
    except UnicodeEncodeError:
        raise InputError(f"{note!r} is no Unicode text: rename the label") from None


def _decimal(rate_hz: float) -> str:
    """A rate in digits alone, from which it comes back.

    >>> _decimal(360.0), _decimal(100 / 3)
    ('360', '33.333333333333336')
    """
    return f"{rate_hz:.0f}" if rate_hz == round(rate_hz) else repr(rate_hz)
