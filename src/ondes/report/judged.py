"""Clips as they were judged: which are wrong, which are doubtful, what is confused with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondes.metrics import class_scores, confusion, number_scores, tag_scores
from ondes.report import page
from ondes.report.source import AnySignal
from ondes.timebase import IntArray

Doubles = NDArray[np.float64]
Kind = Literal["class", "tags", "number"]

MOST_BARS = 4
MOST_CLASSES = 40  # of a matrix
HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class Item:
    """A clip and what is said of it.

    file: its name, with its place in the recording where it is a window of one.
    scores: float64 [output], probabilities or numbers.
    chosen: the names chosen: a class, tags, none of numbers.
    truth: float32 [output] as in `ondes.protocols.Clip`, where it is known.
    opened: gives the clip, to be drawn and heard.
    """

    file: str
    scores: Doubles
    chosen: tuple[str, ...]
    truth: NDArray[np.float32] | None = None
    opened: Callable[[], AnySignal]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Names of the outputs in order, what they are, and thresholds of tags (one, or one each)."""

    names: tuple[str, ...]
    kind: Kind
    thresholds: tuple[float, ...] = (HALF,)


@dataclass(frozen=True)
class Bar:
    """One name and its score; whether it was chosen, and whether it is true, if that is known."""

    name: str
    score: float
    chosen: bool
    true: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """An item as the page tells it.

    label, true: what was found and what is true, in words. score: of the label, None of numbers.
    wrong: whether it is mistaken; mistake: by how much (of numbers the largest error); doubt: from
    0, sure, to 1, undecided.
    """

    item: Item
    label: str
    true: str
    score: float | None
    wrong: bool
    mistake: float
    doubt: float
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Matrix:
    """How many clips of each true class (row) were taken for each (column).

    left_out: classes that are not shown, those that are confused least.
    """

    names: tuple[str, ...]
    counts: IntArray
    left_out: int

    def share(self, row: int, column: int) -> float:
        """Return the share of a row's clips."""
        return float(self.counts[row, column] / max(int(self.counts[row].sum()), 1))


@dataclass(frozen=True)
class Output:
    """How often one output was found and is true; the shares that are None mean nothing."""

    name: str
    found: int
    true: int | None
    recall: float | None
    precision: float | None


def rows(items: Sequence[Item], outputs: Outputs) -> list[Row]:
    """Return items as rows: the most mistaken first, then the most doubtful."""
    return sorted((_row(item, outputs) for item in items), key=_order)


def matrix(items: Sequence[Item], outputs: Outputs) -> Matrix:
    """Return how classes were confused in items whose truth is known."""
    truth, scores = _known(items)
    counts = confusion(truth.argmax(1), scores.argmax(1), classes=len(outputs.names))
    missed = counts.sum(0) + counts.sum(1) - 2 * counts.diagonal()
    occurring = np.flatnonzero(counts.sum(0) + counts.sum(1))
    kept = np.sort(occurring[np.argsort(-missed[occurring], kind="stable")][:MOST_CLASSES])
    names = tuple(outputs.names[k] for k in kept)
    return Matrix(names, counts[np.ix_(kept, kept)], len(occurring) - len(kept))


def by_output(items: Sequence[Item], outputs: Outputs) -> list[Output]:
    """Return a row for each class or tag that was found or is true; of numbers none."""
    if outputs.kind == "number":
        return []
    found = np.array([[name in item.chosen for name in outputs.names] for item in items], bool)
    known = [k for k, item in enumerate(items) if item.truth is not None]
    if not known:
        counts = found.sum(0)
        told = [
            Output(name, int(n), None, None, None)
            for name, n in zip(outputs.names, counts, strict=True)
        ]
        return [one for one in told if one.found]
    truth, _ = _known(items)
    true = _holds(truth, outputs)
    right = (found[known] & true).sum(0)
    told = [
        Output(name, int(n), int(n_true), _share(hits, n_true), _share(hits, n))
        for name, n, n_true, hits in zip(
            outputs.names, found[known].sum(0), true.sum(0), right, strict=True
        )
    ]
    return [one for one in told if one.found or one.true]


