"""Scores of event lists: notes, events and segments.

Only events of one label and channel can match.
"""

from collections import Counter
from fractions import Fraction

import numpy as np

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.metrics.score import Score
from ondes.timebase import IntArray, exact_rate


def note_score(
    truth: EventList,
    found: EventList,
    *,
    onset_s: float = 0.05,
    offset_ratio: float | None = None,
    offset_s: float = 0.05,
) -> Score:
    """Return the note score of ``mir_eval.transcription`` (Bay et al. 2009), for any labels.

    A found note matches a true one of the same label when their onsets differ by at most
    `onset_s` seconds and, where `offset_ratio` is given (usually 0.2), their offsets by at most
    the larger of `offset_s` and `offset_ratio` times the true duration. As many notes are matched
    one to one as can be. Tolerances are whole samples; mir_eval rounds differences to 0.1 ms.

    Raises:
        RateError: the lists are at different rates.

    >>> truth = EventList.of([(0, 50, "C4"), (60, 90, "E4")], rate_hz=100)
    >>> note_score(truth, EventList.of([(4, 20, "C4"), (66, 90, "E4")], rate_hz=100))
    Score(matched=1, truth=2, found=2)
    """
    matched = truth.compare(
        found,
        onset_s=onset_s,
        offset_s=None if offset_ratio is None else offset_s,
        ratio=offset_ratio or 0.0,
    )
    return Score(len(matched.pairs), len(truth), len(found))


def event_scores(
    truth: EventList,
    found: EventList,
    *,
    onset_s: float = 0.2,
    offset_s: float | None = 0.2,
    offset_ratio: float = 0.5,
) -> dict[str, Score]:
    """Return the event-based score of each label that occurs (Mesaros et al. 2016; sed_eval).

    A found event matches a true one when their onsets differ by at most `onset_s` seconds and
    their offsets by at most the larger of `offset_s` and `offset_ratio` times the true duration;
    offsets do not count where `offset_s` is None. As many are matched one to one as can be.
    `ondes.metrics.total` adds the labels up, `macro_f1` averages them.

    Raises:
        RateError: the lists are at different rates.
    """
    matched = truth.compare(found, onset_s=onset_s, offset_s=offset_s, ratio=offset_ratio)
    hits = Counter(truth.label[matched.pairs[:, 0]].tolist())
    return _by_label(hits, Counter(truth.label.tolist()), Counter(found.label.tolist()))


def segment_scores(
    truth: EventList, found: EventList, *, segment_s: float = 1.0
) -> dict[str, Score]:
    """Return the segment-based score of each label that occurs (Mesaros et al. 2016; sed_eval).

    Time is cut into segments of `segment_s` seconds from 0 on. A label is active in each segment
    that one of its events touches; what is counted and compared are active segments.

    Raises:
        InputError: `segment_s` is not above zero.
        RateError: the lists are at different rates.

    >>> truth = EventList.of([(0, 15, "a")], rate_hz=10)
    >>> segment_scores(truth, EventList.of([(12, 29, "a")], rate_hz=10))
    {'a': Score(matched=1, truth=2, found=2)}
    """
    if not segment_s > 0:
        raise InputError(f"segment_scores(segment_s={segment_s}): give a length above zero")
    if truth.rate_hz != found.rate_hz:
        raise RateError(
            f"segment_scores of events at {truth.rate_hz:.10g} and {found.rate_hz:.10g} Hz: "
            f"bring both to one rate with resample({truth.rate_hz:.10g})"
        )
    length = exact_rate(segment_s) * exact_rate(truth.rate_hz)
    active, claimed = _segments(truth, length), _segments(found, length)
    return _by_label(*(_labels(rows) for rows in (active & claimed, active, claimed)))


def _segments(events: EventList, length: Fraction) -> set[tuple[str, int, int]]:
    """Return the active (label, channel, segment)."""
    first = _floor(events.onset, length)
    count = -_floor(-events.offset, length) - first
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    segment = np.repeat(first, count) + within
    label, channel = np.repeat(events.label, count), np.repeat(events.channel, count)
    return set(zip(label.tolist(), channel.tolist(), segment.tolist(), strict=True))


def _floor(samples: IntArray, length: Fraction) -> IntArray:
    whole: IntArray = samples * length.denominator // length.numerator
    return whole


def _labels(rows: set[tuple[str, int, int]]) -> Counter[str]:
    return Counter(label for label, _, _ in rows)


def _by_label(matched: Counter[str], truth: Counter[str], found: Counter[str]) -> dict[str, Score]:
    return {
        label: Score(matched[label], truth[label], found[label])
        for label in sorted(truth.keys() | found.keys())
    }
