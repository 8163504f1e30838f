"""Recordings played again: at their own pace, or as fast as they are heard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import numpy as np

from ondes.io import SignalFile
from ondes.run.live.layout import Layout

TICK_S = 0.005  # a paced file comes in portions of this length
PATIENCE_S = 0.1
BLOCK = 2**16


class Pace:
    """How many bytes of a recording are due by now, at its own pace or all at once.

    A recording that was not read for a while is due in full: it is late, not slower.
    """

    def __init__(self, layout: Layout, *, fast: bool) -> None:
        self._bytes_per_s = layout.rate_hz * layout.frame_bytes
        self._frame, self._fast = layout.frame_bytes, fast
        self._begun, self._done = time.monotonic(), 0

    def due(self, n_bytes: int) -> int:
        """Wait a moment if need be; return how many of `n_bytes` can be taken, whole frames."""
        if self._fast:
            return n_bytes
        portion = max(self._frame, TICK_S * self._bytes_per_s)
        wait_s = (self._done + portion) / self._bytes_per_s - (time.monotonic() - self._begun)
        if wait_s > 0:
            time.sleep(min(wait_s, PATIENCE_S))
        owed = (time.monotonic() - self._begun) * self._bytes_per_s - self._done
        return min(n_bytes, int(owed) // self._frame * self._frame)

    def took(self, n_bytes: int) -> None:
        """Say how many were taken."""
        self._done += n_bytes


class Raw:
    """A raw file, byte for byte."""

    waits, replays, paced = True, True, False

    def __init__(self, path: Path, layout: Layout, *, fast: bool) -> None:
        self.name, self.layout = str(path), layout
        self._path, self._fast = path, fast
        self._stream: FileIO | None = None
        self._pace = Pace(layout, fast=fast)

    def open(self, start: int) -> None:
        """Begin at a sample."""
        self.close()
        self._stream = FileIO(self._path)
        self._stream.seek(start * self.layout.frame_bytes)
        self._pace = Pace(self.layout, fast=self._fast)

    def read_into(self, room: memoryview) -> int | None:
        """Fill some of the room, as `Source.read_into`."""
        assert self._stream is not None, "open() comes first"
        due = self._pace.due(len(room))
        if due < 1:
            return None if len(room) >= self.layout.frame_bytes else self._stream.readinto(room)
        n_bytes = self._stream.readinto(room[:due])
        self._pace.took(n_bytes)
        return n_bytes

    def close(self) -> None:
        """Close the file."""
        if self._stream:
            self._stream.close()


class Decoded:
    """A file of any other format, as interleaved float32; integers are scaled by its reader."""

    waits, replays, paced = True, True, False

    def __init__(self, file: SignalFile, *, fast: bool) -> None:
        self.name = str(file.path)
        self.layout = Layout.of(
            "float32",
            n_channels=file.n_channels,
            rate_hz=file.rate_hz,
            names=file.channels,
            unit=file.unit,
        )
        self._file, self._fast = file, fast
        self._blocks: Iterator[memoryview] = iter(())
        self._rest = memoryview(b"")
        self._pace = Pace(self.layout, fast=fast)

    def open(self, start: int) -> None:
        """Begin at a sample."""
        self._blocks, self._rest = self._interleaved(start), memoryview(b"")
        self._pace = Pace(self.layout, fast=self._fast)

    def read_into(self, room: memoryview) -> int | None:
        """Fill some of the room, as `Source.read_into`."""
        if not self._rest:
            self._rest = next(self._blocks, self._rest)
        if not self._rest:
            return 0
        due = min(self._pace.due(len(room)), len(self._rest))
        room[:due] = self._rest[:due]
        self._rest = self._rest[due:]
        self._pace.took(due)
        return due or None

    def close(self) -> None:
        """Let go of the file."""
        self._blocks = iter(())

    def _interleaved(self, start: int) -> Iterator[memoryview]:
        """Yield the bytes of the file; NaN in it is for the listener to find."""
        file = self._file
        for block in file.decode(min(start, file.n_samples), file.n_samples, BLOCK):
            yield np.ascontiguousarray(block.T).reshape(-1).view(np.uint8).data
