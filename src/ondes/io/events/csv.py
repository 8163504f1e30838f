"""CSV: a row for each event under the header file,channel,onset_s,offset_s,label,score."""

from pathlib import Path

from ondes.events import EventList
from ondes.io import table
from ondes.io.text import Table

SUFFIXES = (".csv",)
RESOLUTION_S = 1e-6
CARRIES = frozenset({"file", "channel", "score"})


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read the events of each recording; columns in any order, three of them optional."""
    return table.read(path, delimiter=",", rate_hz=rate_hz)


def write(lists: Table, path: Path) -> None:
    """Write one table of all recordings; scores with six digits."""
    table.write(lists, path, delimiter=",")
