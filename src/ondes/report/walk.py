"""A translation to walk through: all its signals above each other, as near as one likes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ondes.errors import OndesError
from ondes.ops.signals import resample
from ondes.report import page, summary, viewer
from ondes.report.envelope import Envelope
from ondes.report.lanes import CHANNELS, WORDS, Shown, parts_of
from ondes.report.source import Source
from ondes.report.spectrogram import Spectrogram
from ondes.signal import Signal

LEAST_SAMPLES = 512  # of a shorter signal a spectrum says nothing
SCRIPTS = (
    *("viewer/data", "viewer/words", "viewer/axis", "viewer/panel", "viewer/ruler"),
    *("viewer/waveform", "viewer/spectrogram", "viewer/overview", "viewer/stage"),
    *("viewer/steer", "viewer/silent", "translation-walk"),
)


@dataclass(frozen=True)
class Walk:
    """What the viewer in the page draws, and its binary parts by the id of their element."""

    name: str
    note: str
    data: dict[str, object]
    blobs: dict[str, str]


def walk(name: str, shown: Shown) -> Walk | None:
    """Return a translation of signals for the viewer; none where it is too short, or of maps."""
    if shown.is_map or shown.result.n_samples < LEAST_SAMPLES:
        return None
    whole, result = Source.of(_together(shown)), shown.result
    envelope = Envelope(n_channels=len(whole.channels), n_samples=whole.n_samples)
    for block in whole.blocks(viewer.BLOCK):
        envelope.push(block)
    spectrogram = Spectrogram(rate_hz=result.rate_hz, n_samples=whole.n_samples)
    for block in Source.of(result).blocks(viewer.BLOCK):
        spectrogram.push(block)
    media = viewer.Media(envelope=envelope, picture=spectrogram.picture(), sound="no audio")
    none: list[int] = []
    found = dict.fromkeys(("onset", "offset", "label", "channel", "score", "partner"), none)
    data: dict[str, object] = {
        "recording": viewer.recording(whole, media),
        "lanes": none,
        "truth": None,
        "found": {"rate_hz": result.rate_hz, **found},
    }
    note = summary.picture_note(media.picture, whole)
    return Walk(name, note, data, viewer.blobs(media))


def tried(name: str, opened: object) -> Walk | None:
    """Return what a function opens for the viewer; none where that fails, which its card tells."""
    assert callable(opened)
    try:
        return walk(name, opened())
    except (OndesError, OSError):
        return None


def script() -> str:
    """Return the viewer in one closed scope."""
    parts = "\n".join(page.asset(f"assets/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


def _together(shown: Shown) -> Signal:
    """Return all parts as the channels of one signal, at the rate of the result."""
    rows, names = [], []
    for kind, part in parts_of(shown).items():
        alike = (
            part if part.rate_hz == shown.result.rate_hz else resample(part, shown.result.rate_hz)
        )
        few = alike.samples[:CHANNELS]
        several = len(few) > 1
        names += [f"{WORDS[kind]} {k}" if several else WORDS[kind] for k in range(len(few))]
        rows += [_fitted(row, shown.result.n_samples) for row in few]
    return Signal.of(np.stack(rows), rate_hz=shown.result.rate_hz, channels=names)


def _fitted(row: np.ndarray, n: int) -> np.ndarray:
    """Return a row of n samples: rates that differ leave a sample more, or one less."""
    return np.pad(row[:n], (0, max(n - len(row), 0)), mode="edge")
