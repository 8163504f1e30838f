"""What clips are: our networks beside classical rivals, on groups that neither has seen.

Every fold holds out a group (a speaker, a fold, a person, a placement), every seed draws other
weights, variations and validation clips. Rivals learn from all that the network learns from and is
validated by. Trainings and scores lie in `runs/benchmarks/classes`, where an interrupted one goes
on and a finished one is not done again; delete the folder to train anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks._page import table
from ondes import recipe
from ondes.data.clips import Clips
from ondes.errors import InputError, nearest
from ondes.io import atomic_write
from ondes.recipe import Recipe, build, run
from ondes.run import kinds
from ondes.run.loading import load
from ondes.tasks.classify import classical, evaluate

RUNS = Path("runs/benchmarks/classes")


class Experiment(NamedTuple):
    """Recipes on the same folds, and what is shown of them."""

    title: str
    recipes: tuple[str, ...]
    option: str
    folds: tuple[Any, ...]
    rivals: tuple[str, ...] = ("random-forest", "minirocket")
    scores: tuple[str, ...] = ("accuracy", "f1_macro")
    asked: str = ""


EXPERIMENTS = {
    "digits": Experiment(
        "spoken digits, one speaker held out",
        ("digits/spectral",),
        "data.options.fold",
        (0, 1, 2, 3),
        rivals=("random-forest",),
        asked="accuracy .87",
    ),
    "esc10": Experiment(
        "ESC-10, one fold held out",
        ("esc10/spectral", "esc10/mel", "esc10/raw"),
        "data.options.fold",
        (1, 2, 3),
        asked="accuracy .90",
    ),
    "wrist": Experiment(
        "wrist activities, one person held out",
        ("wrist/inception-time",),
        "data.options.fold",
        tuple(range(9)),
        asked="accuracy .90",
    ),
    "uwb": Experiment(
        "UWB line of sight, placements held out",
        ("uwb/inception-time",),
        "data.options.fold",
        tuple(range(6)),
        scores=("balanced_accuracy", "f1_macro"),
        asked="beyond .59",
    ),
    "csi": Experiment(
        "WiFi location, later days",
        ("csi/inception-time",),
        "data.options.until",
        (8,),
        asked="beyond .55",
    ),
    "archive": Experiment(
        "archive sets, TRAIN against TEST",
        ("archive/inception-time",),
        "data.options.name",
        ("ArrowHead", "BasicMotions", "GunPoint", "OSULeaf"),
        rivals=("random-forest", "minirocket", "nn-dtw"),
        scores=("accuracy",),
    ),
    "tags": Experiment(
        "tags of mixtures of ESC-10, one fold held out",
        ("tagged/sample-cnn", "tagged/rese", "tagged/mel"),
        "data.options.sounds.fold",
        (1, 2, 3),
        rivals=("random-forest",),
        scores=("roc_auc", "pr_auc", "f1_macro"),
    ),
}


def report(*, only: str = "", seeds: int = 5, folds: int = 0, scale: str = "") -> str:
    """Train and score; `only` names experiments, with commas; `folds` limits theirs, 0 is all.

    `scale` is that of the recipes, which have "laptop", or their own where it is empty.
    """
    names = only.split(",") if only else list(EXPERIMENTS)
    for name in names:
        if name not in EXPERIMENTS:
            raise InputError(
                f"classes.only={only}: no experiment {name!r}{nearest(name, EXPERIMENTS)}; there "
                f"are {', '.join(EXPERIMENTS)}"
            )
    sections = [
        _section(EXPERIMENTS[name], seeds=seeds, folds=folds or None, scale=scale) for name in names
    ]
    head = (
        "## Clips\n\nMeans over folds, ± the standard deviation of that mean over seeds. Networks "
        "are trained by `ondes train RECIPE`, which says whether validation clips choose the epoch "
        "or the last one counts; rivals learn from training and validation clips together."
    )
    return "\n\n".join([head, *sections])


def _section(experiment: Experiment, *, seeds: int, folds: int | None, scale: str) -> str:
    chosen = experiment.folds[:folds]
    rows = [
        [name, *_cells(list(scores), experiment)]
        for name, scores in _measured(experiment, chosen, seeds, scale)
    ]
    asked = f"; asked: {experiment.asked}" if experiment.asked else ""
    title = f"### {experiment.title[0].upper()}{experiment.title[1:]}"
    at = f", at the scale {scale}" if scale else ""
    about = f"{len(chosen)} fold(s), {seeds} seed(s){at}{asked}."
    return "\n\n".join([title, about, table(("model", *experiment.scores), rows)])


def _measured(
    experiment: Experiment, folds: Sequence[Any], seeds: int, scale: str
) -> Iterator[tuple[str, Iterator[list[dict[str, float]]]]]:
    """Yield each model with the scores of all folds, seed by seed."""
    for name in experiment.recipes:
        yield (
            name,
            (
                [ours(_recipe(name, experiment, fold, seed, scale)) for fold in folds]
                for seed in range(seeds)
            ),
        )
    for family in experiment.rivals:
        yield (
            family,
            (
                [
                    theirs(family, _recipe(experiment.recipes[0], experiment, fold, seed, scale))
                    for fold in folds
                ]
                for seed in range(seeds)
            ),
        )


def _recipe(name: str, experiment: Experiment, fold: object, seed: int, scale: str = "") -> Recipe:
    # members take seeds in a row: those of two runs shall not meet
    overrides = [f"{experiment.option}={fold}", f"seed={100 * seed}"]
    return recipe.load(name, overrides=overrides, scale=scale or None)


def ours(experiment: Recipe) -> dict[str, float]:
    """Train the recipe, or go on with it, and return its scores on the test split."""
    folder = RUNS / _name(experiment)
    if not (folder / "test.json").exists():
        model: Any = load(run.train(experiment, folder, resume=True))
        scores = kinds.find("classify").evaluate(model, build.dataset(experiment, "test"))
        _keep(folder / "test.json", scores)
    return _read(folder / "test.json")


def theirs(family: str, experiment: Recipe) -> dict[str, float]:
    """Fit a rival to what the recipe learns from and is validated by, and return its scores."""
    path = RUNS / f"{family}-{_name(experiment)}.json"
    if not path.exists():
        target = experiment.task.options.get("target", "class")
        rival = classical.fit(family, _learnt(experiment), seed=experiment.seed, target=target)
        path.parent.mkdir(parents=True, exist_ok=True)
        _keep(path, dict(evaluate(rival, build.dataset(experiment, "test"))))
    return _read(path)


def _learnt(experiment: Recipe) -> Clips:
    plain = run.unvaried(experiment)
    parts = [build.dataset(plain, split) for split in ("train", "valid")]
    rows = [part[index] for part in parts for index in range(min(len(part), 2000))]
    return Clips(
        [row.x for row in rows],
        np.stack([row.y for row in rows]),
        labels=parts[0].labels,
        rate_hz=parts[0].rate_hz,
        channels=parts[0].n_channels,
    )


def _name(experiment: Recipe) -> str:
    options = "-".join(str(value) for value in _leaves(experiment.data.options))
    name = experiment.name.replace("/", "-")
    return f"{name}-{options}-{experiment.train.steps}-{experiment.seed}".replace(" ", "")


def _leaves(options: object) -> Iterator[object]:
    if isinstance(options, dict):
        for key in sorted(options):
            yield from _leaves(options[key])
    else:
        yield options


def _cells(by_seed: Sequence[Sequence[dict[str, float]]], experiment: Experiment) -> list[str]:
    return [
        _cell([float(np.mean([one[score] for one in folds])) for folds in by_seed])
        for score in experiment.scores
    ]


def _cell(values: Sequence[float]) -> str:
    spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"


def _keep(path: Path, scores: dict[str, Any]) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(scores, indent=1))


def _read(path: Path) -> dict[str, float]:
    scores: dict[str, float] = json.loads(path.read_text())
    return scores
