"""Signal that is not to be judged: a flat line, or one that stays at the rail.

Both are stretches: windows of `longer_s` seconds that are bad as a whole, joined where they overlap
or touch. So they do not depend on how the samples are cut into blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, nearest
from ondes.run.source import Samples

FLAT, SATURATED = "flat", "saturated"
PREFIXES = {"p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
SKIP = 16  # part of a window's length from one sample to the next in the first, quick look
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Limit:
    """A value in a unit, or where that is empty in the signal's own, as parts of full scale.

    >>> Limit.read("20 uV").in_unit("mV"), Limit.read(0.5).in_unit("mV")
    (0.02, 0.5)
    """

    value: float
    unit: str = ""

    @classmethod
    def read(cls, text: object) -> Limit:
        """Return what a number, or a number and a unit, says.

        Raises:
            InputError: it is none, or not above zero.
        """
        number, _, unit = str(text).strip().partition(" ")
        try:
            limit = cls(float(number), unit.strip())
        except ValueError:
            limit = cls(math.nan)
        if isinstance(text, bool) or not 0 <= limit.value < math.inf:
            raise InputError(f"{text!r} is no limit: write a number, or one with a unit, as 5 mV")
        return limit

    def in_unit(self, unit: str) -> float:
        """Return the value in the unit of a signal.

        Raises:
            InputError: it has another unit, or none.
        """
        if not self.unit or self.unit == unit:
            return self.value
        for mine, mine_exponent in PREFIXES.items():
            for other, exponent in PREFIXES.items():
                base = self.unit.removeprefix(mine)
                if base and self.unit.startswith(mine) and unit == other + base:
                    return float(f"{self.value}e{mine_exponent - exponent}")
        raise InputError(
            f"a limit of {self.value:g} {self.unit} for a signal "
            f"{f'in {unit}' if unit else 'that does not tell its unit'}: write the limit in its "
            "unit, or without one as the samples have it (integers: parts of full scale), or say "
            "the samples' own (--unit)"
        )


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What signal is not judged.

    flat: a line that stays within this range, highest less lowest, for `flat_s` seconds.
    saturated: one that stays at this absolute value or beyond for `saturated_s` seconds.
    margin_s: events this near to such a stretch are withheld, too.
    """

    flat: Limit | None = None
    flat_s: float = 1.0
    saturated: Limit | None = None
    saturated_s: float = 0.1
    margin_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("flat_s", "saturated_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"quality: longer_s={getattr(self, name)} must lie above 0")
        if not 0 <= self.margin_s < math.inf:
            raise InputError(f"quality: margin_s={self.margin_s} must be 0 or more")

    @classmethod
    def of(cls, document: object) -> Quality:
        """Return what a mapping says: ``flat: {within, longer_s}``, ``saturated: {beyond,
        longer_s}``, ``margin_s``.

        Raises:
            InputError: an unknown name, or a value out of its range.

        >>> Quality.of({"saturated": {"beyond": "5 mV"}}).labels
        ('saturated',)
        """
        given = _known(document, "quality", (FLAT, SATURATED, "margin_s"))
        flat = _known(given.get(FLAT, {}), "quality: flat", ("within", "longer_s"))
        rail = _known(given.get(SATURATED, {}), "quality: saturated", ("beyond", "longer_s"))
        if (FLAT in given and "within" not in flat) or (
            SATURATED in given and "beyond" not in rail
        ):
            raise InputError("quality: say flat: {within: ...} and saturated: {beyond: ...}")
        return cls(
            flat=Limit.read(flat["within"]) if flat else None,
            flat_s=_number(flat.get("longer_s", cls.flat_s)),
            saturated=Limit.read(rail["beyond"]) if rail else None,
            saturated_s=_number(rail.get("longer_s", cls.saturated_s)),
            margin_s=_number(given.get("margin_s", cls.margin_s)),
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the events that say where."""
        named = ((FLAT, self.flat), (SATURATED, self.saturated))
        return tuple(name for name, limit in named if limit is not None)


class Windows:
    """Stretches of one row where all samples of some window are bad, as samples come in.

    `first` is the place of the next sample; `begun` where a stretch that goes on began, None where
    none does, and `stop` up to where it goes at least; `undecided` the first sample that may yet
    belong to a stretch.
    """

    def __init__(self, length: int, *, first: int = 0) -> None:
        self.first = self.undecided = first
        self.begun: int | None = None
        self._length, self._tail = length, np.zeros(0, np.float32)
        self.stop = first

    def push(self, x: NDArray[np.float32]) -> list[tuple[int, int]]:
        """Take samples [time], one at least; return the stretches that are now over."""
        known = np.concatenate([self._tail, x])
        origin = self.first - len(self._tail)
        self.first += len(x)
        over = list(self._closed(self._spans(known, origin)))
        near = min(len(known), self._length - 1)  # what may be bad together with what comes
        alike = self._alike(known[len(known) - near :])
        self._tail = known[len(known) - alike :].copy()
        self.undecided = self.first - alike
        if self.begun is not None and self.stop < self.undecided:
            over.append((self.begun, self.stop))
            self.begun = None
        if self.begun is not None:
            self.undecided = self.begun
        return over

    def finish(self) -> list[tuple[int, int]]:
        """Return the stretch that the end ends."""
        over = [] if self.begun is None else [(self.begun, self.stop)]
        self.begun, self.undecided = None, self.first
        return over

    def _alike(self, x: NDArray[np.float32]) -> int:
        """How many of the last samples are bad together; most often few, so few are looked at."""
        size = min(len(x), SKIP)
        while size and (found := self._suffix(x[len(x) - size :])) == size < len(x):
            size = min(len(x), 4 * size)
        return found if size else 0

    def _closed(self, spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Join what touches; the last one stays open."""
        for start, stop in spans:
            if self.begun is not None and start > self.stop:
                yield self.begun, self.stop
                self.begun = None
            self.begun = start if self.begun is None else self.begun
            self.stop = max(stop, self.stop)

    def _spans(self, x: NDArray[np.float32], origin: int) -> Iterator[tuple[int, int]]:
        """Yield the runs of windows that lie in `x` and are bad, as samples [start, stop)."""
        if len(x) < self._length or not self._may_be_bad(x):
            return
        bad = self._windows(x, self._length)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], bad, [False]]).astype(np.int8)))
        for start, stop in edges.reshape(-1, 2).tolist():
            yield origin + start, origin + stop - 1 + self._length

    def _may_be_bad(self, x: NDArray[np.float32]) -> bool:
        """A quick look at some samples of each window."""
        step = max(1, self._length // SKIP)
        size = self._length // step
        return bool(self._windows(x[::step], size).any()) if len(x) >= size * step else True

    def _windows(self, x: NDArray[np.float32], size: int) -> Bools:
        """Whether each window of `size` samples is bad."""
        raise NotImplementedError

    def _suffix(self, x: NDArray[np.float32]) -> int:
        """How many of the last samples are bad together."""
        raise NotImplementedError


class Flat(Windows):
    """Windows of which the highest and the lowest value lie no more than `within` apart.

    >>> flat = Flat(0.1, 3)
    >>> flat.push(np.float32([0, 1, 1, 1.05, 1, 2, 3])), flat.undecided, flat.begun
    ([(1, 5)], 6, None)
    """

    def __init__(self, within: float, length: int, *, first: int = 0) -> None:
        super().__init__(length, first=first)
        self._within = np.float32(within)

    def _windows(self, x: NDArray[np.float32], size: int) -> Bools:
        return np.asarray(
            _sliding(np.maximum, x, size) - _sliding(np.minimum, x, size) <= self._within
        )

    def _suffix(self, x: NDArray[np.float32]) -> int:
        back = x[::-1]
        span = np.maximum.accumulate(back) - np.minimum.accumulate(back)
        return int(np.searchsorted(span, self._within, side="right"))


class Saturated(Windows):
    """Windows that lie at or beyond a value, all on one side.

    >>> saturated = Saturated(5, 2)
    >>> saturated.push(np.float32([0, 5, -5, -6, -5, 0])), saturated.undecided
    ([(2, 5)], 6)
    """

    def __init__(self, beyond: float, length: int, *, first: int = 0) -> None:
        super().__init__(length, first=first)
        self._beyond = np.float32(beyond)

    def _windows(self, x: NDArray[np.float32], size: int) -> Bools:
        low, high = _sliding(np.minimum, x, size), _sliding(np.maximum, x, size)
        return np.asarray((low >= self._beyond) | (high <= -self._beyond))

    def _suffix(self, x: NDArray[np.float32]) -> int:
        back = x[::-1]
        runs = (
            np.logical_and.accumulate(side)
            for side in (back >= self._beyond, back <= -self._beyond)
        )
        return max(int(np.count_nonzero(run)) for run in runs)


def watchers(quality: Quality, *, unit: str, rate_hz: float, first: int) -> dict[str, Windows]:
    """Return what looks for bad stretches in one row of a signal, by their labels.

    Raises:
        InputError: the limits have other units than the signal.
    """
    found: dict[str, Windows] = {}
    if quality.flat is not None:
        length = _samples(quality.flat_s, rate_hz)
        found[FLAT] = Flat(quality.flat.in_unit(unit), length, first=first)
    if quality.saturated is not None:
        length = _samples(quality.saturated_s, rate_hz)
        found[SATURATED] = Saturated(quality.saturated.in_unit(unit), length, first=first)
    return found


def stretches(
    samples: Samples, quality: Quality, *, rate_hz: float, unit: str = ""
) -> list[tuple[int, int, str, int]]:
    """Return the bad stretches of a recording [channel, time], as (onset, offset, label, channel).

    >>> x = np.zeros((1, 300), np.float32)
    >>> stretches(x, Quality.of({"flat": {"within": 0.1, "longer_s": 2}}), rate_hz=100)
    [(0, 300, 'flat', 0)]
    """
    rows = []
    for channel, row in enumerate(samples):
        for label, watcher in watchers(quality, unit=unit, rate_hz=rate_hz, first=0).items():
            rows += [(*span, label, channel) for span in watcher.push(row) + watcher.finish()]
    return sorted(rows)


def units(unit: str, channels: Sequence[str]) -> list[str]:
    """Return the unit of each channel, of a signal that has one for all or lists them.

    >>> units("mV, uV", ("I", "II")), units("mV", ("I", "II"))
    (['mV', 'uV'], ['mV', 'mV'])
    """
    each = unit.split(", ")
    return each if len(each) == len(channels) else [unit] * len(channels)


def _sliding(largest: np.ufunc, x: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return the largest, or least, value of each window, doubling its length step by step."""
    width = 1
    while width < size:
        step = min(width, size - width)
        x = largest(x[step:], x[: len(x) - step])
        width += step
    return x


def _samples(seconds: float, rate_hz: float) -> int:
    return max(1, math.ceil(seconds * rate_hz - 1e-9))


def _known(value: object, where: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} holds {value!r}, which is no mapping of names to values")
    for key in value:
        if key not in known:
            raise InputError(
                f"{where} has no {key!r}{nearest(str(key), known)}; it takes {', '.join(known)}"
            )
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"quality: {value!r} must be a number of seconds")
    return float(value)
