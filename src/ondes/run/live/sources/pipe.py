"""Standard input."""

from __future__ import annotations

from io import FileIO

from ondes.run.live.layout import Layout


class Pipe:
    """Raw bytes from standard input. A pipe holds its writer back, so nothing is lost in it."""

    name = "-"
    replays, paced = False, False

    def __init__(self, layout: Layout, *, waits: bool = True) -> None:
        self.layout, self.waits = layout, waits
        self._stream: FileIO | None = None

    def open(self, _start: int) -> None:
        """Begin to read."""
        self._stream = FileIO(0, closefd=False)

    def read_into(self, room: memoryview) -> int | None:
        """Fill some of the room, as `Source.read_into`."""
        assert self._stream is not None, "open() comes first"
        return self._stream.readinto(room)

    def close(self) -> None:
        """Leave it to the process."""
