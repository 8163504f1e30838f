"""Whether a detector keeps up with a stream, and what a watch costs besides it.

A sender in another process sends noise with bursts over the loopback address, at its own pace; the
watch runs in this process, on one thread for hearing and one for reading.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from socket import create_server
from typing import NamedTuple

from benchmarks._null import null
from benchmarks._page import table
from ondes.errors import OndesError
from ondes.run.detector import Detector
from ondes.run.live import Counts, Settings, Watch, prompt, source_of

HEAD = (
    *("detector", "channels", "signal", "samples", "drops", "max lag", "p50", "p99", "worst"),
    *("processor", "sender late", "events"),
)
ABOUT = """
## Live

{seconds} s of {channels} channels of float32 at {rate} Hz ({megabytes:.0f} MB/s) over a socket,
from a paced sender in another process, heard in blocks of {block_ms} ms. Lag is signal that had
arrived and was not yet heard; p50, p99 and worst are times from the arrival of the last sample of a
block to the moment at which its events are known; the processor's time is that of all threads, in
shares of one core. The null detector hears nothing: its row is the price of everything else. A
sender that is late itself was not given its core: what it could not send in time was not tried.
""".strip()


class Result(NamedTuple):
    """What a watch counted, the processor's share, and how late the sender was at most."""

    counts: Counts
    share: float
    sender_late_s: float


def report(
    *,
    model: str = "",
    channels: int = 16,
    seconds: int = 60,
    rate: int = 1_562_500,
    block_ms: int = 20,
) -> str:
    """Watch with the null detector and, where one is named, a model."""
    detectors: dict[str, Detector] = {"null": null(rate)}
    if model:
        import ondes

        detectors[model] = ondes.load(model, device="cpu")
    rows = [
        row(name, watched(detector, channels, seconds, rate, block_ms), channels)
        for name, detector in detectors.items()
    ]
    about = ABOUT.format(
        seconds=seconds,
        channels=channels,
        rate=rate,
        megabytes=4e-6 * channels * rate,
        block_ms=block_ms,
    )
    return f"{about}\n\n{table(HEAD, rows)}"


def watched(detector: Detector, channels: int, seconds: int, rate: int, block_ms: int) -> Result:
    """Watch a sender to its end."""
    port = free_port()
    source = source_of(
        f"tcp-listen://127.0.0.1:{port}",
        rate_hz=rate,
        n_channels=channels,
        dtype="float32",
        once=True,
    )
    settings = Settings(block_s=block_ms / 1e3)
    job = Watch(prompt(detector, block_s=settings.block_s), source, settings=settings)
    words = ["-m", "benchmarks._sender", *map(str, (port, rate, channels, seconds))]
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as sender:
        began = time.process_time()
        counts = job.run()
        spent = time.process_time() - began
        late = sender.communicate()[0]
    if job.failure or sender.returncode:
        raise OndesError(f"the watch or its sender broke: {job.failure or sender.returncode}")
    return Result(counts, spent / counts.seconds, float(late))


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def row(name: str, result: Result, channels: int) -> list[str]:
    """A line of the table."""
    counts = result.counts
    return [
        name,
        str(channels),
        f"{counts.seconds:.1f} s",
        f"{counts.samples:,}",
        f"{counts.drops:,}",
        f"{1e3 * counts.max_lag_s:.0f} ms",
        f"{1e3 * counts.latency_p50_s:.1f} ms",
        f"{1e3 * counts.latency_p99_s:.1f} ms",
        f"{1e3 * counts.latency_max_s:.1f} ms",
        f"{result.share:.2f}",
        f"{1e3 * result.sender_late_s:.0f} ms",
        f"{counts.events:,}",
    ]
