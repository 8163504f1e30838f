"""EDF+ annotations: a time, a duration and a text each, in a file of their own or among signals.

An annotation without a duration lasts one sample. Where the file holds signals of one rate that is
the events' rate, unless the call names another; channels and scores have no place. `write` makes a
file of annotations alone. Source: Kemp and Olivan (2003), European data format 'plus', Clin.
Neurophysiol. 114, 1755-1761.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ondes.errors import FormatError, InputError
from ondes.events import EventList
from ondes.io import edf
from ondes.io.text import LARGEST_S, Row, Table, gather, only

if TYPE_CHECKING:
    from edfio import Edf

SUFFIXES = (".edf",)
RESOLUTION_S = 0.0
CARRIES: frozenset[str] = frozenset()

_SEPARATORS = "\x00\x14\x15\n"


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read annotations.

    Raises `MissingExtraError` without edfio; `FormatError` where the file is damaged, or an
    annotation lies beyond the end of its signals; `InputError` where nothing says the rate.
    """
    with edf.sound(path):
        file = edf.opened(path)
        rows = [
            Row("", float(onset), float(onset) + float(duration or 0), text)
            for onset, duration, text in file.annotations
            if text  # an empty one keeps the time, no more
        ]
        end_s = float(file.duration) if file.signals else LARGEST_S
        rates = {float(signal.sampling_frequency) for signal in file.signals}
    _check(path, rows, end_s, file)
    own = rates.pop() if len(rates) == 1 else None
    return gather(path, rows, rate_hz or own)


def write(lists: Table, path: Path) -> None:
    """Write annotations.

    Raises `MissingExtraError` without edfio, `InputError` on a label that holds a character that
    parts annotations, or is empty.
    """
    _, events = only(lists)
    package = edf.package(path)
    for label in events.labels:
        if not label or any(mark in label for mark in _SEPARATORS):
            raise InputError(
                f"{label!r} holds a character that separates fields, or nothing: EDF annotations "
                "cannot hold it; write .csv or .json"
            )
    length_s = events.timebase.seconds(events.offset - events.onset)
    times = zip(events.onset_s.tolist(), length_s.tolist(), events.label.tolist(), strict=True)
    marks = [package.EdfAnnotation(*row) for row in times]
    try:
        package.Edf([], annotations=marks or [package.EdfAnnotation(0.0, None, "")]).write(path)
    except UnicodeEncodeError as error:
        raise InputError(f"{error.object!r} is no Unicode text: rename the label") from None


def _check(path: Path, rows: list[Row], end_s: float, file: Edf) -> None:
    for row in rows:
        if not abs(row.onset_s) < LARGEST_S:
            raise FormatError(f"{path} has {row.label!r} at {row.onset_s:g} s, which cannot be")
        if row.onset_s > end_s:
            raise FormatError(
                f"{path} has the annotation {row.label!r} at {row.onset_s:g} s, and its "
                f"{len(file.signals)} signals end at {end_s:g} s: it was cut off, or is not whole; "
                "copy it again from its source"
            )
