"""Audacity label tracks: onset, offset in seconds and label, separated by tabs.

Reads the lines of frequency ranges that Audacity's extended style puts below a label, and passes
over them. A point label (offset = onset) becomes an event of one sample. Source: the Audacity
manual, "Importing and Exporting Labels".
"""

import re
from pathlib import Path

from ondes.events import EventList
from ondes.io.text import Line, Row, Table, gather, lines, only, times_text, unbroken, write_text

SUFFIXES = (".txt",)
RESOLUTION_S = 1e-6
CARRIES: frozenset[str] = frozenset()

_TWO_NUMBERS = re.compile(r" *-?[0-9][0-9.,e+-]*\t *-?[0-9][0-9.,e+-]*\s")


def recognises(head: str) -> bool:
    """Tell whether the first line begins with two numbers and a tab between, or all is empty."""
    return not head.strip() or bool(_TWO_NUMBERS.match(head.lstrip("\r\n")))


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read a label track, or several one below the other."""
    rows = [_row(line, text) for line, text in lines(path) if not text.startswith("\\")]
    return gather(path, rows, rate_hz)


def write(lists: Table, path: Path) -> None:
    """Write a label track; `InputError` on labels with tabs or line breaks."""
    _, events = only(lists)
    cure = "rename it, or write .csv or .json, which carry it"
    labels = [unbroken(label, "the label", "\t\n\r", cure) for label in events.label.tolist()]
    rows = zip(*times_text(events), labels, strict=True)
    write_text(path, "".join("\t".join(row) + "\n" for row in rows))


def _row(line: Line, text: str) -> Row:
    onset, _, rest = text.partition("\t")
    offset, _, label = rest.partition("\t")
    if not offset:
        raise line.error("fewer than two fields: write onset, offset and label with tabs between")
    return line.row("", line.seconds(onset, "onset"), line.seconds(offset, "offset"), label)
