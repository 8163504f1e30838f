"""Bursts of what movement and muscles add to electrocardiograms: noise in the band of the beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft as sp
from numpy.typing import NDArray

from ondes.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Artefacts:
    """How often bursts come, and what they are; what has two numbers is drawn evenly between them.

    p: probability that a clip has any.
    bursts: how many it has then, at most.
    length_s: of a burst, which swells and fades.
    snr_db: variance of the whole signal over that of the burst where it is loudest.
    low_hz, high_hz: the edges of its band, in which power falls with frequency, as 1 / f.

    Raises InputError where a number is out of its range.
    """

    p: float = 0.0
    bursts: int = 4
    length_s: tuple[float, float] = (0.3, 6.0)
    snr_db: tuple[float, float] = (-15.0, 5.0)
    low_hz: tuple[float, float] = (0.2, 3.0)
    high_hz: tuple[float, float] = (4.0, 30.0)

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1 or self.bursts < 1 or not 0 < self.length_s[0] <= self.length_s[1]:
            raise InputError(
                f"artefacts p={self.p}, bursts={self.bursts}, length_s={self.length_s}: give a "
                "probability, one burst or more, and lengths above 0"
            )
        if not 0 <= self.low_hz[1] <= self.high_hz[0]:
            raise InputError(
                f"artefacts low_hz={self.low_hz}, high_hz={self.high_hz}: the lower edge never "
                "lies above the upper one"
            )


def disturbed(
    x: NDArray[np.float32], rng: np.random.Generator, config: Artefacts, *, rate_hz: float
) -> NDArray[np.float32]:
    """Return samples [channel, time] with bursts of their own in each channel, beside the beats.

    A channel that is constant stays as it is.

    >>> x = np.sin(np.arange(500, dtype=np.float32))[None]
    >>> y = disturbed(x, np.random.default_rng(0), Artefacts(p=1.0, bursts=1), rate_hz=100)
    >>> bool(0.0 < (y != x).mean() < 1.0)
    True
    """
    if rng.random() >= config.p:
        return x
    x = x.copy()
    power = x.var(axis=1, keepdims=True)
    for _ in range(int(rng.integers(1, config.bursts + 1))):
        n = min(max(2, round(rng.uniform(*config.length_s) * rate_hz)), x.shape[1])
        start = int(rng.integers(x.shape[1] - n + 1))
        level = np.sqrt(power * 10 ** (-rng.uniform(*config.snr_db) / 10))
        noise = _in_band(rng, x.shape[0], n, config, rate_hz=rate_hz)
        x[:, start : start + n] += (level * noise * np.hanning(n + 2)[1:-1]).astype(np.float32)
    return x


def _in_band(
    rng: np.random.Generator, channels: int, n: int, config: Artefacts, *, rate_hz: float
) -> NDArray[np.float64]:
    """Noise [channel, n] in a band that is drawn, of unit power."""
    hz = np.arange(n) / n * rate_hz / 2
    low, high = rng.uniform(*config.low_hz), rng.uniform(*config.high_hz)
    inside = (hz >= low) & (hz <= high)
    inside[np.abs(hz - (low + high) / 2).argmin()] = True
    size = inside / np.sqrt(np.maximum(hz, low))
    bins = rng.standard_normal((channels, n)) * size
    noise: NDArray[np.float64] = sp.idct(bins, norm="ortho") * np.sqrt(n / np.square(size).sum())
    return noise
