"""Detectors: recordings in, events out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from ondes.errors import InputError
from ondes.protocols import Dataset, Examples, Task
from ondes.run.card import Card, Json
from ondes.run.engine import Window
from ondes.run.export import Graph
from ondes.run.kinds import Scores
from ondes.run.monitor import Rules
from ondes.run.monitor.scored import Scored
from ondes.run.pipeline import Pipeline, revived
from ondes.run.predictors import Predictor
from ondes.spec import Spec
from ondes.tasks.detect import classical, hearts, tuned
from ondes.tasks.detect import evaluate as scored

if TYPE_CHECKING:
    from torch import nn

    from ondes.tasks.detect import DetectTask

OWN = "recordings"
WHICH = (
    *("records", "without", "protocol", "fold", "valid"),
    *("patient", "minutes", "common", "as_published"),
)
"""Options of data sets that say which of the records in a folder are meant."""
LEAST = 1e-4  # of probabilities that are compared: ONNX Runtime computes the sigmoid to 2e-7


def spec(values: Json) -> Spec:
    """Return a card's spec."""
    return Spec.from_dict(values)


def averages(task: Json) -> Literal["tags"]:  # noqa: ARG001 - of no task's options
    """Return that each class in each frame has a probability of its own."""
    return "tags"


def revive(
    path: Path, card: Card, predictor: Predictor, *, window_frames: int | None = None
) -> Pipeline:
    """Return the detector that a card and a network make."""
    return revived(path, card, predictor, window_frames=window_frames)


def graph(model: "nn.Module", card: Card) -> Graph:
    """Return a network that gives probabilities, to be compared over one frame and more.

    The lengths are one frame, one window of the network's least size, and two such windows and a
    part of a frame.
    """
    from ondes.nn.export import Probabilities

    own = spec(card.spec)
    size = Window.of(own, frames=1).size
    lengths = (own.hop, size, 2 * size + own.hop // 2)
    return Graph(Probabilities(model), ("probabilities",), lengths, LEAST)


def finish(
    task: Task,
    valid_set: Examples,
    *,
    card: Card,
    baselines: Sequence[str] = (),
    train_set: Callable[[], Examples] | None = None,  # noqa: ARG001 - rules are tuned on validation data
) -> Pipeline:
    """Fit the decoder of a trained task, and the classical detectors beside it; score them."""
    from ondes.run.predictors.torch import Network

    detect, examples = cast("DetectTask", task), cast("Dataset", valid_set)
    if detect.tune:
        detect.decoder = tuned(detect, examples)
    whole = replace(
        card,
        spec=detect.spec.to_dict(),
        scores={"valid": {**scored(detect, examples), **_of_hearts(detect, examples)}},
        baselines={family: _tuned(family, detect, examples) for family in baselines},
    )
    network = Network(cast("nn.Module", detect.model))
    return Pipeline(network, detect.spec, detect.decoder, whole, detect.tolerances)


def own(model: Pipeline) -> str:
    """Return recordings with event lists; of beats and episodes what the model was trained on."""
    return OWN if _scoring(model) == "events" else str(model.card.recipe["data"]["set"])


def options(model: Pipeline, path: str) -> dict[str, object]:
    """Return how what lies at a path is read, labelled as the model does."""
    if _scoring(model) == "events":
        return {"folder": path, "labels": list(model.spec.classes)}
    how = model.card.recipe["data"]["options"]
    return {**{name: how[name] for name in how if name not in WHICH}, "folder": path}


def shutting(model: Pipeline, rules: Rules) -> Scored:
    """Return a detector of beats as EC57 scores it, shut down where rules call a signal bad.

    Raises:
        InputError: it is scored on other events, or the rules do not say what is bad.
    """
    if _scoring(model) != "beats" or rules.quality is None:
        raise InputError(
            f"rules {rules.name} to score {model.card.name} (--rules): only beats are scored with "
            "shutdowns, and rules say under quality: what they are; leave --rules out"
        )
    return Scored(model, rules.quality)


def evaluate(model: Pipeline | Scored, examples: Examples) -> Scores:
    """Return frames, notes, events, segments and speed, see `ondes.tasks.detect.evaluate`.

    Of beats and episodes what `ondes.tasks.detect.hearts` says, as the task's `scoring` asks.
    """
    dataset = cast("Dataset", examples)
    match _scoring(model):
        case "beats":
            shutdown = model.shutdown if isinstance(model, Scored) else ()
            return hearts.beat_scores(model, dataset, shutdown=shutdown)
        case "episodes":
            return hearts.episode_scores(model, dataset)
        case _:
            return dict(scored(model, dataset))


def rivals(model: Pipeline | Scored, examples: Examples) -> Mapping[str, Scores]:
    """Return the scores of the classical detectors that were tuned with a model, by family."""
    return {
        family: dict(
            classical.scores(
                classical.from_dict(numbers),
                cast("Dataset", examples),
                hop=model.spec.hop,
                tolerances=model.tolerances,
            )
        )
        for family, numbers in model.card.baselines.items()
    }


def families() -> Sequence[str]:
    """Return the names of the classical detectors."""
    return classical.names()


def _of_hearts(task: "DetectTask", examples: Dataset) -> Mapping[str, float]:
    """Return the gross figures of beats or episodes, where those are asked for."""
    match task.scoring:
        case "beats":
            return hearts.flat(hearts.beat_scores(task, examples))
        case "episodes":
            return hearts.flat(hearts.episode_scores(task, examples))
        case _:
            return {}


def _scoring(model: Pipeline | Scored) -> str:
    return str(model.card.task["options"].get("scoring", "events"))


def _tuned(family: str, task: "DetectTask", valid_set: Dataset) -> dict[str, object]:
    onset_s = task.tolerances.onset_s
    return classical.to_dict(classical.fit(valid_set, family, onset_s=onset_s, hop=task.spec.hop))
