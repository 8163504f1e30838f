"""How much later one recording begins than another of the same time: cross-correlation.

The coefficient of correlation over what both would have in common is weighed by the root of its
length, so that chance does not win where little is left. Its highest peak tells the offset; how
high it stands over the next best and over the rest tells whether to believe it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, InputError, TooShortError
from ondes.ops.signals import resample
from ondes.signal import Signal

By = Literal["auto", "waves", "envelope"]
Array = NDArray[np.float64]

OVER_RIVAL, OVER_NOISE = 1.25, 5.0
"""How far a sure peak stands over the next best one, and over the RMS of all else."""
LEAST = 0.25  # of the shorter signal: what both must have in common
FEWEST = 16  # samples
FINE = 32  # places between two lags


class Lag(NamedTuple):
    """An offset and how sure it is.

    offset_s: how much later `b` begins than `a`, in seconds. peak: the weighed correlation there,
    1 at most. rival: the next best peak. noise: the RMS of all lags outside the peak.
    """

    offset_s: float
    peak: float
    rival: float
    noise: float

    @property
    def sure(self) -> bool:
        """Whether the peak stands out."""
        return self.peak >= max(OVER_RIVAL * self.rival, OVER_NOISE * self.noise)

    def __str__(self) -> str:
        return (
            f"{self.offset_s:+.6g} s: correlation {self.peak:.2f}, next best {self.rival:.2f}, "
            f"noise {self.noise:.2f}"
        )


def lag(a: Signal, b: Signal, *, by: By = "auto", most_s: float | None = None) -> Lag:
    """How much later `b` begins than `a`, told from what both heard; `start` is not looked at.

    Both are brought to the lower of their rates for this alone. "waves" correlates channel with
    channel, of either sign; "envelope" the power of all channels, for sensors that differ in kind
    or number; "auto" takes waves where the numbers of channels agree. No offset of more than
    `most_s` is looked for. The result is told to a fraction of a sample.

    Raises ChannelError where waves have different channels or all are constant, TooShortError
    below 16 samples, InputError where `most_s` leaves no choice.

    >>> x = np.random.default_rng(0).standard_normal(500)
    >>> a, b = (Signal.of(part, rate_hz=100) for part in (x[:400], x[70:]))
    >>> found = lag(a, b)
    >>> round(found.offset_s, 4), found.sure
    (0.7, True)
    """
    rate_hz = min(a.rate_hz, b.rate_hz)
    if by == "waves" and a.n_channels != b.n_channels:
        raise ChannelError(
            f'lag(by="waves") of {a.n_channels} and {b.n_channels} channels: say by="envelope"'
        )
    waves = by == "waves" or (by == "auto" and a.n_channels == b.n_channels)
    first, second = (_heard(signal, rate_hz, waves=waves) for signal in (a, b))
    spectrum, length = _cross(first, second)
    lags, scores = _scores(spectrum, length, first, second)
    if most_s is not None:
        near = np.abs(lags) <= most_s * rate_hz
        lags, scores = lags[near], scores[near]
    if len(lags) < 3:
        raise InputError(f"lag(most_s={most_s}) leaves {len(lags)} offsets: give more")
    height = np.abs(scores) if waves else scores
    best = int(height.argmax())
    inside = _lobe(height, best)
    rest = np.delete(height, inside)
    rival = max(float(rest.max(initial=0.0)), 0.0)
    noise = float(np.sqrt(np.square(rest).mean())) if rest.size else 0.0
    exact = _refined(spectrum, length, int(lags[best]), float(np.sign(scores[best])))
    return Lag(exact / rate_hz, float(height[best]), rival, noise)


def _heard(signal: Signal, rate_hz: float, *, waves: bool) -> Array:
    """Rows that are compared [row, time], of mean zero; channels weigh the same."""
    x = resample(signal.shift(-signal.start), rate_hz).samples.astype(np.float64)
    if x.shape[1] < FEWEST:
        raise TooShortError(f"lag of {x.shape[1]} samples at {rate_hz:g} Hz: give {FEWEST} or more")
    x = x - x.mean(axis=1, keepdims=True)
    size = x.std(axis=1, keepdims=True)
    if not size.any():
        raise ChannelError("lag of a signal whose channels are all constant: look at the sensor")
    x = x / np.where(size > 0, size, 1)
    if waves:
        return np.asarray(x)
    envelope = np.sqrt(np.square(x).mean(axis=0, keepdims=True))
    return np.asarray(envelope - envelope.mean())


def _cross(a: Array, b: Array) -> tuple[NDArray[np.complex128], int]:
    """The cross-spectrum of all rows, and how many lags it is of."""
    length = 1 << int(a.shape[1] + b.shape[1] - 1).bit_length()
    products = np.fft.rfft(a, length) * np.fft.rfft(b, length).conj()
    return products.sum(axis=0), length


def _scores(
    spectrum: NDArray[np.complex128], length: int, a: Array, b: Array
) -> tuple[NDArray[np.int64], Array]:
    """Weighed correlations by lag; those with too little in common are left out."""
    na, nb = a.shape[1], b.shape[1]
    lags = np.arange(-nb + 1, na)
    start, stop = np.maximum(lags, 0), np.minimum(na, lags + nb)
    common = stop - start
    kept = common >= max(LEAST * min(na, nb), FEWEST)
    lags, start, stop, common = lags[kept], start[kept], stop[kept], common[kept]
    sums = [np.concatenate([[0.0], np.cumsum(np.square(x).sum(axis=0))]) for x in (a, b)]
    powers = (sums[0][stop] - sums[0][start]) * (sums[1][stop - lags] - sums[1][start - lags])
    found = np.fft.irfft(spectrum, length)[lags % length]
    weights = np.sqrt(common / min(na, nb))
    return lags, weights * found / np.sqrt(np.maximum(powers, np.finfo(float).tiny))


def _lobe(height: Array, best: int) -> NDArray[np.int64]:
    """The places around the peak down to half of it, and on to the next rise."""
    edges = []
    for way in (-1, 1):
        place = best
        while 0 <= place + way < len(height) and (
            height[place] > height[best] / 2 or height[place + way] < height[place]
        ):
            place += way
        edges.append(place)
    return np.arange(edges[0], edges[1] + 1)


def _refined(spectrum: NDArray[np.complex128], length: int, best: int, sign: float) -> float:
    """The peak between samples: band-limited interpolation, then a parabola."""
    fine = best + np.arange(-FINE, FINE + 1) / FINE
    turns = 2j * np.pi * np.arange(len(spectrum)) / length
    values = np.array([sign * (spectrum * np.exp(turns * at)).real.sum() for at in fine])
    top = int(np.clip(values.argmax(), 1, len(fine) - 2))
    left, middle, right = values[top - 1 : top + 2]
    bend = left - 2 * middle + right
    return float(fine[top] + (0.5 * (left - right) / bend / FINE if bend < 0 else 0.0))
