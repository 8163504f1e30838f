"""Whether a day of an electrocardiogram takes minutes, and a beat less than a second to be told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import ondes
from benchmarks import _heart
from benchmarks._page import table
from benchmarks.live import free_port
from ondes.errors import OndesError
from ondes.run.live import Batch, Settings, Watch, prompt, source_of
from ondes.run.monitor import Monitor, load

HEAD = ("leads judged", "processor time, s", "most memory, MB", "times real time")
LIVE = ("leads", "beats", "median", "99 %", "worst", "processor", "sender late")
ABOUT = """
## Monitor

A record of {hours:g} hours, {leads} leads at {rate} Hz, beats made by formula: `ondes detect
--rules ecg` with `{model}` on one thread, from start-up to the written events and alarms, all leads
read.

{offline}

The same beats at their own pace over a socket, {seconds} s, heard in blocks of {block_ms} ms: the
time from the moment at which an R peak was due at the sender to the one at which its event was
given to the sinks, with what the network looks ahead.

{live}
""".strip()


class Usage(NamedTuple):
    """What detection took."""

    judged: str
    seconds: float
    peak_mb: float


def report(
    *,
    model: str = "ecg-beats",
    hours: int = 24,
    leads: int = 12,
    rate: int = 500,
    seconds: int = 60,
    block_ms: int = 20,
) -> str:
    """Detect in a long record, one lead and all; then watch one lead, and all, live."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "day.hea")
        _heart.write(path, hours=hours, n_leads=leads, rate_hz=rate)
        usages = [usage_of(path, model, "one", ("--channel", "L2")), usage_of(path, model, "all")]
    lived = [live(model, n, rate, seconds, block_ms) for n in (1, leads)]
    offline = table(HEAD, ([u.judged, *_figures(u, hours)] for u in usages))
    return ABOUT.format(
        hours=hours,
        leads=leads,
        rate=rate,
        model=model,
        seconds=seconds,
        block_ms=block_ms,
        offline=offline,
        live=table(LIVE, lived),
    )


def usage_of(path: Path, model: str, judged: str, more: Sequence[str] = ()) -> Usage:
    """What detection in a record takes, in a process of its own."""
    result = path.with_name("result.json")
    arguments = [
        "detect",
        str(path),
        "-m",
        model,
        "--rules",
        "ecg",
        "-o",
        str(path.parent / judged),
    ]
    watched = [sys.executable, "-m", "benchmarks._watched", str(result), *arguments, *more]
    done = subprocess.run(
        [*watched, "--device", "cpu", "--threads", "1"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OndesError(f"ondes {' '.join(arguments)}: {done.stderr.strip()}")
    took = json.loads(result.read_text())
    return Usage(judged, took["seconds"], took["peak_bytes"] / 1e6)


class Told:
    """A sink that remembers when it was told of each event."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, float]] = []

    def write(self, batch: Batch) -> None:
        """Look at the clock."""
        now = time.monotonic()
        self.rows += [(event.onset, now) for event in batch.events]

    def close(self) -> None:
        """There is nothing to close."""


def live(model: str, n_leads: int, rate: int, seconds: int, block_ms: int) -> list[str]:
    """Watch a sender of beats to its end; return a line of the table."""
    port, told = free_port(), Told()
    source = source_of(
        f"tcp-listen://127.0.0.1:{port}",
        rate_hz=rate,
        n_channels=n_leads,
        dtype="float32",
        once=True,
    )
    settings = Settings(block_s=block_ms / 1e3)
    detector = prompt(
        ondes.load(model, device="cpu", threads=1), block_s=settings.block_s, rows=n_leads
    )
    rules = load("ecg")
    monitor = Monitor(rules, rate_hz=rate, channels=range(n_leads))
    job = Watch(detector, source, sinks=[told], settings=settings, monitor=monitor)
    words = ["-m", "benchmarks._heart", *map(str, (port, rate, n_leads, seconds))]
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as sender:
        began = time.process_time()
        counts = job.run()
        share = (time.process_time() - began) / counts.seconds
        late, start = map(float, sender.communicate()[0].split())
    if job.failure or sender.returncode or not told.rows:
        raise OndesError(f"the watch or its sender broke, or no beat was found: {job.failure}")
    period, peaks = _heart.beats(rate, 1)
    length = period.shape[1]
    delays = [now - start - _peak(onset, peaks, length) / rate for onset, now in told.rows]
    figures = np.quantile(delays, [0.5, 0.99, 1.0])
    times = [f"{1e3 * figure:.0f} ms" for figure in figures]
    return [str(n_leads), str(len(delays)), *times, f"{share:.2f}", f"{1e3 * late:.0f} ms"]


def _peak(onset: int, peaks: Sequence[int], length: int) -> int:
    """The R peak that an event stands for: the nearest one."""
    around = [turn * length + p for turn in range(onset // length + 2) for p in peaks]
    return min(around, key=lambda peak: abs(peak - onset))


def _figures(usage: Usage, hours: float) -> list[str]:
    return [f"{usage.seconds:.0f}", f"{usage.peak_mb:.0f}", f"{3600 * hours / usage.seconds:.0f}"]
