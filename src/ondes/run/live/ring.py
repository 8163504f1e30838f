"""The bounded buffer between who reads a stream and who hears it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError

Bytes = NDArray[np.uint8]


@dataclass
class Break:
    """Between two frames of the ring `lost` frames are missing; `open` while more get lost."""

    at: int  # frames that were written before it
    lost: int
    reason: str
    open: bool = False


class Ring:
    """Fixed memory for whole frames of bytes: one thread writes, another one reads.

    The writer gets `room` to write to, says how much it has `written`, and tells of frames that
    are missing by `cut`. The reader takes `frames` in order, up to the next break, gives them back
    by `release`, and learns of the break by `passed`. Frames lie in one piece: none is ever split
    by the end of the memory.

    >>> ring = Ring(frame_bytes=2, n_frames=4)
    >>> ring.room()[:3] = b"abc"
    >>> ring.written(3)
    >>> bytes(ring.frames(10)), ring.waiting
    (b'ab', 1)
    """

    def __init__(
        self, *, frame_bytes: int, n_frames: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if n_frames < 2:
            raise InputError(f"a ring of {n_frames} frames: give the buffer more seconds")
        self.frame_bytes, self.n_frames = frame_bytes, n_frames
        self.ended = False
        try:
            self._memory = np.zeros(frame_bytes * n_frames, np.uint8)
        except (MemoryError, ValueError) as error:  # ValueError: more than an array can count
            raise InputError(
                f"a ring of {n_frames} frames of {frame_bytes} bytes is more than there is "
                "memory: give the buffer fewer seconds (--buffer)"
            ) from error
        self._view = self._memory.data
        self._written = 0  # bytes, ever
        self._read = 0  # frames, ever
        self._breaks: deque[Break] = deque()
        self._arrivals: deque[tuple[int, float]] = deque()
        self._wanted = 1
        self._clock = clock
        self._changed = Condition()

    @property
    def waiting(self) -> int:
        """Whole frames that are written and not yet read."""
        return self._written // self.frame_bytes - self._read

    @property
    def free(self) -> int:
        """Bytes that can be written."""
        return len(self._memory) - (self._written - self._read * self.frame_bytes)

    def room(self) -> memoryview:
        """Return the memory to write to next, in one piece; empty when the ring is full."""
        begin = self._written % len(self._memory)
        return self._view[begin : min(begin + self.free, len(self._memory))]

    def written(self, n_bytes: int) -> None:
        """Say that the first bytes of the room are filled."""
        with self._changed:
            self._written += n_bytes
            self._arrivals.append((self._written // self.frame_bytes, self._clock()))
            if self.waiting >= self._wanted:
                self._changed.notify_all()

    def cut(self, reason: str, *, still: bool = False) -> int:
        """Say that frames are missing here; return how many bytes of half a frame are thrown away.

        With `still` more of them get `lost`, until `close`.
        """
        with self._changed:
            rest = self._written % self.frame_bytes
            self._written -= rest
            self._breaks.append(Break(self._written // self.frame_bytes, 0, reason, open=still))
            self._changed.notify_all()
        return rest

    def lost(self, n_frames: int, *, close: bool = False) -> None:
        """Say that so many more frames got lost at the last break, and whether these are all."""
        with self._changed:
            self._breaks[-1].lost += n_frames
            self._breaks[-1].open = not close
            self._changed.notify_all()

    def end(self) -> int:
        """Say that nothing follows; return how many bytes of half a frame are thrown away."""
        with self._changed:
            rest = self._written % self.frame_bytes
            self._written -= rest
            self.ended = True
            self._changed.notify_all()
        return rest

    def wait(self, n_frames: int, *, timeout_s: float) -> None:
        """Wait until so many frames are there, or a break or the end is; not for ever."""
        with self._changed:
            self._wanted = min(n_frames, self.n_frames // 2)
            self._changed.wait_for(self._worth_reading, timeout_s)

    def wait_for_room(self, *, timeout_s: float) -> None:
        """Wait until something can be written; not for ever."""
        with self._changed:
            self._changed.wait_for(lambda: self.free > 0, timeout_s)

    def frames(self, n_frames: int) -> Bytes:
        """Return the next frames as bytes: so many at most, up to the next break."""
        with self._changed:
            stop = min(self._read + n_frames, self._written // self.frame_bytes)
            if self._breaks:
                stop = min(stop, self._breaks[0].at)
        begin = self._read % self.n_frames
        n_frames = min(stop - self._read, self.n_frames - begin)
        return self._memory[begin * self.frame_bytes : (begin + n_frames) * self.frame_bytes]

    def release(self, n_frames: int) -> None:
        """Give frames back: their memory is written over."""
        with self._changed:
            self._read += n_frames
            self._changed.notify_all()

    def passed(self) -> Break | None:
        """Return the break that the reader stands at, which is then done with; None at no such."""
        with self._changed:
            here = self._breaks[0] if self._breaks else None
            if here is None or here.at != self._read or here.open:
                return None
            return self._breaks.popleft()

    def over(self) -> bool:
        """Tell whether the stream ended and all of it is read."""
        with self._changed:
            return self.ended and not self.waiting and not self._breaks

    def arrival(self) -> float:
        """Return when the last frame that was read had arrived, by the ring's clock."""
        with self._changed:
            while len(self._arrivals) > 1 and self._arrivals[0][0] < self._read:
                self._arrivals.popleft()
            return self._arrivals[0][1]

    def _worth_reading(self) -> bool:
        broken = bool(self._breaks) and not self._breaks[0].open
        return self.waiting >= self._wanted or self.ended or broken
