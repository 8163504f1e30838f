"""TCP: raw bytes from whoever sends them, over connections that may break."""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from urllib.parse import urlsplit

from ondes.errors import InputError
from ondes.run.live.layout import Layout
from ondes.run.live.sources.source import LostError

PATIENCE_S = 0.2  # a wait after which the reader looks whether it shall stop
TOGETHER_S = 0.002  # bytes of so long are taken together, which spares calls
LARGEST = 2**16


class Tcp:
    """A sender that is connected to (``tcp://``), or connects to us (``tcp-listen://``)."""

    replays, paced = False, True

    def __init__(self, address: str, layout: Layout, *, once: bool, waits: bool) -> None:
        self.name, self.layout, self.waits = address, layout, waits
        self._once = once
        self._listens, self._place = _place(address)
        self._server: socket.socket | None = None
        self._socket: socket.socket | None = None

    def open(self, _start: int) -> None:
        """Connect, or wait a moment for a connection; raises LostError when there is none yet."""
        self._hang_up()
        try:
            self._socket = self._accepted() if self._listens else self._connected()
        except OSError as error:
            reason = f"no connection ({error.strerror or error})"
            if self._once:
                raise InputError(
                    f"{self.name}: {reason}: start the sender first, or leave out once (--once) "
                    "to wait for it"
                ) from error
            raise LostError(reason) from error
        self._socket.settimeout(PATIENCE_S)
        _notice_death(self._socket)
        bytes_together = int(TOGETHER_S * self.layout.rate_hz) * self.layout.frame_bytes
        with suppress(OSError):  # it spares time, no more
            lowest = max(1, min(bytes_together, LARGEST))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, lowest)

    def read_into(self, room: memoryview) -> int | None:
        """Fill some of the room, as `Source.read_into`."""
        assert self._socket is not None, "open() comes first"
        try:
            n_bytes = self._received(room)
        except OSError as error:
            return self._lost(error.strerror or str(error))
        return n_bytes if n_bytes != 0 else self._lost("the sender closed the connection")

    def close(self) -> None:
        """Hang up."""
        self._hang_up()
        if self._server:
            self._server.close()
            self._server = None

    def _received(self, room: memoryview) -> int | None:
        """Return what came; when less than what is taken together did, take that."""
        assert self._socket is not None
        with suppress(TimeoutError):
            return self._socket.recv_into(room)
        with suppress(BlockingIOError):
            return self._socket.recv_into(room, 0, socket.MSG_DONTWAIT)
        return None

    def _lost(self, reason: str) -> int:
        self._hang_up()
        if self._once:
            return 0
        raise LostError(reason)

    def _connected(self) -> socket.socket:
        return socket.create_connection(self._place, timeout=2.0)

    def _accepted(self) -> socket.socket:
        if self._server is None:
            self._server = _server(self._place)
        ready, _, _ = select.select([self._server], [], [], PATIENCE_S)
        if not ready:
            raise LostError("nobody has connected yet")
        return self._server.accept()[0]

    def _hang_up(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


def _place(address: str) -> tuple[bool, tuple[str, int]]:
    """Return whether an address listens, and its host and port."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    listens = address.startswith("tcp-listen:")
    if port is None or not (host or listens):
        raise InputError(f"{address}: give host and port, as in tcp://127.0.0.1:9000")
    return listens, (host, port)


def _notice_death(peer: socket.socket) -> None:
    """Have the system ask a silent peer whether it is still there: a lost one then is told."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _server(place: tuple[str, int]) -> socket.socket:
    try:
        return socket.create_server(place, backlog=1)
    except OSError as error:
        raise InputError(
            f"tcp-listen://{place[0]}:{place[1]} cannot be listened at ({error.strerror}): take "
            "another port"
        ) from error
