"""The report of one recording: what was found in it, beside what is true where that is known."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ondes import __version__
from ondes.events import Comparison, EventList
from ondes.report import alarms as alarming
from ondes.report import page, summary, viewer
from ondes.report.source import AnySignal, Source
from ondes.run.monitor import Alarm, Rules

Scores = Mapping[str, float | Mapping[str, float]]


def write(
    path: str | os.PathLike[str],
    *,
    signal: AnySignal,
    events: EventList,
    truth: EventList | None = None,
    file: str = "",
    model: str = "",
    card: Mapping[str, object] | None = None,
    scores: Scores | None = None,
    labels: Sequence[str] = (),
    command: str = "",
    onset_s: float = 0.05,
    with_audio: bool = True,
    alarms: Sequence[Alarm] = (),
    rules: Rules | None = None,
) -> None:
    """Write one HTML file with the signal, its events and its sound; it needs no network.

    `signal` is a Signal, an opened file or a path; files are read in blocks, twice, and never held
    whole. `events` and `truth` lie on the signal's time axis and are matched with onsets at most
    `onset_s` seconds apart. `file` is the name shown (default: that of the path), `labels` the
    order of lanes that are no pitches; `model`, `card`, `scores` and `command` say where the
    events come from and how good they are. `alarms` are those of `rules`, at the events' rate. A
    long recording's pictures and sound get coarser, and the page says so; its events stay complete.

    Raises InputError when `path` cannot be written, and what reading the signal raises.
    """
    source = Source.of(signal)
    comparison = None if truth is None else _compare(truth, events, onset_s)
    lanes = viewer.lanes(events, comparison, labels)
    tonal = any(lane.midi is not None for lane in lanes)
    shown = viewer.media(source, tonal=tonal, with_audio=with_audio)
    rows = alarming.shown(alarms, rules, rate_hz=events.rate_hz)
    context = {
        "alarms": rows,
        "rules_name": rules.name if rules else "",
        "file": file or _name(signal),
        "scores": scores,
        "origin": _origin(model=model, card=card, command=command),
        "match_note": f"matched: same label, onset within {onset_s * 1e3:g} ms"
        if comparison
        else "",
        **_figures(source, events, comparison, lanes=lanes, model=model),
        **_media(source, shown),
        "data": {
            **_data(source, shown, events, comparison, lanes=lanes),
            "alarms": alarming.data(rows),
        },
    }
    page.write(
        path,
        template="detection.html.j2",
        context=context,
        styles=("assets/page.css", "assets/detection.css"),
        scripts=(*page.viewer_scripts(), page.asset("assets/theme.js")),
    )


def _name(signal: AnySignal) -> str:
    path = signal if isinstance(signal, str | os.PathLike) else getattr(signal, "path", "signal")
    return Path(path).name


def _compare(truth: EventList, events: EventList, onset_s: float) -> Comparison:
    if truth.rate_hz != events.rate_hz:
        truth = truth.resample(events.rate_hz)
    return truth.compare(events, onset_s=onset_s)


def _figures(
    source: Source,
    events: EventList,
    comparison: Comparison | None,
    *,
    lanes: Sequence[viewer.Lane],
    model: str,
) -> dict[str, object]:
    counts = summary.count([lane.label for lane in lanes], events, comparison)
    return {
        "facts": summary.facts(source, model=model),
        "duration": page.duration(source.duration_s),
        "tiles": summary.tiles(events, comparison, seconds=source.duration_s),
        "counts": summary.total(counts),
        "heads": summary.heads(source, events, has_truth=comparison is not None),
        "scored": bool(np.isfinite(events.score).any()),
        "by_label": counts,
        "most": max((row.total for row in counts), default=1),
    }


def _media(source: Source, shown: viewer.Media) -> dict[str, object]:
    silent = isinstance(shown.sound, str)
    return {
        "spectrogram_note": summary.picture_note(shown.picture, source),
        "audio_note": shown.sound if isinstance(shown.sound, str) else shown.sound.note,
        "heard": not silent,
        "blobs": viewer.blobs(shown),
    }


def _data(
    source: Source,
    shown: viewer.Media,
    events: EventList,
    comparison: Comparison | None,
    *,
    lanes: Sequence[viewer.Lane],
) -> dict[str, object]:
    truth, found = viewer.columns(events, comparison, lanes=lanes)
    return {
        "recording": viewer.recording(source, shown),
        "lanes": [lane.as_dict() for lane in lanes],
        "truth": truth,
        "found": found,
    }


def _origin(*, model: str, card: Mapping[str, object] | None, command: str) -> dict[str, object]:
    """Where the events come from, in the order in which one asks."""
    told = {"command": command, "name": model}
    known = {name: value for name, value in told.items() if value}
    return {**known, **(card or {}), "report by": f"ondes {__version__}"}
