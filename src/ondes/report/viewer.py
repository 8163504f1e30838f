"""What the viewer in the page is fed with: events in columns, pictures and sound in base64."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ondes.events import Comparison, EventList
from ondes.io import pitch
from ondes.report import audio, png
from ondes.report.envelope import Envelope
from ondes.report.source import Source
from ondes.report.spectrogram import LEVELS, Picture, Spectrogram
from ondes.timebase import IntArray

BLOCK = 2**18


@dataclass(frozen=True, kw_only=True)
class Media:
    """A recording as one looks at it and listens to it."""

    envelope: Envelope
    picture: Picture
    sound: audio.Sound | str


def media(source: Source, *, tonal: bool, with_audio: bool) -> Media:
    """Walk through the signal: once for the pictures, once for the sound."""
    envelope = Envelope(n_channels=len(source.channels), n_samples=source.n_samples)
    spectrogram = Spectrogram(
        rate_hz=source.rate_hz, n_samples=source.n_samples, cycles=24 if tonal else 12
    )
    for block in source.blocks(BLOCK):
        envelope.push(block)
        spectrogram.push(block)
    peak = float(envelope.peaks.max())
    sound = audio.encode(source, peak=peak) if with_audio else "no audio: left out as asked"
    return Media(envelope=envelope, picture=spectrogram.picture(), sound=sound)


def blobs(shown: Media) -> dict[str, str]:
    """Binary parts of the page, by the id of their element, in base64."""
    parts = {
        "waveform": shown.envelope.quantised().tobytes(),
        "spectrogram": png.encode(shown.picture.levels, png.magma(LEVELS)),
    }
    if isinstance(shown.sound, audio.Sound):
        parts["audio"] = shown.sound.data
    return {name: base64.b64encode(data).decode("ascii") for name, data in parts.items()}


def recording(source: Source, shown: Media) -> dict[str, object]:
    """Facts about the signal, its waveform, spectrogram and sound."""
    picture, envelope, sound = shown.picture, shown.envelope, shown.sound
    return {
        "rate_hz": source.rate_hz,
        "start_s": source.timebase.seconds(source.start),
        "duration_s": source.duration_s,
        "channels": source.channels,
        "unit": source.unit,
        "waveform": {"stretch": envelope.size, "peaks": envelope.peaks.tolist()},
        "spectrogram": {
            "hop": picture.hop,
            "low_hz": picture.low_hz,
            "high_hz": picture.high_hz,
        },
        "audio": _heard(sound),
    }


def _heard(sound: audio.Sound | str) -> dict[str, object] | None:
    if isinstance(sound, str):
        return None
    return {name: value for name, value in vars(sound).items() if name not in ("data", "note")}


@dataclass(frozen=True)
class Lane:
    """The row of one label; a pitch has its place on the keyboard."""

    label: str
    midi: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Give the viewer what it needs."""
        return (
            {"label": self.label} if self.midi is None else {"label": self.label, "midi": self.midi}
        )


def lanes(
    events: EventList, comparison: Comparison | None, order: Sequence[str] = ()
) -> list[Lane]:
    """One lane per label: pitches from low to high, others as in `order`, then by name."""
    names = {*events.labels, *(comparison.truth.labels if comparison else ())}
    if all(map(pitch.is_name, names)):
        return [Lane(name, pitch.midi(name)) for name in sorted(names, key=pitch.midi)]
    known = {name: place for place, name in enumerate(order)}
    return [Lane(name) for name in sorted(names, key=lambda n: (known.get(n, len(known)), n))]


def columns(
    events: EventList, comparison: Comparison | None, *, lanes: Sequence[Lane]
) -> tuple[dict[str, object] | None, dict[str, object]]:
    """Give true and found events in columns; `partner` is the index on the other side or -1."""
    if comparison is None:
        return None, _columns(events, np.empty(0, np.int64), np.empty(0, np.int64), lanes)
    of_truth, of_found = comparison.pairs.T
    return (
        _columns(comparison.truth, of_truth, of_found, lanes),
        _columns(events, of_found, of_truth, lanes),
    )


def _columns(
    events: EventList, own: IntArray, other: IntArray, lanes: Sequence[Lane]
) -> dict[str, object]:
    place = {lane.label: index for index, lane in enumerate(lanes)}
    partner = np.full(len(events), -1)
    partner[own] = other
    return {
        "rate_hz": events.rate_hz,
        "onset": events.onset.tolist(),
        "offset": events.offset.tolist(),
        "label": [place[label] for label in events.label.tolist()],
        "channel": events.channel.tolist(),
        "score": [None if math.isnan(s) else round(s, 4) for s in events.score.tolist()],
        "partner": partner.tolist(),
    }
