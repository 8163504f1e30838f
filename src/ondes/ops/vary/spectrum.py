"""Changes in frequency: speed, random equalisation, muted bands, coloured noise.

All go through the cosine transform of a whole clip, DCT-II: bin k of n lies at k / n of half the
sampling rate. It sees the clip continued by its own mirror image, so that nothing wraps around and
no edge rings; filters have no delay. `Shaping` does any number of them in one pass there and back.
Samples are float32 [..., channel, time].
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.fft as sp
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.ops.vary.time import Between, Samples, between, blend, decibels


class Noise(NamedTuple):
    """Noise whose variance lies `snr_db` below each channel's, to the digit.

    Its power falls with frequency to the power of `slope`: 0 is white noise, 1 pink, 2 brown. The
    same `seed` gives the same noise.
    """

    snr_db: float
    slope: float
    seed: int


class Shaping(NamedTuple):
    """What is done in one pass: a new length, a response (one gain per bin), noise; or not."""

    length: int | None = None
    response: Samples | None = None
    noise: Noise | None = None

    def __call__(self, x: Samples) -> Samples:
        """Return samples [..., channel, length]."""
        if self.length is None and self.response is None and self.noise is None:
            return x.copy()
        bins = sp.dct(x, norm="ortho")
        if self.response is not None:
            bins *= self.response
        if self.length is not None:
            bins = _resized(bins, self.length)
        if self.noise is not None:
            bins += _noise(bins, self.noise)
        shaped: Samples = sp.idct(bins, norm="ortho", overwrite_x=True)
        return shaped


def speed(x: Samples, factor: float) -> Samples:
    """Play a clip `factor` times as fast: shorter, and all its frequencies higher, as resampled.

    As the lengths of vocal tracts differ, so do those of speakers' formants. The new length is
    round(time / factor), one at least; what would lie above half the sampling rate is left out.
    Sample m of M is read from where (m + 1/2) / M of the clip has passed.

    >>> speed(np.full((1, 6), 3, np.float32), 2.0)
    array([[3., 3., 3.]], dtype=float32)
    """
    return Shaping(length=faster(x.shape[-1], factor))(x)


def equalise(x: Samples, gains_db: Sequence[float], *, octaves: float = 1.0) -> Samples:
    """Filter by a smooth response over log-frequency: as another microphone, room or body would.

    `gains_db[0]` holds at half the sampling rate, each next one `octaves` lower, the last at all
    that lies below; between them decibels move smoothly.

    >>> equalise(np.full((1, 3), 1, np.float32), [0.0, 0.0, 20.0], octaves=0.5)
    array([[10., 10., 10.]], dtype=float32)
    """
    return Shaping(response=response(x.shape[-1], gains_db, octaves=octaves))(x)


def mute(x: Samples, low: float, high: float) -> Samples:
    """Take out a band, from `low` up to `high` in parts of half the sampling rate."""
    return Shaping(response=muted(x.shape[-1], low, high))(x)


def hiss(x: Samples, *, snr_db: float, slope: float, seed: int) -> Samples:
    """Add coloured noise; see `Noise`. A constant channel stays as it is."""
    return Shaping(noise=Noise(snr_db, slope, seed))(x)


def response(n: int, gains_db: Sequence[float], *, octaves: float) -> Samples:
    """Return the factor of each of `n` bins in `equalise`; InputError without gains or octaves."""
    if octaves <= 0 or not len(gains_db):
        raise InputError(
            f"equalise({len(gains_db)} gains, octaves={octaves}): give gains, and octaves above 0"
        )
    return decibels(blend(gains_db, _nodes(n, octaves, len(gains_db))))


def muted(n: int, low: float, high: float) -> Samples:
    """Return the factor of each of `n` bins in `mute`: 0 from `low` up to `high`, 1 elsewhere."""
    kept = np.ones(n, np.float32)
    kept[int(np.ceil(low * n)) : int(np.ceil(high * n))] = 0
    return kept


@lru_cache(maxsize=8)
def _depth(n: int) -> Samples:
    """How many octaves each of `n` bins lies below half the sampling rate."""
    bins = np.arange(n, dtype=np.float64)
    bins[0] = 0.5
    depth: Samples = (np.log2(n) - np.log2(bins)).astype(np.float32)
    return depth


@lru_cache(maxsize=8)
def _nodes(n: int, octaves: float, n_gains: int) -> Between:
    """Where each of `n` bins lies among gains that are spread by octaves."""
    depth = np.minimum(_depth(n) * np.float32(1 / octaves), np.float32(n_gains - 1))
    return between(depth, n_gains)


def quick(n: int) -> int:
    """Return the least number of samples from `n` on that is transformed quickly."""
    return int(sp.next_fast_len(n, real=True))


def faster(n: int, factor: float) -> int:
    """Return how many of `n` samples are left, one at least; InputError on a factor of 0."""
    if not factor > 0:
        raise InputError(f"speed(factor={factor}): give a factor above 0")
    return max(1, round(n / factor))


def _resized(bins: Samples, n: int) -> Samples:
    """As many bins as a clip of `n` samples of the same size has."""
    resized = np.zeros((*bins.shape[:-1], n), np.float32)
    kept = min(n, bins.shape[-1])
    resized[..., :kept] = bins[..., :kept] * np.float32(np.sqrt(n / bins.shape[-1]))
    return resized


def _noise(bins: Samples, noise: Noise) -> Samples:
    """Bins of the noise for a clip of these bins; the mean of the clip stays."""
    generator = np.random.Generator(np.random.SFC64(noise.seed))
    drawn = generator.standard_normal(bins.shape, dtype=np.float32)
    drawn *= np.exp2(_depth(bins.shape[-1]) * np.float32(noise.slope / 2))
    drawn[..., 0] = 0
    wanted = _power(bins) * 10 ** (-noise.snr_db / 10)
    drawn *= np.sqrt(wanted / np.maximum(_power(drawn), 1e-30)).astype(np.float32)
    return drawn


def _power(bins: Samples) -> NDArray[np.float64]:
    """Variance of each channel, times the samples."""
    power: NDArray[np.float64] = np.square(bins[..., 1:]).sum(-1, dtype=np.float64, keepdims=True)
    return power
