"""Translators: one sensor's recordings in, what another would have shown out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.metrics import class_scores
from ondes.protocols import ClipDataset, Examples, PairDataset, Task
from ondes.run.card import Card, Json
from ondes.run.classifier import Classifier
from ondes.run.engine import Samples
from ondes.run.export import Graph
from ondes.run.kinds import Scores
from ondes.run.predictors import Predictor
from ondes.run.translator import Translator, revived
from ondes.run.way import Way
from ondes.spec import TranslatorSpec
from ondes.tasks.translate import evaluate as scored
from ondes.tasks.translate import even, recovered, truths

if TYPE_CHECKING:
    from torch import nn

    from ondes.nn.translator import Translator as Network
    from ondes.tasks.translate import TranslateTask

__all__ = ["Judged", "averages", "evaluate", "families", "finish", "graph", "options", "own"]
__all__ += ["revive", "rivals", "spec"]

OWN = "pairs"
LEAST = 1.0  # answers below it are compared as if they were as large; most are, as inputs are


def spec(values: Json) -> TranslatorSpec:
    """Return a card's spec."""
    return TranslatorSpec.from_dict(values)


def averages(task: Json) -> Literal["number"]:  # noqa: ARG001 - of no task's options
    """Return that results are numbers."""
    return "number"


def revive(
    path: Path,
    card: Card,
    predictor: Predictor,
    *,
    window_frames: int | None = None,  # noqa: ARG001 - windows are those of training
) -> Translator:
    """Return the translator that a card and a network make."""
    return revived(path, card, predictor)


