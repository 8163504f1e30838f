"""What a network of single beats is given: the beat around its R peak, and when it came.

Numpy alone. Beats of a heart that is out of step look otherwise, and come too early, with a pause
after them; either alone is often noise. Both go in as one clip [3, sample]: the beat, and the
logarithm of the intervals before and after it over the usual one, as channels that are level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError
from ondes.ops.degrade import Doubles, cut_beats, level_beats

RATE_HZ = 360.0
SIZE = 128  # samples of a beat, half of them before its peak
CHANNELS = 3
USUAL = 8  # intervals whose median is the usual one
RATIOS = (0.3, 2.5)  # of intervals to the usual one; beyond, a beat was lost
WEIGHT = 3.0  # of the logarithms, which then are as large as beats in mV
EARLY = 0.12  # that the logarithm is below 0, at least, of an interval before an early beat
SLOW = 0.75  # at most, of the usual quickness: ventricular beats have about 0.6 of it
KEPT = 0.9  # of the beats that are averaged: those most like their median


def shapes(samples: ArrayLike, peaks: ArrayLike, *, size: int = SIZE) -> Doubles:
    """Return the beats [beat, size] of one lead [t] around their peaks, levelled.

    Beyond its ends the lead goes on as it begins and ends, so that every beat has its row.

    Raises InputError if shapes do not fit, or a peak lies outside.

    >>> shapes([0.0, 0.0, 3.0, 0.0], [2], size=4).tolist()
    [[0.0, 0.0, 3.0, 0.0]]
    """
    lead, at = np.asarray(samples, np.float64), np.asarray(peaks, np.int64)
    outside = (at < 0) | (at >= len(lead))
    if outside.any():
        raise InputError(
            f"{outside.sum()} of {len(at)} peaks lie outside the {len(lead)} samples, as "
            f"{at[outside][:3].tolist()}: give positions counted from the first sample"
        )
    half = size // 2
    whole = np.pad(lead, half, mode="edge")
    return level_beats(cut_beats(whole, at + half, before=half, after=size - half))


def rhythm(peaks: ArrayLike) -> Doubles:
    """Return [beat, 2]: logarithms of the intervals before and after each beat over the usual one.

    The usual interval of a beat is the median of up to eight that ended with the beat before it.
    Where there is none yet, before the first two beats and after the last, the logarithm is 0.

    Raises InputError if peaks are not in order.

    >>> np.exp(rhythm([0, 100, 200, 260, 400])).round(2).tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 0.6], [0.6, 1.4], [1.4, 1.0]]
    """
    at = np.asarray(peaks, np.float64)
    between = np.diff(at)
    if (between <= 0).any():
        raise InputError("rhythm of beats that are not in order of time, or two at one place: sort")
    ratios = np.ones((len(at), 2))
    for k in range(1, len(at)):
        usual = np.median(between[max(0, k - 1 - USUAL) : max(1, k - 1)])
        ratios[k, 0] = between[k - 1] / usual
        if k < len(between):
            ratios[k, 1] = between[k] / usual
    return np.asarray(np.log(np.clip(ratios, *RATIOS)))


def clips(beats: ArrayLike, rhythms: ArrayLike) -> NDArray[np.float32]:
    """Return what the network is given, [beat, 3, sample], of beats and their rhythm [beat, 2]."""
    shaped = np.asarray(beats, np.float64)
    when = WEIGHT * np.asarray(rhythms, np.float64)
    level = np.repeat(when[:, :, None], shaped.shape[1], axis=2)
    return np.concatenate([shaped[:, None], level], axis=1).astype(np.float32)


def average(beats: ArrayLike) -> Doubles:
    """Return the average [n] of normal beats [beat, n], without the tenth least like their median.

    Raises InputError where there is no beat.
    """
    given = np.asarray(beats, np.float64)
    if given.ndim != 2 or not len(given):
        raise InputError(f"the average of beats {list(given.shape)}: give [beat, n], one or more")
    away = np.linalg.norm(given - np.median(given, axis=0), axis=1)
    mean: Doubles = given[away <= np.quantile(away, KEPT)].mean(axis=0)
    return mean


def quickness(beats: ArrayLike) -> Doubles:
    """Return how quickly beats [beat, n] go up and down: length of their change over their own.

    Smoothed over five samples. Ventricular beats, which spread from cell to cell, are slow.

    >>> turns = np.linspace(0, 2 * np.pi, 128)
    >>> slow, quick = quickness([np.sin(turns), np.sin(4 * turns)])
    >>> bool(3.5 < quick / slow < 4.5)
    True
    """
    total = np.cumsum(np.asarray(beats, np.float64), axis=1)
    smooth = total[:, 5:] - total[:, :-5]
    length = np.linalg.norm(smooth, axis=1)
    change = np.linalg.norm(np.diff(smooth, axis=1), axis=1)
    return np.asarray(change / np.maximum(length, np.finfo(np.float64).tiny))


def suspect(beats: ArrayLike, rhythms: ArrayLike, *, usual: float) -> NDArray[np.bool_]:
    """Tell which beats [beat, n] are early, or slow beside the `usual` quickness of normal ones.

    The others came when a beat is due and are as quick as usual: whatever their shape, such a beat
    is more often one of a heart that lies otherwise, or noise, than a ventricular one.

    >>> smooth, sharp = np.hanning(128), np.pad(np.hanning(32), 48)
    >>> beats, when = np.stack([sharp, sharp, smooth]), np.array([[0, 0], [-0.4, 0.3], [0, 0]])
    >>> suspect(beats, when, usual=quickness([sharp])[0]).tolist()
    [False, True, True]
    """
    early = np.asarray(rhythms)[:, 0] < -EARLY
    return np.asarray(early | (quickness(beats) < SLOW * usual))
