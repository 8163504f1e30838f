"""Beats without a patient: a long record of many leads, and a sender of the same at their pace.

python -m benchmarks._heart PORT RATE CHANNELS SECONDS sends them to a port of this machine, as
float32 in mV, and prints by how much it was late at most and when it began.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._sender import connected, paced

PERIOD_S = 20  # after which everything comes again
PER_MV = 200
WAVES = ((-0.2, 0.025, 0.15), (0.0, 0.011, 1.2), (0.03, 0.012, -0.25), (0.28, 0.06, 0.3))
"""P, R, S and T: their places from the R peak, their widths in seconds, their heights in mV."""


def beats(rate_hz: int, n_leads: int) -> tuple[NDArray[np.float32], list[int]]:
    """Return a period [lead, time] in mV, and the samples of its R peaks; every fifth beat is V."""
    rng = np.random.default_rng(0)
    time_s = np.arange(PERIOD_S * rate_hz) / rate_hz
    x = rng.normal(0, 0.01, (n_leads, len(time_s)))
    x += 0.1 * np.sin(2 * np.pi * 0.25 * time_s)
    peaks = np.arange(0.5, PERIOD_S - 0.3, 0.8)
    for number, peak in enumerate(peaks):
        wide = 3.0 if number % 5 == 4 else 1.0
        at = peak - (0.25 if wide > 1 else 0.0)
        wave = sum(
            height * np.exp(-0.5 * ((time_s - at - place) / (wide * width)) ** 2)
            for place, width, height in (WAVES[1:] if wide > 1 else WAVES)
        )
        x += np.outer(rng.uniform(0.5, 1.2, n_leads), wave)
        peaks[number] = at
    return x.astype(np.float32), np.rint(peaks * rate_hz).astype(int).tolist()


def write(path: Path, *, hours: float, n_leads: int, rate_hz: int) -> None:
    """Write a WFDB record of 16 bits, a period at a time."""
    period, _ = beats(rate_hz, n_leads)
    stored = np.rint(period * PER_MV).astype("<i2")
    times = round(hours * 3600 / PERIOD_S)
    data = path.with_suffix(".dat")
    with data.open("wb") as stream:
        for _ in range(times):
            stream.write(np.ascontiguousarray(stored.T).tobytes())
    sums = [(int(row.sum()) * times + 2**15) % 2**16 - 2**15 for row in stored.astype(int)]
    lines = [f"{path.stem} {n_leads} {rate_hz} {times * stored.shape[1]}"]
    lines += [
        f"{data.name} 16 {PER_MV}(0)/mV 16 0 {row[0]} {total} 0 L{lead + 1}"
        for lead, (row, total) in enumerate(zip(stored, sums, strict=True))
    ]
    path.write_text("\n".join(lines) + "\n")


def main(port: int, rate_hz: int, n_channels: int, seconds: float) -> None:
    """Send, then hang up."""
    period, _ = beats(rate_hz, n_channels)
    data = memoryview(np.ascontiguousarray(period.T)).cast("B")
    total = int(rate_hz * seconds) * 4 * n_channels
    with connected(port) as peer:
        began = time.monotonic()
        late_s = paced(peer, data, rate_hz * 4 * n_channels, total)
    print(f"{late_s:.4f} {began:.6f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
