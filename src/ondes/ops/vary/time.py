"""Changes along time, the same on all channels: shift, crop, window, mask, swell, warp, stretch.

All take samples float32 [..., channel, time] and return new ones; nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import scipy.fft as sp
from numpy.typing import NDArray

from ondes.errors import InputError, TooShortError

Samples = NDArray[np.float32]
Fill = Literal["zero", "edge", "circular"]


def shift(x: Samples, samples: int, *, fill: Fill = "zero") -> Samples:
    """Move a clip `samples` later (negative: earlier); its length stays.

    What comes in from outside is silence ("zero"), the first or last sample held ("edge"), or
    what left at the other end ("circular").

    >>> shift(np.array([[1.0, 2.0, 3.0]], np.float32), 1)
    array([[0., 1., 2.]], dtype=float32)
    >>> shift(np.array([[1.0, 2.0, 3.0]], np.float32), -1, fill="circular")
    array([[2., 3., 1.]], dtype=float32)
    """
    if fill == "circular":
        return np.roll(x, samples, axis=-1)
    t = x.shape[-1]
    samples = max(-t, min(samples, t))
    moved = np.zeros_like(x)
    moved[..., max(samples, 0) : t + min(samples, 0)] = x[
        ..., max(-samples, 0) : t - max(samples, 0)
    ]
    if fill == "edge" and samples:
        outside = slice(0, samples) if samples > 0 else slice(t + samples, t)
        moved[..., outside] = x[..., :1] if samples > 0 else x[..., -1:]
    return moved


def crop(x: Samples, *, keep: float, place: float) -> Samples:
    """Keep a part of a clip: `keep` (0..1] of its samples, one at least.

    `place` in [0, 1] says which: 0 the first ones, 1 the last.

    >>> crop(np.arange(4, dtype=np.float32), keep=0.5, place=1.0)
    array([2., 3.], dtype=float32)
    """
    return window(x, max(1, round(keep * x.shape[-1])), place=place)


def window(x: Samples, n: int, *, place: float) -> Samples:
    """Return exactly `n` samples: part of a longer clip, or a shorter one with silence around it.

    `place` in [0, 1] says where the part lies in the clip, or the clip in the silence. Raises
    InputError on another place, or fewer than one sample.

    >>> window(np.ones(2, np.float32), 4, place=0.5)
    array([0., 1., 1., 0.], dtype=float32)
    """
    if n < 1 or not 0 <= place <= 1:
        raise InputError(f"window(n={n}, place={place}): give n >= 1 and 0 <= place <= 1")
    room = x.shape[-1] - n
    start = round(abs(room) * place)
    if room >= 0:
        return x[..., start : start + n].copy()
    framed = np.zeros((*x.shape[:-1], n), x.dtype)
    framed[..., start : start + x.shape[-1]] = x
    return framed


def mask(x: Samples, *, length: float, place: float) -> Samples:
    """Hold each channel at its mean for a part of the clip: `length` (0..1) of its samples.

    `place` in [0, 1] says where, as `crop` does. (Park et al., "SpecAugment", 2019, on samples.)

    >>> mask(np.array([[3.0, 0.0, 0.0]], np.float32), length=0.34, place=0.0)
    array([[1., 0., 0.]], dtype=float32)
    """
    n = round(length * x.shape[-1])
    start = round((x.shape[-1] - n) * place)
    masked = x.copy()
    masked[..., start : start + n] = x.mean(-1, keepdims=True)
    return masked


def swell(x: Samples, gains_db: Sequence[float]) -> Samples:
    """Let the loudness follow `gains_db`, spread evenly from the first sample to the last.

    Between them gains move smoothly (`smooth`). Magnitude warping of Um et al., "Data augmentation
    of wearable sensor data", 2017, in decibels.
    """
    curve = blend(gains_db, evenly(x.shape[-1], len(gains_db)))
    return x * decibels(curve)


def warp(x: Samples, moves: Sequence[float]) -> Samples:
    """Bend time: what stood at evenly spaced moments is read from places `moves` away.

    `moves` are in parts of the clip; both ends stay where they are, and so does the length.
    Between samples a cubic (Catmull and Rom 1974) is read, exact for parabolas. Raises InputError
    where time would run backwards.

    >>> warp(np.arange(9, dtype=np.float32), [0.125])[[0, 2, 4, 8]]
    array([0. , 2.5, 5. , 8. ], dtype=float32)
    """
    last = x.shape[-1] - 1
    moved = blend([0.0, *moves, 0.0], evenly(last + 1, len(moves) + 2)) * np.float32(last)
    position = np.arange(last + 1, dtype=np.float32) + moved
    if (np.diff(position) < 0).any():
        raise InputError(f"warp(moves={list(moves)}) turns time back; take smaller or fewer moves")
    return _read(x, np.clip(position, 0, last))


def stretch(x: Samples, factor: float, *, frame: int) -> Samples:
    """Make a clip `factor` times as long, without a change of pitch.

    Frames of `frame` samples are laid over each other by half, each taken from where it continues
    the one before best, on all channels at once (WSOLA, Verhelst and Roelands 1993). A frame
    should hold some periods of the lowest tone. Raises TooShortError for a clip of less than two.
    """
    if x.shape[-1] < 2 * frame or frame < 4 or not factor > 0:
        raise TooShortError(
            f"stretch({x.shape[-1]} samples, {factor}, frame={frame}): give a factor above 0 and "
            "two frames of 4 samples or more"
        )
    hop = frame // 2
    length = round(x.shape[-1] * factor)
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(2 * hop, 4 * hop)])
    taper = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    laid = np.zeros((*x.shape[:-1], length + 3 * hop), np.float32)
    start = hop  # frame 0 lies on the clip's first half frame and on silence before it
    for at in range(0, length + hop, hop):
        if at:
            asked = min(hop + round(at / factor), padded.shape[-1] - 3 * hop)
            start = _continued(padded, start + hop, asked, hop=hop)
        laid[..., at : at + 2 * hop] += padded[..., start : start + 2 * hop] * taper
    return laid[..., hop : hop + length]


def smooth(values: Sequence[float], position: Samples) -> Samples:
    """Read `values` at fractional positions, smoothly: level at each, never beyond two neighbours.

    >>> smooth([0.0, 1.0], np.array([0.0, 0.25, 0.5, 1.0], np.float32))
    array([0.     , 0.15625, 0.5    , 1.     ], dtype=float32)
    """
    return blend(values, between(position, len(values)))


class Between(NamedTuple):
    """Which of some values lies below each position, and what share the next one has there."""

    below: NDArray[np.int32]
    share: Samples


def between(position: Samples, n_values: int) -> Between:
    """Return where fractional positions lie among values, as `smooth` reads them."""
    below = np.minimum(position.astype(np.int32), max(n_values - 2, 0))
    share = position - below.astype(np.float32)
    return Between(below, share * share * (3 - 2 * share))


@lru_cache(maxsize=8)
def evenly(n: int, n_values: int) -> Between:
    """Return `between` for `n` samples with the values spread evenly from first to last."""
    return between(np.linspace(0, n_values - 1, n, dtype=np.float32), n_values)


def blend(values: Sequence[float], at: Between) -> Samples:
    """Return what `smooth` reads of `values` at positions that are known already."""
    left = np.asarray(values, np.float32)
    rise = np.append(np.diff(left), np.float32(0))
    return np.take(rise, at.below) * at.share + np.take(left, at.below)


def decibels(level_db: Samples) -> Samples:
    """Return the factors of amplitude that decibels stand for."""
    factors: Samples = np.exp2(level_db * np.float32(np.log2(10) / 20))
    return factors


def _continued(x: Samples, after: int, asked: int, *, hop: int) -> int:
    """Return where, within half a hop of `asked`, `x` resembles most what it holds at `after`."""
    reach = hop // 2
    wanted = x[..., after : after + hop]
    first = max(asked - reach, 0)
    among = x[..., first : first + 2 * reach + hop]
    n = sp.next_fast_len(among.shape[-1], real=True)
    spectrum = sp.rfft(among, n) * np.conj(sp.rfft(wanted, n))
    lags = among.shape[-1] - hop + 1
    likeness = sp.irfft(spectrum, n)[..., :lags].reshape(-1, lags).sum(0)
    power = np.cumsum(np.square(among, dtype=np.float64).reshape(-1, among.shape[-1]).sum(0))
    energy = power[hop - 1 :] - np.append(0, power[: lags - 1])
    return first + int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1e-30))))


def _read(x: Samples, position: Samples) -> Samples:
    """`x` at fractional positions within it, along a cubic through four neighbours."""
    i = position.astype(np.int32)
    u = position - i.astype(np.float32)
    edged = np.concatenate([x[..., :1], x, x[..., -1:], x[..., -1:]], axis=-1)
    a, b, c, d = (np.take(edged, i + k, axis=-1) for k in range(4))
    cubic: Samples = b + u / 2 * (
        c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a))
    )
    return cubic
