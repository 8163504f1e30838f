"""What clips are: our networks beside classical rivals, on groups that neither has seen.

Every fold holds out a group (a speaker, a fold, a person, a placement), every seed draws other
weights, variations and validation clips. Rivals learn from all that the network learns from and is
validated by. Trainings and scores lie in `runs/benchmarks/classes`, where an interrupted one goes
on and a finished one is not done again; delete the folder to train anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from benchmarks._kept import kept
from benchmarks._options import named
from benchmarks._page import spread, table
from ondes import recipe
from ondes.data.clips import Clips
from ondes.metrics.labels import class_scores, confusion
from ondes.protocols import ClipDataset
from ondes.recipe import Recipe, build, run
from ondes.run import kinds
from ondes.run.loading import load
from ondes.tasks.classify import classical
from ondes.tasks.classify.score import answers, scores

RUNS = Path("runs/benchmarks/classes")

Scores = dict[str, Any]
BySeed = Sequence[Sequence[Scores]]  # of every fold, seed by seed


class Experiment(NamedTuple):
    """Recipes on the same folds, and what is shown of them.

    over: "pooled" scores the clips of all folds together, where folds are too unlike for a mean,
        and shows the mean of the first score beside; "each" shows the first score of every fold.
    by_tag: scores that are shown tag by tag as well.
    """

    title: str
    recipes: tuple[str, ...]
    option: str
    folds: tuple[Any, ...]
    rivals: tuple[str, ...] = ("random-forest", "minirocket")
    scores: tuple[str, ...] = ("accuracy", "f1_macro")
    asked: str = ""
    over: Literal["mean", "pooled", "each"] = "mean"
    by_tag: tuple[str, ...] = ()


EXPERIMENTS = {
    "digits": Experiment(
        "spoken digits, one speaker held out",
        ("digits/spectral", "digits/raw"),
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
        rivals=("random-forest",),
        asked="accuracy .90",
    ),
    "wrist": Experiment(
        "wrist activities, one person held out",
        ("wrist/raw", "wrist/spectral", "wrist/inception-time"),
        "data.options.fold",
        tuple(range(9)),
        asked="accuracy .90",
        over="pooled",
    ),
    "uwb": Experiment(
        "UWB line of sight, placements held out",
        ("uwb/lenet", "uwb/inception-time"),
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
        asked=".829, 1.000, 1.000 and .934, less .010 (Fawaz et al., files of results)",
        over="each",
    ),
    "tags": Experiment(
        "tags of mixtures of ESC-10, one fold held out",
        ("tagged/sample-cnn", "tagged/rese", "tagged/mel", "tagged/spectral"),
        "data.options.sounds.fold",
        (1, 2, 3),
        rivals=("random-forest",),
        scores=("roc_auc", "pr_auc", "f1_macro"),
        by_tag=("roc_auc", "pr_auc"),
    ),
}


def report(
    *, only: str = "", models: str = "", seeds: int = 5, folds: int = 0, scale: str = ""
) -> str:
    """Train and score.

    Args:
        only: names of experiments, with commas; all if empty.
        models: of those, names of recipes and rivals, with commas; all if empty.
        seeds: how many, from 0.
        folds: the first of each experiment; 0 is all.
        scale: of the recipes, which have "laptop"; their own if empty.
    """
    chosen = [EXPERIMENTS[name] for name in named("classes.only", only, EXPERIMENTS)]
    every = dict.fromkeys(name for one in chosen for name in (*one.recipes, *one.rivals))
    wanted = named("classes.models", models, every)
    sections = [
        _section(one, wanted, seeds=seeds, folds=folds or None, scale=scale) for one in chosen
    ]
    head = (
        "## Clips\n\nMeans over folds, ± the standard deviation over seeds. Networks "
        "are trained by `ondes train RECIPE`, which says whether validation clips choose the epoch "
        "or the last one counts; rivals learn from training and validation clips together."
    )
    return "\n\n".join([head, *sections])


def _section(
    experiment: Experiment, wanted: Collection[str], *, seeds: int, folds: int | None, scale: str
) -> str:
    chosen = experiment.folds[:folds]
    measured = {
        name: list(found)
        for name, found in _measured(experiment, chosen, seeds, scale)
        if name in wanted
    }
    rows = [[name, *_cells(found, experiment)] for name, found in measured.items()]
    asked = f"; asked: {experiment.asked}" if experiment.asked else ""
    title = f"### {experiment.title[0].upper()}{experiment.title[1:]}"
    at = f", at the scale {scale}" if scale else ""
    of = ", their clips pooled" if experiment.over == "pooled" else ""
    about = f"{len(chosen)} fold(s){of}, {seeds} seed(s){at}{asked}."
    whole = table(("model", *_columns(experiment, chosen)), rows)
    return "\n\n".join([title, about, whole, *_by_tag(experiment, measured)])


def _measured(
    experiment: Experiment, folds: Sequence[Any], seeds: int, scale: str
) -> Iterator[tuple[str, Iterator[list[Scores]]]]:
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


def ours(experiment: Recipe) -> Scores:
    """Train the recipe, or go on with it, and return its scores on the test split."""
    folder = RUNS / _name(experiment)

    def scored() -> Scores:
        model: Any = load(run.train(experiment, folder, resume=True))
        found: Scores = kinds.find("classify").evaluate(model, build.dataset(experiment, "test"))
        return found

    return kept(folder / "test.json", scored)


def theirs(family: str, experiment: Recipe) -> Scores:
    """Fit a rival to what the recipe learns from and is validated by, and return its scores."""

    def scored() -> Scores:
        target = experiment.task.options.get("target", "class")
        rival = classical.fit(
            family, _learnt(experiment), seed=experiment.seed, target=target, absent=True
        )
        return _judged(rival, build.dataset(experiment, "test"))

    return kept(RUNS / f"{family}-{_name(experiment)}.json", scored)


def _judged(rival: classical.Rival, clips: ClipDataset) -> Scores:
    found = answers(rival, clips)
    scored: Scores = dict(scores(found, rival.reading, rival.labels))
    if rival.reading.kind == "class":
        counts = confusion(found.y.argmax(1), found.logits.argmax(1), classes=len(rival.labels))
        scored["confusion"] = counts.tolist()
    return scored


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
    elif isinstance(options, list):
        yield from options
    else:
        yield options


def _cells(by_seed: BySeed, experiment: Experiment) -> list[str]:
    join = {"mean": _mean, "pooled": _pooled, "each": _each}[experiment.over]
    columns = np.transpose([join(folds, experiment.scores) for folds in by_seed])
    return [spread(values) for values in columns]


def _by_tag(experiment: Experiment, measured: Mapping[str, BySeed]) -> Iterator[str]:
    """Yield for each score that is shown so a table of all tags and models."""
    for name in experiment.by_tag:
        some = next(iter(measured.values()))[0][0]
        keys = tuple(key for key in some if key.startswith(f"{name}/"))
        columns = [_cells(found, experiment._replace(scores=keys)) for found in measured.values()]
        rows = [[key.partition("/")[2], *row] for key, *row in zip(keys, *columns, strict=True)]
        yield table((name, *measured), rows)


def _columns(experiment: Experiment, folds: Sequence[Any]) -> Sequence[str]:
    if experiment.over == "each":
        return [str(fold) for fold in folds]
    beside = [f"{experiment.scores[0]}, mean of folds"] if experiment.over == "pooled" else []
    return [*experiment.scores, *beside]


def _mean(folds: Sequence[Scores], names: Sequence[str]) -> list[float]:
    return [float(np.mean([one[name] for one in folds])) for name in names]


def _each(folds: Sequence[Scores], names: Sequence[str]) -> list[float]:
    return [one[names[0]] for one in folds]


def _pooled(folds: Sequence[Scores], names: Sequence[str]) -> list[float]:
    """Return scores of the clips of all folds together, and the mean of the first one."""
    counts = np.sum([one["confusion"] for one in folds], axis=0)
    places = np.indices(counts.shape).reshape(2, -1)
    true, found = np.repeat(places, counts.ravel(), axis=1)
    scored = class_scores(true, np.eye(len(counts))[found])
    return [*(scored[name] for name in names), *_mean(folds, names[:1])]
