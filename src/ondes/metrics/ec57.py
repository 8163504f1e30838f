"""Beats of an electrocardiogram, compared after ANSI/AAMI EC57 as WFDB's ``bxb`` does.

What counts how is taken from bxb (Moody, WFDB 10.7), the standard's reference implementation, and
``Evaluating ECG analyzers`` in the WFDB Applications Guide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, RateError, nearest
from ondes.events import EventList
from ondes.matching import Comparison
from ondes.metrics.score import Score
from ondes.timebase import IntArray

CLASSES = ("N", "S", "V", "F", "Q")  # of the standard: normal, SVEB, VEB, fusion, unclassifiable
NONE = ("O", "X")  # no beat there; no beat there as one side was shut down
LABELS = CLASSES + NONE
NEVER = 2**61
NOTHING, SHUT = len(CLASSES), len(CLASSES) + 1


class OneClass(NamedTuple):
    """Beats of one class against the rest.

    >>> OneClass(tp=8, fn=2, fp=2, tn=88).accuracy
    0.96
    """

    tp: int
    fn: int
    fp: int
    tn: int

    @property
    def accuracy(self) -> float:
        """Share of all beats that are judged right."""
        return _share(self.tp + self.tn, sum(self))

    @property
    def sensitivity(self) -> float:
        """Share of the beats of the class that are found; NaN if there are none."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Share of the other beats that are not taken for the class; NaN if there are none."""
        return _share(self.tn, self.tn + self.fp)

    @property
    def positive_predictivity(self) -> float:
        """Share of what is taken for the class that is of it; NaN if nothing is."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def false_positive_rate(self) -> float:
        """Share of the other beats that are taken for the class; NaN if there are none."""
        return _share(self.fp, self.tn + self.fp)

    @property
    def f1(self) -> float:
        """Harmonic mean of sensitivity and positive predictivity; NaN if there is neither."""
        return _share(2 * self.tp, 2 * self.tp + self.fn + self.fp)

    def figures(self, name: str) -> dict[str, float]:
        """Return ``<name>/acc``, ``sen``, ``spe``, ``ppv``, ``fpr`` and ``f1``."""
        return {
            f"{name}/acc": self.accuracy,
            f"{name}/sen": self.sensitivity,
            f"{name}/spe": self.specificity,
            f"{name}/ppv": self.positive_predictivity,
            f"{name}/fpr": self.false_positive_rate,
            f"{name}/f1": self.f1,
        }


@dataclass(frozen=True, eq=False)
class BeatCounts:
    """How many beats of each true class (row) were taken for each class (column).

    `table` int64 [7, 7]; rows and columns are `LABELS`. Row O holds what was found where no beat
    is, row X what was found where the truth is unreadable; column O holds beats that were missed,
    column X those missed while the detector was shut down. Counts of records add up to gross ones.

    >>> truth = EventList.of([(100, 101, "N"), (200, 201, "V"), (300, 301, "V")], rate_hz=100)
    >>> found = EventList.of([(101, 102, "N"), (198, 199, "V"), (250, 251, "S")], rate_hz=100)
    >>> counts = beat_counts(truth, found, learning_s=0)
    >>> counts.veb
    OneClass(tp=1, fn=1, fp=0, tn=2)
    >>> counts.qrs
    Score(matched=2, truth=3, found=3)
    """

    table: IntArray

    def __add__(self, other: BeatCounts) -> BeatCounts:
        """Return the counts of both."""
        return BeatCounts(self.table + other.table)

    @property
    def qrs(self) -> Score:
        """Beats as such, whatever their class; EC57 has no rate of false positives among them."""
        of_class = len(CLASSES)
        matched = int(self.table[:of_class, :of_class].sum())
        truth, found = self.table[:of_class].sum(), self.table[:, :of_class].sum()
        return Score(matched, int(truth), int(found))

    @property
    def veb(self) -> OneClass:
        """Ventricular ectopic beats: F and Q taken for V are neither right nor wrong."""
        return self._one_class("V", pardoned="FQ")

    @property
    def sveb(self) -> OneClass:
        """Supraventricular ectopic beats: Q taken for S is neither right nor wrong."""
        return self._one_class("S", pardoned="Q")

    @property
    def shut(self) -> float:
        """Share of the true beats that were missed in shutdown; NaN if there are none."""
        beats = self.table[: len(CLASSES)]
        return _share(int(beats[:, SHUT].sum()), int(beats.sum()))

    def figures(self) -> dict[str, float]:
        """Return all figures by name, NaN where there is none.

        ``qrs/sen``, ``qrs/ppv``, ``qrs/f1``, ``qrs/shut`` and, for ``veb`` and ``sveb``, the
        figures of `OneClass`.
        """
        qrs = self.qrs
        return {
            "qrs/sen": qrs.recall,
            "qrs/ppv": qrs.precision,
            "qrs/f1": qrs.f1,
            "qrs/shut": self.shut,
            **self.veb.figures("veb"),
            **self.sveb.figures("sveb"),
        }

    def _one_class(self, label: str, *, pardoned: str) -> OneClass:
        """Count as bxb does: missed beats of other classes are in nobody's favour."""
        k, spared = LABELS.index(label), [LABELS.index(other) for other in pardoned]
        others = np.delete(self.table, k, axis=0)
        wrong = self.table[:, k].sum() - self.table[k, k] - self.table[spared, k].sum()
        right = others[:, : len(CLASSES)].sum() - others[:, k].sum()
        tp = self.table[k, k]
        return OneClass(int(tp), int(self.table[k].sum() - tp), int(wrong), int(right))


