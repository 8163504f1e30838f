"""The waveform at the resolution of a screen: lowest and highest sample of every stretch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ondes.report.source import Samples

MOST_POINTS = 2**16


class Envelope:
    """Extremes of `n_samples` in equal stretches of `size` samples, gathered block by block.

    >>> envelope = Envelope(n_channels=1, n_samples=4, most_points=2)
    >>> envelope.push(np.array([[0.0, 1.0, -2.0, 0.5]], np.float32))
    >>> envelope.low.tolist(), envelope.high.tolist()
    ([[0.0, -2.0]], [[1.0, 0.5]])
    """

    def __init__(self, *, n_channels: int, n_samples: int, most_points: int = MOST_POINTS) -> None:
        self.size = -(-n_samples // max(most_points // n_channels, 1))
        n_points = -(-n_samples // self.size)
        self.low = np.full((n_channels, n_points), np.inf, np.float32)
        self.high = np.full((n_channels, n_points), -np.inf, np.float32)
        self._position = 0

    def push(self, block: Samples) -> None:
        """Take in the next samples [channel, time]."""
        first = self._position // self.size
        stop = -(-(self._position + block.shape[1]) // self.size)
        edges = np.maximum(np.arange(first, stop) * self.size - self._position, 0)
        low, high = self.low[:, first:stop], self.high[:, first:stop]
        np.minimum(low, np.minimum.reduceat(block, edges, axis=1), out=low)
        np.maximum(high, np.maximum.reduceat(block, edges, axis=1), out=high)
        self._position += block.shape[1]

    @property
    def peaks(self) -> NDArray[np.float32]:
        """Largest absolute value of each channel."""
        peaks: NDArray[np.float32] = np.maximum(-self.low, self.high).max(axis=1)
        return peaks

    def quantised(self) -> NDArray[np.int8]:
        """Extremes [channel, low or high, point], each channel in 1/127 of its own peak."""
        peaks = np.where(self.peaks > 0, self.peaks, 1)[:, None, None]
        shares = np.stack([self.low, self.high], axis=1) / peaks
        steps: NDArray[np.int8] = np.rint(shares * 127).astype(np.int8)
        return steps
