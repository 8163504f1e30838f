"""Clips as one looks at them and listens to them, many on a page and each of bounded size."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ondes.errors import OndesError
from ondes.report import audio, closeups, page, png
from ondes.report.envelope import Envelope
from ondes.report.source import AnySignal, Source
from ondes.report.spectrogram import LEVELS, ROWS_PER_OCTAVE, Spectrogram

POINTS = 300  # of a drawn waveform
COLUMNS = 240
SHOWN_OCTAVES = 7
CHANNELS = 6
LEAST_SAMPLES = 512  # a shorter clip's spectrum says nothing
SOUND_BYTES = 120_000
BLOCK = 2**18


@dataclass(frozen=True)
class Example:
    """A clip's waveform, a path for each of the first channels; its spectrogram and its sound.

    picture: a PNG in base64, empty where the clip is too short for one.
    facts: length, rate and scale, and what is not shown.
    """

    waves: tuple[str, ...]
    picture: str
    sound: audio.Sound | str
    facts: str

    @property
    def heard(self) -> bool:
        """Whether there is sound."""
        return isinstance(self.sound, audio.Sound)

    @cached_property
    def blob(self) -> str:
        """The sound in base64."""
        data = self.sound.data if isinstance(self.sound, audio.Sound) else b""
        return base64.b64encode(data).decode("ascii")

    @property
    def mime(self) -> str:
        """What kind of sound it is."""
        return self.sound.mime if isinstance(self.sound, audio.Sound) else ""

    @property
    def note(self) -> str:
        """What was done to the sound, or why there is none."""
        return self.sound.note if isinstance(self.sound, audio.Sound) else self.sound


def example(opened: Callable[[], AnySignal], *, with_audio: bool = True) -> Example | str:
    """Return a clip as it is shown, or why it cannot be; it is read in blocks, twice."""
    try:
        return _drawn(Source.of(opened()), with_audio=with_audio)
    except (OndesError, OSError) as error:
        return str(error)


def _drawn(source: Source, *, with_audio: bool) -> Example:
    n = source.n_samples
    shown = source.channels[:CHANNELS]
    envelope = Envelope(n_channels=len(shown), n_samples=n, most_points=POINTS * len(shown))
    seen = n >= LEAST_SAMPLES
    spectrogram = Spectrogram(rate_hz=source.rate_hz, n_samples=n, most_columns=COLUMNS)
    for block in source.blocks(BLOCK):
        envelope.push(block[:CHANNELS])
        if seen:
            spectrogram.push(block)
    peak = float(envelope.peaks.max())
    sound: audio.Sound | str = "no audio: left out as asked"
    if with_audio:
        sound = audio.encode(source, peak=peak, most_bytes=SOUND_BYTES)
    return Example(
        tuple(
            closeups.outline(low, high)
            for low, high in zip(envelope.low, envelope.high, strict=True)
        ),
        _picture(spectrogram) if seen else "",
        sound,
        _facts(source, peak=peak),
    )


def _picture(spectrogram: Spectrogram) -> str:
    levels = spectrogram.picture().levels[: SHOWN_OCTAVES * ROWS_PER_OCTAVE : 2]
    return base64.b64encode(png.encode(np.ascontiguousarray(levels), png.magma(LEVELS))).decode()


def _facts(source: Source, *, peak: float) -> str:
    n = len(source.channels)
    said = [
        page.duration(source.duration_s),
        page.hertz(source.rate_hz),
        f"±{peak:.2g}{source.unit and f' {source.unit}'}",
    ]
    if n > CHANNELS:
        said.append(f"{CHANNELS} of {n} channels")
    elif n > 1:
        said.append(f"{n} channels")
    return " · ".join(said)
