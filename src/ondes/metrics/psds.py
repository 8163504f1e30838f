"""PSDS, the polyphonic sound detection score (Bilen et al. 2020, arXiv:1910.08440)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.timebase import FloatArray, IntArray

HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What counts as found, as wrong and as taken for another class; the names of the paper.

    Attributes:
        dtc: a detection is right when this share of it lies in true events of its label.
        gtc: an event is found when right detections of its label cover this share of it.
        cttc: a wrong detection is also a cross-trigger of another label when this share of it
            lies in events of that label.
        alpha_ct: from 0 to 1, how much cross-triggers add to the false positive rate.
        alpha_st: >= 0, how much the spread over labels takes from the mean true positive rate.
        e_max: largest effective false positive rate, per hour.
    """

    dtc: float = 0.5
    gtc: float = 0.5
    cttc: float = 0.3
    alpha_ct: float = 0.0
    alpha_st: float = 0.0
    e_max: float = 100.0

    def __post_init__(self) -> None:
        shares = (self.dtc, self.gtc, self.cttc, self.alpha_ct)
        if not all(0 <= share <= 1 for share in shares):
            raise InputError(f"{self}: dtc, gtc, cttc and alpha_ct are from 0 to 1")
        if self.alpha_st < 0 or not 0 < self.e_max < math.inf:
            raise InputError(f"{self}: alpha_st must be >= 0 and e_max above 0")


@dataclass(frozen=True)
class Psds:
    """The score and the curve that it is the area under.

    Attributes:
        value: from 0 to 1, NaN if there was no event to find.
        labels: those with true events, sorted.
        efpr: effective false positive rates per hour, rising from 0.
        tpr: true positive rate [label, efpr], from that rate on to the next.
        etpr: effective true positive rate [efpr]: mean - alpha_st * deviation, at least 0.
    """

    value: float
    labels: tuple[str, ...]
    efpr: FloatArray
    tpr: FloatArray
    etpr: FloatArray


def psds(
    truth: Sequence[EventList],
    found: Sequence[Sequence[EventList]],
    *,
    durations_s: Sequence[float],
    criteria: Criteria | None = None,
) -> Psds:
    """Return the polyphonic sound detection score of a detector at several thresholds.

    It is the normalised area under the true positive rate over the false positive rate from 0 to
    ``criteria.e_max`` per hour, both by how events intersect rather than by where they begin and
    end. A label needs a true event to count; what is found of other labels is left out.
    Overlapping events of one label count as their union.

    Args:
        truth: the true events of each recording.
        found: for each threshold, the events found in each recording.
        durations_s: length of each recording in seconds.
        criteria: `Criteria`, of which the defaults are the paper's.

    Raises:
        InputError: the numbers of recordings differ, or all are of length zero.
        RateError: lists of one recording are at different rates.

    >>> truth = EventList.of([(0, 100, "a")], rate_hz=100)
    >>> psds([truth], [[truth]], durations_s=[10]).value
    1.0
    """
    _check(truth, found, durations_s)
    criteria = criteria or Criteria()
    labels = tuple(sorted({label for events in truth for label in events.labels}))
    points = [_rates(truth, lists, labels, durations_s, criteria) for lists in found]
    if not labels:
        return Psds(math.nan, (), np.zeros(1), np.zeros((0, 1)), np.full(1, math.nan))
    rates = np.array(points, np.float64).reshape(-1, 2, len(labels))
    efpr, tpr = _steps(rates[:, 0], rates[:, 1])
    etpr = np.maximum(tpr.mean(0) - criteria.alpha_st * tpr.std(0), 0)
    return Psds(_area(efpr, etpr, criteria.e_max), labels, efpr, tpr, etpr)