def beat_counts(
    truth: EventList,
    found: EventList,
    *,
    window_s: float = 0.15,
    learning_s: float = 300.0,
    shutdown: EventList | None = None,
    unreadable: EventList | None = None,
    fibrillation: EventList | None = None,
) -> BeatCounts:
    """Compare the beats of one record, as `match_beats` pairs them.

    A beat is an event that begins at the R peak and is labelled with one of `CLASSES`. Beats are
    paired by time alone and then counted by class.

    Args:
        truth: the true beats.
        found: the beats that were found.
        window_s: how far beats of a pair may be apart.
        learning_s: what is not counted, from sample 0.
        shutdown: periods in which the detector gave up; beats missed in them count apart.
        unreadable: periods in which the truth knows no beats; beats found in them count apart.
        fibrillation: true ventricular flutter and fibrillation; beats found in it do not count
            unless there is a true one.

    Raises:
        InputError: a label is none of `CLASSES`, or a time is below zero.
        RateError: the lists are at different rates.
    """
    for events in (truth, found):
        _check_labels(events)
    pairs = match_beats(truth, found, window_s=window_s, learning_s=learning_s)
    for periods in (shutdown, unreadable, fibrillation):
        _check_rate(truth, truth if periods is None else periods)
    missed, extra = pairs.missed, pairs.extra
    extra = extra[~_within(extra, fibrillation)]
    table = np.zeros((len(LABELS), len(LABELS)), np.int64)
    rows, columns = _classes(pairs.truth), _classes(pairs.found)
    np.add.at(table, (rows[pairs.pairs[:, 0]], columns[pairs.pairs[:, 1]]), 1)
    np.add.at(table, (_classes(missed), np.where(_within(missed, shutdown), SHUT, NOTHING)), 1)
    np.add.at(table, (np.where(_within(extra, unreadable), SHUT, NOTHING), _classes(extra)), 1)
    return BeatCounts(table)


