"""What the head of a report says in figures: counts, tiles, a row for each label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ondes.events import Comparison, EventList
from ondes.report.page import duration, hertz
from ondes.report.source import Source
from ondes.report.spectrogram import Picture


@dataclass(frozen=True)
class Count:
    """How many events were found and true, true and not found, found and not true."""

    label: str
    matched: int
    missed: int
    extra: int

    @property
    def total(self) -> int:
        """All events, a matched pair once."""
        return self.matched + self.missed + self.extra

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.matched} matched, {self.missed} missed, {self.extra} extra"


def count(labels: Sequence[str], events: EventList, comparison: Comparison | None) -> list[Count]:
    """Return one row for each label; without truth all events count as matched."""
    if comparison is None:
        found = Counter(events.label.tolist())
        return [Count(label, found[label], 0, 0) for label in labels]
    matched = Counter(comparison.truth.label[comparison.pairs[:, 0]].tolist())
    missed = Counter(comparison.missed.label.tolist())
    extra = Counter(comparison.extra.label.tolist())
    return [Count(label, matched[label], missed[label], extra[label]) for label in labels]


def total(counts: Sequence[Count]) -> Count:
    """Return the sum over labels."""
    return Count(
        "all",
        sum(row.matched for row in counts),
        sum(row.missed for row in counts),
        sum(row.extra for row in counts),
    )


def facts(source: Source, *, model: str) -> list[str]:
    """Return what the recording is."""
    n = len(source.channels)
    channels = {1: "one channel", 2: "two channels"}.get(n, f"{n} channels")
    said = [duration(source.duration_s), hertz(source.rate_hz), channels]
    return [*said, f"model {model}"] if model else said


def tiles(
    events: EventList, comparison: Comparison | None, *, seconds: float
) -> list[tuple[str, str]]:
    """Return the figures of the head: how good where truth is known, else how many."""
    if comparison is not None:
        return [
            ("F1", share(comparison.f1)),
            ("precision", share(comparison.precision)),
            ("recall", share(comparison.recall)),
        ]
    said = [
        ("events", f"{len(events):,}"),
        ("labels", str(len(events.labels))),
        *((("a minute", f"{60 * len(events) / seconds:.3g}"),) if seconds >= 10 else ()),
    ]
    scores = events.score[np.isfinite(events.score)]
    return [*said, ("median score", share(float(np.median(scores))))] if scores.size else said


def share(value: float) -> str:
    """Write a share of one with three digits; a dash for none.

    >>> share(0.98765), share(float("nan"))
    ('0.988', '–')
    """
    return "–" if np.isnan(value) else f"{value:.3f}"


def heads(source: Source, events: EventList, *, has_truth: bool) -> list[tuple[str, str]]:
    """Return key and name of the table's columns; the viewer fills them in this order."""
    return [
        *([("status", "Status")] if has_truth else []),
        ("lane", "Label"),
        ("onset", "Onset, s"),
        ("offset", "Offset, s"),
        ("length", "Length"),
        *([("error", "Onset error, ms")] if has_truth else []),
        *([("channel", "Channel")] if len(source.channels) > 1 else []),
        *([("score", "Score")] if np.isfinite(events.score).any() else []),
    ]


def picture_note(picture: Picture, source: Source) -> str:
    """Return how the spectrogram is to be read."""
    column = length(picture.hop / source.rate_hz)
    return f"{picture.range_db:.0f} dB from black to pale yellow, a column every {column}"


def length(seconds: float) -> str:
    """Write a short time with three digits.

    >>> length(0.0067708), length(1.25e-5)
    ('6.77 ms', '12.5 µs')
    """
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
