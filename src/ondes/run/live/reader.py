"""The thread that reads a source into the ring: it loses nothing untold."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

from ondes.run.live.ring import Ring
from ondes.run.live.sources import LostError, Source

Told = Callable[[str], None]

CHUNK = 2**18  # bytes read at once, at most
BACK_OFF_S = (0.1, 1.0)  # the first wait for a lost peer, and the longest, which may be lost
ROOM = 4  # a full ring takes samples again when this part of it is free
PATIENCE_S = 0.1
MEASURED_S = 5.0


class Reader(Thread):
    """Reads until the source ends or `stop` is asked for; then says so in the ring.

    `received` counts samples, those dropped too; `dropped` those that found no room; `reconnects`
    how often a lost peer came back. `failure` is what ended it otherwise.
    """

    def __init__(self, source: Source, ring: Ring, *, start: int, told: Told) -> None:
        super().__init__(name=f"reading {source.name}", daemon=True)
        self.received = self.dropped = self.reconnects = self.cut_off = 0
        self.first_s = self.last_s = 0.0
        self.failure: Exception | None = None
        self._source, self._ring, self._start, self._told = source, ring, start, told
        self._asked = Event()
        self._bytes = self._before = 0
        self._scratch = memoryview(bytearray(min(CHUNK, len(ring.room()))))

    @property
    def rate_hz(self) -> float | None:
        """Samples a second over this connection; None before five seconds are over."""
        span_s = self.last_s - self.first_s
        return (self.received - self._before) / span_s if span_s > MEASURED_S else None

    def stop(self) -> None:
        """Ask it to end soon."""
        self._asked.set()

    def run(self) -> None:
        """Read to the end."""
        try:
            if self._connected(self._start):
                self._read()
        except Exception as error:  # told by who waits for the samples
            self.failure = error
        finally:
            self._source.close()
            self._tell_rest(self._ring.end())

    def _read(self) -> None:
        while not self._asked.is_set():
            room = self._ring.room()
            try:
                if not room and self._source.waits:
                    self._ring.wait_for_room(timeout_s=PATIENCE_S)
                elif self._full() if not room else self._filled(room):
                    return
            except LostError as lost:
                if not self._reconnected(str(lost)):
                    return

    def _filled(self, room: memoryview) -> bool:
        """Read into the ring; return whether that was the end."""
        n_bytes = self._source.read_into(room[:CHUNK])
        if n_bytes:
            self._ring.written(n_bytes)
            self._count(n_bytes)
        return n_bytes == 0

    def _full(self) -> bool:
        """Drop what comes until there is room again; return whether the source ended."""
        frame = self._ring.frame_bytes
        self._ring.cut("the buffer was full", still=True)
        n_bytes = 0
        try:
            while not self._asked.is_set():
                rest, roomy = -n_bytes % frame, self._has_room()
                if roomy and not rest:
                    break
                got = self._source.read_into(self._scratch[: rest if roomy else None])
                if got == 0:
                    return True
                n_bytes, before = n_bytes + (got or 0), n_bytes
                self._count(got or 0)
                self._drop(n_bytes // frame - before // frame)
        finally:
            self._ring.lost(0, close=True)
        return False

    def _drop(self, n_frames: int) -> None:
        self.dropped += n_frames
        self._ring.lost(n_frames)

    def _has_room(self) -> bool:
        return self._ring.free >= self._ring.n_frames * self._ring.frame_bytes // ROOM

    def _count(self, n_bytes: int) -> None:
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self._bytes += n_bytes
        self.received = self._bytes // self._ring.frame_bytes

    def _reconnected(self, reason: str) -> bool:
        rest = self._ring.cut(reason)
        self._bytes -= self._bytes % self._ring.frame_bytes
        self._tell_rest(rest)
        self._told(f"{self._source.name}: {reason}; waiting for it")
        if not self._connected(0):
            return False
        self._told(f"{self._source.name}: it is back")
        self.first_s, self._before = 0.0, self.received
        self.reconnects += 1
        return True

    def _connected(self, start: int) -> bool:
        """Open the source, patiently; return False when asked to stop before."""
        wait_s, longest_s = BACK_OFF_S
        said = False
        while not self._asked.is_set():
            try:
                self._source.open(start)
            except LostError as lost:
                if not said:
                    self._told(f"{self._source.name}: {lost}; waiting for it")
                    said = True
                self._asked.wait(wait_s)
                wait_s = min(2 * wait_s, longest_s)
            else:
                return True
        return False

    def _tell_rest(self, n_bytes: int) -> None:
        if n_bytes:
            self.cut_off += 1
            self._told(
                f"{self._source.name}: ended within a sample: {n_bytes} of "
                f"{self._ring.frame_bytes} bytes left over, not used"
            )
