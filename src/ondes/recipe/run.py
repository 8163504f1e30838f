"""From a recipe to a model in a folder: trained, its decoder fitted, scored and with its card."""

from pathlib import Path
from typing import cast

import yaml
from accelerate import PartialState

from ondes import data
from ondes.errors import RecipeError
from ondes.io import atomic_write
from ondes.protocols import Dataset
from ondes.recipe import build, documents
from ondes.recipe.schema import Recipe
from ondes.run.pipeline import Pipeline, pack
from ondes.tasks.detect import DetectTask, classical, evaluate, tuned
from ondes.train import checkpoint
from ondes.train.loop import Progress, fit

FILE = "recipe.yaml"


def train(
    recipe: Recipe, out: Path, *, resume: bool = False, progress: Progress | None = None
) -> Path:
    """Train what a recipe says and return ``out``, which ``ondes.load`` then takes as a model.

    After training, the decoder is fitted on the validation split and the card receives the scores
    of that split under ``valid``. ``out`` holds the log and checkpoints as well, see
    ``ondes.train.loop.fit``; with ``resume`` a training there goes on.

    Raises:
        RecipeError: the recipe cannot be built, or ``out`` was begun by another one.
        InputError: ``out`` holds a training and ``resume`` is off; data do not fit.
        NotFiniteError: the training diverged.
    """
    _keep(recipe, out, resume=resume)
    train_set, valid_set = (build.dataset(recipe, split) for split in ("train", "valid"))
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
    if PartialState().is_main_process:
        finished(recipe, cast("DetectTask", task), valid_set).save(out)
    PartialState().wait_for_everyone()
    return out


def finished(recipe: Recipe, task: DetectTask, valid_set: Dataset) -> Pipeline:
    """Fit the decoder of a trained task, and what it is set beside, on validation data.

    Return its pipeline with a card.
    """
    task.decoder = tuned(task, valid_set)
    return pack(
        task,
        name=recipe.name.rpartition("/")[2],
        model={"name": recipe.model.name, "options": recipe.model.options},
        options=recipe.task.options,
        recipe=recipe.document(),
        data=data.find(recipe.data.set).ABOUT,
        scores={"valid": evaluate(task, valid_set)},
        baselines={family: _tuned(family, task, valid_set) for family in recipe.baselines},
        licence=recipe.licence,
        limits=recipe.limits,
    )


def _tuned(family: str, task: DetectTask, valid_set: Dataset) -> dict[str, object]:
    onset_s = task.tolerances.onset_s
    return classical.to_dict(classical.fit(valid_set, family, onset_s=onset_s, hop=task.spec.hop))


def _keep(recipe: Recipe, out: Path, *, resume: bool) -> None:
    """Write the recipe to ``out``; refuse to go on with another data set, model or task."""
    path, document = out / FILE, recipe.document()
    if checkpoint.begun(out, resume=resume) and path.exists():
        before = documents.parse(path.read_bytes(), source=str(path))
        changed = [key for key in ("data", "model", "task") if before[key] != document[key]]
        if changed:
            raise RecipeError(
                f"{out} was begun with another {' and '.join(changed)}, see {path}; resume with "
                "that recipe, or train into another folder"
            )
    out.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
