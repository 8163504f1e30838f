"""Detectors that answer soon."""

from __future__ import annotations

import math
from dataclasses import replace

from ondes.run.detector import Detector
from ondes.run.engine import Window
from ondes.run.live.through import Through
from ondes.run.pipeline import Pipeline
from ondes.spec import Spec

SOON_S = 0.05  # nobody waits for less
CHEAP_HZ = 80_000  # samples a second, computed anew or not, that cost little


def prompt(detector: Detector, *, block_s: float, waited: bool = True, rows: int = 1) -> Detector:
    """Return a detector that decides after each block rather than after larger windows.

    Answers in other windows differ by rounding only. A network whose reach is longer than a block
    computes it anew for each window. So it gets windows of its reach, which cost twice as much as
    long ones; or shorter ones, down to a twentieth of a second, where its rate is so low that this
    costs little all the same, for as many `rows` as it hears. Nobody waits, `waited` is off, where
    a file is heard as fast as can be. Detectors without windows are prompt as they are.
    """
    if isinstance(detector, Through):
        inner = prompt(detector.detector, block_s=block_s, waited=waited, rows=rows)
        return replace(detector, detector=inner)
    if not isinstance(detector, Pipeline):
        return detector
    spec = detector.spec
    least = Window.of(spec, frames=1)
    reach = least.before + least.after
    shortest = min(reach, _affordable(spec, reach, rows)) if waited else reach
    frames = max(_frames(spec, block_s), shortest, 1)
    return replace(detector, window=Window.of(spec, frames=frames))


def _affordable(spec: Spec, reach: int, rows: int) -> int:
    """Return the fewest frames of windows that do not cost too much."""
    heard_hz = rows * spec.rate_hz
    if heard_hz >= CHEAP_HZ:
        return reach
    cheap = math.ceil(reach * heard_hz / (CHEAP_HZ - heard_hz))
    return max(cheap, _frames(spec, SOON_S))


def _frames(spec: Spec, seconds: float) -> int:
    return int(seconds * spec.rate_hz / spec.hop)
