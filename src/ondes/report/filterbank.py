"""Filter by frequency as a picture: a column for each filter, sorted by where it is highest."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondes.report import page, png

LEVELS = 64
RANGE_DB = 40.0
ROWS = 256
OCTAVES = 9
LOW = 1 / 8  # of the highest frequency: where most lies below it, the axis is logarithmic

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Frequencies from bottom to top, evenly or by octaves."""

    low_hz: float
    high_hz: float
    is_log: bool

    @classmethod
    def of(cls, peaks_hz: Doubles, *, rate_hz: float) -> Axis:
        """Return the axis that shows such peaks best: by octaves where most of them are low."""
        top = rate_hz / 2
        middle = float(np.median(peaks_hz)) if len(peaks_hz) else top
        if middle < LOW * top:
            return cls(top / 2**OCTAVES, top, is_log=True)
        return cls(0.0, top, is_log=False)

    @property
    def edges_hz(self) -> Doubles:
        """The edges of the rows, from low to high."""
        if self.is_log:
            return np.geomspace(self.low_hz, self.high_hz, ROWS + 1)
        return np.linspace(self.low_hz, self.high_hz, ROWS + 1)

    def place(self, hertz: float) -> float:
        """Return how high a frequency lies, 0 at the bottom to 1."""
        if self.is_log:
            return float(np.log(hertz / self.low_hz) / np.log(self.high_hz / self.low_hz))
        return hertz / self.high_hz

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and names of some frequencies."""
        if self.is_log:
            marks = [self.high_hz / 2**k for k in range(0, OCTAVES + 1, 2)]
        else:
            marks = [self.high_hz * k / 4 for k in range(5)]
        return [(self.place(hertz), page.hertz(float(f"{hertz:.3g}"))) for hertz in marks]


def picture(values: Floats, frequency_hz: Doubles, axis: Axis) -> str:
    """Return energies [filter, bin] as a PNG in base64, each filter's highest the brightest.

    Rows take the highest bin within them, or the nearest where there is none. 40 dB are shown.
    """
    rows = _rows(values, frequency_hz, axis)
    top = rows.max(axis=1, keepdims=True)
    level = 10 * np.log10(np.maximum(rows, 1e-30) / np.maximum(top, 1e-30))
    shades = np.clip((level + RANGE_DB) / RANGE_DB, 0, 1) * (top > 0)
    pixels = np.rint(shades * (LEVELS - 1)).astype(np.uint8).T[::-1]
    return base64.b64encode(png.encode(np.ascontiguousarray(pixels), png.magma(LEVELS))).decode()


def _rows(values: Floats, frequency_hz: Doubles, axis: Axis) -> Floats:
    edges = axis.edges_hz
    centres = (edges[1:] + edges[:-1]) / 2
    near = np.abs(frequency_hz[:, None] - centres[None]).argmin(0)
    first, last = (
        np.searchsorted(frequency_hz, edges[:-1]),
        np.searchsorted(frequency_hz, edges[1:]),
    )
    columns = [
        values[:, a:b].max(axis=1) if b > a else values[:, k]
        for a, b, k in zip(first, last, near, strict=True)
    ]
    return np.stack(columns, axis=1)
