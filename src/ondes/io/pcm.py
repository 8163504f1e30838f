"""Integer samples and the range [-1, 1): an integer of b bits stands for itself / 2^(b-1)."""

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError


def to_float(samples: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return samples as float32: integers scaled to [-1, 1), floats as they are.

    Unsigned integers have their zero in the middle of their range. Integers of more than 24
    bits are rounded to what float32 can hold.

    >>> to_float(np.array([-32768, 16384], np.int16)).tolist()
    [-1.0, 0.5]
    >>> to_float(np.array([0, 192], np.uint8)).tolist()
    [-1.0, 0.5]
    """
    kind, half = samples.dtype.kind, 2.0 ** (8 * samples.dtype.itemsize - 1)
    if kind == "f":
        return as_float32(samples)
    middle = half if kind == "u" else 0.0
    return ((samples.astype(np.float64) - middle) / half).astype(np.float32)


def as_float32(samples: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return values as they are, a copy in C order; those beyond float32 become infinite."""
    with np.errstate(over="ignore"):
        return np.array(samples, np.float32, order="C")


def to_int(samples: NDArray[np.float32], bits: int) -> NDArray[np.int64]:
    """Return samples in [-1, 1] as signed integers of `bits`, to the nearest; 1 is the top.

    What `to_float` made of integers up to 24 bits comes back exactly. Raises `InputError` when
    samples go beyond: they would be clipped.

    >>> to_int(np.float32([-1, 0.5, 1]), 16).tolist()
    [-32768, 16384, 32767]
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > 1:
        raise InputError(
            f"samples reach {peak:g} and integers hold [-1, 1): scale the signal by "
            f"{1 / peak:.3g}, or store it as float32"
        )
    half = 2 ** (bits - 1)
    whole: NDArray[np.int64] = np.rint(samples.astype(np.float64) * half).astype(np.int64)
    return whole.clip(max=half - 1)


def real(name: str) -> np.dtype[np.generic]:
    """Return the type of that name; `InputError` unless it is one of real numbers."""
    try:
        dtype = np.dtype(name)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "iuf":
        raise InputError(
            f"dtype={name!r} is no real number type: give int16, <i2, >f4, float32 or the like"
        )
    return dtype
