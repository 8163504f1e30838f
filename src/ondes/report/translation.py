"""The report of translations: input, target, uncertainty, coarse output and result of each.

With a classifier of the wanted sensor, what it says of each, and what became of its answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ondes import __version__
from ondes.report import lanes, page, walk
from ondes.report.lanes import Shown
from ondes.report.summary import share

__all__ = ["Item", "Shown", "write"]

MOST_SHOWN = 24
MOST_ROWS = 2000
STYLES = ("page", "detection", "index", "classification", "translation")
SCRIPTS = ("index", "translation", "theme")
AS_IS, COARSE, TRANSLATED, TARGET = "as_is", "coarse", "translated", "target"
PLACES = {"source": AS_IS, "target": TARGET, "coarse": COARSE, "result": TRANSLATED}
"""Whose answer stands below which picture."""

VERDICTS = {
    "mended": "as of the target now, and not before",
    "spoilt": "as of the target before, and no longer",
    "still other": "not as of the target, neither before nor now",
    "kept": "as of the target, before and now",
    "changed": "another answer than before",
    "same": "the same answer as before",
}
"""What can become of a classifier's answer, in the order of interest."""


class Answer(Protocol):
    """What a classifier says of a clip, as `ondes.run.labels.Labels`."""

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names that are chosen."""

    @property
    def values(self) -> Mapping[str, float]:
        """Scores by name."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A translation and what is known of it.

    name: of the recording, with its place where it is a part of one.
    figures: its mean uncertainty, and errors where the target is known (uncertainty, l1, l1_as_is).
    answers: what the classifier says, of as_is, coarse, translated and target.
    opened: gives all of it, to be drawn.
    """

    name: str
    figures: Mapping[str, float]
    answers: Mapping[str, Answer]
    opened: Callable[[], Shown]

    @property
    def verdict(self) -> str:
        """What became of the classifier's answer, one of `VERDICTS`; nothing without one."""
        said = {which: answer.chosen for which, answer in self.answers.items()}
        if AS_IS not in said or TRANSLATED not in said:
            return ""
        if TARGET not in said:
            return "same" if said[AS_IS] == said[TRANSLATED] else "changed"
        before, now = (said[which] == said[TARGET] for which in (AS_IS, TRANSLATED))
        if now:
            return "kept" if before else "mended"
        return "spoilt" if before else "still other"


def write(
    path: str | os.PathLike[str],
    items: Sequence[Item],
    *,
    failures: Sequence[tuple[str, str]] = (),
    sensors: tuple[str, str] = ("", ""),
    model: str = "",
    judge: str = "",
    is_of_frames: bool = False,
    scores: Mapping[str, float] | None = None,
    card: Mapping[str, object] | None = None,
    command: str = "",
) -> None:
    """Write one HTML file with all translations in a table, and some of them to look at.

    The page shows `MOST_SHOWN` of them, an equal share of each thing that became of the
    classifier's answers, and lists `MOST_ROWS` at most; its figures are of all.

    Args:
        path: of the page.
        items: what was translated.
        failures: name and reason of what could not be.
        sensors: names of the one that is translated, and of the one that is wanted.
        model, judge: names of the translator and of the classifier.
        is_of_frames: whether maps are those of a radar's frames, range over Doppler.
        scores: means over all.
        card, command: where the translations come from.

    Raises InputError when `path` cannot be written.
    """
    picked = _picked(items)
    first = walk.tried(picked[0].name, picked[0].opened) if picked else None
    context = {
        "title": f"{len(items):,} translation{'' if len(items) == 1 else 's'}",
        "facts": _facts(sensors, model, judge),
        "tiles": _tiles(items, len(failures), scores or {}),
        "fates": _fates(items),
        "walk": first,
        "shown": [(item, lanes.drawn(item.opened)) for item in picked],
        "rows": items[:MOST_ROWS],
        "n_rows": len(items),
        "failures": list(failures),
        "scores": dict(scores or {}),
        "origin": _origin(model=model, judge=judge, card=card, command=command),
        "is_of_frames": is_of_frames,
        "places": PLACES,
        "verdicts": VERDICTS,
        "told": _told,
        "share": share,
        "number": page.number,
    }
    page.write(
        path,
        template="translation.html.j2",
        context=context,
        styles=tuple(f"assets/{name}.css" for name in STYLES),
        scripts=(
            *((walk.script(),) if first else ()),
            *(page.asset(f"assets/{name}.js") for name in SCRIPTS),
        ),
    )


