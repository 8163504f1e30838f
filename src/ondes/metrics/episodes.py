"""Episodes, such as of atrial fibrillation, compared after ANSI/AAMI EC57 as ``epicmp`` does."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ondes.errors import RateError
from ondes.events import EventList
from ondes.timebase import IntArray

FOREVER = 2**62


class Episodes(NamedTuple):
    """Episodes of one record, counted and measured; those of records add up field by field.

    An episode is matched if any of the other side's overlaps it, so that several may be matched
    by one: true and found ones are counted apart.

    Attributes:
        hits, truth: true episodes that are matched, and all of them.
        right, found: found episodes that are matched, and all of them.
        overlap_s, truth_s, found_s: durations in seconds, of what is both true and found, of what
            is true, of what is found.
    """

    hits: int = 0
    truth: int = 0
    right: int = 0
    found: int = 0
    overlap_s: float = 0.0
    truth_s: float = 0.0
    found_s: float = 0.0

    def plus(self, other: Episodes) -> Episodes:
        """Return the counts and durations of both."""
        return Episodes(
            self.hits + other.hits,
            self.truth + other.truth,
            self.right + other.right,
            self.found + other.found,
            self.overlap_s + other.overlap_s,
            self.truth_s + other.truth_s,
            self.found_s + other.found_s,
        )

    @property
    def sensitivity(self) -> float:
        """Share of the true episodes that are matched; NaN if there are none."""
        return _share(self.hits, self.truth)

    @property
    def positive_predictivity(self) -> float:
        """Share of the found episodes that are matched; NaN if there are none."""
        return _share(self.right, self.found)

    @property
    def duration_sensitivity(self) -> float:
        """Share of the true time that is found; NaN if there is none."""
        return _share(self.overlap_s, self.truth_s)

    @property
    def duration_positive_predictivity(self) -> float:
        """Share of the found time that is true; NaN if there is none."""
        return _share(self.overlap_s, self.found_s)

    def figures(self) -> dict[str, float]:
        """Return ``episode/sen``, ``episode/ppv``, ``duration/sen`` and ``duration/ppv``."""
        return {
            "episode/sen": self.sensitivity,
            "episode/ppv": self.positive_predictivity,
            "duration/sen": self.duration_sensitivity,
            "duration/ppv": self.duration_positive_predictivity,
        }


def episodes(
    truth: EventList,
    found: EventList,
    *,
    learning_s: float = 300.0,
    excluded: EventList | None = None,
    min_s: float = 0.0,
) -> Episodes:
    """Compare the episodes of one record, whatever their labels and channels.

    Those of one list that overlap or touch are one episode.

    Args:
        truth: the true episodes, of one kind.
        found: those that were found.
        learning_s: what is not counted, from sample 0; episodes that reach beyond are cut.
        excluded: periods in which what is found is neither right nor wrong; for atrial
            fibrillation the standard excludes true atrial flutter.
        min_s: shorter episodes are left out of both lists.

    Raises:
        InputError: a time is below zero.
        RateError: lists are at different rates.

    >>> truth = EventList.of([(0, 600, "AF"), (900, 1000, "AF")], rate_hz=10)
    >>> found = EventList.of([(300, 700, "AF")], rate_hz=10)
    >>> episodes(truth, found, learning_s=0).figures()["duration/ppv"]
    0.75
    """
    spared = EventList.empty(truth.rate_hz) if excluded is None else excluded
    for events in (found, spared):
        _check_rate(truth, events)
    start, least = truth.timebase.within(learning_s), min_s * truth.rate_hz
    true, claims, free = (_united(events, start) for events in (truth, found, spared))
    excess = _overlap(claims, free)
    length = claims.offset - claims.onset - excess
    kept = (length > 0) & (length >= least)
    claims, length = claims[kept], length[kept]
    true = true[true.offset - true.onset >= least]
    covered, right = _overlap(true, claims), _overlap(claims, true)
    samples = (right.sum(), (true.offset - true.onset).sum(), length.sum())
    return Episodes(
        int((covered > 0).sum()),
        len(true),
        int((right > 0).sum()),
        len(claims),
        *(float(count / truth.rate_hz) for count in samples),
    )


def _united(events: EventList, start: int) -> EventList:
    """Return the union of events from `start` on, as events without labels."""
    late = events.crop(start, FOREVER)
    plain = EventList(
        late.onset,
        late.offset,
        np.full(len(late), ""),
        np.zeros(len(late), np.int64),
        np.full(len(late), math.nan),
        events.rate_hz,
    )
    return plain.merge_gaps(0.0)


def _overlap(events: EventList, union: EventList) -> IntArray:
    """Return how many samples of each event lie in `union`, whose events are apart."""
    if not len(union):
        return np.zeros(len(events), np.int64)
    return _before(events.offset, union) - _before(events.onset, union)


def _before(at: IntArray, union: EventList) -> IntArray:
    """Return how many samples of `union` lie before each position."""
    length = union.offset - union.onset
    whole = np.append(0, np.cumsum(length))
    last = np.searchsorted(union.onset, at, side="right") - 1
    into = np.clip(at - union.onset[last], 0, length[last])
    return np.where(last < 0, 0, whole[last] + into)


def _check_rate(truth: EventList, events: EventList) -> None:
    if truth.rate_hz != events.rate_hz:
        raise RateError(
            f"episodes at {truth.rate_hz:.10g} and {events.rate_hz:.10g} Hz: bring both to one "
            f"rate with resample({truth.rate_hz:.10g})"
        )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