def match_beats(
    truth: EventList, found: EventList, *, window_s: float = 0.15, learning_s: float = 300.0
) -> Comparison:
    """Pair beats as bxb does, and return them with those of both lists that count.

    From first to last the earlier of the next true and the next found beat is paired with the
    other, if they are at most `window_s` apart and the beat after the later one is not at least
    as near to the earlier one; else it stays alone. What lies before `learning_s` does not count,
    but a beat found just before may be the first true one after, and one found just after may
    belong to a true one before. Labels and channels play no part.

    Raises:
        InputError: a time is below zero.
        RateError: the lists are at different rates.
    """
    _check_rate(truth, found)
    reach, start = truth.timebase.within(window_s), truth.timebase.within(learning_s)
    true = truth[truth.onset >= start]
    skipped = _skipped(true.onset, found.onset, reach, start)
    counted = found[np.arange(len(found)) >= skipped]
    return Comparison(true, counted, _paired(true.onset.tolist(), counted.onset.tolist(), reach))


def average(figures: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each figure over the records that have it; NaN if none has.

    >>> average([{"sen": 1.0, "ppv": 0.5}, {"sen": float("nan"), "ppv": 1.0}])
    {'sen': 1.0, 'ppv': 0.75}
    """
    columns: dict[str, list[float]] = {}
    for record in figures:
        for name, value in record.items():
            columns.setdefault(name, []).extend([] if math.isnan(value) else [value])
    return {
        name: math.fsum(values) / len(values) if values else math.nan
        for name, values in columns.items()
    }


def gross(counts: Iterable[BeatCounts]) -> BeatCounts:
    """Return the counts of several records as those of one."""
    return sum(counts, start=BeatCounts(np.zeros((len(LABELS), len(LABELS)), np.int64)))


def _skipped(true: IntArray, found: IntArray, reach: int, start: int) -> int:
    """Return how many beats found do not count since they belong to the learning period."""
    before = int(np.searchsorted(found, start))
    first = int(true[0]) if len(true) else NEVER
    last, now, then = (_at(found.tolist(), before + step) for step in (-1, 0, 1))
    if before and first - last <= reach and first - last < abs(first - now):
        return before - 1
    early = now - start <= reach and abs(first - then) < abs(first - now)
    return before + early


def _paired(true: list[int], found: list[int], reach: int) -> IntArray:
    """Return the pairs [n, 2] of indices into both lists of rising times."""
    pairs, i, j = [], 0, 0
    while i < len(true) and j < len(found):
        gap = abs(true[i] - found[j])
        ahead = found[j] < true[i]
        rival = _at(found, j + 1) - true[i] if ahead else _at(true, i + 1) - found[j]
        paired = gap <= reach and gap < abs(rival)
        if paired:
            pairs.append((i, j))
        i, j = i + (paired or not ahead), j + (paired or ahead)
    return np.array(pairs, np.int64).reshape(-1, 2)


def _at(times: list[int], index: int) -> int:
    return times[index] if 0 <= index < len(times) else NEVER


def _classes(events: EventList) -> IntArray:
    """Return the row or column of each beat."""
    order = np.argsort(CLASSES)
    place = np.searchsorted(CLASSES, events.label, sorter=order)
    return np.asarray(order[place], np.int64)


def _within(beats: EventList, periods: EventList | None) -> NDArray[np.bool_]:
    """Tell which beats begin within a period."""
    if periods is None:
        return np.zeros(len(beats), np.bool_)
    at = beats.onset[:, None]
    inside = (periods.onset <= at) & (at < periods.offset)
    return np.asarray(inside.any(axis=1), np.bool_)


def _check_rate(truth: EventList, found: EventList) -> None:
    if truth.rate_hz != found.rate_hz:
        raise RateError(
            f"beats at {truth.rate_hz:.10g} Hz with events at {found.rate_hz:.10g} Hz: bring both "
            f"to one rate with resample({truth.rate_hz:.10g})"
        )


def _check_labels(events: EventList) -> None:
    for label in events.labels:
        if label not in CLASSES:
            raise InputError(
                f"beats labelled {label!r}{nearest(label, CLASSES)}; give the classes "
                f"{', '.join(CLASSES)} of EC57, and leave the rest out with filter(label=...)"
            )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
