"""From a normal beat to an abnormal one: linear filters, by regularised least squares.

After Kiranyaz, Ince and Gabbouj 2017, "Personalized monitoring and advance warning system for
cardiac arrhythmias": an abnormal beat y is taken for a donor's average normal beat x, degraded by a
filter h of its own. The filters of many donors (`ondes.ops.donors`), applied to somebody else's
average normal beat, give beats that this person may one day have. Numpy alone; beats are float64
[beat, sample].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError, NotFiniteError, TooShortError

Doubles = NDArray[np.float64]
IntArray = NDArray[np.int64]

RIDGE = 1e-3  # fits beats to about 0.6 %
ROUNDS = 2  # of alignment: the second average is sharper


class Fit(NamedTuple):
    """Filters found for beats.

    Attributes:
        filters: [beat, taps]; tap ``taps // 2`` is the one without delay.
        error: [beat], length of what is not explained over the length of the beat.
        condition: of the matrix that is inverted; infinite where it is singular.
    """

    filters: Doubles
    error: Doubles
    condition: float


def fit_filters(
    normal: ArrayLike, beats: ArrayLike, *, ridge: float = RIDGE, taps: int | None = None
) -> Fit:
    """Return the filter h = (X'X + lambda I)^-1 X'y that takes a normal beat to each of `beats`.

    X is the Toeplitz matrix of `normal` with silence around it, column j of which is the beat
    delayed by ``j - taps // 2`` samples. lambda is `ridge` times the mean diagonal element, and so
    the mean eigenvalue, of X'X: gain does not matter. Without it the matrix of a smooth beat can
    hardly be inverted, or not at all, and h is noise.

    Args:
        normal: [n], an average normal beat.
        beats: [beat, n], cut like the normal one around their R peaks.
        ridge: from 0 on.
        taps: odd; by default 2 n - 1, every delay at which anything is left of the beat.

    Raises:
        InputError: the shapes do not fit, `ridge` is below zero, `taps` is even or the normal
            beat is zero.
        NotFiniteError: a beat is not finite.

    >>> found = fit_filters([0.0, 1.0, 0.0], [[0.0, 0.0, 2.0]], ridge=0.0, taps=3)
    >>> found.filters.round(6).tolist(), found.condition
    ([[0.0, 0.0, 2.0]], 1.0)
    """
    x, y = _beat(normal), _beats(beats, like=normal)
    if not (ridge >= 0 and x.any()):
        raise InputError(
            f"fit_filters(ridge={ridge}) from a normal beat between {x.min():g} and {x.max():g}: "
            "give a beat that is not zero and a ridge of zero or more"
        )
    matrix = toeplitz(x, taps=2 * len(x) - 1 if taps is None else taps)
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    small = 0.0 if matrix.shape[1] > len(s) else s[-1] ** 2
    penalty = ridge * (s**2).sum() / matrix.shape[1]
    gain = np.divide(s, s**2 + penalty, out=np.zeros_like(s), where=s > 0)
    filters = (y @ u * gain) @ v
    with np.errstate(divide="ignore"):
        condition = float(np.divide(s[0] ** 2 + penalty, small + penalty))
    return Fit(filters, _relative(y - filters @ matrix.T, y), condition)


def apply_filters(normal: ArrayLike, filters: ArrayLike) -> Doubles:
    """Return a normal beat [n] as each of `filters` [filter, taps] degrades it: [filter, n].

    Raises:
        InputError: the shapes do not fit, or the number of taps is even.
        NotFiniteError: the beat is not finite.

    >>> apply_filters([0.0, 1.0, 2.0], [[0.0, 0.5, 0.0], [1.0, 0.0, 0.0]]).tolist()
    [[0.0, 0.5, 1.0], [1.0, 2.0, 0.0]]
    """
    kernels = np.asarray(filters, np.float64)
    if kernels.ndim != 2:
        raise InputError(f"apply_filters of shape {list(kernels.shape)}: give [filter, taps]")
    return kernels @ toeplitz(_beat(normal), taps=kernels.shape[1]).T


def toeplitz(beat: Doubles, *, taps: int) -> Doubles:
    """Return the matrix [n, taps] whose product with a filter is the beat [n], filtered.

    Raises InputError if `taps` is not odd and above zero.

    >>> toeplitz(np.array([1.0, 2.0, 3.0]), taps=3)
    array([[2., 1., 0.],
           [3., 2., 1.],
           [0., 3., 2.]])
    """
    if taps < 1 or taps % 2 == 0:
        raise InputError(f"taps={taps}: give an odd number, so that one tap is in the middle")
    silence = np.zeros(taps // 2)
    padded = np.concatenate([silence, beat, silence])
    return np.lib.stride_tricks.sliding_window_view(padded, taps)[:, ::-1]


def cut_beats(samples: ArrayLike, peaks: ArrayLike, *, before: int, after: int) -> Doubles:
    """Return the samples [peak - before, peak + after) around each R peak: [beat, before + after].

    Args:
        samples: [t], one lead.
        peaks: [beat], their positions.
        before, after: how many samples; 64 and 64 in the paper.

    Raises:
        InputError: the shapes do not fit, or there is nothing to cut.
        TooShortError: a beat reaches beyond the samples.
    """
    lead, at = np.asarray(samples, np.float64), np.asarray(peaks)
    if lead.ndim != 1 or at.ndim != 1 or before < 0 or after < 1:
        raise InputError(
            f"cut_beats of {list(lead.shape)} samples around {list(at.shape)} peaks, "
            f"before={before}, after={after}: give one lead [t], peaks [beat] and a stretch"
        )
    beyond = (at < before) | (at > len(lead) - after)
    if beyond.any():
        raise TooShortError(
            f"cut_beats(before={before}, after={after}): {beyond.sum()} of {len(at)} beats reach "
            f"beyond the {len(lead)} samples; leave out those at {at[beyond][:5].tolist()}"
        )
    return lead[at[:, None] + np.arange(-before, after)]


def align_peaks(
    samples: ArrayLike, peaks: ArrayLike, *, reach: int, before: int = 36, after: int = 36
) -> IntArray:
    """Return each peak moved by at most `reach` samples to where it looks most like the others.

    That is where [peak - before, peak + after) has the highest correlation with the average of all
    beats, taken twice, first of the marks as they are. Give beats of one kind: marks that lie
    beside the peak would blur their average.

    Raises:
        InputError: the shapes do not fit, or `reach` is below zero.
        TooShortError: a stretch reaches beyond the samples.

    >>> lead = [0, 0, 1, 5, 1, 0, 1, 5, 1, 0, 1, 5, 1, 0, 0]
    >>> align_peaks(lead, [3, 7, 10], reach=1, before=1, after=2).tolist()
    [3, 7, 11]
    """
    if reach < 0:
        raise InputError(f"align_peaks(reach={reach}): give zero or more samples")
    marks = np.asarray(peaks, np.int64)
    wide = cut_beats(samples, marks, before=before + reach, after=after + reach)
    shift = np.full(len(marks), reach)
    for _ in range(ROUNDS):
        shift = _most_alike(wide, shift, size=before + after)
    moved: IntArray = marks - reach + shift
    return moved


def level_beats(beats: ArrayLike) -> Doubles:
    """Return beats [beat, n] less the median of each: without the wander of the baseline."""
    cut = np.asarray(beats, np.float64)
    levelled: Doubles = cut - np.median(cut, axis=-1, keepdims=True)
    return levelled


def _most_alike(wide: Doubles, shift: IntArray, *, size: int) -> IntArray:
    """Return from where on each of `wide` [beat, n] correlates best with all beats' average."""
    if not len(wide):
        return shift
    mean = wide[np.arange(len(wide))[:, None], shift[:, None] + np.arange(size)].mean(0)
    mean -= mean.mean()
    scores = []
    for first in range(wide.shape[1] - size + 1):
        cut = wide[:, first : first + size]
        scores.append(cut @ mean / np.maximum(cut.std(axis=1), np.finfo(np.float64).tiny))
    best: IntArray = np.argmax(scores, axis=0).astype(np.int64)
    return best


def _beat(beat: ArrayLike) -> Doubles:
    x = np.asarray(beat, np.float64)
    if x.ndim != 1 or not len(x):
        raise InputError(f"a normal beat of shape {list(x.shape)}: give [n]")
    if not np.isfinite(x).all():
        raise NotFiniteError("the normal beat is not finite: average beats without NaN")
    return x


def _beats(beats: ArrayLike, *, like: ArrayLike) -> Doubles:
    y, n = np.asarray(beats, np.float64), len(np.asarray(like))
    if y.ndim != 2 or y.shape[1] != n:
        raise InputError(
            f"beats of shape {list(y.shape)} for a normal one of {n} samples: give [beat, {n}]"
        )
    if not np.isfinite(y).all():
        raise NotFiniteError("a beat to be fitted is not finite: leave it out")
    return y


def _relative(rest: Doubles, whole: Doubles) -> Doubles:
    """Return the ratio of lengths, row by row; a beat that is zero is fitted exactly."""
    length = np.linalg.norm(whole, axis=1)
    ratio: Doubles = np.linalg.norm(rest, axis=1) / np.where(length > 0, length, 1.0)
    return ratio
