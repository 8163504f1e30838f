"""Filters that degrade normal beats, of many donors: kept, left out, drawn from and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError
from ondes.ops.degrade import RIDGE, Doubles, fit_filters

COLUMNS = ("filters", "label", "donor", "error", "condition")


@dataclass(frozen=True, eq=False)
class Library:
    """Filters of several donors, with what is known of each; immutable.

    Attributes:
        filters: [filter, taps].
        label: [filter], class of the beat that the filter leads to, such as "S" or "V".
        donor: [filter], whose it is.
        error, condition: [filter], as in `Fit`.
        size: samples of a beat.
        ridge: that they were fitted with.

    Raises:
        InputError: there is not one label, donor, error and condition for each filter.
    """

    filters: Doubles
    label: NDArray[np.str_]
    donor: NDArray[np.str_]
    error: Doubles
    condition: Doubles
    size: int
    ridge: float

    def __post_init__(self) -> None:
        lengths = [len(column) for column in _columns(self)]
        if self.filters.ndim != 2 or len(set(lengths)) > 1:
            raise InputError(
                f"a library of filters {list(self.filters.shape)} with columns of {lengths}: give "
                "filters [filter, taps] and a label, donor, error and condition for each"
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
        ridge: float = RIDGE,
        taps: int | None = None,
    ) -> Library:
        """Return the filters of one donor, fitted by `fit_filters`; those of several add up."""
        fit = fit_filters(normal, beats, ridge=ridge, taps=taps)
        count = len(fit.filters)
        return cls(
            fit.filters,
            np.array(labels, np.str_),
            np.full(count, donor),
            fit.error,
            np.full(count, fit.condition),
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
        if not spread >= 0:
            raise InputError(f"sample(spread={spread}): give zero or more")
        drawn = rng.choice(len(self), size=count, p=self._weights())
        if not spread:
            return self.filters[drawn]
        return np.stack([self._near(k, spread, rng) for k in drawn.tolist()])

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
            "size": np.array([self.size], np.int64),
            "ridge": np.array([self.ridge], np.float64),
        }

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Library:
        """Return the library that `tensors` gave; raises InputError if one is missing."""
        try:
            filters, error, condition = (tensors[k] for k in ("filters", "error", "condition"))
            label, donor = _texts(tensors["label"]), _texts(tensors["donor"])
            size, ridge = int(tensors["size"][0]), float(tensors["ridge"][0])
        except KeyError as missing:
            raise InputError(
                f"no library of filters: {missing} is missing; there are {sorted(tensors)}"
            ) from missing
        return cls(filters, label, donor, error, condition, size, ridge)

    def _where(self, kept: NDArray[np.bool_]) -> Library:
        return self._with(*(column[kept] for column in _columns(self)))

    def _with(
        self,
        filters: Doubles,
        label: NDArray[np.str_],
        donor: NDArray[np.str_],
        error: Doubles,
        condition: Doubles,
    ) -> Library:
        return Library(filters, label, donor, error, condition, self.size, self.ridge)

    def _weights(self) -> Doubles:
        """Return how likely each filter is."""
        if not len(self):
            raise InputError("a library without filters: learn from a donor with such beats first")
        _, who, many = np.unique(self.donor, return_inverse=True, return_counts=True)
        return np.asarray(1.0 / (len(many) * many[who]))

    def _near(self, k: int, spread: float, rng: np.random.Generator) -> Doubles:
        """Return filter k, moved about by what it has in common with its like."""
        like = self.filters[(self.donor == self.donor[k]) & (self.label == self.label[k])]
        one, other = like[rng.integers(len(like), size=2)]
        mean = like.mean(0)
        moved = self.filters[k] - mean + spread * (one - other) / np.sqrt(2)
        return np.asarray(mean + moved / np.sqrt(1 + spread**2))


def _columns(library: Library) -> tuple[NDArray[Any], ...]:
    return library.filters, library.label, library.donor, library.error, library.condition


def _bytes(texts: NDArray[np.str_]) -> NDArray[np.uint8]:
    coded = np.char.encode(texts, "utf-8") if len(texts) else np.zeros(0, "S1")
    return np.frombuffer(coded.tobytes(), np.uint8).reshape(len(coded), coded.itemsize)


def _texts(coded: NDArray[np.uint8]) -> NDArray[np.str_]:
    rows = [bytes(row).rstrip(b"\0").decode() for row in coded]
    return np.array(rows, np.str_)
