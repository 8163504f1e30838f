"""Detectors that answer soon."""

from __future__ import annotations

from dataclasses import replace

from ondes.run.detector import Detector
from ondes.run.engine import Window
from ondes.run.pipeline import Pipeline


def prompt(detector: Detector, *, block_s: float) -> Detector:
    """Return a detector that decides after each block rather than after larger windows.

    Answers in other windows differ by rounding only. A network whose reach is longer than a block
    gets windows of its reach, as shorter ones would cost many times as much. Detectors without
    windows are prompt as they are.
    """
    if not isinstance(detector, Pipeline):
        return detector
    spec = detector.spec
    least = Window.of(spec, frames=1)
    frames = max(int(block_s * spec.rate_hz / spec.hop), least.before + least.after, 1)
    return replace(detector, window=Window.of(spec, frames=frames))
