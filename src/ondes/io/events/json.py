"""JSON: exact samples and their rate; nothing is lost.

`{"format": "ondes events", "version": 1, "recordings": [{"file", "rate_hz", "events": [{"onset",
"offset", "label", "channel", "score"}]}]}`: onset and offset are samples, a score is a number or
null.
"""

import json
import math
from collections.abc import Mapping
from operator import index
from pathlib import Path
from typing import Any

from ondes.errors import FormatError, InputError, RateError
from ondes.events import Event, EventList
from ondes.io.text import Table, read_text, write_text

SUFFIXES = (".json",)
RESOLUTION_S = 0.0
CARRIES = frozenset({"file", "channel", "score", "rate"})

_FORMAT = "ondes events"
_VERSION = 1


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read all recordings; `RateError` when one is not at the rate that the call says."""
    lists = from_document(_parsed(path), str(path))
    for file, events in lists.items():
        if rate_hz not in (None, events.rate_hz):
            raise RateError(
                f"{path} holds {file!r} at {events.rate_hz:.10g} Hz, the call says {rate_hz:.10g}: "
                f"leave rate_hz out, then events.resample({rate_hz:.10g})"
            )
    return lists


def write(lists: Table, path: Path) -> None:
    """Write all recordings; `InputError` on scores that are infinite."""
    try:
        text = json.dumps(to_document(lists), ensure_ascii=False, allow_nan=False, indent=1)
    except ValueError:
        raise InputError("JSON has no infinity: give events finite scores, or none") from None
    write_text(path, text + "\n")


def to_document(lists: Table) -> dict[str, Any]:
    """Return what a file holds, ready for `json.dumps`.

    >>> events = EventList.of([(0, 480, "C4")], rate_hz=48000.0)
    >>> to_document({"a.wav": events})["recordings"][0]["events"]
    [{'onset': 0, 'offset': 480, 'label': 'C4', 'channel': 0, 'score': None}]
    """
    recordings = [
        {"file": file, "rate_hz": events.rate_hz, "events": [_fields(event) for event in events]}
        for file, events in lists.items()
    ]
    return {"format": _FORMAT, "version": _VERSION, "recordings": recordings}


def from_document(document: Any, name: str) -> dict[str, EventList]:  # noqa: ANN401 - any JSON
    """Return the events of a document; `FormatError` tells what in `name` does not fit."""
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise FormatError(f'{name} is no event list: it lacks "format": "{_FORMAT}"')
    if document.get("version") != _VERSION:
        raise FormatError(
            f"{name} is of version {document.get('version')!r} and this ondes reads {_VERSION}: "
            "update ondes"
        )
    try:
        recordings = [(_text(item["file"]), _events(item)) for item in document["recordings"]]
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"{name} does not hold recordings as ondes writes them: {error}"
        ) from error
    if len(dict(recordings)) < len(recordings):
        raise FormatError(f"{name} holds a recording twice: rename one")
    return dict(recordings)


def _fields(event: Event) -> dict[str, Any]:
    return event._asdict() | {"score": None if math.isnan(event.score) else event.score}


def _events(recording: Mapping[str, Any]) -> EventList:
    events = map(_event, recording["events"])
    return EventList.of(events, rate_hz=float(recording["rate_hz"]))


def _event(fields: Mapping[str, Any]) -> Event:
    try:
        onset, offset, channel = (index(fields[name]) for name in ("onset", "offset", "channel"))
        score = math.nan if fields["score"] is None else float(fields["score"])
        return Event(onset, offset, _text(fields["label"]), channel, score)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{fields} is no event ({error!r})") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _parsed(path: Path) -> Any:  # noqa: ANN401
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{path}, line {error.lineno}: {error.msg}: it was cut off or edited by hand; write "
            "it again"
        ) from error
