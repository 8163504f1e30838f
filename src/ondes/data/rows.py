"""Tables beside data: CSV files with a header, read as rows of text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ondes.errors import FormatError
from ondes.io.formats import existing
from ondes.io.text import read_text

Row = dict[str, str]


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of a CSV file, by the names of its columns, which must hold `columns`.

    Raises InputError where there is no such file, FormatError where it is no such table.
    """
    text = io.StringIO(read_text(existing(path)), newline="")
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader, [])
        _check(path, header, columns)
        return [_row(path, reader.line_num, header, cells) for cells in reader if cells]
    except csv.Error as error:
        raise FormatError(f"{path}, line {reader.line_num}: {error}: quote as RFC 4180") from error


def _row(path: Path, line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        raise FormatError(
            f"{path}, line {line}: {len(cells)} fields under {len(header)} columns: quote commas"
        )
    return dict(zip(header, cells, strict=True))


def _check(path: Path, header: list[str], columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in header]
    if missing or len(set(header)) < len(header):
        raise FormatError(
            f"{path}: its header is {','.join(header)}; it needs {','.join(columns)}, each column "
            "once"
        )
