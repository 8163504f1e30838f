"""A sender of samples at their own pace: python -m benchmarks._sender PORT RATE CHANNELS SECONDS.

It connects to a port of this machine, sends noise as float32 with a burst now and then, and prints
how late it was at most, in seconds: a sender that is late measures nothing of who listens.
"""

from __future__ import annotations

import socket
import sys
import time

import numpy as np
from numpy.typing import NDArray

PERIOD_S, TICK_S = 0.5, 0.005
BURST = 252  # samples


def main(port: int, rate_hz: float, n_channels: int, seconds: float) -> None:
    """Send, then hang up."""
    data = interleaved(rate_hz, n_channels)
    frame, total = 4 * n_channels, int(rate_hz * seconds) * 4 * n_channels
    with connected(port) as peer:
        late_s = paced(peer, data, rate_hz * frame, total)
    print(f"{late_s:.4f}")


def connected(port: int, patience_s: float = 30) -> socket.socket:
    """Connect to who will listen soon."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def interleaved(rate_hz: float, n_channels: int) -> memoryview:
    """Noise in all channels, a decaying tone in each twenty times a second, as bytes."""
    rng = np.random.default_rng(0)
    x: NDArray[np.float32] = rng.normal(0, 0.01, (int(PERIOD_S * rate_hz), n_channels))
    x = x.astype(np.float32)
    time_ = np.arange(BURST)
    burst = np.exp(-time_ / 60) * np.sin(0.6 * time_)
    for channel in range(n_channels):
        for at in rng.integers(0, len(x) - BURST, int(20 * PERIOD_S)):
            x[at : at + BURST, channel] += burst
    return memoryview(np.ascontiguousarray(x)).cast("B")


def paced(peer: socket.socket, data: memoryview, bytes_per_s: float, total: int) -> float:
    """Send `total` bytes of the data over and over; return how late it was at most."""
    sent, late_s, began = 0, 0.0, time.monotonic()
    tick = int(TICK_S * bytes_per_s)
    while sent < total:
        due_s = (sent + tick) / bytes_per_s
        wait_s = began + due_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        begin = sent % len(data)
        portion = data[begin : begin + min(tick, total - sent)]
        peer.sendall(portion)
        sent += len(portion)
        late_s = max(late_s, time.monotonic() - began - due_s)
    return late_s


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
