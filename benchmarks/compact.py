"""Beats of one person by the compact network of 2016, of common beats and the first five minutes.

Trainings lie in `runs/benchmarks/compact`, where a finished one is not done again; delete the
folder to train anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._page import table
from ondes import recipe
from ondes.io import atomic_write
from ondes.metrics.ec57 import OneClass
from ondes.recipe import build, run
from ondes.run import kinds
from ondes.run.loading import load

RUNS = Path("runs/benchmarks/compact")
RECIPE = "ecg/compact"
PATIENTS = ("100", "105", "106", "114", "123", "200")
COLUMNS = ("accuracy", "sensitivity", "specificity", "positive_predictivity", "f1")
PUBLISHED = ("98.6", "95.0", "98.1", "89.5", "-")
N, S, V = range(3)

Counts = NDArray[np.int64]


def report(steps: int = 0) -> str:
    """Train and score one network a patient; `steps` are the recipe's where 0."""
    by_patient = {patient: _counts(patient, steps) for patient in PATIENTS}
    gross = sum(by_patient.values(), np.zeros((5, 5), np.int64))
    cells = {**by_patient, "gross": gross}
    rows = [[name, f"{counts[V].sum()}", *_cells(counts)] for name, counts in cells.items()]
    published = ["published, 44 records", "", *PUBLISHED]
    head = ("patient", "V beats", "accuracy", "sensitivity", "specificity", "predictivity", "F1")
    return "\n\n".join(
        [
            "## A person's own compact network",
            f"`{RECIPE}`: Kiranyaz et al. (2016) on the {len(PATIENTS)} records at hand that are "
            "not paced, V against N and S, beats where they are annotated, tested from the sixth "
            "minute on. Of the 245 common beats there are 75 N, 75 V and, of record 100 alone, 33 "
            "S; F and Q are in no record at hand. Per cent.",
            table(head, [*rows, published]),
        ]
    )


def _counts(patient: str, steps: int) -> Counts:
    """What the beats of each class were taken for, [true, found]."""
    changes = [f"patient='{patient}'", *([f"train.steps={steps}"] if steps else [])]
    wanted = recipe.load(RECIPE, overrides=changes)
    folder = RUNS / f"{patient}-{wanted.train.steps}"
    path = folder / "test.json"
    if not path.exists():
        model: Any = load(run.train(wanted, folder, resume=True))
        scores = kinds.find("classify").evaluate(model, build.dataset(wanted, "test"))
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(scores["confusion"]))
    return np.array(json.loads(path.read_text()), np.int64)


def _cells(counts: Counts) -> list[str]:
    """V against N and S; what is true F or Q is neither right nor wrong."""
    told, hit = counts[[N, S, V]], int(counts[V, V])
    false = int(told[:, V].sum()) - hit
    missed = int(told[V].sum()) - hit
    figures = OneClass(hit, missed, false, int(told.sum()) - hit - false - missed)
    return [_per_cent(getattr(figures, column)) for column in COLUMNS]


def _per_cent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.1f}"
