"""Sampling-rate conversion by any rational ratio, exact under any division into chunks.

A windowed-sinc low-pass (Kaiser, Oppenheim & Schafer, Discrete-Time Signal Processing, 7.6) is
evaluated at the exact rational position of every output. The filter repeats after `up` outputs,
so a block of outputs is one product of a matrix of stretches of the input with a banded matrix of
taps. These products have a fixed size and lie at fixed places of the time axis: what surrounds an
output sample in a call never changes its bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.timebase import Timebase, exact_rate

Float32 = NDArray[np.float32]

PASS_BAND = 0.91
STOP_BAND_DB = 100.0
BLOCK_OUTPUTS = 64  # columns of a product
GROUP_OUTPUTS = 4096  # outputs of a product, all rows together
LARGEST_TABLE = 2**27
# OpenBLAS takes several threads for larger products; on a busy machine they wait for each other.
ONE_THREAD = 2**18


@dataclass(frozen=True)
class Resampler:
    """Convert samples `[..., t]` from `rate_in` to `rate_out` (hertz).

    Flat within 0.001 dB up to `pass_band` (0.91) of the lower Nyquist frequency, more than 90 dB
    down from that frequency on, without delay (linear phase). A lower `pass_band` makes the filter
    shorter, so that a stream is waited for less. Input sample n and output sample k lie at n /
    `rate_in` and k / `rate_out` seconds. Equal rates leave the samples as they are. Raises
    RateError for a rate that is not above zero, InputError where the rates have no ratio of
    manageable integers, or the pass band is no part of 1.

    >>> Resampler(48000, 24000)(np.ones(480, np.float32)).shape
    (240,)
    """

    rate_in: float
    rate_out: float
    pass_band: float = PASS_BAND

    def __post_init__(self) -> None:
        if not 0 < self.pass_band < 1:
            raise InputError(f"{self}: the pass band is a part of 1, as {PASS_BAND}")
        self._plan()

    def _plan(self) -> _Plan:
        return _plan(self.rate_in, self.rate_out, self.pass_band)

    @property
    def halo(self) -> int:
        """How many input samples an output depends on, at most, before and behind its place."""
        return self._plan().halo

    def length(self, n: int) -> int:
        """Number of outputs of `n` inputs, rounded to the nearest."""
        return Timebase(self.rate_in).rescale(n, self.rate_out)

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Input samples `[first, last)` on which the outputs `[start, stop)` depend.

        >>> resampler = Resampler(48000, 24000)
        >>> resampler.span(0, 1) == (-resampler.halo, resampler.halo + 1)
        True
        """
        plan = self._plan()
        first = -(-start * plan.down // plan.up) - plan.halo
        return first, (stop - 1) * plan.down // plan.up + plan.halo + 1

    def aligned(self, first: int, outputs: int) -> int:
        """Last input at or before `first`, but not before 0, from which a signal cut there is
        converted to the same bits: a whole number of `outputs` outputs lies before it.
        """
        plan = self._plan()
        step = math.lcm(outputs, plan.outputs) * plan.down // plan.up
        return max(first, 0) // step * step

    def __call__(self, x: Float32) -> Float32:
        """Convert a whole signal, silent outside `x`."""
        stop = self.length(x.shape[-1])
        return self.outputs(x, first=0, start=0, stop=stop, silent_outside=True)

    def outputs(
        self, x: Float32, *, first: int, start: int, stop: int, silent_outside: bool = False
    ) -> Float32:
        """Output samples `[start, stop)` from the input samples `x` that begin at `first`.

        The same bits come out for any choice of `start`, `stop` and surplus input. Positions may
        be negative. Raises InputError unless `x` covers `span(start, stop)`; at the ends of a
        signal, say `silent_outside=True`.
        """
        if not silent_outside:
            self._check_covered(x.shape[-1], first=first, start=start, stop=stop)
        plan = self._plan()
        groups = range(start // plan.outputs, -(-stop // plan.outputs))
        y = np.empty((*x.shape[:-1], len(groups) * plan.outputs), np.float32)
        for i, group in enumerate(groups):
            stretch = _stretch(x, group * plan.inputs - plan.halo - first, plan.reach)
            y[..., i * plan.outputs : (i + 1) * plan.outputs] = _convert(plan, stretch)
        skip = groups.start * plan.outputs
        return y[..., start - skip : stop - skip]

    def _check_covered(self, n: int, *, first: int, start: int, stop: int) -> None:
        low, high = self.span(start, stop)
        if first > low or first + n < high:
            raise InputError(
                f"{self}.outputs(start={start}, stop={stop}) depends on the inputs [{low}, {high})"
                f" but got [{first}, {first + n}): hand in those of span(start, stop), or say "
                "silent_outside=True at the ends of a signal"
            )


class _Plan(NamedTuple):
    """A group of outputs: `rows` periods, each cut into blocks with a tap matrix of their own.

    Rows go through a matrix in parts, as many at once as one thread takes.
    """

    up: int
    down: int
    halo: int
    outputs: int  # per group
    inputs: int  # by which a group moves on
    reach: int  # inputs of a group
    places: NDArray[np.int64]  # [block, part, row, tap] in the inputs of a group
    taps: Float32  # [block, 1, tap, column]
    period: int  # outputs of a row


def _convert(plan: _Plan, stretch: Float32) -> Float32:
    """One group: `[..., reach]` to `[..., outputs]`."""
    blocks: Float32 = np.take(stretch, plan.places, axis=-1) @ plan.taps
    rows = np.moveaxis(blocks, -4, -2)
    rows = rows.reshape(*rows.shape[:-2], -1)[..., : plan.period]
    return rows.reshape(*stretch.shape[:-1], plan.outputs)


def _stretch(x: Float32, start: int, n: int) -> Float32:
    """`x[..., start : start + n]`, zero where there is no x."""
    low, high = max(start, 0), min(start + n, x.shape[-1])
    if low == start and high == start + n:
        return np.asarray(x[..., low:high], np.float32)
    stretch = np.zeros((*x.shape[:-1], n), np.float32)
    if low < high:
        stretch[..., low - start : high - start] = x[..., low:high]
    return stretch


@lru_cache(maxsize=16)
def _plan(rate_in: float, rate_out: float, pass_band: float) -> _Plan:
    ratio = exact_rate(rate_out) / exact_rate(rate_in)
    up, down = ratio.numerator, ratio.denominator
    half = _half_length(up, down, pass_band)
    halo = math.ceil(half)
    repeat = -(-BLOCK_OUTPUTS // up)
    period = up * repeat
    n_blocks = -(-period // BLOCK_OUTPUTS)
    columns = -(-period // n_blocks)
    width = 2 * halo + 2 + -(-columns * down // up)
    if n_blocks * width * columns > LARGEST_TABLE:
        raise InputError(
            f"Resampler({rate_in!r}, {rate_out!r}): the ratio {up}/{down} needs too large a table "
            "of filters; choose rates with a simpler ratio, such as whole hertz"
        )
    first = columns * np.arange(n_blocks) * down // up  # input place of each block, less halo
    rows = -(-GROUP_OUTPUTS // period)
    part = min(max(1, ONE_THREAD // (width * columns)), rows)  # rows of a product
    rows = -(-rows // part) * part
    step = down * repeat
    row = step * np.arange(rows).reshape(-1, part, 1)
    places = first[:, None, None, None] + row + np.arange(width)
    band = _Band(up, down, half, pass_band)
    taps = np.stack([_taps(band, b * columns, columns, width) for b in range(n_blocks)])
    return _Plan(
        up,
        down,
        halo,
        rows * period,
        rows * step,
        int(places.max()) + 1,
        places,
        taps[:, None],
        period,
    )


def _half_length(up: int, down: int, pass_band: float) -> float:
    """Half the filter in input samples, by Kaiser's formula for the transition band."""
    if up == down:
        return 0.0
    transition = math.pi * (1 - pass_band) * min(1.0, up / down)
    return (STOP_BAND_DB - 7.95) / (2.285 * transition) / 2


class _Band(NamedTuple):
    """A filter: its ratio of rates, half its length in input samples, and what it lets pass."""

    up: int
    down: int
    half: float
    pass_band: float


def _taps(band: _Band, start: int, columns: int, width: int) -> Float32:
    """Band of taps `[width, columns]` of the outputs from `start` on; each column sums to 1."""
    up, down, half, pass_band = band
    first = start * down // up - math.ceil(half)
    place = (first + np.arange(width))[:, None] * up - (start + np.arange(columns)) * down
    if half == 0:
        return np.asarray(place == 0, np.float32)
    t = place / up  # in input samples, exact up to here
    beta = 0.1102 * (STOP_BAND_DB - 8.7)
    inside = np.maximum(1 - (t / half) ** 2, 0)
    window = np.where(np.abs(t) < half, np.i0(beta * np.sqrt(inside)), 0)
    taps = np.sinc(t * min(1.0, up / down) * (1 + pass_band) / 2) * window
    return np.asarray(taps / taps.sum(0), np.float32)