@dataclass(frozen=True)
class Told:
    """A classifier's answer below a picture: its words, its score, whether it is the target's."""

    words: str
    score: float | None
    right: bool | None


def _told(item: Item, kind: str) -> Told | None:
    """Return what stands below a picture; nothing where the classifier says nothing of it."""
    answer = item.answers.get(PLACES.get(kind, ""))
    if answer is None:
        return None
    score = min((answer.values[name] for name in answer.chosen), default=None)
    target = item.answers.get(TARGET)
    right = None if target is None or kind == "target" else answer.chosen == target.chosen
    return Told(" + ".join(answer.chosen) or "none", score, right)


def _picked(items: Sequence[Item]) -> list[Item]:
    """Return what is drawn: of each verdict in turn, the most surprising ones first."""
    groups = [[item for item in items if item.verdict == name] for name in (*VERDICTS, "")]
    groups = [sorted(group, key=_dullness) for group in groups if group]
    taken: list[list[Item]] = [[] for _ in groups]
    while sum(map(len, taken)) < min(MOST_SHOWN, len(items)):
        for group, some in zip(groups, taken, strict=True):
            if len(some) < len(group) and sum(map(len, taken)) < MOST_SHOWN:
                some.append(group[len(some)])
    return [item for some in taken for item in some]


def _dullness(item: Item) -> float:
    """Return less for answers that changed more surely."""
    answers = [item.answers.get(which) for which in (AS_IS, TRANSLATED)]
    if None in answers:
        return 0.0
    one, other = (answer.values for answer in answers if answer is not None)
    return -sum(abs(one[name] - other.get(name, 0.0)) for name in one)


@dataclass(frozen=True)
class Fate:
    """How many answers became what; `share` of all that are known."""

    name: str
    about: str
    count: int
    share: float


def _fates(items: Sequence[Item]) -> list[Fate]:
    found = [item.verdict for item in items if item.verdict]
    return [
        Fate(name, about, found.count(name), found.count(name) / len(found))
        for name, about in VERDICTS.items()
        if name in found
    ]


def _facts(sensors: tuple[str, str], model: str, judge: str) -> list[str]:
    said = [f"model {model}"] if model else []
    if all(sensors):
        said.append(f"from {sensors[0]} to {sensors[1]}")
    return [*said, f"answers of {judge}"] if judge else said


def _tiles(
    items: Sequence[Item], n_failed: int, scores: Mapping[str, float]
) -> list[tuple[str, str]]:
    tiles = [("translations", f"{len(items):,}")]
    tiles += [("failed", f"{n_failed:,}")] * (n_failed > 0)
    names = {
        "agreement_as_is": "answered as the target, as is",
        "agreement_translated": "answered as the target, translated",
    }
    tiles += [(words, f"{100 * scores[n]:.1f} %") for n, words in names.items() if n in scores]
    errors = {"l1_as_is": "error as is", "l1": "error translated", "uncertainty": "error expected"}
    tiles += [(words, f"{scores[n]:.3g}") for n, words in errors.items() if n in scores]
    return tiles


def _origin(
    *, model: str, judge: str, card: Mapping[str, object] | None, command: str
) -> dict[str, object]:
    """Where the translations come from, in the order in which one asks."""
    named = {"command": command, "name": model, "classifier": judge}
    known = {name: value for name, value in named.items() if value}
    told = {name: value for name, value in (card or {}).items() if value}
    return {**known, **told, "report by": f"ondes {__version__}"}
