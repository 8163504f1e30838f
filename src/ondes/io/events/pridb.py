"""Vallen `.pridb`: the hits of all channels, on the recorder's clock as the `.tradb` beside them.

A hit is an event from its first threshold crossing for its duration. Hits have no type: their
label is `hit`, unless a label marker stands right before them at the same time, as `write` sets it
for every other label. Channel 1 of the recorder is channel 0. Writing needs the package vallenae
(`ondes[vallen]`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ondes.errors import FormatError
from ondes.events import EventList
from ondes.io import vallen
from ondes.io.text import Row, Table, gather, only

SUFFIXES = (".pridb",)
RESOLUTION_S = 1e-7  # the tick of files that are written here
CARRIES = frozenset({"channel"})
LABEL = "hit"
_HIT, _LABEL = 2, 4  # types of data sets

_HITS = """
    SELECT h.SetID, h.Chan, h.Time, h.Time + COALESCE(h.Dur, 0), m.Data FROM ae_data h
    LEFT JOIN ae_data l ON l.SetID = h.SetID - 1 AND l.SetType = 4 AND l.Time = h.Time
    LEFT JOIN ae_markers m ON m.SetID = l.SetID
    WHERE h.SetType = 2 ORDER BY h.SetID
"""
_WRITE_SET = "INSERT INTO ae_data (SetID, SetType, Time, Chan, ParamID, Dur) VALUES (?,?,?,?,1,?)"
_WRITE_LABEL = "INSERT INTO ae_markers (SetID, Data) VALUES (?, ?)"
_WRITE_UNITS = "INSERT INTO ae_params VALUES (1, 1, NULL, 1, 1, 1)"
_TICKS_PER_S = 10**7


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read the hits; markers, status and parametric sets are passed over.

    Raises `FormatError` where the file is damaged.
    """
    with vallen.opened(path) as base:
        tick_s = 1 / vallen.ticks_per_s(base, "ae")
        found = base.execute(_HITS).fetchall()
        rows = [_row(path, tick_s, *hit) for hit in found]
    return gather(path, rows, rate_hz)


def write(lists: Table, path: Path) -> None:
    """Write hits that know their channel, time, duration and label, and no amplitudes.

    Raises `MissingExtraError` without vallenae.
    """
    _, events = only(lists)
    path.write_bytes(_empty())
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA synchronous = OFF")  # who lent the path makes the file safe
        base.execute(_WRITE_UNITS)
        for event, onset, offset in zip(events, events.onset_s, events.offset_s, strict=True):
            first, last = (round(float(time) * _TICKS_PER_S) for time in (onset, offset))
            if event.label != LABEL:
                marker = base.execute(_WRITE_SET, (None, _LABEL, first, None, None)).lastrowid
                base.execute(_WRITE_LABEL, (marker, event.label))
            base.execute(_WRITE_SET, (None, _HIT, first, event.channel + 1, last - first))


@cache
def _empty() -> bytes:
    """A database without hits; it takes vallenae a while to make one."""
    with TemporaryDirectory() as folder:
        made = Path(folder, "empty.pridb")
        vallen.package().PriDatabase.create(str(made))
        return made.read_bytes()


def _row(
    path: Path, tick_s: float, number: int, channel: int, begin: int, end: int, label: str | None
) -> Row:
    if channel < 1 or end < begin:
        raise FormatError(
            f"{path}, set {number}: a hit of {end - begin} ticks on channel {channel}"
        )
    return Row("", begin * tick_s, end * tick_s, LABEL if label is None else label, channel - 1)