def graph(model: "nn.Module", card: Card) -> Graph:
    """Return a network that gives all its parts, to be compared at the size it learnt and beside.

    What goes in is scaled and what comes out is not yet in a sensor's units: the card's ``decoder``
    tells both.
    """
    from ondes.nn.translator import Exportable
    from ondes.run.predictors import torch

    own, size = TranslatorSpec.from_dict(card.spec), Way.from_dict(card.task["way"]).size[-1]
    rows = (own.channels, own.bins) if own.bins else (own.channels,)
    made = torch.Network(model)(np.zeros((1, *rows, 1), np.float32))
    doubts = made.shape[1] > 2 * len(own.outputs)
    outputs = ("parts", "result", "log_uncertainty") if doubts else ("parts", "result")
    lengths = (max(size // 2, 1), size, size + size // 3)
    whole = Exportable(cast("Network", model))
    return Graph(whole, outputs, lengths, LEAST, own.bins)


def finish(
    task: Task,
    valid_set: Examples,
    *,
    card: Card,
    baselines: Sequence[str] = (),
    train_set: Callable[[], Examples] | None = None,  # noqa: ARG001 - rivals need a judge
) -> Translator:
    """Keep the translator forth of a trained game, scored on validation pairs.

    Rivals are named on the card; they are fitted where translations are judged. What its last
    validation found wrong stands among the card's limits.
    """
    from ondes.run.predictors.torch import Network

    translate, pairs = cast("TranslateTask", task), cast("PairDataset", valid_set)
    game = translate.model
    way = Way(
        source=pairs.source,
        target=pairs.target,
        size=translate.size,
        step=2**game.forth.depth,
    )
    whole = replace(
        card,
        model={**card.model, "size": list(translate.size)},
        spec=game.spec.to_dict(),
        scores={"valid": scored(translate, pairs)},
        baselines={name: {} for name in baselines},
        limits=" ".join([card.limits, *_noticed(translate)]).strip(),
    )
    return Translator(Network(game.forth), game.spec, translate.reading, way, whole)


def own(model: Translator) -> str:  # noqa: ARG001 - the same for all
    """Return the data set of pairs of one's own."""
    return OWN


def options(model: Translator, path: str) -> dict[str, object]:
    """Return how a folder of pairs is read: by the names of its sensors."""
    sides = {"source": model.way.source, "target": model.way.target}
    return {"path": path, **{side: sensor.name for side, sensor in sides.items() if sensor.name}}


@dataclass(frozen=True)
class Judged:
    """A translator and what it is judged by.

    judge: a classifier of the wanted sensor. learnt: gives the pairs of training, to which rivals
    are fitted; varied: the same without end, where the translator learnt from such. few: gives the
    few labelled clips of the new sensor that there are, or none.
    """

    translator: Translator
    judge: Classifier
    learnt: Callable[[], PairDataset]
    varied: Callable[[], PairDataset] | None = None
    few: Callable[[], ClipDataset] | None = None


def evaluate(model: Translator | Judged, examples: Examples) -> Scores:
    """Return scores, see `ondes.tasks.translate.evaluate`; of one that is judged, its F1 too."""
    pairs = cast("PairDataset", examples)
    own, judge = (model.translator, model.judge) if isinstance(model, Judged) else (model, None)
    way = (own.way.source.name, own.way.target.name)
    return dict(scored(_Whole(own), pairs, judge, way=way))


def rivals(model: Translator | Judged, examples: Examples) -> Mapping[str, Scores]:
    """Return what the rivals on a card reach with the same judge: f1, recovered; by name.

    They are fitted here, to the pairs of training; those that need labels where there are some.

    Raises:
        InputError: the judge is no network of torch.
    """
    from ondes.tasks.translate import rivals as rivals_  # needs torch

    if not isinstance(model, Judged) or not model.translator.card.baselines:
        return {}
    pairs = cast("PairDataset", examples)
    truth = truths(pairs, model.judge)
    if truth is None:
        return {}
    network, source_hz = _network(model.judge), model.translator.way.source.rate_hz
    wanted = model.translator.card.baselines
    varied = None if model.varied is None else model.varied()
    given = rivals_.Given(*_arrays(model.learnt(), source_hz), network, varied=varied)
    if model.few is not None and not {*wanted} <= {*rivals_.possible(given)}:
        few, few_y = _clips(model.few())
        given = replace(given, few=few, few_y=few_y)
    source, target = (side[truth >= 0] for side in _arrays(pairs, source_hz))
    old, as_is = (_f1(rivals_.answers(network, x), truth) for x in (target, source))
    found = {}
    for name in rivals_.possible(given):
        if name in wanted:
            rival = rivals_.fit(name, given)
            f1 = _f1(rival.logits(source), truth)
            found[name] = {"f1": f1, "recovered": recovered(old, as_is, f1)}
    return found


def families() -> Sequence[str]:
    """Return the names of the simple rivals."""
    from ondes.tasks.translate import rivals as rivals_  # needs torch

    return rivals_.names()


@dataclass(frozen=True)
class _Whole:
    """A saved translator as it is scored: items as they are, each in whole."""

    translator: Translator

    @property
    def spec(self) -> TranslatorSpec:
        return self.translator.spec

    @property
    def source_hz(self) -> float:
        return self.translator.way.source.rate_hz

    def translated(self, x: Samples) -> tuple[Samples, Samples | None]:
        made = self.translator.parts_of(x)
        return made.result, made.uncertainty


def _noticed(task: "TranslateTask") -> list[str]:
    """Return what a training's last validation found wrong, as sentences."""
    notes = task.noticed or {}
    return [f"Noticed in training: {name}: {note}." for name, note in notes.items()]


def _network(judge: Classifier) -> "nn.Module":
    from ondes.run.predictors.torch import Network

    if not isinstance(judge.predictor, Network):
        raise InputError(
            f"{judge.card.name!r} is no network of torch: rivals are made of one; judge by the "
            "folder of a trained classifier, or evaluate without baselines"
        )
    return judge.predictor.model


def _arrays(pairs: PairDataset, source_hz: float) -> tuple[Samples, Samples]:
    """Return all sources, brought to the targets' rate, and all targets, [pair, channel, time]."""
    rate_hz = pairs.target.rate_hz
    every = [even(pairs[index], source_hz, rate_hz) for index in range(len(pairs))]
    return np.stack([pair.source for pair in every]), np.stack([pair.target for pair in every])


def _clips(clips: ClipDataset) -> tuple[Samples, Samples]:
    """Return clips [clip, channel, time] and what is true of them, [clip, class]."""
    every = [clips[index] for index in range(len(clips))]
    return np.stack([clip.x for clip in every]), np.stack([clip.y for clip in every])


def _f1(answers: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    shares = np.exp(answers - answers.max(1, keepdims=True))
    return class_scores(truth[truth >= 0], shares / shares.sum(1, keepdims=True))["f1_macro"]
