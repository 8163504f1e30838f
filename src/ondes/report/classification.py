"""The report of many clips: what each was taken for, how surely, and what it is where known."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from ondes import __version__
from ondes.report import examples, judged, page
from ondes.report.judged import Item, Outputs, Row
from ondes.report.summary import share

__all__ = ["Item", "Outputs", "write"]

MOST_EXAMPLES = 36
MOST_ROWS = 2000
STYLES = ("page", "detection", "index", "classification")
SCRIPTS = ("index", "classification", "theme")


def write(
    path: str | os.PathLike[str],
    items: Sequence[Item],
    *,
    outputs: Outputs,
    failures: Sequence[tuple[str, str]] = (),
    title: str = "",
    truth: str = "",
    model: str = "",
    card: Mapping[str, object] | None = None,
    command: str = "",
    with_audio: bool = True,
) -> None:
    """Write one HTML file with all clips in a table, and some to look at and listen to.

    What was misjudged comes first, the most mistaken at its head, then what is least sure. The
    page holds `MOST_EXAMPLES` examples and `MOST_ROWS` rows at most, and says how many it leaves
    out; its figures are of all items.

    Args:
        path: of the page.
        items: what was judged.
        outputs: what their scores are of.
        failures: name and reason of what could not be judged.
        title, truth, model, card, command: what the page is called, where the truth is from, and
            where the answers come from.
        with_audio: whether examples can be heard.

    Raises InputError when `path` cannot be written.
    """
    rows = judged.rows(items, outputs)
    known = [one for one in items if one.truth is not None]
    scores = judged.scores(known, outputs) if known else {}
    context = {
        "title": title or _counted(len(items), "clip"),
        "facts": _facts(outputs, model=model, truth=truth),
        "tiles": _tiles(rows, len(failures), len(known), scores, outputs),
        "kind": outputs.kind,
        "has_truth": bool(known),
        "matrix": judged.matrix(known, outputs) if known and outputs.kind == "class" else None,
        "by_output": judged.by_output(items, outputs),
        "examples": [
            (row, examples.example(row.item.opened, with_audio=with_audio))
            for row in rows[:MOST_EXAMPLES]
        ],
        "rows": rows[:MOST_ROWS],
        "n_rows": len(rows),
        "n_wrong": sum(row.wrong for row in rows),
        "failures": list(failures),
        "scores": scores,
        "origin": _origin(model=model, card=card, command=command),
        "share": share,
        "number": page.number,
    }
    page.write(
        path,
        template="classification.html.j2",
        context=context,
        styles=tuple(f"assets/{name}.css" for name in STYLES),
        scripts=tuple(page.asset(f"assets/{name}.js") for name in SCRIPTS),
    )


def _facts(outputs: Outputs, *, model: str, truth: str) -> list[str]:
    what = {"class": ("class", "classes"), "tags": ("tag", "tags"), "number": ("number", "numbers")}
    one, several = what[outputs.kind]
    n = len(outputs.names)
    said = [f"{n} {one if n == 1 else several}"]
    if model:
        said.insert(0, f"model {model}")
    return [*said, f"truth: {truth}"] if truth else said


def _tiles(
    rows: Sequence[Row], n_failed: int, n_known: int, scores: Mapping[str, float], outputs: Outputs
) -> list[tuple[str, str]]:
    tiles = [("clips", f"{len(rows):,}")]
    if n_failed:
        tiles.append(("failed", f"{n_failed:,}"))
    if n_known and outputs.kind != "number":
        tiles.append(("misjudged", f"{sum(row.wrong for row in rows):,}"))
    wanted = {
        "class": ("accuracy", "balanced_accuracy"),
        "tags": ("roc_auc", "f1_macro"),
        "number": ("mae", "r2"),
    }[outputs.kind]
    tiles += [
        (page.words(name), page.number(float(f"{scores[name]:.3g}")))
        for name in wanted
        if name in scores
    ]
    sure = [row.score for row in rows if row.score is not None]
    if sure and not n_known:
        tiles.append(("median score", share(float(np.median(sure)))))
    return tiles


def _counted(n: int, what: str) -> str:
    return f"1 {what}" if n == 1 else f"{n:,} {what}s"


def _origin(*, model: str, card: Mapping[str, object] | None, command: str) -> dict[str, object]:
    """Where the answers come from, in the order in which one asks."""
    told = {"command": command, "name": model}
    known = {name: value for name, value in told.items() if value}
    return {**known, **(card or {}), "report by": f"ondes {__version__}"}
