"""Raven selection tables: columns separated by tabs, channels from 1, a row for each view.

Labels are written as "Annotation"; read are, in that order, "Annotation", "Label", "Species",
"Common Name" and "Tag". Scores are "Score", also read from "Confidence". Where a "Begin File"
column names several recordings, "File Offset (s)" is the onset in each. Other columns, such as
Raven's measurements, are passed over. Source: Raven Pro User's Manual, "Selection tables".
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ondes.errors import FormatError
from ondes.events import EventList
from ondes.io.text import (
    Line,
    Row,
    Table,
    gather,
    lines,
    only,
    score_text,
    times_text,
    unbroken,
    write_text,
)

SUFFIXES = (".selections.txt", ".txt")
RESOLUTION_S = 1e-6
CARRIES = frozenset({"channel", "score"})

_COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin File",
    "File Offset (s)",
    "Annotation",
    "Score",
)
_LABELS = ("Annotation", "Label", "Species", "Common Name", "Tag")
_SCORES = ("Score", "Confidence")
_CURE = "rename it, or write .csv or .json, which carry it"


def recognises(head: str) -> bool:
    """Tell whether the first line names the columns of a selection table."""
    return "Begin Time (s)" in head.partition("\n")[0].split("\t")


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read a selection table; a selection with rows in several views is one event."""
    header, cells = _cells(path)
    label = _first(_LABELS, header)
    if label is None or not {"Begin Time (s)", "End Time (s)"} <= set(header):
        raise FormatError(
            f"{path}, line 1: a selection table has the columns Begin Time (s), End Time (s) and "
            f"one of {', '.join(_LABELS)}, not {header}: rename the one with the labels"
        )
    if len({row.get("Begin File") for _, row in cells}) > 1 and "File Offset (s)" not in header:
        raise FormatError(
            f"{path} speaks of several files and has no column File Offset (s), the onset in "
            "each: add it in Raven (Choose Measurements)"
        )
    score = _first(_SCORES, header) or ""
    return gather(path, [_row(line, row, label, score) for line, row in cells], rate_hz)


def write(lists: Table, path: Path) -> None:
    """Write a selection table whose boxes reach over the whole band, 0 to half the rate."""
    file, events = only(lists)
    unbroken(file, "the file name", "\t\n\r", _CURE)
    rows = (_COLUMNS, *_rows(file, events))
    write_text(path, "".join("\t".join(row) + "\n" for row in rows))


def _rows(file: str, events: EventList) -> Iterator[tuple[str, ...]]:
    band = ("0", f"{events.rate_hz / 2:.6g}")
    rows = zip(events, *times_text(events), strict=True)
    for number, (event, onset, offset) in enumerate(rows, start=1):
        place = (str(number), "Spectrogram 1", str(event.channel + 1), onset, offset)
        label = unbroken(event.label, "the label", "\t\n\r", _CURE)
        yield (*place, *band, file, onset, label, score_text(event.score))


def _cells(path: Path) -> tuple[list[str], list[tuple[Line, dict[str, str]]]]:
    """Return the columns, and each selection once by column."""
    (_, first), *body = lines(path) or [(Line(path, 1), "")]
    header = first.split("\t")
    seen: dict[tuple[str | None, ...], str | None] = {}
    cells = []
    for line, text in body:
        fields = text.split("\t")
        if len(fields) != len(header):
            raise line.error(f"{len(fields)} fields under {len(header)} columns")
        row = dict(zip(header, fields, strict=True))
        selection = tuple(map(row.get, ("Selection", "Begin Time (s)", "End Time (s)")))
        if seen.setdefault(selection, row.get("View")) == row.get("View"):
            cells.append((line, row))
    return header, cells


def _row(line: Line, row: Mapping[str, str], label: str, score: str) -> Row:
    begin = line.seconds(row["Begin Time (s)"], "Begin Time (s)")
    end = line.seconds(row["End Time (s)"], "End Time (s)")
    onset = line.seconds(row.get("File Offset (s)") or row["Begin Time (s)"], "File Offset (s)")
    return line.row(
        row.get("Begin File", ""),
        onset,
        onset + (end - begin),
        row[label],
        line.whole(row.get("Channel") or "1", "Channel", least=1) - 1,
        line.score(row.get(score, "")),
    )


def _first(wanted: Sequence[str], header: Sequence[str]) -> str | None:
    return next((name for name in wanted if name in header), None)
