"""Matched, true and found things, counted; what is counted can be added up over recordings."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Score(NamedTuple):
    """Of `truth` true and `found` found things, `matched` agree one to one.

    >>> Score(matched=3, truth=4, found=6).f1
    0.6
    """

    matched: int = 0
    truth: int = 0
    found: int = 0

    @property
    def precision(self) -> float:
        """Share of the found things that are true; NaN if none was found."""
        return _share(self.matched, self.found)

    @property
    def recall(self) -> float:
        """Share of the true things that were found; NaN if there are none."""
        return _share(self.matched, self.truth)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN if nothing was there and nothing found."""
        return _share(2 * self.matched, self.truth + self.found)

    @property
    def missed(self) -> int:
        """True things that were not found."""
        return self.truth - self.matched

    @property
    def extra(self) -> int:
        """Found things that are not true."""
        return self.found - self.matched


def total(scores: Mapping[str, Score]) -> Score:
    """Return the score of all labels as one: micro averages.

    >>> total({"a": Score(1, 2, 1), "b": Score(0, 0, 3)})
    Score(matched=1, truth=2, found=4)
    """
    return Score(*(sum(column) for column in zip(*scores.values(), strict=True)))


def macro_f1(scores: Mapping[str, Score]) -> float:
    """Return the mean F1 of the labels that have one; NaN if none has.

    >>> macro_f1({"a": Score(1, 1, 1), "b": Score(0, 2, 3), "c": Score(0, 0, 0)})
    0.5
    """
    values = [score.f1 for score in scores.values() if not math.isnan(score.f1)]
    return _share(sum(values), len(values))


def merged(scores: Iterable[Mapping[str, Score]]) -> dict[str, Score]:
    """Return the scores of several recordings as those of one, label by label, labels sorted."""
    sums: dict[str, Score] = {}
    for recording in scores:
        for label, score in recording.items():
            sums[label] = total({"before": sums.get(label, Score()), "now": score})
    return dict(sorted(sums.items()))


def _share(part: float, whole: int) -> float:
    return part / whole if whole else math.nan
