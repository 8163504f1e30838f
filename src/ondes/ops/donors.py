"""Filters that degrade normal beats, of many donors: kept, left out, drawn from and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError
from ondes.ops.degrade import RIDGE, Doubles, apply_filters, fit_filters

COLUMNS = ("filters", "label", "donor", "error", "condition", "rhythm")


class Synthetic(NamedTuple):
    """Beats that somebody may one day have: [beat, n], and when they come, [beat, 2]."""

    beats: Doubles
    rhythm: Doubles


@dataclass(frozen=True, eq=False)
class Library:
    """Filters of several donors, with what is known of each; immutable.

    Attributes:
        filters: [filter, taps].
        label: [filter], class of the beat that the filter leads to, such as "S" or "V".
        donor: [filter], whose it is.
        error, condition: [filter], as in `Fit`.
        rhythm: [filter, 2], when that beat came, as `ondes.ops.beats.rhythm` says it.
        size: samples of a beat.
        ridge: that they were fitted with.

    Raises:
        InputError: there is not one label, donor, error, condition and rhythm for each filter.
    """

    filters: Doubles
    label: NDArray[np.str_]
    donor: NDArray[np.str_]
    error: Doubles
    condition: Doubles
    rhythm: Doubles
    size: int
    ridge: float

    def __post_init__(self) -> None:
        lengths = [len(column) for column in _columns(self)]
        shaped = self.filters.ndim == 2 and self.rhythm.shape[1:] == (2,)
        if not shaped or len(set(lengths)) > 1:
            raise InputError(
                f"a library of filters {list(self.filters.shape)} with columns of {lengths}: give "
                "filters [filter, taps], rhythm [filter, 2] and a label, donor, error and "
                "condition for each"
            )
        for name, column in zip(COLUMNS, _columns(self), strict=True):
            own = column.copy()
            own.setflags(write=False)
            object.__setattr__(self, name, own)

    @classmethod
    def learn(
        cls,
        donor: str,
        normal: ArrayLike,
        beats: ArrayLike,
        labels: ArrayLike,
        *,
        rhythm: ArrayLike | None = None,
        ridge: float = RIDGE,
        taps: int | None = None,
    ) -> Library:
        """Return the filters of one donor, fitted by `fit_filters`; those of several add up.

        Without `rhythm` [beat, 2] the beats came when a beat is due.
        """
        fit = fit_filters(normal, beats, ridge=ridge, taps=taps)
        count = len(fit.filters)
        return cls(
            fit.filters,
            np.array(labels, np.str_),
            np.full(count, donor),
            fit.error,
            np.full(count, fit.condition),
            np.zeros((count, 2)) if rhythm is None else np.array(rhythm, np.float64),
            len(np.asarray(normal)),
            ridge,
        )

    def __len__(self) -> int:
        """Return the number of filters."""
        return len(self.filters)

    def __add__(self, other: Library) -> Library:
        """Return the filters of both; raises InputError if they were not fitted alike."""
        mine, others = ((lib.filters.shape[1], lib.size, lib.ridge) for lib in (self, other))
        if mine != others:
            raise InputError(
                f"libraries of (taps, size, ridge) {mine} and {others} do not add up: learn both "
                "with the same options"
            )
        columns = zip(_columns(self), _columns(other), strict=True)
        return self._with(*map(np.concatenate, columns))

    def of(self, label: str) -> Library:
        """Return the filters that lead to beats of one class."""
        return self._where(self.label == label)

    def without(self, donor: str) -> Library:
        """Return the filters of everybody else: nobody may be warned by their own beats."""
        return self._where(self.donor != donor)

    def at_most(self, count: int) -> Library:
        """Return `count` filters of each donor and class, or all where there are fewer.

        They are taken evenly, from the first to the last.
        """
        kept = np.zeros(len(self), np.bool_)
        for donor, label in {(str(d), str(x)) for d, x in zip(self.donor, self.label, strict=True)}:
            own = np.flatnonzero((self.donor == donor) & (self.label == label))
            kept[own[np.linspace(0, len(own) - 1, min(count, len(own))).round().astype(int)]] = True
        return self._where(kept)

    def spread(self) -> tuple[Doubles, Doubles]:
        """Return mean and standard deviation of each tap, every donor counting alike.

        Raises InputError if there is no filter.
        """
        weight = self._weights()
        mean = weight @ self.filters
        return mean, np.sqrt(weight @ (self.filters - mean) ** 2)

    def sample(self, count: int, *, rng: np.random.Generator, spread: float = 0.0) -> Doubles:
        """Return `count` filters [count, taps] drawn at random, every donor being as likely.

        With `spread` above 0 a difference of two more filters of the same donor and class, times
        that, is added, and all is drawn towards their mean so far that mean and covariance of what
        a donor gives stay (a smoothed bootstrap, Silverman and Young 1987).

        Raises:
            InputError: there is no filter, or `spread` is below zero.
        """
        return self._moved(self._drawn(count, rng), spread, rng)

    def synthesise(
        self, normal: ArrayLike, count: int, *, rng: np.random.Generator, spread: float = 0.0
    ) -> Synthetic:
        """Return `count` beats that filters, drawn as by `sample`, make of an average normal beat.

        Each comes when some beat of the same donor and class came.

        Raises:
            InputError: there is no filter, `spread` is below zero, or `normal` has another length
                than the donors' beats.
        """
        if np.shape(normal) != (self.size,):
            raise InputError(
                f"synthesise of a normal beat {list(np.shape(normal))} by filters of beats of "
                f"{self.size} samples: cut beats alike"
            )
        drawn = self._drawn(count, rng)
        beats = apply_filters(normal, self._moved(drawn, spread, rng))
        when = [self.rhythm[rng.choice(self._like(k))] for k in drawn.tolist()]
        return Synthetic(beats, np.array(when).reshape(count, 2))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays of numbers, as safetensors and NPZ keep them.

        Texts are UTF-8, ended by zeros: [filter, byte].
        """
        return {
            "filters": self.filters,
            "label": _bytes(self.label),
            "donor": _bytes(self.donor),
            "error": self.error,
            "condition": self.condition,
            "rhythm": self.rhythm,
            "size": np.array([self.size], np.int64),
            "ridge": np.array([self.ridge], np.float64),
        }

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Library:
        """Return the library that `tensors` gave; raises InputError if one is missing."""
        try:
            filters, error, condition, rhythm = (
                tensors[k] for k in ("filters", "error", "condition", "rhythm")
            )
            label, donor = _texts(tensors["label"]), _texts(tensors["donor"])
            size, ridge = int(tensors["size"][0]), float(tensors["ridge"][0])
        except KeyError as missing:
            raise InputError(
                f"no library of filters: {missing} is missing; there are {sorted(tensors)}"
            ) from missing
        return cls(filters, label, donor, error, condition, rhythm, size, ridge)

    def _where(self, kept: NDArray[np.bool_]) -> Library:
        return self._with(*(column[kept] for column in _columns(self)))

    def _with(
        self,
        filters: Doubles,
        label: NDArray[np.str_],
        donor: NDArray[np.str_],
        error: Doubles,
        condition: Doubles,
        rhythm: Doubles,
    ) -> Library:
        return Library(filters, label, donor, error, condition, rhythm, self.size, self.ridge)

    def _weights(self) -> Doubles:
        """Return how likely each filter is."""
        if not len(self):
            raise InputError("a library without filters: learn from a donor with such beats first")
        _, who, many = np.unique(self.donor, return_inverse=True, return_counts=True)
        return np.asarray(1.0 / (len(many) * many[who]))

    def _drawn(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the places of filters, every donor being as likely."""
        drawn: NDArray[np.int64] = rng.choice(len(self), size=count, p=self._weights())
        return drawn

    def _moved(self, drawn: NDArray[np.int64], spread: float, rng: np.random.Generator) -> Doubles:
        """Return the filters at some places, moved about by what each has in common with its like.

        Raises InputError if `spread` is below zero.
        """
        if not spread >= 0:
            raise InputError(f"sample(spread={spread}): give zero or more")
        if not spread:
            return self.filters[drawn]
        return np.stack([self._near(k, spread, rng) for k in drawn.tolist()])

    def _like(self, k: int) -> NDArray[np.int64]:
        """Return where the filters of the same donor and class as the k-th stand."""
        return np.flatnonzero((self.donor == self.donor[k]) & (self.label == self.label[k]))

    def _near(self, k: int, spread: float, rng: np.random.Generator) -> Doubles:
        """Return filter k, moved about by what it has in common with its like."""
        like = self.filters[self._like(k)]
        one, other = like[rng.integers(len(like), size=2)]
        mean = like.mean(0)
        moved = self.filters[k] - mean + spread * (one - other) / np.sqrt(2)
        return np.asarray(mean + moved / np.sqrt(1 + spread**2))


def _columns(library: Library) -> tuple[NDArray[Any], ...]:
    return tuple(getattr(library, name) for name in COLUMNS)


def _bytes(texts: NDArray[np.str_]) -> NDArray[np.uint8]:
    coded = np.char.encode(texts, "utf-8") if len(texts) else np.zeros(0, "S1")
    return np.frombuffer(coded.tobytes(), np.uint8).reshape(len(coded), coded.itemsize)


def _texts(coded: NDArray[np.uint8]) -> NDArray[np.str_]:
    rows = [bytes(row).rstrip(b"\0").decode() for row in coded]
    return np.array(rows, np.str_)
