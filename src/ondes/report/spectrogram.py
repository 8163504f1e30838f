"""A spectrogram with logarithmic frequency, block by block and at the size of a screen.

Its window grows with the period, as in a constant-Q transform: so many `cycles` of each frequency,
between `SHORTEST` and `LONGEST` samples. FFTs come in powers of two; between two of them the levels
are blended, so that no seam shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.report.source import Samples

Float32 = NDArray[np.float32]

OCTAVES = 10
ROWS_PER_OCTAVE = 28
MOST_COLUMNS = 8192  # the widest picture that every browser's graphics can hold
LEAST_HOP = 16
SHORTEST, LONGEST = 128, 8192
MOST_DB, LEAST_DB = 80.0, 50.0
LEVELS = 64
BATCH_SAMPLES, BATCH_COLUMNS = 2**17, 256
SILENCE = 1e-36  # a power far below any sensor, within float32


@dataclass(frozen=True, kw_only=True)
class Picture:
    """`levels` [row, column] of 0 to 63, the highest frequency in row 0.

    Columns are `hop` samples apart, rows evenly spaced in log frequency between `low_hz` and
    `high_hz`; level 63 is the maximum, level 0 is `range_db` below it.
    """

    levels: NDArray[np.uint8]
    hop: int
    low_hz: float
    high_hz: float
    range_db: float


class _Band(NamedTuple):
    """One FFT size: its window, where its frames lie in a column, and its share in the rows."""

    window: Float32
    centres: NDArray[np.int64]
    bins: slice
    rows: slice
    filters: Float32  # [bin, row]
    weight: Float32  # [row]


class Spectrogram:
    """Powers of `n_samples` at `rate_hz`, gathered block by block; see `picture`.

    Many `cycles` under a window tell tones apart, few tell times apart.
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        n_samples: int,
        cycles: float = 12,
        most_columns: int = MOST_COLUMNS,
    ) -> None:
        self.hop = max(LEAST_HOP, -(-n_samples // most_columns))
        self.high_hz = rate_hz / 2
        self.low_hz = self.high_hz / 2**OCTAVES
        self._bands = _bands(cycles, n_samples=n_samples, hop=self.hop)
        self._margin = max(band.window.size for band in self._bands)
        self._waiting: list[Samples] = []
        self._n_waiting = 0
        self._decibels: list[Float32] = []
        self._n_columns = -(-n_samples // self.hop)
        self._batch = max(1, min(BATCH_SAMPLES // self.hop, BATCH_COLUMNS, self._n_columns))

    def push(self, block: Samples) -> None:
        """Take in the next samples [channel, time]."""
        if not self._decibels and not self._waiting:
            self._wait(np.zeros((len(block), self._margin), np.float32))
        self._wait(block)
        span = self._batch * self.hop
        if self._n_waiting < span + 2 * self._margin:
            return
        samples = np.concatenate(self._waiting, axis=1)
        while samples.shape[1] >= span + 2 * self._margin:
            self._decibels.append(self._columns(samples[:, : span + 2 * self._margin]))
            samples = samples[:, span:]
        self._waiting, self._n_waiting = [samples], samples.shape[1]

    def picture(self) -> Picture:
        """Finish and scale: the top is the maximum, the bottom the noise 50 to 80 dB below it."""
        missing = self._n_columns - sum(map(len, self._decibels))
        silence = (missing + self._batch) * self.hop + 2 * self._margin
        if missing:
            self.push(np.zeros((len(self._waiting[0]), silence), np.float32))
        decibels = np.concatenate(self._decibels)[: self._n_columns]
        top = max(float(decibels.max()), 10 * math.log10(SILENCE) + MOST_DB)
        bottom = float(np.clip(np.percentile(decibels, 10), top - MOST_DB, top - LEAST_DB))
        scaled = (decibels - bottom) * ((LEVELS - 1) / (top - bottom))
        levels = np.clip(np.rint(scaled), 0, LEVELS - 1).astype(np.uint8)
        return Picture(
            levels=np.ascontiguousarray(levels.T[::-1]),
            hop=self.hop,
            low_hz=self.low_hz,
            high_hz=self.high_hz,
            range_db=top - bottom,
        )

    def _wait(self, block: Samples) -> None:
        self._waiting.append(block)
        self._n_waiting += block.shape[1]

    def _columns(self, samples: Samples) -> Float32:
        """Decibels [column, row] of one batch with its margins on both sides."""
        decibels = np.zeros((self._batch, OCTAVES * ROWS_PER_OCTAVE), np.float32)
        for band in self._bands:
            power = self._power(samples, band)
            decibels[:, band.rows] += band.weight * 10 * np.log10(power + SILENCE, dtype=np.float32)
        return decibels

    def _power(self, samples: Samples, band: _Band) -> Float32:
        """Largest power [column, row] of the frames of each column, mean over channels."""
        begin = self._margin - band.window.size // 2
        starts = (np.arange(self._batch)[:, None] * self.hop + band.centres + begin).ravel()
        frames = np.lib.stride_tricks.sliding_window_view(samples, band.window.size, axis=1)
        power = np.zeros((len(starts), band.filters.shape[1]), np.float32)
        for channel in frames:
            spectra = np.fft.rfft(channel[starts] * band.window, axis=1)[:, band.bins]
            power += np.square(np.abs(spectra)).astype(np.float32) @ band.filters
        power /= len(samples)
        loudest: Float32 = power.reshape(self._batch, -1, power.shape[1]).max(axis=1)
        return loudest


def _bands(cycles: float, *, n_samples: int, hop: int) -> list[_Band]:
    longest = min(LONGEST, max(64, 2 ** int(math.log2(max(n_samples // 4, 1)))))
    low, high = math.log2(min(SHORTEST, longest)), math.log2(longest)
    row = (np.arange(OCTAVES * ROWS_PER_OCTAVE) + 0.5) / ROWS_PER_OCTAVE - OCTAVES
    frequency = 0.5 * 2.0**row  # per sample
    ideal = np.clip(np.log2(cycles / frequency), low, high)
    return [
        _band(2**size, frequency, np.maximum(1 - np.abs(ideal - size), 0), hop)
        for size in range(int(low), int(high) + 1)
    ]


def _band(
    size: int, frequency: NDArray[np.float64], weight: NDArray[np.float64], hop: int
) -> _Band:
    used = np.flatnonzero(weight)
    rows = slice(int(used[0]), int(used[-1]) + 1)
    centre = frequency[rows] * size
    width = np.maximum(centre * (2 ** (1 / ROWS_PER_OCTAVE) - 1), 1.0)
    bins = slice(max(int(centre[0] - width[0]), 0), min(int(centre[-1] + width[-1]), size // 2) + 1)
    distance = np.abs(np.arange(size // 2 + 1)[bins, None] - centre)
    filters = np.maximum(1 - distance / width, 0)
    window = np.hanning(size + 1)[:-1]
    per_column = -(-hop // (size // 2))
    return _Band(
        window=(window * (2 / window.sum())).astype(np.float32),
        centres=((np.arange(per_column) + 0.5) * hop / per_column).astype(np.int64),
        bins=bins,
        rows=rows,
        filters=(filters / filters.sum(axis=0)).astype(np.float32),
        weight=weight[rows].astype(np.float32),
    )
