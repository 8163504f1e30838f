"""From a recipe to a model in a folder: trained, read by fitted rules, scored and with its card."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, cast

import yaml
from accelerate import PartialState
from torch import nn

from ondes import __version__, data
from ondes.errors import InputError, RecipeError
from ondes.io import atomic_write, make_folder
from ondes.nn.ensemble import united
from ondes.protocols import Examples, Task
from ondes.recipe import build, documents
from ondes.recipe.schema import Recipe
from ondes.run import kinds
from ondes.run.artefact import CARD
from ondes.run.card import Card
from ondes.run.kinds import Trained
from ondes.train import checkpoint
from ondes.train.loop import Progress, decisive, fit

Sets = Callable[[Recipe, str], Examples]

FILE = "recipe.yaml"
DECISIVE = ("data", "model", "task", "members")
"""What must be as it was where a training goes on."""


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    sets: Sets = build.dataset,
) -> Path:
    """Train what a recipe says and return ``out``, which ``ondes.load`` then takes as a model.

    After training, what reads the network's output is fitted on the validation split, and the card
    receives the scores of that split under ``valid``. ``out`` holds the log and checkpoints as
    well, see ``ondes.train.loop.fit``, those of several members under ``members/0`` and so on;
    with ``resume`` a training there goes on. ``sets`` gives the data of a split, "train" or
    "valid"; each member asks for its own.

    Raises:
        RecipeError: the recipe cannot be built, or ``out`` was begun by another one.
        InputError: ``out`` holds a training and ``resume`` is off, or a model without its
            checkpoints; data do not fit.
        NotFiniteError: the training diverged.
    """
    _keep(recipe, out, resume=resume)
    valid_set = sets(recipe, "valid")
    tasks = [
        _trained(
            member,
            folder,
            (sets(member, "train"), valid_set),
            resume=resume,
            progress=_part(progress, k, recipe),
        )
        for k, (member, folder) in enumerate(
            zip(members(recipe), folders(recipe, out), strict=True)
        )
    ]
    if PartialState().is_main_process:
        finished(recipe, tasks, valid_set, sets=sets).save(out)
    PartialState().wait_for_everyone()
    return out


def members(recipe: Recipe) -> list[Recipe]:
    """Return the recipes of the members, which differ in their seeds."""
    seeds = range(recipe.seed, recipe.seed + recipe.members)
    return [recipe.model_copy(update={"seed": seed, "members": 1}) for seed in seeds]


def folders(recipe: Recipe, out: Path) -> list[Path]:
    """Return where each member is trained: the only one in ``out`` itself."""
    if recipe.members == 1:
        return [out]
    return [out / "members" / str(k) for k in range(recipe.members)]


def unvaried(recipe: Recipe) -> Recipe:
    """Return the recipe with its clips of training as they are, each once."""
    return recipe.model_copy(
        update={"data": recipe.data.model_copy(update={"vary": {}, "balance": False})}
    )


def finished(
    recipe: Recipe,
    tasks: Sequence[Task],
    valid_set: Examples,
    *,
    sets: Sets = build.dataset,
) -> Trained:
    """Return trained members as one model with a card, fitted and scored on validation data.

    Of `sets` those baselines that learn get the data of training, as they are.
    """
    kind = kinds.find(recipe.task.name)
    model = {"name": recipe.model.name, "options": recipe.model.options}
    card = Card(
        name=recipe.name.rpartition("/")[2],
        model=model if recipe.members == 1 else {**model, "members": recipe.members},
        spec={},
        task={"name": recipe.task.name, "options": recipe.task.options},
        recipe=recipe.document(),
        data=data.find(recipe.data.set).ABOUT,
        facts=build.facts(recipe),
        licence=recipe.licence,
        limits=recipe.limits,
        ondes=__version__,
    )
    whole: Any = copy(tasks[0])
    networks = [cast("nn.Module", task.model) for task in tasks]
    whole.model = united(networks, averages=kind.averages(card.task))
    return kind.finish(
        whole,
        valid_set,
        card=card,
        baselines=recipe.baselines,
        train_set=partial(sets, unvaried(recipe), "train"),
    )


def _trained(
    recipe: Recipe,
    out: Path,
    sets: tuple[Examples, Examples],
    *,
    resume: bool,
    progress: Progress | None,
) -> Task:
    """Return the task of a recipe of one member, trained in ``out`` and validated by the second."""
    train_set, valid_set = sets
    task = build.task(recipe, train_set)
    fit(
        task,
        train_set,
        valid_set,
        recipe.train,
        out,
        seed=recipe.seed,
        resume=resume,
        progress=progress,
    )
    return task


def _part(progress: Progress | None, member: int, recipe: Recipe) -> Progress | None:
    """Return what tells the progress of a member as a part of the whole."""
    if progress is None or recipe.members == 1:
        return progress

    def told(step: int, total: int, logs: Mapping[str, float], seconds_left: float) -> None:
        each_s = seconds_left / max(total - step, 1)
        later = (recipe.members - member - 1) * total
        figures = {"member": float(member), **logs}
        progress(
            step + member * total, total * recipe.members, figures, seconds_left + later * each_s
        )

    return told


def _keep(recipe: Recipe, out: Path, *, resume: bool) -> None:
    """Write the recipe to ``out``; refuse to go on with another one, or to train over a model."""
    path, document = out / FILE, recipe.document()
    begun = [checkpoint.begun(folder, resume=resume) for folder in (out, *folders(recipe, out))]
    if any(begun) and path.exists():
        _check_same(recipe, path)
    elif not any(begun) and (out / CARD).exists():
        raise InputError(
            f"{out} holds a model, and no checkpoint to go on from: train into another folder"
        )
    make_folder(out)
    with atomic_write(path) as temporary:
        temporary.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _check_same(recipe: Recipe, path: Path) -> None:
    """Raise RecipeError where the recipe that a training was begun with gives other weights."""
    before, now = documents.parse(path.read_bytes(), source=str(path)), recipe.document()
    changed = [key for key in DECISIVE if before.get(key, now[key]) != now[key]]
    if changed:
        raise RecipeError(
            f"{path.parent} was begun with another {' and '.join(changed)}, see {path}; resume "
            "with that recipe, or train into another folder"
        )
    settings = {name: now["train"][name] for name in decisive(recipe.train)}
    checkpoint.refuse_change(
        path.parent,
        before={**before.get("train", {}), "seed": before.get("seed", recipe.seed)},
        now={**settings, "seed": recipe.seed},
    )
