"""Some hundred numbers about a clip: its spectrum in bands over time, its levels, its shape.

They do for clips of 24 samples as for minutes: frames are a sixteenth of a clip of training, 8 to
1,024 samples, and bands are spaced evenly in log(1 + 16 f), f in parts of half the sampling rate
(the mel scale at 22 kHz). Spectra count from 50 dB below the loudest moment on, so that neither
gain nor the noise of a sensor hides what is heard; levels are said beside them. What changes in a
clip is followed through parts in which equally much is heard, wherever it begins and however fast
it is. Of several channels their Euclidean norm counts as one more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.fft as sp
from numpy.typing import NDArray

Samples = NDArray[np.float32]

LONGEST_FRAME, SHORTEST_FRAME = 1024, 8
BANDS, FEWEST_BANDS, BANDS_OF_ALL = 40, 4, 160
CEPSTRUM = 13
PARTS, PIECES = 10, 8
RANGE = 1e-5  # of the power of the loudest band and frame
LAGS = 2 ** np.arange(7)
BLOCK = 8192  # samples correlated with themselves at once
MOST_PAIRED = 12  # channels whose correlations are taken
FAINT = 1e-9  # of the usual power
LARGE = 1e12  # samples and powers beyond are squared in double precision


@dataclass(frozen=True)
class Plan:
    """How clips are looked at: samples of a frame, first bins of the bands, and the least power."""

    n_fft: int
    edges: tuple[int, ...]
    floor: float


def plan(clips: Sequence[Samples]) -> Plan:
    """Return what suits clips [channel, time] of a training."""
    usual = float(np.median([clip.shape[-1] for clip in clips]))
    n_fft = int(np.clip(2 ** round(np.log2(usual / 16)), SHORTEST_FRAME, LONGEST_FRAME))
    power = float(np.median([clip.var(-1, dtype=np.float64).mean() for clip in clips]))
    rows = len(clips[0]) + (len(clips[0]) > 1)
    bands = int(np.clip(BANDS_OF_ALL // rows, FEWEST_BANDS, BANDS))
    return Plan(n_fft, _edges(n_fft // 2, bands), FAINT * power or FAINT)


def features(x: Samples, plan: Plan) -> Samples:
    """Return float32 [feature] of a clip x [channel, time]."""
    if max(float(np.abs(x).max()), plan.floor) > LARGE:
        x = x.astype(np.float64)
    if len(x) > 1:
        x = np.concatenate([x, np.sqrt(np.square(x).sum(0, keepdims=True))])
    mean = x.mean(-1, keepdims=True)
    centred = x - mean
    spread = np.sqrt(np.square(centred).mean(-1, keepdims=True) + plan.floor)
    parts = [mean, np.log10(spread), *_spectral(centred, plan), *_shape(centred / spread)]
    found = np.concatenate([part.reshape(len(x), -1) for part in parts], axis=1).ravel()
    if 1 < len(x) <= MOST_PAIRED:
        likeness = (centred / spread) @ (centred / spread).T / x.shape[-1]
        found = np.append(found, likeness[np.triu_indices(len(x), 1)])
    return np.nan_to_num(found.astype(np.float32), posinf=0, neginf=0)


def _edges(bins: int, bands: int) -> tuple[int, ...]:
    """First bins of at most `bands` bands over bins 1 to `bins`, and the end of the last."""
    at = np.linspace(0, np.log1p(16), bands + 1)
    edges = np.unique(np.maximum(1, np.round(np.expm1(at) / 16 * bins) + 1).astype(int))
    return tuple(edges.tolist())


def _spectral(x: Samples, plan: Plan) -> list[Samples]:
    """What the spectrogram of centred channels says, each [channel, ...]."""
    power = _power(x, plan.n_fft)
    start, stop = plan.edges[0], plan.edges[-1]
    widths = np.diff(plan.edges)[:, None]
    banded = np.add.reduceat(power[:, start:stop], np.subtract(plan.edges[:-1], start), axis=1)
    banded = banded / widths
    absolute = np.log10(banded.mean(-1) + plan.floor)
    banded /= banded.max((1, 2), keepdims=True) + banded.dtype.type(plan.floor)
    logs = np.log10(banded + np.float32(RANGE))
    average = np.log10(banded.mean(-1) + np.float32(RANGE))
    level = np.log10(power.sum(1) + plan.floor)
    parts = _parts(power.sum(1))
    within, deviation = logs.mean(-1), logs.std(-1)
    steps = np.abs(np.diff(logs, axis=-1)).mean(-1) if logs.shape[-1] > 1 else 0 * within
    low, high = np.quantile(logs, [0.1, 0.9], axis=-1)
    return [
        within,
        deviation,
        steps,
        low,
        high,
        average,
        absolute,
        sp.dct(within, norm="ortho")[:, :CEPSTRUM],
        sp.dct(deviation, norm="ortho")[:, :CEPSTRUM],
        _means(sp.dct(logs, axis=1, norm="ortho")[:, 1:CEPSTRUM], *parts),
        np.diff(parts.start, axis=1) / logs.shape[-1],
        _means(level - level.mean(-1, keepdims=True), *_even(level.shape[-1])),
        _of_frames(power, plan),
        _of_levels(level),
    ]


def _power(x: Samples, n_fft: int) -> Samples:
    """Power spectrogram [channel, bin, frame] of Hann frames that overlap by half."""
    hop = n_fft // 2
    n = max(0, -(-(x.shape[-1] - n_fft) // hop)) * hop + n_fft
    padded = np.pad(x, [(0, 0), (0, n - x.shape[-1])])
    cut = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=-1)[:, ::hop]
    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    spectrum = sp.rfft(cut * window)
    scale = np.float32(1 / np.square(window).sum())
    power: Samples = (np.square(spectrum.real) + np.square(spectrum.imag)) * scale
    return power.transpose(0, 2, 1)


class Parts(NamedTuple):
    """First and last but one entries of parts of an axis, [part] or one row per channel."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]


