"""JAMS 0.3: one annotation for each channel, its number in the annotation's sandbox.

Pitch names go into the namespace note_midi as note numbers when all labels are such, otherwise
labels go into tag_open as they are. Read are note_midi and the namespaces of plain text (tag_*,
segment_*, chord*, lyrics*). JAMS wants the duration of the recording, which an event list does not
know; the end of the last event stands for it. Source: Humphrey et al., "JAMS: a JSON annotated
music specification", ISMIR 2014; schema 0.3.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ondes.errors import FormatError, InputError
from ondes.events import EventList
from ondes.io import pitch
from ondes.io.text import LARGEST_S, Row, Table, gather, only, read_text, write_text

SUFFIXES = (".jams",)
RESOLUTION_S = 1e-9
CARRIES = frozenset({"channel", "score"})

_NOTES, _TAGS = "note_midi", "tag_open"
_TEXT = ("tag_", "segment_", "chord", "lyrics")


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read all annotations; `FormatError` on one that holds neither labels nor notes."""
    try:
        document = json.loads(read_text(path))
        rows = [row for note in document["annotations"] for row in _rows(note, document)]
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}, line {error.lineno}: {error.msg}: write it again") from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FormatError(f"{path} cannot be read as JAMS: {error}") from error
    return gather(path, rows, rate_hz)


def write(lists: Table, path: Path) -> None:
    """Write one annotation for each channel; `InputError` on events before 0 s."""
    file, events = only(lists)
    if len(events) and events.onset[0] < 0:
        raise InputError(f"JAMS begins at 0 s, an event at {events.onset_s[0]} s: shift() the list")
    channels = events.split("channel") or {0: events}
    document = {
        "annotations": [_annotation(part, channel) for channel, part in channels.items()],
        "file_metadata": {
            "title": file,
            "duration": float(events.offset_s.max(initial=0.0)),
            "identifiers": {},
            "jams_version": "0.3.5",
        },
        "sandbox": {},
    }
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    except ValueError:
        raise InputError("JAMS has no infinity: give events finite scores, or none") from None
    write_text(path, text + "\n")


def _annotation(events: EventList, channel: int) -> dict[str, Any]:
    as_notes = len(events) > 0 and all(map(pitch.is_name, events.labels))
    durations = events.timebase.seconds(events.offset - events.onset)
    rows = zip(events, events.onset_s.tolist(), durations.tolist(), strict=True)
    data = [
        {
            "time": onset_s,
            "duration": duration_s,
            "value": pitch.midi(event.label) if as_notes else event.label,
            "confidence": None if math.isnan(event.score) else event.score,
        }
        for event, onset_s, duration_s in rows
    ]
    return {
        "annotation_metadata": {"annotation_tools": "ondes"},
        "namespace": _NOTES if as_notes else _TAGS,
        "sandbox": {"channel": channel},
        "data": data,
    }


def _rows(annotation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Row]:
    namespace = annotation["namespace"]
    if namespace != _NOTES and not namespace.startswith(_TEXT):
        raise ValueError(
            f"the annotation {namespace!r} holds no events; take it out, or keep {_TAGS}, {_NOTES}"
        )
    file = document.get("file_metadata", {}).get("title") or ""
    channel = annotation.get("sandbox", {}).get("channel", 0)
    for item in annotation["data"]:
        onset_s, duration_s = float(item["time"]), float(item["duration"])
        if not (abs(onset_s) < LARGEST_S and 0 <= duration_s < LARGEST_S):
            raise ValueError(f"{item} has no finite time and duration")
        label = _note(item["value"]) if namespace == _NOTES else _label(item["value"])
        confidence = item["confidence"]
        score = math.nan if confidence is None else float(confidence)
        yield Row(file, onset_s, onset_s + duration_s, label, int(channel), score)


def _label(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"the value {value!r} is no text")
    return value


def _note(value: float) -> str:
    if value != round(value):
        raise ValueError(f"the note {value} lies between two keys: round the notes first")
    return pitch.name(round(value))
