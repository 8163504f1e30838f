"""The table that CSV and TSV share: one event a row, times in seconds, quoted as RFC 4180 says."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from ondes.errors import FormatError, nearest
from ondes.events import EventList
from ondes.io.text import (
    Line,
    Row,
    Table,
    gather,
    read_text,
    score_text,
    times_text,
    write_text,
)

COLUMNS = ("file", "channel", "onset_s", "offset_s", "label", "score")
REQUIRED = ("onset_s", "offset_s", "label")


def read(path: Path, *, delimiter: str, rate_hz: float | None) -> dict[str, EventList]:
    """Read a table; its columns may come in any order, file, channel and score may be missing."""
    return gather(path, _rows(path, delimiter), rate_hz)


def write(lists: Table, path: Path, *, delimiter: str) -> None:
    """Write a table; a recording without events has no row."""
    write_text(path, text_of(lists, delimiter=delimiter))


def text_of(lists: Table, *, delimiter: str = ",") -> str:
    """Return the text of a table, its header first."""
    rows = [row for file, events in lists.items() for row in _fields(file, events)]
    return "".join(f"{_joined(row, delimiter)}\n" for row in (COLUMNS, *rows))


def _joined(fields: Sequence[str], delimiter: str) -> str:
    plain = delimiter.join(fields)
    special = {delimiter, '"', "\n", "\r"}
    if plain.count(delimiter) < len(fields) and not (special - {delimiter}) & set(plain):
        return plain
    doubled = (f'"{text.replace(chr(34), 2 * chr(34))}"' for text in fields)
    pairs = zip(fields, doubled, strict=True)
    return delimiter.join(quoted if special & set(text) else text for text, quoted in pairs)


def _fields(file: str, events: EventList) -> Iterator[tuple[str, ...]]:
    for event, onset, offset in zip(events, *times_text(events), strict=True):
        yield file, str(event.channel), onset, offset, event.label, score_text(event.score)


def _rows(path: Path, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        _check_header(header, path)
        for fields in filter(None, reader):
            yield _row(Line(path, reader.line_num), header, fields)
    except csv.Error as error:
        raise Line(path, reader.line_num).error(f"{error}: quote fields as RFC 4180") from error


def _row(line: Line, header: list[str], fields: list[str]) -> Row:
    if len(fields) != len(header):
        raise line.error(f"{len(fields)} fields under {len(header)} columns: quote separators")
    row = dict(zip(header, fields, strict=True))
    return line.row(
        row.get("file", ""),
        line.seconds(row["onset_s"], "onset_s"),
        line.seconds(row["offset_s"], "offset_s"),
        row["label"],
        line.whole(row.get("channel") or "0", "channel"),
        line.score(row.get("score", "")),
    )


def _check_header(header: list[str], path: Path) -> None:
    if missing := [name for name in REQUIRED if name not in header]:
        raise FormatError(
            f"{path}, line 1: no column {', '.join(missing)} in {header}: the header of an event "
            f"table is {','.join(COLUMNS)}"
        )
    if unknown := [name for name in header if name not in COLUMNS]:
        raise FormatError(
            f"{path}, line 1: unknown column {unknown[0]!r}{nearest(unknown[0], COLUMNS)}: rename "
            "or remove it"
        )
    if len(set(header)) < len(header):
        raise FormatError(f"{path}, line 1: a column comes twice in {header}: remove one")
