"""The nearest clip of training under dynamic time warping, in the band that suits them best."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.tasks.classify.classical.rival import (
    HALF,
    Arrays,
    Json,
    Samples,
    Scores,
    Training,
)
from ondes.tasks.classify.classical.warping import (
    CELLS,
    Envelope,
    Numbers,
    Series,
    distances,
    envelope,
    series,
    squares,
)
from ondes.tasks.classify.reading import Target

ABOUT = "The nearest training clip under dynamic time warping (Sakoe and Chiba 1978)."

MOST_CELLS = 10**12  # of alignments, about twenty minutes
PAIRS = 4096  # measured at once: bounds the memory
TINY = 1e-9  # of a sample: .29 of 100 are 29
LARGE = 1e15  # samples beyond are scaled down before they are squared
PROMISING = 2  # clips of each class that are looked at first


@dataclass(frozen=True, kw_only=True)
class Options:
    """window: half the width of the band, in parts of the longest clip; None chooses it.

    The choice is among whole hundredths up to `widest`: the narrowest of those that err least when
    each clip is judged by the others, as in the UCR archive. reduce: so many samples in a row
    become one, their mean, which makes long clips bearable.

    Raises InputError where a number is out of its range.
    """

    window: float | None = None
    widest: float = 1.0
    reduce: int = 1

    def __post_init__(self) -> None:
        window = 0.0 if self.window is None else self.window
        if not (0 <= window <= 1 and 0 <= self.widest <= 1 and self.reduce >= 1):
            raise InputError(
                f"nn-dtw with window={self.window}, widest={self.widest}, reduce={self.reduce}: "
                "give parts of 0 to 1, and 1 or more samples to be one"
            )


@dataclass(frozen=True)
class NearestDtw:
    """The clips of training, what is true of them, and the band, in (reduced) samples."""

    known: Series
    y: Scores
    target: Target
    band: int
    reduce: int

    @property
    def window(self) -> float:
        """The band in parts of the longest clip."""
        return float(self.band / self.known.x.shape[-1])

    def scores(self, x: Samples) -> Scores:
        """Return [output] for x [channel, time].

        A class, or a tag, is as likely as the nearest clip that has it is near, against the
        nearest of every other class, or the nearest without the tag; or the nearest one's numbers.
        """
        gain = _gain(x, self.known.x)
        if gain < 1:
            known = self.known._replace(x=self.known.x * gain)
            return replace(self, known=known).scores(x * gain)
        nearest, apart = self._nearest(reduced(x, self.reduce))
        if self.target == "number":
            return np.asarray(self.y[nearest[0]], np.float64)
        near = _nearness(apart)
        if self.target == "class":
            return np.asarray(near / near.sum())
        having, lacking = near[: len(near) // 2], near[len(near) // 2 :]
        return np.asarray(having / (having + lacking))

    def to_arrays(self) -> tuple[Arrays, Json]:
        """Return its arrays and numbers."""
        arrays: Arrays = {"x": self.known.x, "lengths": self.known.lengths, "y": self.y}
        return arrays, {"target": self.target, "band": self.band, "reduce": self.reduce}

    @cached_property
    def _envelope(self) -> Envelope:
        return envelope(self.known.x, band=self.band)

    @cached_property
    def _groups(self) -> NDArray[np.bool_]:
        """[clip, group]: among which clips a nearest one is looked for."""
        if self.target == "number":
            return np.ones((len(self.y), 1), np.bool_)
        if self.target == "class":
            return np.asarray(np.eye(self.y.shape[1], dtype=np.bool_)[self.y.argmax(1)])
        return np.concatenate([self.y >= HALF, self.y < HALF], axis=1)

    def _nearest(self, x: Samples) -> tuple[Numbers, Scores]:
        """Return of each group the clip that is nearest to x, and its distance; inf for none."""
        apart = self._distances(x)
        each = np.where(self._groups, apart[:, None], np.inf)
        return each.argmin(0), each.min(0)

    def _distances(self, x: Samples) -> Scores:
        """Return [clip]: distances from x; inf where another of each group is nearer for sure."""
        asked, everything = Series(x[None], np.array([x.shape[-1]])), np.arange(len(self.y))
        apart = np.full(len(self.y), np.inf)
        if len(self.y) * (self.band + 1) <= CELLS:
            apart[:] = distances(asked, self.known, band=self.band)
            return apart
        bounds = self._bounds(x)
        order = np.argsort(np.where(self._groups, bounds[:, None], np.inf), axis=0)
        first = np.unique(order[:PROMISING])
        apart[first] = distances(asked, self.known.at(first), band=self.band)
        best = np.where(self._groups, apart[:, None], np.inf).min(0)
        hopeful = (self._groups & (bounds[:, None] < best)).any(1)
        rest = np.setdiff1d(everything[hopeful], first)
        if len(rest):
            apart[rest] = distances(asked, self.known.at(rest), band=self.band)
        return apart

    def _bounds(self, x: Samples) -> Samples:
        if self.known.equal and x.shape[-1] == self.known.x.shape[-1]:
            return self._envelope.bounds(x)
        return np.zeros(len(self.y), np.float32)


def fit(train: Training, options: Options, *, rate_hz: float, seed: int) -> NearestDtw:  # noqa: ARG001 - as all families have it
    """Keep the clips, and choose the band where none is given."""
    gain = _gain(*train.x)
    known = series([reduced(x * gain, options.reduce) for x in train.x])
    longest = known.x.shape[-1]
    if options.window is not None:
        band = math.ceil(options.window * longest - TINY)
    else:
        _check(known, options)
        band = _best_band(known, train, round(100 * options.widest))
    return NearestDtw(known._replace(x=known.x / gain), train.y, train.target, band, options.reduce)


def from_arrays(arrays: Arrays, numbers: dict[str, Any]) -> NearestDtw:
    """Return what `NearestDtw.to_arrays` took apart."""
    known = Series(arrays["x"], arrays["lengths"])
    return NearestDtw(known, arrays["y"], numbers["target"], numbers["band"], numbers["reduce"])


def least(model: NearestDtw) -> int:  # noqa: ARG001 - as all families have it
    """Return how many samples a clip must have: 1."""
    return 1


def reduced(x: Samples, samples: int) -> Samples:
    """Return the means of so many samples in a row; those that are left make one of their own.

    >>> reduced(np.array([[1, 3, 5]], np.float32), 2)
    array([[2., 5.]], dtype=float32)
    """
    if samples == 1:
        return x
    starts = np.arange(0, x.shape[-1], samples)
    counts = np.diff(np.append(starts, x.shape[-1]))
    return np.asarray(np.add.reduceat(x, starts, axis=-1) / counts, np.float32)


def _gain(*arrays: Samples) -> np.float32:
    """Return 1, or the power of two by which what is too large to be squared becomes small."""
    peak = max(float(np.abs(x).max()) for x in arrays)
    return np.float32(0.5 ** np.ceil(np.log2(peak)) if peak > LARGE else 1)


def _nearness(apart: Scores) -> Scores:
    """One over distances; where some are 0 they alone count."""
    if (apart == 0).any():
        return np.asarray(apart == 0, np.float64)
    return np.asarray(1 / apart)


def _check(known: Series, options: Options) -> None:
    """Raise InputError where the choice of a band would take forever."""
    n, channels, longest = known.x.shape
    cells = n * (n - 1) / 2 * longest**2 * channels * min(1, 2 * options.widest)
    if cells > MOST_CELLS:
        fewer = int(np.ceil(np.sqrt(cells / MOST_CELLS) * options.reduce))
        raise InputError(
            f"nn-dtw would align {n} clips of {longest} samples for some {cells / 5e10:,.0f} "
            f"minutes: give reduce={fewer} or more, a window, or another rival"
        )


def _best_band(known: Series, train: Training, widest: int) -> int:
    """Return the band that errs least when each clip is judged by the nearest other one."""
    longest = known.x.shape[-1]
    bands = np.unique([-(-percent * longest // 100) for percent in range(widest + 1)])[::-1]
    truth = train.signs
    errors = {
        band: float(np.square(truth[nearest] - truth).sum())
        for band, nearest in _judged_by_others(known, bands.tolist())
    }
    return min(errors, key=lambda band: (errors[band], band))


def _judged_by_others(known: Series, bands: list[int]) -> Iterator[tuple[int, Numbers]]:
    """Yield each band, from the widest on, and the clip nearest to every clip.

    A narrower band makes no distance less: what is known of a wider one bounds the next from
    below, so that few are computed anew (as in Tan et al., "FastWWSearch", 2018).
    """
    n = len(known.lengths)
    bounds = np.zeros((n, n), np.float32)
    rows, columns = np.triu_indices(n, 1)
    _measure(known, bounds, rows, columns, bands[0])
    np.fill_diagonal(bounds, np.inf)
    yield bands[0], bounds.argmin(1)
    for band in bands[1:]:
        fresh = np.zeros((n, n), np.bool_)
        _measure_new(known, bounds, fresh, np.eye(n, dtype=np.bool_)[bounds.argmin(1)], band)
        best = np.where(fresh, bounds, np.inf).min(1, keepdims=True)
        _measure_new(known, bounds, fresh, bounds < best, band)
        yield band, np.where(fresh, bounds, np.inf).argmin(1)


def _measure_new(
    known: Series, bounds: Samples, fresh: NDArray[np.bool_], asked: NDArray[np.bool_], band: int
) -> None:
    """Measure the pairs that are asked for and not fresh, either way round."""
    rows, columns = np.nonzero(np.triu((asked | asked.T) & ~fresh, 1))
    _measure(known, bounds, rows, columns, band)
    fresh[rows, columns] = fresh[columns, rows] = True


def _measure(known: Series, bounds: Samples, rows: Numbers, columns: Numbers, band: int) -> None:
    """Write the distances of pairs of clips to both halves of `bounds`."""
    plain = band == 0 and known.equal
    for first in range(0, len(rows), PAIRS):
        i, j = rows[first : first + PAIRS], columns[first : first + PAIRS]
        pairs = known.at(i), known.at(j)
        bounds[i, j] = bounds[j, i] = squares(*pairs) if plain else distances(*pairs, band=band)
