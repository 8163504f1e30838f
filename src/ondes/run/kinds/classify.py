"""Classifiers, taggers and regressors: recordings in, labels out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ondes.metrics import confusion
from ondes.protocols import ClipDataset, Examples, Task
from ondes.run import rivals as rivals_
from ondes.run.card import Card, Json
from ondes.run.classifier import Classifier, revived
from ondes.run.export import Graph
from ondes.run.kinds import Scores
from ondes.run.predictors import Predictor
from ondes.spec import ClipSpec
from ondes.tasks.classify import (
    Answers,
    Reading,
    Target,
    answers,
    classical,
    fit_reading,
    read,
    scores,
)
from ondes.tasks.classify import evaluate as scored

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ondes.tasks.classify import ClassifyTask

OWN = "clips"
LENGTHS = (1, 1000, 4099)  # of clips for which an exported file is compared, at least
LEAST = 1.0  # logits below it are compared as if they were as large


def spec(values: Json) -> ClipSpec:
    """Return a card's spec."""
    return ClipSpec.from_dict(values)


def averages(task: Json) -> Target:
    """Return what the task tells: one class, tags or numbers."""
    target: Target = task["options"].get("target", "class")
    return target


def revive(
    path: Path,
    card: Card,
    predictor: Predictor,
    *,
    window_frames: int | None = None,  # noqa: ARG001 - clips are computed in whole
) -> Classifier:
    """Return the classifier that a card and a network make, with the rivals that lie with it."""
    return replace(revived(path, card, predictor), rivals=rivals_.beside(path, card))


def graph(model: "nn.Module", card: Card) -> Graph:
    """Return a network that gives logits and, besides, probabilities or numbers."""
    from ondes.nn.export import Answering

    reading = Reading.from_dict(card.task["decoder"])
    least = spec(card.spec).least
    named = "values" if reading.kind == "number" else "probabilities"
    lengths = tuple(max(length, (2 * k + 1) * least + k) for k, length in enumerate(LENGTHS))
    return Graph(Answering(model, _Reads(reading)), ("logits", named), lengths, LEAST)


def finish(
    task: Task,
    valid_set: Examples,
    *,
    card: Card,
    baselines: Sequence[str] = (),
    train_set: Callable[[], Examples] | None = None,
) -> Classifier:
    """Fit the reading of a trained task, and the rivals beside it, to data; score them.

    Rivals learn from the data of training; each one's reading is fitted as the network's is.
    """
    from ondes.run.predictors.torch import Network

    classify, clips = cast("ClassifyTask", task), cast("ClipDataset", valid_set)
    found = answers(classify, clips)
    reading = fit_reading(found.logits, found.y, start=classify.reading)
    valid = scores(found, reading, classify.spec.outputs)
    beside = _rivals(baselines, train_set, clips, card) if train_set and baselines else {}
    whole = replace(
        card,
        spec=classify.spec.to_dict(),
        scores={"valid": valid},
        baselines={family: dict(rival.card.scores) for family, rival in beside.items()},
    )
    return Classifier(
        Network(cast("nn.Module", task.model)),
        classify.spec,
        reading,
        whole,
        rivals={family: partial(_itself, rival) for family, rival in beside.items()},
    )


def own(model: Classifier) -> str:  # noqa: ARG001 - the same for all
    """Return the data set of clips of one's own."""
    return OWN


def options(model: Classifier, path: str) -> dict[str, object]:
    """Return how a folder of classes, or other clips of one's own, is read and labelled."""
    return {"path": path, "target": model.reading.kind, "labels": list(model.classes)}


def evaluate(model: Classifier, examples: Examples) -> Scores:
    """Return scores, see `ondes.tasks.classify.evaluate`; of classes their confusion as well.

    ``confusion`` [true class][class found] counts clips, in the order of ``classes``.
    """
    found = answers(model, cast("ClipDataset", examples))
    figures = {**scores(found, model.reading, model.classes), "clips": len(examples)}
    return figures | (_confused(found, model) if model.reading.kind == "class" else {})


def rivals(model: Classifier, examples: Examples) -> Mapping[str, Scores]:
    """Return the scores of the rivals that were fitted with a classifier, by family."""
    clips = cast("ClipDataset", examples)
    return {family: dict(scored(rival(), clips)) for family, rival in model.rivals.items()}


def families() -> Sequence[str]:
    """Return the names of the classical rivals."""
    return classical.names()


def _rivals(
    families: Sequence[str], train_set: Callable[[], Examples], valid: ClipDataset, card: Card
) -> dict[str, Classifier]:
    train = cast("ClipDataset", train_set())
    return {family: _rival(family, train, valid, card) for family in families}


def _rival(family: str, train: ClipDataset, valid: ClipDataset, card: Card) -> Classifier:
    """Return a rival fitted to clips of training, its reading to those of validation."""
    fitted = rivals_.fit(
        family,
        train,
        target=averages(card.task),
        seed=card.recipe.get("seed", 0),
        absent=card.task["options"].get("absent", False),
        data=card.data,
    )
    found = answers(fitted, valid)
    reading = fit_reading(found.logits, found.y, start=fitted.reading)
    about = replace(
        fitted.card,
        scores={"valid": scores(found, reading, fitted.classes)},
        licence=card.licence,
        limits=card.limits,
    )
    return replace(fitted, reading=reading, card=about)


def _itself(rival: Classifier) -> Classifier:
    return rival


def _confused(found: Answers, model: Classifier) -> Scores:
    taken = read(found.logits, model.reading).argmax(1)
    counts = confusion(found.y.argmax(1), taken, classes=len(model.classes))
    return {"classes": list(model.classes), "confusion": counts.tolist()}


class _Reads:
    """`ondes.tasks.classify.read` of tensors."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def __call__(self, logits: "Tensor") -> "Tensor":
        import torch

        reading = self.reading
        if reading.kind == "number":
            mean, std = (logits.new_tensor(values) for values in (reading.mean, reading.std))
            return logits * std + mean
        scaled = logits / reading.temperature
        return torch.softmax(scaled, -1) if reading.kind == "class" else torch.sigmoid(scaled)
