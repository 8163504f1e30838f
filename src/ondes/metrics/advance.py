"""How soon a monitor warns of a heart's first abnormal beats, and what it costs in false alarms.

The question of Kiranyaz, Ince and Gabbouj 2017: is at least one of the first n abnormal beats of a
person caught, by a network that has never seen an abnormal beat of theirs?
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.events import EventList
from ondes.metrics.ec57 import match_beats
from ondes.timebase import FloatArray


@dataclass(frozen=True, eq=False)
class Watch:
    """What came of watching one person.

    Attributes:
        caught: bool [abnormal beat], in order of time.
        false_alarms: alarms at normal beats, or where no beat is.
        hours: how long was watched.
    """

    caught: NDArray[np.bool_]
    false_alarms: int
    hours: float


@dataclass(frozen=True, eq=False)
class Advance:
    """How likely a warning is by the n-th abnormal beat; n counts from 1, so entry 0 is of one.

    Attributes:
        first: [n], share of the persons of whom one of the first n beats was caught. Somebody with
            fewer than n counts by all they have.
        anywhere: [n], mean over the persons with n beats or more of the share of their stretches of
            n beats in a row of which one was caught: as if watching had begun at any of them. NaN
            where nobody has as many.
        independent: [n], mean of 1 - (1 - p)^n, p being the share of a person's beats that were
            caught: what would be if one miss did not make the next more likely.
        alarms_per_hour: false ones, over all hours.
    """

    first: FloatArray
    anywhere: FloatArray
    independent: FloatArray
    alarms_per_hour: float


def watch(
    truth: EventList,
    found: EventList,
    *,
    duration_s: float,
    abnormal: Collection[str] = ("S", "V"),
    normal: str = "N",
    window_s: float = 0.15,
    learning_s: float = 300.0,
) -> Watch:
    """Tell which abnormal beats of a record raised an alarm, and how often one was false.

    Beats are paired by `match_beats`; one that is found and labelled otherwise than `normal` is an
    alarm. An alarm at a true beat that is neither `normal` nor `abnormal` (F, Q) is not counted.

    Raises:
        InputError: the record is no longer than what is for learning.
        RateError: the lists are at different rates.

    >>> truth = EventList.of([(100, 101, "N"), (200, 201, "V"), (300, 301, "V")], rate_hz=100)
    >>> found = EventList.of([(100, 101, "N"), (201, 202, "N"), (300, 301, "V")], rate_hz=100)
    >>> watch(truth, found, duration_s=4, learning_s=0).caught.tolist()
    [False, True]
    """
    if not duration_s > learning_s:
        raise InputError(
            f"watch(duration_s={duration_s}, learning_s={learning_s}): nothing is left to watch; "
            "give a longer record or a shorter time for learning"
        )
    pairs = match_beats(truth, found, window_s=window_s, learning_s=learning_s)
    alarm = pairs.found.label != normal
    raised = np.zeros(len(pairs.truth), np.bool_)
    raised[pairs.pairs[:, 0]] = alarm[pairs.pairs[:, 1]]
    false = (raised & (pairs.truth.label == normal)).sum() + (pairs.extra.label != normal).sum()
    caught = raised[np.isin(pairs.truth.label, list(abnormal))]
    return Watch(caught, int(false), (duration_s - learning_s) / 3600)


def advance(watches: Sequence[Watch], *, beats: int = 10) -> Advance:
    """Return how likely a warning is by the first to the `beats`-th abnormal beat.

    Persons without abnormal beats count for the false alarms alone.

    Raises InputError if `beats` is below 1.
    """
    if beats < 1:
        raise InputError(f"advance(beats={beats}): give 1 or more")
    ill = [each.caught for each in watches if len(each.caught)]
    counts = range(1, beats + 1)
    hours = math.fsum(each.hours for each in watches)
    alarms = sum(each.false_alarms for each in watches)
    return Advance(
        np.array([_mean([float(caught[:n].any()) for caught in ill]) for n in counts]),
        np.array([_mean([_anywhere(caught, n) for caught in ill]) for n in counts]),
        np.array([_mean([1 - (1 - float(caught.mean())) ** n for caught in ill]) for n in counts]),
        alarms / hours if hours else math.nan,
    )


def _anywhere(caught: NDArray[np.bool_], n: int) -> float:
    """Return the share of stretches of n beats with one that is caught; NaN if there are none."""
    if len(caught) < n:
        return math.nan
    return float(np.lib.stride_tricks.sliding_window_view(caught, n).any(axis=1).mean())


def _mean(values: list[float]) -> float:
    """Return the mean of what has a value."""
    there = [value for value in values if not math.isnan(value)]
    return math.fsum(there) / len(there) if there else math.nan