def _parts(power: Samples) -> Parts:
    """Parts of [channel, frame] in which equally much is heard, one frame at least."""
    loudness = np.sqrt(power)
    loudness = loudness + 1e-3 * loudness.mean(-1, keepdims=True) + 1e-20
    heard = np.cumsum(loudness, axis=-1, dtype=np.float64)
    heard /= heard[:, -1:]
    asked, last = np.arange(PARTS + 1) / PARTS, power.shape[-1]
    ends = np.stack([np.searchsorted(row, asked) for row in heard])
    start = np.minimum(ends[:, :-1], last - 1)
    return Parts(start, np.minimum(np.maximum(ends[:, 1:], start + 1), last))


def _even(length: int) -> Parts:
    """Parts of one length; where there are too few entries, neighbours share them."""
    start = np.arange(PIECES) * length // PIECES
    return Parts(start, np.maximum(np.arange(1, PIECES + 1) * length // PIECES, start + 1))


def _means(rows: Samples, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Samples:
    """Means over parts of the last axis of [channel, ..., time], to [channel, ..., part]."""
    sums = np.concatenate([0 * rows[..., :1], np.cumsum(rows, axis=-1, dtype=np.float64)], axis=-1)
    if start.ndim == 1:
        return np.asarray((sums[..., stop] - sums[..., start]) / (stop - start))
    ends = zip(sums, start, stop, strict=True)
    return np.stack([(row[..., b] - row[..., a]) / (b - a) for row, a, b in ends])


def _of_frames(power: Samples, plan: Plan) -> Samples:
    """Mean and deviation of each frame's centroid, width, flatness and change of shape."""
    shares = power / (power.sum(1, keepdims=True) + plan.floor)
    at = np.linspace(0, 1, power.shape[1], dtype=np.float32)[:, None]
    centroid = (shares * at).sum(1)
    width = np.sqrt((shares * np.square(at - centroid[:, None])).sum(1))
    flatness = np.log10(power + plan.floor).mean(1) - np.log10(power.mean(1) + plan.floor)
    change = np.abs(np.diff(shares, axis=-1, prepend=shares[..., :1])).sum(1)
    each = np.stack([centroid, width, flatness, change], axis=1)
    return np.concatenate([each.mean(-1), each.std(-1)], axis=1)


def _of_levels(level: Samples) -> Samples:
    """How levels [channel, frame] spread, and where in the clip they are greatest."""
    low, high = np.quantile(level, [0.1, 0.9], axis=-1)
    return np.stack([level.std(-1), high - low, level.argmax(-1) / level.shape[-1]], axis=1)


def _shape(x: Samples) -> list[Samples]:
    """What the samples of standardised channels say, each [channel, ...]."""
    moves = np.abs(np.diff(x, axis=-1)).mean(-1) if x.shape[-1] > 1 else 0 * x[:, 0]
    crossings = (np.signbit(x[:, 1:]) != np.signbit(x[:, :-1])).sum(-1) / x.shape[-1]
    even, squares = _even(x.shape[-1]), np.square(x)
    means = _means(x, *even)
    spreads = np.sqrt(np.maximum(_means(squares, *even) - np.square(means), 0))
    moments = (squares * x).mean(-1), np.square(squares).mean(-1)
    return [
        np.quantile(x, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1], axis=-1).T,
        np.stack([*moments, moves, crossings], axis=1),
        means,
        spreads,
        _means(np.diff(x, axis=-1, prepend=x[:, :1]) * x.shape[-1] / PIECES, *even),
        _self_similarity(x),
    ]


def _self_similarity(x: Samples) -> Samples:
    """Autocorrelation at some lags; its greatest value after it was first negative, and where."""
    t = x.shape[-1]
    n = min(t, BLOCK)
    blocks = x[:, : t // n * n].reshape(len(x), -1, n)
    spectrum = sp.rfft(blocks, sp.next_fast_len(2 * n, real=True))
    power = (np.square(spectrum.real) + np.square(spectrum.imag)).mean(1)
    likeness = sp.irfft(power)[:, :n]
    likeness = likeness / np.maximum(likeness[:, :1], 1e-12)
    later = np.maximum.accumulate(likeness < 0, axis=-1)
    later[:, max(1, n // 2) :] = False
    peaks = np.where(later, likeness, -1)
    lag = peaks.argmax(-1)
    best = np.stack([peaks.max(-1), np.log2(lag + 1)], axis=1)
    return np.concatenate([likeness[:, np.minimum(LAGS, n - 1)], best], axis=1)
