"""The map between samples, frames and seconds: the only place where that arithmetic lives.

Sample and frame positions are integers and exact. Rates are floats to the user and fractions
inside: the float 100 / 3 means 100/3, see `exact_rate`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError, RateError

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Whole = TypeVar("Whole", int, IntArray)

LARGEST_DENOMINATOR = 1_000_000


def exact_rate(rate_hz: float) -> Fraction:
    """The fraction a rate stands for: the simplest one that is this very float.

    Of all fractions with a denominator up to a million the nearest is taken if it rounds to
    `rate_hz`, so 33.333333333333336 means 100/3; otherwise the float's own binary value.
    Raises RateError unless the rate is finite and above zero.

    >>> exact_rate(100 / 3), exact_rate(31.25)
    (Fraction(100, 3), Fraction(125, 4))
    """
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        raise RateError(f"rate_hz={rate_hz!r}: give a finite rate above zero, in hertz")
    binary = Fraction(rate_hz)
    simple = binary.limit_denominator(LARGEST_DENOMINATOR)
    return simple if float(simple) == rate_hz else binary


@dataclass(frozen=True)
class Timebase:
    """Samples at `rate_hz`, in frames of `hop` samples that begin at sample `start`.

    Frame k stands for the samples [start + k * hop, start + (k + 1) * hop). The frames of a
    centred STFT have start = -hop // 2. All methods take a number or an array alike.

    >>> grid = Timebase(48000, hop=512)
    >>> grid.frame_of(1024), grid.sample_of(2), grid.centre_of(2), grid.seconds(24000)
    (2, 1024, 1280, 0.5)
    """

    rate_hz: float
    hop: int = 1
    start: int = 0

    def __post_init__(self) -> None:
        exact_rate(self.rate_hz)
        if self.hop < 1:
            raise InputError(f"Timebase(hop={self.hop}): a frame has at least one sample")

    @overload
    def seconds(self, samples: int) -> float: ...
    @overload
    def seconds(self, samples: IntArray) -> FloatArray: ...
    def seconds(self, samples: int | IntArray) -> float | FloatArray:
        """Time of a sample position in seconds; sample 0 is at 0 s."""
        rate = exact_rate(self.rate_hz)
        seconds = np.multiply(samples, float(rate.denominator)) / float(rate.numerator)
        return seconds if np.ndim(samples) else float(seconds)

    @overload
    def samples(self, seconds: float) -> int: ...
    @overload
    def samples(self, seconds: FloatArray) -> IntArray: ...
    def samples(self, seconds: float | FloatArray) -> int | IntArray:
        """Sample position nearest to a time in seconds, ties upward.

        Raises InputError on NaN and infinity.
        """
        if not np.all(np.isfinite(seconds)):
            raise InputError(f"samples(seconds={seconds!r}): times must be finite")
        rate = exact_rate(self.rate_hz)
        exact = np.multiply(seconds, float(rate.numerator)) / float(rate.denominator)
        below = np.floor(exact)
        nearest = (below + (exact - below >= 0.5)).astype(np.int64)
        return cast(IntArray, nearest) if np.ndim(seconds) else int(nearest)

    def frames_in(self, n_samples: int) -> int:
        """Number of whole frames in a stretch of `n_samples`."""
        return n_samples // self.hop

    def frame_of(self, samples: Whole) -> Whole:
        """Frame that holds a sample."""
        return (samples - self.start) // self.hop

    def sample_of(self, frames: Whole) -> Whole:
        """First sample of a frame."""
        return frames * self.hop + self.start

    def centre_of(self, frames: Whole) -> Whole:
        """Middle sample of a frame; of the two in an even hop, the later."""
        return frames * self.hop + (self.start + self.hop // 2)

    @overload
    def rescale(self, samples: int, to_hz: float) -> int: ...
    @overload
    def rescale(self, samples: IntArray, to_hz: float) -> IntArray: ...
    def rescale(self, samples: int | IntArray, to_hz: float) -> int | IntArray:
        """Position at the rate `to_hz` nearest to the same time, ties upward; exact.

        >>> Timebase(44100).rescale(44100 * 10**12 + 1, 48000) - 48000 * 10**12
        1
        """
        ratio = exact_rate(to_hz) / exact_rate(self.rate_hz)
        if np.ndim(samples) == 0:
            return _scaled(int(samples), ratio)
        array = np.asarray(samples, dtype=np.int64)
        if ratio.numerator * ratio.denominator < 2**60:
            return _scaled(array, ratio)
        return _scaled(array.astype(object), ratio).astype(np.int64)


def _scaled(samples: Whole, ratio: Fraction) -> Whole:
    """floor(samples * ratio + 1/2), in steps that stay small."""
    up, down = ratio.numerator, ratio.denominator
    whole, rest = samples // down, samples % down
    return whole * up + (2 * rest * up + down) // (2 * down)


def as_samples(positions: ArrayLike) -> IntArray:
    """Sample positions as int64; raises InputError on values that are not whole numbers."""
    array = np.asarray(positions)
    if array.size and array.dtype.kind not in "iu":
        raise InputError(f"sample positions of type {array.dtype}: give whole numbers of samples")
    return array.astype(np.int64)
