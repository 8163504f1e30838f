"""Answers about clips: `Labels` of one, a `Timeline` of the windows of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.events import EventList
from ondes.timebase import IntArray, Timebase

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Labels:
    """What a clip is.

    names: of all classes, tags or numbers that the model knows.
    scores: float64 [name], read-only: their probabilities, 0 to 1; of numbers, the numbers.
    chosen: the likeliest class; or the tags whose probability reaches their threshold, likeliest
        first; of numbers none.

    >>> found = Labels(("cat", "dog"), np.array([0.2, 0.8]), ("dog",))
    >>> found.label, found.score, found.values
    ('dog', 0.8, {'cat': 0.2, 'dog': 0.8})
    """

    names: tuple[str, ...]
    scores: Doubles
    chosen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", _frozen(self.scores))

    @property
    def values(self) -> dict[str, float]:
        """Scores by name."""
        return dict(zip(self.names, self.scores.tolist(), strict=True))

    @property
    def label(self) -> str:
        """The one name that is chosen.

        Raises:
            InputError: none is, or several are.
        """
        if len(self.chosen) != 1:
            raise InputError(
                f"{len(self.chosen)} labels are chosen, {self.chosen}: ask for `chosen`, or for "
                "`values`, which has all"
            )
        return self.chosen[0]

    @property
    def score(self) -> float:
        """The score of `label`."""
        return self.values[self.label]

    def __eq__(self, other: object) -> bool:
        """Tell whether all is the same, to the bit."""
        if not isinstance(other, Labels):
            return NotImplemented
        same = (self.names, self.chosen) == (other.names, other.chosen)
        return same and np.array_equal(self.scores, other.scores)

    __hash__ = None  # type: ignore[assignment]


class Stretch(NamedTuple):
    """The samples [onset, offset) of a recording, and what they are."""

    onset: int
    offset: int
    labels: Labels


@dataclass(frozen=True, eq=False)
class Timeline:
    """What a recording is, window by window; rows are in the order of their onsets.

    onset, offset: int64 [row], samples on the recording's time axis at `rate_hz`; windows may
        overlap.
    scores: float64 [row, name], as of `Labels`.
    chosen: the names chosen in each row.

    >>> line = Timeline.of(("a", "b"), [Stretch(0, 8, Labels(("a", "b"), [1.0, 0.0], ("a",)))], 8.0)
    >>> len(line), line.offset_s.tolist(), line[0].labels.label
    (1, [1.0], 'a')
    """

    names: tuple[str, ...]
    onset: IntArray
    offset: IntArray
    scores: Doubles
    chosen: tuple[tuple[str, ...], ...]
    rate_hz: float

    @classmethod
    def of(cls, names: Sequence[str], rows: Sequence[Stretch], rate_hz: float) -> Timeline:
        """Return rows, which may be none, as a timeline."""
        return cls(
            tuple(names),
            np.array([row.onset for row in rows], np.int64),
            np.array([row.offset for row in rows], np.int64),
            _frozen([row.labels.scores for row in rows]).reshape(len(rows), len(names)),
            tuple(row.labels.chosen for row in rows),
            rate_hz,
        )

    @classmethod
    def joined(cls, parts: Sequence[Timeline]) -> Timeline:
        """Return the rows of timelines of one recording in one, in their order.

        Raises:
            InputError: there is none, or their names or rates differ.
        """
        if len({(part.names, part.rate_hz) for part in parts}) != 1:
            raise InputError(
                f"{len(parts)} timelines cannot be joined: their names or rates differ"
            )
        return cls(
            parts[0].names,
            np.concatenate([part.onset for part in parts]),
            np.concatenate([part.offset for part in parts]),
            _frozen(np.concatenate([part.scores for part in parts])),
            tuple(chosen for part in parts for chosen in part.chosen),
            parts[0].rate_hz,
        )

    @property
    def onset_s(self) -> Doubles:
        """Where each window begins, in seconds."""
        return np.asarray(Timebase(self.rate_hz).seconds(self.onset), np.float64)

    @property
    def offset_s(self) -> Doubles:
        """Where each window ends, in seconds."""
        return np.asarray(Timebase(self.rate_hz).seconds(self.offset), np.float64)

    @property
    def events(self) -> EventList:
        """An event for each window and each of its chosen names, with its score."""
        rows = [
            (row.onset, row.offset, name, 0, row.labels.values[name])
            for row in self
            for name in row.labels.chosen
        ]
        return EventList.of(rows, rate_hz=self.rate_hz)

    def __len__(self) -> int:
        return len(self.onset)

    def __getitem__(self, row: int) -> Stretch:
        """Return a row."""
        labels = Labels(self.names, self.scores[row], self.chosen[row])
        return Stretch(int(self.onset[row]), int(self.offset[row]), labels)

    def __iter__(self) -> Iterator[Stretch]:
        return (self[row] for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Tell whether all is the same, to the bit."""
        if not isinstance(other, Timeline):
            return NotImplemented
        same = (self.names, self.chosen, self.rate_hz) == (other.names, other.chosen, other.rate_hz)
        return same and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("onset", "offset", "scores")
        )

    __hash__ = None  # type: ignore[assignment]


def _frozen(values: object) -> Doubles:
    array = np.array(values, np.float64)
    array.flags.writeable = False
    return array
