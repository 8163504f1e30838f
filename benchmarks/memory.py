"""How much memory the command line takes for recordings of any length, and how long it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks import _recording
from benchmarks._page import table
from ondes.errors import OndesError

HEAD = ("recording", "most memory, MB", "processor time, s", "real-time factor")
ABOUT = """
## Memory

`ondes detect` on a recording at 48 kHz, in a process of its own, from start-up to the written list
of events, on one thread. A recording six times as long, of {minutes} minutes, changes the most
memory by {growth:+.1f} %.
""".strip()


class Usage(NamedTuple):
    """What detection took."""

    signal_s: int
    peak_mb: float
    seconds: float


def report(*, model: str = "piano-tones", minutes: int = 60) -> str:
    """Detect in recordings of so many minutes, and of a sixth and of a sixtieth of them."""
    usages = [usage_of(model, seconds=minutes * share) for share in (1, 10, 60)]
    growth = 100 * (usages[-1].peak_mb / usages[-2].peak_mb - 1)
    return ABOUT.format(minutes=minutes, growth=growth) + "\n\n" + table(HEAD, map(row, usages))


def usage_of(model: str, *, seconds: int) -> Usage:
    """What detection in a recording of that length takes, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path, result = Path(folder, "tones.wav"), Path(folder, "result.json")
        _recording.write(path, seconds=seconds)
        arguments = ["detect", str(path), "--model", model, "-o", folder, "--device", "cpu"]
        watched = [sys.executable, "-m", "benchmarks._watched", str(result), *arguments]
        done = subprocess.run(
            [*watched, "--threads", "1"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise OndesError(f"ondes {' '.join(arguments)}: {done.stderr.strip()}")
        took = json.loads(result.read_text())
    return Usage(seconds, took["peak_bytes"] / 1e6, took["seconds"])


def row(usage: Usage) -> list[str]:
    """A line of the table."""
    signal_s, peak_mb, seconds = usage
    length = f"{signal_s // 60} min" if signal_s % 60 == 0 else f"{signal_s} s"
    return [length, f"{peak_mb:.0f}", f"{seconds:.1f}", f"{seconds / signal_s:.4f}"]
