"""The latest samples of what arrives block by block."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Tape:
    """The latest samples [channel, time] of a recording, silent before its first.

    >>> tape = Tape(1)
    >>> tape.append(np.ones((1, 3), np.float32))
    >>> tape.read(-2, 4)
    array([[0., 0., 1., 1., 1., 0.]], dtype=float32)
    """

    def __init__(self, n_channels: int) -> None:
        self.stop = 0  # after the last sample
        self._first = 0  # the first sample kept
        self._place = 0  # of that sample in the array
        self._array = np.empty((n_channels, 0), np.float32)

    def __len__(self) -> int:
        """Return the number of channels."""
        return len(self._array)

    def append(self, block: Samples) -> None:
        """Add samples at the end."""
        kept, size = self.stop - self._first, block.shape[1]
        if self._place + kept + size > self._array.shape[1]:
            self._make_room(kept, size)
        end = self._place + kept
        self._array[:, end : end + size] = block
        self.stop += size

    def _make_room(self, kept: int, size: int) -> None:
        """Move what is kept to the front, of a larger array where this one is half full."""
        latest = self._array[:, self._place : self._place + kept]
        if 2 * (kept + size) > self._array.shape[1]:
            self._array = np.empty((len(self._array), 4 * (kept + size)), np.float32)
        self._array[:, :kept] = latest
        self._place = 0

    def read(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop), silent outside the recording; good until more come."""
        low, high = max(start, 0), min(stop, self.stop)
        shift = self._place - self._first
        if (low, high) == (start, stop):
            kept = self._array[:, low + shift : high + shift]
            kept.flags.writeable = False
            return kept
        out = np.zeros((len(self._array), stop - start), np.float32)
        if low < high:
            out[:, low - start : high - start] = self._array[:, low + shift : high + shift]
        return out

    def forget(self, before: int) -> None:
        """Drop the samples before a position, which are not read again."""
        step = min(max(before - self._first, 0), self.stop - self._first)
        self._first += step
        self._place += step
