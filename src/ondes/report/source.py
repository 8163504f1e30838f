"""A signal to walk through in blocks, whether it lies in memory or on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondes.io import SignalFile, open_signal
from ondes.signal import Signal
from ondes.timebase import Timebase

Samples = NDArray[np.float32]
AnySignal = Signal | SignalFile | str | os.PathLike[str]


@dataclass(frozen=True)
class Source:
    """Samples at `rate_hz` from position `start` on; `blocks(n)` yields float32 [channel, n]."""

    rate_hz: float
    n_samples: int
    channels: tuple[str, ...]
    unit: str
    start: int
    blocks: Callable[[int], Iterator[Samples]]

    @classmethod
    def of(cls, signal: AnySignal) -> Source:
        """Take a Signal, an opened file or a path; raises what `open_signal` raises."""
        if isinstance(signal, Signal):
            return cls(*_facts(signal), signal.start, lambda size: _cut(signal.samples, size))
        file = signal if isinstance(signal, SignalFile) else open_signal(signal)
        return cls(*_facts(file), 0, file.blocks)

    @property
    def timebase(self) -> Timebase:
        """Samples and seconds of the signal."""
        return Timebase(self.rate_hz)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.timebase.seconds(self.n_samples)


def _facts(signal: Signal | SignalFile) -> tuple[float, int, tuple[str, ...], str]:
    return signal.rate_hz, signal.n_samples, signal.channels, signal.unit


def _cut(samples: Samples, size: int) -> Iterator[Samples]:
    for begin in range(0, samples.shape[1], size):
        yield samples[:, begin : begin + size]
