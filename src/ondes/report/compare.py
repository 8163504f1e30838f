"""The report of several detectors on one recording: what each found, and where they differ."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ondes import __version__
from ondes.events import EventList
from ondes.report import page, summary, viewer
from ondes.report.closeups import Moment, Moments
from ondes.report.comparing import Answer, Comparing
from ondes.report.envelope import Envelope
from ondes.report.source import AnySignal, Source
from ondes.report.spectrogram import Spectrogram

__all__ = ["Answer", "write"]

SCRIPTS = (
    *("viewer/data", "viewer/words", "viewer/axis", "viewer/panel", "viewer/ruler"),
    *("viewer/waveform", "viewer/spectrogram", "viewer/overview", "viewer/stage"),
    *("viewer/steer", "viewer/silent", "compare/lanes", "compare/main"),
)


def write(
    path: str | os.PathLike[str],
    *,
    signal: AnySignal,
    answers: Sequence[Answer],
    truth: EventList | None = None,
    tolerance_s: float,
    onset_s: float | None = None,
    file: str = "",
    command: str = "",
) -> None:
    """Write one HTML file with the signal and all answers above each other; it needs no network.

    `signal` is a Signal, an opened file or a path; files are read in blocks, once, and never held
    whole. Events within `tolerance_s` seconds of each other are one; against the `truth` onsets
    count within `onset_s` (default: the same).

    Raises InputError when there are fewer than two answers, when two have one name, or `path`
    cannot be written; and what reading the signal raises.
    """
    source = Source.of(signal)
    comparing = Comparing.of(
        source,
        answers,
        truth,
        tolerance_s=tolerance_s,
        onset_s=tolerance_s if onset_s is None else onset_s,
    )
    groups = comparing.differing()
    moments = [comparing.moment(group) for group in groups]
    shown = _media(source, moments)
    differences = [comparing.difference(g, m) for g, m in zip(groups, moments, strict=True)]
    page.write(
        path,
        template="compare.html.j2",
        context={
            "file": file or _name(signal),
            "comparing": comparing,
            "rows": comparing.rows(),
            "differences": differences,
            "n_differing": int((~comparing.agreement.members.all(axis=1)).sum()),
            "facts": summary.facts(source, model=""),
            "origin": _origin(answers, command),
            "spectrogram_note": summary.picture_note(shown.picture, source),
            "length": summary.length,
            "share": summary.share,
            "rate_hz": source.rate_hz,
            "blobs": viewer.blobs(shown),
            "data": _data(comparing, shown),
        },
        styles=("assets/page.css", "assets/detection.css", "assets/compare.css"),
        scripts=(_script(), page.asset("assets/theme.js")),
    )


def _script() -> str:
    parts = "\n".join(page.asset(f"assets/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


def _name(signal: AnySignal) -> str:
    path = signal if isinstance(signal, str | os.PathLike) else getattr(signal, "path", "signal")
    return Path(path).name


def _media(source: Source, moments: Sequence[Moment]) -> viewer.Media:
    """Walk through the signal once: overview, spectrogram and the moments."""
    envelope = Envelope(n_channels=len(source.channels), n_samples=source.n_samples)
    spectrogram = Spectrogram(rate_hz=source.rate_hz, n_samples=source.n_samples)
    collected = Moments(moments)
    for block in source.blocks(viewer.BLOCK):
        envelope.push(block)
        spectrogram.push(block)
        collected.push(block)
    return viewer.Media(envelope=envelope, picture=spectrogram.picture(), sound="no audio")


def _data(comparing: Comparing, shown: viewer.Media) -> dict[str, object]:
    """Return what the viewer draws: all events in one list, a lane for each answer."""
    named, detectors = comparing.named, range(len(comparing.answers))
    rows = [
        (event, lane, int(sharing), right)
        for lane, ((_, events), place) in enumerate(zip(named, comparing.places, strict=True))
        for event, sharing, right in zip(
            events,
            comparing.agreement.sharing(place, detectors).tolist(),
            _right(comparing, place),
            strict=True,
        )
    ]
    rows.sort(key=lambda row: row[0][:2])
    return {
        "recording": viewer.recording(comparing.source, shown),
        "lanes": [{"label": name} for name, _ in named],
        "truth": None,
        "found": {
            "rate_hz": comparing.source.rate_hz,
            "onset": [row[0].onset for row in rows],
            "offset": [row[0].offset for row in rows],
            "label": [row[1] for row in rows],
            "channel": [row[0].channel for row in rows],
            "score": [None if np.isnan(row[0].score) else round(row[0].score, 3) for row in rows],
            "partner": [],
        },
        "words": [row[0].label for row in rows],
        "sharing": [row[2] for row in rows],
        "right": [row[3] for row in rows],
        "detectors": len(comparing.answers),
        "knows_truth": comparing.truth is not None,
    }


def _right(comparing: Comparing, place: int) -> list[bool]:
    """Tell of each event whether the truth holds it, too; True where that is not known."""
    group, members = comparing.agreement.group[place], comparing.agreement.members
    if comparing.truth is None:
        return [True] * len(group)
    return [bool(right) for right in members[group, len(comparing.answers)]]


def _origin(answers: Sequence[Answer], command: str) -> dict[str, object]:
    told = {"command": command} if command else {}
    cards = {answer.name: dict(answer.card) for answer in answers if answer.card}
    return {**told, **cards, "report by": f"ondes {__version__}"}
