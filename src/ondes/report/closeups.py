"""Pictures of single moments of a long recording, at the full resolution of its samples."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ondes.report import png
from ondes.report.source import Samples
from ondes.report.spectrogram import LEVELS, OCTAVES, ROWS_PER_OCTAVE, Spectrogram

POINTS = 300  # of a drawn waveform
COLUMNS = 200
SHOWN_OCTAVES = 6


@dataclass
class Moment:
    """Samples [start, stop) of one channel, gathered while the recording passes by."""

    start: int
    stop: int
    channel: int
    parts: list[Samples] = field(default_factory=list)

    @property
    def samples(self) -> Samples:
        """What was gathered [time]."""
        return np.concatenate([np.zeros(0, np.float32), *self.parts])

    def share(self, sample: int) -> float:
        """Return where a sample lies, from 0 at the start to 1 at the stop."""
        return min(max((sample - self.start) / (self.stop - self.start), 0.0), 1.0)

    @property
    def outline(self) -> str:
        """The waveform as an SVG path over a unit square, its peak at the edge."""
        x = self.samples
        edges = np.linspace(0, len(x), min(POINTS, len(x)) + 1).astype(np.int64)[:-1]
        return outline(np.minimum.reduceat(x, edges), np.maximum.reduceat(x, edges))

    @property
    def peak(self) -> float:
        """Largest absolute value."""
        return float(np.abs(self.samples).max(initial=0))

    def picture(self, rate_hz: float) -> str:
        """Return its spectrogram as a PNG in base64, the highest octaves alone."""
        drawn = Spectrogram(rate_hz=rate_hz, n_samples=len(self.samples), most_columns=COLUMNS)
        drawn.push(self.samples[None])
        levels = drawn.picture().levels[: min(SHOWN_OCTAVES, OCTAVES) * ROWS_PER_OCTAVE : 2]
        return base64.b64encode(png.encode(levels, png.magma(LEVELS))).decode("ascii")


class Moments:
    """Collects moments from blocks that follow one another."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        self.all = list(moments)
        self._waiting = sorted(moments, key=lambda moment: moment.start)
        self._position = 0

    def push(self, block: Samples) -> None:
        """Take in the next samples [channel, time]."""
        first, stop = self._position, self._position + block.shape[1]
        for moment in self._waiting:
            if moment.start >= stop:
                break
            part = block[moment.channel, max(moment.start - first, 0) : moment.stop - first]
            moment.parts.append(part.copy())
        self._waiting = [moment for moment in self._waiting if moment.stop > stop]
        self._position = stop


def outline(low: NDArray[np.floating], high: NDArray[np.floating]) -> str:
    """Return extremes [point] as an SVG path over a unit square, their peak at the edge."""
    peak = float(max(-low.min(), high.max())) or 1.0
    across = (np.arange(len(low)) + 0.5) / len(low)
    there = _line(across, high / peak, begin="M")
    return there + _line(across[::-1], low[::-1] / peak, begin="L") + "Z"


def _line(x: NDArray[np.float64], y: NDArray[np.floating], *, begin: str) -> str:
    points = (f"{a:.4f} {(1 - b) / 2:.3f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return begin + "L".join(points)
