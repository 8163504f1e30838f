"""The map between samples, frames and seconds: the only place where that arithmetic lives.

Sample and frame positions are integers and exact. Rates are floats to the user and fractions
inside: the float 100 / 3 means 100/3, see `exact_rate`.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError, RateError

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Whole = TypeVar("Whole", int, IntArray)

LARGEST_DENOMINATOR = 10_000
FEW_ROUNDINGS = Fraction(1, 2**50)


@lru_cache(maxsize=256)
def exact_rate(rate_hz: float) -> Fraction:
    """Return the fraction that a rate stands for.

    It is the nearest one with a denominator up to 10000 if that lies within a few roundings of
    the float (relative 2^-50), so that 33.333333333333336 means 100/3 and 48000 / 1.001 means
    48000000/1001; otherwise it is the float's own binary value.

    Raises:
        RateError: the rate is not finite and above zero.

    >>> exact_rate(100 / 3), exact_rate(31.25)
    (Fraction(100, 3), Fraction(125, 4))
    """
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        raise RateError(f"rate_hz={rate_hz!r}: give a finite rate above zero, in hertz")
    binary = Fraction(float(rate_hz))
    simple = binary.limit_denominator(LARGEST_DENOMINATOR)
    return simple if abs(simple - binary) <= FEW_ROUNDINGS * binary else binary


def whole_samples(positions: ArrayLike) -> IntArray:
    """Return sample positions, or other counts, as int64.

    Raises:
        InputError: they are not of an integer type.
    """
    array = np.asarray(positions)
    if array.size and array.dtype.kind not in "iu":
        raise InputError(f"counts of type {array.dtype}: give whole numbers, as in 480, not 480.0")
    return array.astype(np.int64)


def whole_number(count: int) -> int:
    """Return one count as a plain int; raises InputError like `whole_samples`."""
    return int(whole_samples(count))


@dataclass(frozen=True)
class Timebase:
    """Samples at `rate_hz`, in frames of `hop` samples that begin at sample `start`.

    Frame k stands for the samples [start + k * hop, start + (k + 1) * hop). The frames of a
    centred STFT have start = -hop // 2. Methods take a number or an array alike. Rates a few
    roundings apart become the same float.

    Raises:
        RateError: the rate is not finite and above zero.
        InputError: the hop is below one.

    >>> grid = Timebase(48000, hop=512)
    >>> grid.frame_of(1024), grid.sample_of(2), grid.centre_of(2), grid.seconds(24000)
    (2, 1024, 1280, 0.5)
    """

    rate_hz: float
    hop: int = 1
    start: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate_hz", float(exact_rate(self.rate_hz)))
        object.__setattr__(self, "hop", whole_number(self.hop))
        object.__setattr__(self, "start", whole_number(self.start))
        if self.hop < 1:
            raise InputError(f"Timebase(hop={self.hop}): a frame has at least one sample")

    @overload
    def seconds(self, samples: int) -> float: ...
    @overload
    def seconds(self, samples: IntArray) -> FloatArray: ...
    def seconds(self, samples: int | IntArray) -> float | FloatArray:
        """Return the time of a sample position in seconds; sample 0 is at 0 s."""
        rate = exact_rate(self.rate_hz)
        if isinstance(samples, int):
            return samples * float(rate.denominator) / float(rate.numerator)
        seconds = np.multiply(samples, float(rate.denominator)) / float(rate.numerator)
        return seconds if np.ndim(samples) else float(seconds)

    @overload
    def samples(self, seconds: float) -> int: ...
    @overload
    def samples(self, seconds: FloatArray) -> IntArray: ...
    def samples(self, seconds: float | FloatArray) -> int | IntArray:
        """Return the sample position nearest to a time in seconds, ties upward.

        Raises:
            InputError: a time is NaN or infinite.
        """
        if not np.all(np.isfinite(seconds)):
            raise InputError(f"samples({seconds!r}): times in seconds must be finite")
        rate = exact_rate(self.rate_hz)
        exact = np.asarray(np.multiply(seconds, float(rate.numerator)) / float(rate.denominator))
        below = np.floor(exact)
        nearest = below.astype(np.int64) + (exact - below >= 0.5)
        return nearest if np.ndim(seconds) else int(nearest)

    def within(self, seconds: float) -> int:
        """Return how many samples pass in a stretch of time: the most that last no longer.

        Raises:
            InputError: it is below zero, NaN or infinite.

        >>> Timebase(100).within(0.29), Timebase(32).within(0.05)
        (29, 1)
        """
        if seconds < 0:
            raise InputError(f"a tolerance of {seconds} s: give zero or more seconds")
        nearest = self.samples(seconds)
        return nearest if self.seconds(nearest) <= seconds else nearest - 1

    def span(self, seconds: object, start: int, stop: int) -> tuple[int, int]:
        """Return the sample positions of a slice in seconds; open ends are `start` and `stop`.

        Raises:
            InputError: it is no slice, or has a step.
        """
        if not isinstance(seconds, slice) or seconds.step is not None:
            raise InputError(f"[{seconds!r}]: slice from second to second, as in [0.5:2.0]")
        return (
            start if seconds.start is None else self.samples(seconds.start),
            stop if seconds.stop is None else self.samples(seconds.stop),
        )

    @overload
    def rescale(self, samples: int, to_hz: float) -> int: ...
    @overload
    def rescale(self, samples: IntArray, to_hz: float) -> IntArray: ...
    def rescale(self, samples: int | IntArray, to_hz: float) -> int | IntArray:
        """Return the position at the rate `to_hz` nearest to the same time, ties upward; exact.

        >>> Timebase(44100).rescale(44100 * 10**12 + 1, 48000) - 48000 * 10**12
        1
        """
        ratio = exact_rate(to_hz) / exact_rate(self.rate_hz)
        if not np.ndim(samples):
            return _scaled(operator.index(samples), ratio)
        array = whole_samples(samples)
        largest = int(np.abs(array).max(initial=0))
        if 2 * (largest * ratio.numerator + ratio.denominator) < 2**63:
            return _scaled(array, ratio)
        return _scaled(array.astype(object), ratio).astype(np.int64)

    def frames_in(self, n_samples: int) -> int:
        """Return the number of whole frames in a stretch of `n_samples`."""
        return n_samples // self.hop

    def frame_of(self, samples: Whole) -> Whole:
        """Return the frame that holds a sample."""
        return (samples - self.start) // self.hop

    def sample_of(self, frames: Whole) -> Whole:
        """Return the first sample of a frame."""
        return frames * self.hop + self.start

    def centre_of(self, frames: Whole) -> Whole:
        """Return the middle sample of a frame; of the two in an even hop, the later."""
        return frames * self.hop + (self.start + self.hop // 2)

    def frames_over(self, onset: IntArray, offset: IntArray) -> tuple[IntArray, IntArray]:
        """Return the frames [first, stop) whose centres lie within the samples [onset, offset).

        Where no centre does, it is the one frame that holds the middle sample.
        """
        first, stop = (-((self.centre_of(0) - edge) // self.hop) for edge in (onset, offset))
        middle = self.frame_of((onset + offset) // 2)
        first = np.where(first < stop, first, middle)
        return first, np.maximum(stop, first + 1)


def _scaled(samples: Whole, ratio: Fraction) -> Whole:
    """floor(samples * ratio + 1/2)."""
    return (2 * samples * ratio.numerator + ratio.denominator) // (2 * ratio.denominator)