def _rates(
    truth: Sequence[EventList],
    found: Sequence[EventList],
    labels: tuple[str, ...],
    durations_s: Sequence[float],
    criteria: Criteria,
) -> tuple[FloatArray, FloatArray]:
    """Return true positive rate and effective false positive rate per hour of each label."""
    counts = [_count(t, f, labels, criteria) for t, f in zip(truth, found, strict=True)]
    hits, events, wrong, crossed, active_s = (sum(column) for column in zip(*counts, strict=True))
    efpr = np.asarray(wrong * (HOUR_S / math.fsum(durations_s)))
    if len(labels) > 1:
        others = np.asarray(crossed * (HOUR_S / np.asarray(active_s)))
        efpr = efpr + criteria.alpha_ct * others.sum(1) / (len(labels) - 1)
    return np.asarray(hits) / np.asarray(events), efpr


def _count(
    truth: EventList, found: EventList, labels: tuple[str, ...], criteria: Criteria
) -> tuple[IntArray, IntArray, IntArray, IntArray, FloatArray]:
    """Count found and all events, wrong detections, cross-triggers [by, of]; seconds of events."""
    size = len(labels)
    hits, events, wrong = (np.zeros(size, np.int64) for _ in range(3))
    crossed, active_s = np.zeros((size, size), np.int64), np.zeros(size)
    for row, label in enumerate(labels):
        true, claims = truth.filter(label=label), found.filter(label=label)
        right = _shares(claims, true) >= criteria.dtc
        covered = _shares(true, claims[right]) >= criteria.gtc
        hits[row], events[row], wrong[row] = covered.sum(), len(true), (~right).sum()
        active_s[row] = (true.offset - true.onset).sum() / true.rate_hz
        for other, name in enumerate(labels):
            if other != row:
                within = _shares(claims[~right], truth.filter(label=name))
                crossed[row, other] = (within >= criteria.cttc).sum()
    return hits, events, wrong, crossed, active_s


def _shares(events: EventList, cover: EventList) -> FloatArray:
    """Return what share of each event lies in the union of `cover` on its channel."""
    share = np.zeros(len(events))
    for channel in np.unique(events.channel).tolist():
        mine = events.channel == channel
        near = cover.filter(channel=channel)
        share[mine] = _covered(events.onset[mine], events.offset[mine], near)
    return share


def _covered(onset: IntArray, offset: IntArray, cover: EventList) -> FloatArray:
    """Return what share of each [onset, offset) the union of `cover`, of one label, covers."""
    if not len(cover):
        return np.zeros(len(onset))
    union = cover.merge_gaps(0.0)
    begin, end = union.onset, union.offset
    before = np.append(0, np.cumsum(end - begin))  # covered samples up to each stretch
    corners = np.stack([begin, end], 1).ravel()
    heights = np.stack([before[:-1], before[1:]], 1).ravel()
    inside = np.interp(offset, corners, heights) - np.interp(onset, corners, heights)
    share: FloatArray = inside / (offset - onset)
    return share


def _steps(tpr: FloatArray, efpr: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return all rates efpr [k] and the best tpr [label, k] that each label reaches up to there."""
    points = np.unique(np.append(0.0, efpr))
    reached = efpr.T[:, :, None] <= points
    best = np.where(reached, tpr.T[:, :, None], 0.0).max(axis=1, initial=0.0)
    return points, best


def _area(x: FloatArray, y: FloatArray, end: float) -> float:
    """Return the mean of the step function that is y[i] from x[i] on, over [0, end]."""
    widths = np.diff(np.minimum(np.append(x, end), end))
    return float((widths * y).sum() / end)


def _check(
    truth: Sequence[EventList], found: Sequence[Sequence[EventList]], durations_s: Sequence[float]
) -> None:
    sizes = {len(durations_s), *(len(lists) for lists in found)}
    if sizes != {len(truth)} or not math.fsum(durations_s) > 0:
        raise InputError(
            f"psds of {len(truth)} recordings of {math.fsum(durations_s):g} s: give one length "
            f"and, at each threshold, one list for each of at least one recording"
        )
    for lists in found:
        for true, claims in zip(truth, lists, strict=True):
            if true.rate_hz != claims.rate_hz:
                raise RateError(
                    f"psds of events at {true.rate_hz:.10g} and {claims.rate_hz:.10g} Hz: "
                    f"bring both to one rate with resample({true.rate_hz:.10g})"
                )
