"""Episodes of atrial fibrillation, persons left out, beside a rule on how irregular beats come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks import _qrs
from ondes.data.ecg import records
from ondes.data.ecg.clips import Stretches
from ondes.data.ecg.records import Record
from ondes.data.places import located
from ondes.events import EventList
from ondes.metrics.episodes import Episodes, episodes
from ondes.run.pipeline import Pipeline

LABEL = "(AFIB"
FREE = "ecg_mitbih"
WINDOW = 10  # intervals
FEWEST = 5  # beats of an episode
THRESHOLDS = np.arange(0.05, 0.4, 0.01)
LEAD = "II"
HEAD = (
    "| | fibrillation, s | episodes | found | missed | false | duration Se | +P | false, s |",
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
)

Finder = Callable[[Record], EventList]


class Fold(NamedTuple):
    """A network that never met a person, the stretches of that person's records, all persons."""

    network: Pipeline
    beats: Pipeline
    test: Stretches


def section(folds: Sequence[Fold]) -> list[str]:
    """Return the page of all folds."""
    counted: dict[str, dict[str, Episodes]] = {}
    persons: dict[str, dict[str, list[Episodes]]] = {}
    for fold in folds:
        for name, find in finders(fold).items():
            for span in fold.test.spans:
                record = fold.test.records[span.source]
                one = of_record(record, find(record))
                counted.setdefault(name, {})[record.name] = one
                persons.setdefault(record.person, {}).setdefault(name, []).append(one)
    first, *_ = counted
    return [
        "### Episodes of atrial fibrillation, each person left out in turn",
        "",
        f"The {len(counted[first])} records of the three persons of CPSC 2021 at hand, two leads, "
        "minutes each: 101 has both rhythms, 21 no fibrillation, 84 nothing else. `ecg/af` is "
        "trained without the person, around a network of beats that heard MIT-BIH alone.",
        "",
        *HEAD,
        *(row(name, one) for name, one in counted[first].items()),
        "",
        "The same by persons, beside a rule: fibrillation is where the root mean square of the "
        f"differences between {WINDOW} successive intervals is more than so much of their mean, "
        "as is best for the annotated beats of the other persons and of MIT-BIH.",
        "",
        *HEAD,
        *(
            row(f"{person}, {name}", summed(each))
            for person, found in persons.items()
            for name, each in found.items()
        ),
        "",
    ]


def finders(fold: Fold) -> dict[str, Finder]:
    """Return what finds episodes in records: our network, and the rule on several's beats."""
    tested = {fold.test.records[span.source].person for span in fold.test.spans}
    others = [r for r in fold.test.records.values() if r.person not in tested]
    level = best([*others, *records.found(located(FREE, option="folder"))])
    leads = list(fold.test.cutting.leads)

    def ours(record: Record) -> EventList:
        names = [record.leads[row] for row in records.rows(record, leads)]
        return fold.network.detect(record.signal(), channels=names)

    def on(detect: Finder) -> Finder:
        return lambda record: irregular(detect(record), level)

    return {
        "`ecg/af`": ours,
        "rule, beats of `ecg/beats`": on(lambda r: fold.beats.detect(r.signal(), channels=[LEAD])),
        **{f"rule, beats of {name}": on(_detector(name)) for name in _qrs.FAMILIES},
        "rule, annotated beats": on(lambda record: record.beats(rest="N")),
    }


def irregular(beats: EventList, level: float) -> EventList:
    """Return the stretches where differences of successive intervals exceed a part of the mean.

    >>> rows = [(k, k + 1, "N") for k in np.cumsum([100] * 20 + [60, 150, 90, 50, 130] * 4)]
    >>> [(e.onset, e.offset) for e in irregular(EventList.of(rows, rate_hz=100), 0.2)]
    [(1700, 3920)]
    """
    gaps = np.diff(beats.onset)
    if len(gaps) <= WINDOW:
        return EventList.empty(beats.rate_hz)
    first = np.clip(np.arange(len(gaps)) - WINDOW // 2, 0, len(gaps) - WINDOW)
    seen = np.stack([gaps[k : k + WINDOW] for k in first]).astype(np.float64)
    rough = np.sqrt((np.diff(seen, axis=1) ** 2).mean(axis=1)) / seen.mean(axis=1) > level
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rough.astype(np.int8), [0]])))
    rows = [
        (int(beats.onset[a]), int(beats.onset[b]), LABEL)
        for a, b in edges.reshape(-1, 2)
        if b - a >= FEWEST
    ]
    return EventList.of(rows, rate_hz=beats.rate_hz)


def best(known: Sequence[Record]) -> float:
    """Return the level by which most of the time of annotated beats is judged right."""

    def value(level: float) -> float:
        each = [of_record(r, irregular(r.beats(rest="N"), level)) for r in known]
        whole = summed(each)
        return 2 * whole.overlap_s / max(whole.truth_s + whole.found_s, 1e-9)

    return max(map(float, THRESHOLDS), key=value)


def of_record(record: Record, found: EventList) -> Episodes:
    """Count and measure the episodes of a record."""
    return episodes(record.annotations().filter(label=LABEL), found, learning_s=0)


def summed(each: Sequence[Episodes]) -> Episodes:
    """Return all counts and durations together."""
    whole = Episodes()
    for one in each:
        whole = whole.plus(one)
    return whole


def row(name: str, one: Episodes) -> str:
    """Return a line of a table; what has no value is left out."""
    shares = (one.duration_sensitivity, one.duration_positive_predictivity)
    shown = " | ".join("-" if value != value else f"{value:.3f}" for value in shares)
    counts = f"{one.truth} | {one.hits} | {one.truth - one.hits} | {one.found - one.right}"
    return (
        f"| {name} | {one.truth_s:.0f} | {counts} | {shown} | {one.found_s - one.overlap_s:.0f} |"
    )


def _detector(family: str) -> Finder:
    def find(record: Record) -> EventList:
        signal = record.signal()
        row = list(signal.channels).index(LEAD)
        return _qrs.peaks(family, signal.samples[row], rate_hz=record.rate_hz)

    return find