def scores(items: Sequence[Item], outputs: Outputs) -> Mapping[str, float]:
    """Return the scores of items whose truth is known, as `ondes.metrics` says; NaN is left out."""
    truth, found = _known(items)
    if outputs.kind == "class":
        figures = class_scores(truth.argmax(1), found)
    elif outputs.kind == "tags":
        figures = tag_scores(
            truth >= HALF, found, names=outputs.names, thresholds=outputs.thresholds
        )
    else:
        figures = number_scores(truth, found, names=outputs.names)
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def _row(item: Item, outputs: Outputs) -> Row:
    kind, truth = outputs.kind, item.truth
    if kind == "number":
        error = 0.0 if truth is None else float(np.abs(item.scores - truth).max())
        said, true = _numbers(item.scores, outputs), _numbers(truth, outputs)
        return Row(
            item=item,
            label=said,
            true=true,
            score=None,
            wrong=False,
            mistake=error,
            doubt=0.0,
            bars=(),
        )
    holds = np.zeros(len(outputs.names), bool) if truth is None else _holds(truth[None], outputs)[0]
    chosen = np.array([name in item.chosen for name in outputs.names])
    wrong = truth is not None and bool((chosen != holds).any())
    far = np.abs(item.scores - (chosen if truth is None else holds))
    return Row(
        item=item,
        label=", ".join(item.chosen) or "none",
        true="" if truth is None else _names(holds, outputs),
        score=float(item.scores[chosen].min()) if chosen.any() else None,
        wrong=wrong,
        mistake=float(far[chosen != holds].max()) if wrong else 0.0,
        doubt=_doubt(item.scores, outputs),
        bars=_bars(item.scores, chosen, holds, outputs),
    )


def _order(row: Row) -> tuple[bool, float, float, str]:
    return not row.wrong, -row.mistake, -row.doubt, row.item.file


def _doubt(found: Doubles, outputs: Outputs) -> float:
    """Return how near another answer was, 0 to 1."""
    if outputs.kind == "tags":
        thresholds = np.broadcast_to(outputs.thresholds, found.shape)
        room = np.where(found >= thresholds, 1 - thresholds, thresholds)
        return float(1 - (np.abs(found - thresholds) / room).min())
    if len(found) < 2:
        return 0.0
    second, first = np.sort(found)[-2:]
    return float(1 - (first - second))


def _bars(
    found: Doubles, chosen: NDArray[np.bool_], holds: NDArray[np.bool_], outputs: Outputs
) -> list[Bar]:
    """Return the likeliest names, those that are chosen or true before all others."""
    matter = (chosen | holds).astype(float)
    places = np.lexsort((-found, -matter))[:MOST_BARS]
    shown = sorted(places.tolist(), key=lambda k: -found[k])
    return [Bar(outputs.names[k], float(found[k]), bool(chosen[k]), bool(holds[k])) for k in shown]


def _known(items: Sequence[Item]) -> tuple[NDArray[np.float32], Doubles]:
    known = [(item.truth, item.scores) for item in items if item.truth is not None]
    return np.stack([truth for truth, _ in known]), np.stack([found for _, found in known])


def _holds(truth: NDArray[np.float32], outputs: Outputs) -> NDArray[np.bool_]:
    """Return where an output is true, [clip, output]."""
    if outputs.kind == "tags":
        return truth >= HALF
    return np.asarray(np.eye(truth.shape[1], dtype=bool)[truth.argmax(1)])


def _names(holds: NDArray[np.bool_], outputs: Outputs) -> str:
    return (
        ", ".join(name for name, true in zip(outputs.names, holds, strict=True) if true) or "none"
    )


def _numbers(values: NDArray[np.floating] | None, outputs: Outputs) -> str:
    if values is None:
        return ""
    told = [page.number(float(value)) for value in values]
    if len(told) == 1:
        return told[0]
    return ", ".join(f"{name} {one}" for name, one in zip(outputs.names, told, strict=True))


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
