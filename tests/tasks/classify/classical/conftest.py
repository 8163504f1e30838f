"""Clips that are easy to tell apart, of unequal lengths and two channels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from ondes.protocols import Clip


@dataclass
class Few:
    """Clips in memory."""

    x: list[np.ndarray]
    y: np.ndarray
    labels: tuple[str, ...]
    rate_hz: float = 100.0

    @property
    def n_channels(self):
        return len(self.x[0])

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return Clip(self.x[index], self.y[index])


def _tone(rng, hz, lengths):
    t = np.arange(rng.integers(*lengths)) / 100
    tone = np.sin(2 * np.pi * (hz * t + rng.random()))
    return np.stack([tone, 0.5 * tone]) + 0.2 * rng.standard_normal((2, len(t)))


@pytest.fixture
def few() -> Callable[..., Few]:
    """Return a maker of tones of 3, 11 or 23 Hz: classes, tags (two at once) or numbers."""

    def make(target="class", *, n=36, lengths=(60, 90), seed=0):
        rng = np.random.default_rng(seed)
        hz = np.array([3.0, 11.0, 23.0])
        first, second = rng.permutation(np.arange(n) % 3), rng.permutation(np.arange(n) % 3)
        x = [_tone(rng, hz[k], lengths) for k in first]
        y = np.eye(3)[first]
        if target == "tags":
            x = [
                a + _tone(rng, hz[k], (a.shape[1], a.shape[1] + 1))
                for a, k in zip(x, second, strict=True)
            ]
            y = np.maximum(y, np.eye(3)[second])
        if target == "number":
            y = hz[first][:, None]
        labels = ("hz",) if target == "number" else ("low", "middle", "high")
        return Few([a.astype(np.float32) for a in x], y.astype(np.float32), labels)

    return make
