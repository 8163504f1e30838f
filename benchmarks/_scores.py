"""Scores of tones: frames by scikit-learn, notes by mir_eval; all clips are pooled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from mir_eval.transcription import match_notes
from numpy.typing import NDArray
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

from benchmarks._clips import Map
from ondes.events import EventList
from ondes.io.pitch import midi

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def frame_f1(truth: Map, said: Map) -> float:
    """F1 of all cells of frame maps together."""
    return float(f1_score(truth.ravel(), said.ravel()))


def roc_auc(truth: Map, probs: Floats) -> float:
    """Area under the receiver operating characteristic of all cells together."""
    return float(roc_auc_score(truth.ravel(), probs.ravel()))


def best_threshold(truth: Map, probs: Floats) -> float:
    """The threshold at which the frames' F1 is largest."""
    precision, recall, thresholds = precision_recall_curve(truth.ravel(), probs.ravel())
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[f1[:-1].argmax()])


def note_f1(
    truth: Iterable[EventList],
    found: Iterable[EventList],
    *,
    onset_s: float = 0.05,
    offset_ratio: float | None = None,
) -> float:
    """F1 of notes: right pitch, right onset, and with `offset_ratio` right offset.

    An offset may be wrong by that part of the note's duration, or 50 ms if that is more.
    """
    counts = [_counts(t, f, onset_s, offset_ratio) for t, f in zip(truth, found, strict=True)]
    right, true, said = np.sum(counts, axis=0)
    return float(2 * right / max(true + said, 1))


def _counts(
    truth: EventList, found: EventList, onset_s: float, offset_ratio: float | None
) -> tuple[int, int, int]:
    """Right, true and found notes of one clip."""
    if not len(truth) or not len(found):
        return 0, len(truth), len(found)
    pairs = match_notes(
        _intervals(truth),
        _hertz(truth.label.tolist()),
        _intervals(found),
        _hertz(found.label.tolist()),
        onset_tolerance=onset_s,
        offset_ratio=offset_ratio,
    )
    return len(pairs), len(truth), len(found)


def _intervals(events: EventList) -> Doubles:
    return np.stack([events.onset_s, events.offset_s], axis=1)


def _hertz(labels: Sequence[str]) -> Doubles:
    return 440.0 * 2.0 ** ((np.array([midi(label) for label in labels]) - 69) / 12)
