"""What a source is."""

from __future__ import annotations

from typing import Protocol

from ondes.run.live.layout import Layout


class LostError(Exception):
    """The peer is gone, and may come back."""


class Source(Protocol):
    """A stream of bytes.

    `waits`: whoever sends can wait, so nothing is lost while the buffer is full. `replays`: it can
    be read again from any sample. `paced`: samples come as they are taken, so their rate can be
    measured.
    """

    name: str
    layout: Layout
    waits: bool
    replays: bool
    paced: bool

    def open(self, start: int, /) -> None:
        """Begin at a sample, counted from the first; only what `replays` begins elsewhere than 0.

        Raises:
            LostError: there is no peer yet.
        """

    def read_into(self, room: memoryview) -> int | None:
        """Fill some of `room`, which is not empty; return the number of bytes.

        None says that nothing came for a while, 0 that nothing ever will.

        Raises:
            LostError: the peer is gone.
        """

    def close(self) -> None:
        """Let go of it."""
