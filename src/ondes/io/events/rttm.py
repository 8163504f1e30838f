"""RTTM, the NIST format of speech turns: SPEAKER lines of ten fields with blanks between.

Fields: type, recording, channel from 1, onset, duration in seconds, orthography, kind, label,
score, look-ahead; <NA> stands for nothing. A recording is named without its suffix, as scoring
tools expect. Source: NIST, "Rich Transcription Time Marked file format", RT-09 evaluation plan.
"""

from collections.abc import Iterator
from pathlib import Path, PurePath

from ondes.errors import InputError
from ondes.events import EventList
from ondes.io.signals import signal_suffixes
from ondes.io.text import Line, Row, Table, gather, lines, score_text, seconds_text, write_text

SUFFIXES = (".rttm",)
RESOLUTION_S = 1e-6
CARRIES = frozenset({"file", "channel", "score"})

_NOTHING = "<NA>"


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read the SPEAKER lines; comments (;;) and SPKR-INFO lines are passed over."""
    fields = ((line, text.split()) for line, text in lines(path) if not text.startswith(";;"))
    return gather(path, [_row(line, row) for line, row in fields if row[0] != "SPKR-INFO"], rate_hz)


def write(lists: Table, path: Path) -> None:
    """Write SPEAKER lines; `InputError` on labels and names with blanks, or equal names."""
    names = [_identifier(file) for file in lists]
    if len(set(names)) < len(names):
        raise InputError(f"RTTM names recordings without suffix, and {sorted(names)} clash: rename")
    rows = [row for file, events in lists.items() for row in _lines(file, events)]
    write_text(path, "".join(f"{' '.join(row)}\n" for row in rows))


def _lines(file: str, events: EventList) -> Iterator[tuple[str, ...]]:
    name = _word(_identifier(file), "the file name")
    onsets = seconds_text(events.onset, events.timebase)
    durations = seconds_text(events.offset - events.onset, events.timebase)
    for event, onset, duration in zip(events, onsets, durations, strict=True):
        yield (
            "SPEAKER",
            name,
            str(event.channel + 1),
            onset,
            duration,
            _NOTHING,
            _NOTHING,
            _word(event.label, "the label"),
            score_text(event.score) or _NOTHING,
            _NOTHING,
        )


def _row(line: Line, fields: list[str]) -> Row:
    if fields[0] != "SPEAKER":
        raise line.error(f"a {fields[0]} line; only SPEAKER lines are events: take it out")
    if len(fields) not in (9, 10):
        raise line.error(f"{len(fields)} fields: a SPEAKER line has ten, with blanks between")
    file, channel, onset, duration = fields[1:5]
    onset_s = line.seconds(onset, "onset")
    return line.row(
        _text(file),
        onset_s,
        onset_s + line.seconds(duration, "duration"),
        _text(fields[7]),
        line.whole(channel, "channel", least=1) - 1,
        line.score(_text(fields[8])),
    )


def _identifier(file: str) -> str:
    """Return the name of a recording without the suffix of a sound file."""
    return str(PurePath(file).with_suffix("")) if file.lower().endswith(signal_suffixes()) else file


def _word(text: str, what: str) -> str:
    if text == _NOTHING or len(text.split()) > 1 or text != text.strip():
        raise InputError(
            f"{what} {text!r} cannot stand in RTTM, where blanks separate fields and {_NOTHING} "
            "is nothing: rename it, or write .csv or .json, which carry it"
        )
    return text or _NOTHING


def _text(field: str) -> str:
    return "" if field == _NOTHING else field
