"""How a raw stream lays out its samples, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, InputError
from ondes.io import pcm
from ondes.timebase import exact_rate

Samples = NDArray[np.float32]
Bytes = NDArray[np.uint8]

ABSURD = 1e15  # no sensor gives that in any unit; networks' sums of its squares still are finite
IN_CACHE = 2**15  # bytes brought into order at once: read and written while they are near


@dataclass(frozen=True)
class Layout:
    """Interleaved samples of `n_channels` at `rate_hz`, all of one `dtype`.

    Integers of b bits stand for themselves / 2^(b-1), in [-1, 1), as in raw files; floats are
    taken as they are. ``<`` and ``>`` name the order of bytes, as in ``>i2``. `names` are those of
    the channels, which are numbered where there are none; `unit` is empty where nobody knows it.

    Raises:
        InputError: `dtype` is no real number type.
        ChannelError, RateError: there is no channel, or the rate is not finite and above zero.

    >>> Layout.of("int16", n_channels=2, rate_hz=8000).frame_bytes
    4
    """

    dtype: np.dtype[np.generic]
    n_channels: int
    rate_hz: float
    names: tuple[str, ...] = ()
    unit: str = ""

    def __post_init__(self) -> None:
        exact_rate(self.rate_hz)
        if self.n_channels < 1:
            raise ChannelError(f"{self.n_channels} channels: a stream has one at least")

    @classmethod
    def of(
        cls,
        dtype: str,
        *,
        n_channels: int,
        rate_hz: float,
        names: tuple[str, ...] = (),
        unit: str = "",
    ) -> Layout:
        """Return a layout by the name of its type."""
        try:
            kind = np.dtype(dtype)
        except TypeError:
            kind = np.dtype(object)
        if kind.kind not in "iuf":
            raise InputError(
                f"dtype={dtype!r} (--dtype) is no real number type: give int16, int32, float32, "
                "float64, <i2, >f4 or the like"
            )
        return cls(kind, n_channels, rate_hz, names, unit)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return self.names or tuple(map(str, range(self.n_channels)))

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample in all channels."""
        return self.dtype.itemsize * self.n_channels

    @property
    def full_scale(self) -> tuple[float, float]:
        """The least and the largest value that integers hold; floats have no such bounds."""
        if self.dtype.kind == "f":
            return -np.inf, np.inf
        top = 1 - 2.0 ** (1 - 8 * self.dtype.itemsize)
        return -1.0, float(np.float32(top))

    def planar(self, raw: Bytes) -> Samples:
        """Return whole frames of bytes as float32 [channel, time].

        >>> raw = np.array([[0, 16384], [-32768, 8192]], np.int16).view(np.uint8)
        >>> Layout.of("int16", n_channels=2, rate_hz=8000).planar(raw.ravel())
        array([[ 0.  , -1.  ],
               [ 0.5 ,  0.25]], dtype=float32)
        """
        frames = raw.view(self.dtype).reshape(-1, self.n_channels)
        planar = np.empty((self.n_channels, len(frames)), np.float32)
        step = max(1, IN_CACHE // self.frame_bytes)
        with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity are told later
            for i in range(0, len(frames), step):
                self._convert(frames[i : i + step].T, planar[:, i : i + step])
        return planar

    def _convert(self, part: NDArray[np.generic], out: Samples) -> None:
        if self.dtype.kind == "f":
            np.copyto(out, part, casting="same_kind")
        elif self.dtype.kind == "u":
            out[:] = pcm.to_float(part)
        else:
            half = np.float32(2.0 ** (8 * self.dtype.itemsize - 1))
            np.divide(part, half, out=out, casting="same_kind")


class Clipping:
    """Counts samples that stay at full scale: each that follows another one there.

    A single sample at full scale may be right; a signal that stays there was cut off.

    >>> clipping = Clipping(-1.0, 0.5, n_channels=1)
    >>> clipping.count(np.float32([[0.5, 0, 0.5, 0.7, 0.5]])), clipping.count(np.float32([[0.5]]))
    (2, 1)
    """

    def __init__(self, low: float, high: float, *, n_channels: int) -> None:
        self._low, self._high = low, high
        self._stands = np.zeros(n_channels, np.bool_)

    def count(self, x: Samples) -> int:
        """Take the next samples [channel, time], one at least; return how many stay there."""
        if self._low == -np.inf:
            return 0
        if self._low < x.min() and x.max() < self._high:
            self._stands[:] = False
            return 0
        at = np.concatenate([self._stands[:, None], (x <= self._low) | (x >= self._high)], axis=1)
        self._stands = at[:, -1]
        return int(np.count_nonzero(at[:, 1:] & at[:, :-1]))


def stretches(x: Samples) -> Iterator[tuple[int, int, bool]]:
    """Yield the stretches [start, stop) of samples that are finite in all channels, or are not.

    What no sensor gives, 1e15 and more, counts as infinite: bits were flipped on the way.

    >>> list(stretches(np.float32([[1, np.nan, 2, 3], [0, 0, 0, np.inf]])))
    [(0, 1, True), (1, 2, False), (2, 3, True), (3, 4, False)]
    """
    with np.errstate(invalid="ignore"):  # NaN of all kinds compares as false
        if x.max(initial=0) < ABSURD and x.min(initial=0) > -ABSURD:
            yield 0, x.shape[1], True
            return
        good: NDArray[np.bool_] = np.logical_and.reduce(np.abs(x) < ABSURD, axis=0)
    edges = [0, *(np.flatnonzero(good[1:] != good[:-1]) + 1).tolist(), len(good)]
    for start, stop in pairwise(edges):
        yield start, stop, bool(good[start])
