"""Event formats: one module each, found by file name.

A module holds what `EventFormat` lists. Every format reads and writes *tables*: the events of
recordings by their file names; one that stores no file name reads it as ''.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Protocol, cast

from ondes.errors import FormatError, InputError, nearest
from ondes.events import EventList
from ondes.io import formats
from ondes.io.atomic import atomic_write
from ondes.io.formats import AnyPath, existing
from ondes.io.text import Table


class EventFormat(Protocol):
    """What a module of this package holds.

    `SUFFIXES`: its own first, then those it shares with a format that owns them.
    `RESOLUTION_S`: the step of its times in seconds; formats that write decimals take more of
    them where a tenth of a sample is finer. `CARRIES`: what it stores besides times and labels,
    of "file" (so that it holds many recordings), "channel", "score" and "rate". A module that
    shares a suffix, or owns a shared one, also holds `recognises(head: str) -> bool`.
    """

    SUFFIXES: tuple[str, ...]
    RESOLUTION_S: float
    CARRIES: frozenset[str]

    def read(self, path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
        """Read the events of each recording; raises `FormatError` naming file and line."""

    def write(self, lists: Table, path: Path) -> None:
        """Write them; raises `InputError` on what the format cannot carry."""


class _Recognising(EventFormat, Protocol):
    def recognises(self, head: str) -> bool:
        """Tell whether a file that begins with `head` is of this format."""


def event_formats() -> tuple[str, ...]:
    """Return the names of the event formats.

    >>> event_formats()
    ('audacity', 'csv', 'edf', 'jams', 'json', 'midi', 'pridb', 'raven', 'rttm', 'tsv', 'wfdb')
    """
    return formats.names(__name__)


def event_suffix(format: str) -> str:  # noqa: A002 - the word the whole package uses
    """Return the suffix of an event format's files; raises `FormatError` with the nearest name.

    >>> event_suffix("raven")
    '.selections.txt'
    """
    return _module(format).SUFFIXES[0]


def read_events(
    path: AnyPath,
    *,
    rate_hz: float | None = None,
    format: str | None = None,  # noqa: A002
    file: str | None = None,
) -> EventList:
    """Read the events of one recording.

    `rate_hz` is the rate of the recording, to which the seconds of the file are taken; JSON and
    WFDB know it themselves. The format goes by the suffix, and by the content where formats share
    one (.txt: Audacity, Raven), unless `format` names it. `file` picks a recording from a table of
    several, by its name or the name without folder and suffix.

    Raises:
        FormatError: the file cannot be read; tells the line and the cure.
        InputError: the recording is not in the table, or `file` or `rate_hz` is needed.
        RateError: the file, JSON or WFDB, is at another rate.
    """
    table = read_event_table(path, rate_hz=rate_hz, format=format)
    if table:
        return table[_pick(table, path, file)]
    if rate_hz is None:
        raise InputError(f"{path} names no recording: give rate_hz= for an empty list")
    return EventList.empty(rate_hz)


def read_event_table(
    path: AnyPath,
    *,
    rate_hz: float | None = None,
    format: str | None = None,  # noqa: A002
) -> dict[str, EventList]:
    """Read the events of every recording in a file, by the names of the recordings.

    A format without names gives one recording called ''. In CSV, TSV and RTTM a recording
    without events leaves no trace. The arguments, and what is raised, are those of `read_events`.
    """
    source = existing(path)
    return _module(format or _format_of(source)).read(source, rate_hz=rate_hz)


def write_events(
    events: EventList | Table,
    path: AnyPath,
    *,
    format: str | None = None,  # noqa: A002
    file: str = "",
) -> None:
    """Write the events of a recording called `file`, or a table of many by their names.

    The format goes by the suffix unless `format` names it. The file appears whole or not at
    all.

    No event is dropped and no label bent; channels and scores are stored where the format has a
    place for them (`CARRIES` of its module).

    Raises:
        InputError: the format cannot carry what is there, as several recordings in one file or
            a label that holds its separators.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "take.csv"
    >>> events = EventList.of([(0, 12000, "C4", 0, 0.875)], rate_hz=48000)
    >>> write_events(events, path, file="take.wav")
    >>> print(path.read_text().strip())
    file,channel,onset_s,offset_s,label,score
    take.wav,0,0.000000,0.250000,C4,0.875
    >>> read_events(path, rate_hz=48000) == events
    True
    """
    name = format or formats.by_suffix(__name__, path)[0]
    lists = {file: events} if isinstance(events, EventList) else dict(events)
    if len(lists) != 1 and "file" not in _module(name).CARRIES:
        raise InputError(
            f"{path}: a {name} file holds one recording, not {len(lists)}: write one file for "
            "each, or all into .csv"
        )
    with atomic_write(path) as temporary:
        _module(name).write(lists, temporary)


def _module(name: str) -> EventFormat:
    return cast(EventFormat, formats.module(__name__, name))


def _format_of(path: Path) -> str:
    owners = formats.by_suffix(__name__, path)
    if len(owners) == 1:
        return owners[0]
    with path.open("rb") as stream:
        head = stream.read(4096).decode("utf-8-sig", errors="replace")
    for name in owners:
        if cast(_Recognising, _module(name)).recognises(head):
            return name
    raise FormatError(
        f"{path} looks like none of {', '.join(owners)}: name its format with format=, one of "
        f"{', '.join(event_formats())}"
    )


def _pick(table: Table, path: AnyPath, file: str | None) -> str:
    names = list(table)
    if names == [""] or (file is None and len(names) == 1):
        return names[0]
    listing = ", ".join(names[:3]) + ", ..." * (len(names) > 3)
    if file is None:
        raise InputError(
            f"{path} holds {len(names)} recordings ({listing}): pick one with "
            "file=, or read_event_table() reads all"
        )
    if file in table:
        return file
    alike = [name for name in names if PurePath(name).stem == PurePath(file).stem]
    if len(alike) > 1:
        raise InputError(f"{path}: file={file!r} may mean {' or '.join(alike)}: give one in full")
    if not alike:
        raise InputError(
            f"{path} names no recording {file!r}{nearest(file, names)}; it holds {listing}, and a "
            "recording without events leaves no row"
        )
    return alike[0]
