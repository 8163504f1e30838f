"""The test of translations, in memory: pairs, their actions, and the old classifier's answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ondes.data.sets import uwb_actions, uwb_pairs
from ondes.data.uwb.radar import Radar
from ondes.data.uwb.sensors import NEW
from ondes.metrics import class_scores
from ondes.protocols import PairDataset
from ondes.run import artefact
from ondes.tasks.classify.read import softmax
from ondes.tasks.translate.rivals import Given, Rival, answers

if TYPE_CHECKING:
    from torch import nn

Samples = NDArray[np.float32]
Scores = NDArray[np.float64]


class Scenes:
    """The old classifier, `folder`, and what it makes of the test by the old sensor and by `new`.

    pairs: of the test. truth: the action of each clip, [clip]. source, target: float32
    [clip, channel, time].
    """

    def __init__(self, folder: Path, new: Radar = NEW) -> None:
        self.folder, self.new = folder, new
        self.network = opened(folder)
        self.pairs = uwb_pairs.build(uwb_pairs.Config(new=new), split="test")
        self.source, self.target = _stacked(self.pairs)
        self.truth = np.array([self.pairs.y_of(k).argmax() for k in range(len(self.pairs))])
        self._old = answers(self.network, self.target)
        self.f1_old, self.f1_as_is = self.f1(self._old), self.f1(self._answered(self.source))

    @property
    def as_is(self) -> tuple[str, str]:
        """Error of the new sensor's maps as they are, and share of answers that stay the same."""
        same = self._same(self._answered(self.source))
        return f"{np.abs(self.source - self.target).mean():.3f}", f"{same:.3f}"

    def f1(self, logits: Scores) -> float:
        """Macro F1 of logits [clip, class]."""
        return class_scores(self.truth, softmax(logits))["f1_macro"]

    def recovered(self, f1: float) -> float:
        """The share of the lost F1 that an F1 recovers."""
        return (f1 - self.f1_as_is) / (self.f1_old - self.f1_as_is)

    def scores(self, rival: Rival) -> Mapping[str, float]:
        """F1 of a rival, share of answers that stay the same, and the error of its maps, if any."""
        logits = rival.logits(self.source)
        found = {"f1": self.f1(logits), "same": self._same(logits)}
        if rival.translate is not None:
            found["l1"] = float(np.abs(rival.translate(self.source) - self.target).mean())
        return found

    def judged_by(self, folder: Path) -> Mapping[str, float]:
        """F1 of another classifier on the new sensor's clips as they are."""
        logits = answers(opened(folder), self.source)
        return {"f1": self.f1(logits), "same": self._same(logits)}

    def given(self, pairs: int, *, seed: int, varied: PairDataset | None) -> Given:
        """What rivals learn from: so many pairs, and the labelled clips of the new sensor."""
        few = uwb_actions.build(uwb_actions.Config(sensor="new", new=self.new), split="few")
        clips = [few[k] for k in range(len(few))]
        x, y = np.stack([clip.x for clip in clips]), np.stack([clip.y for clip in clips])
        config = uwb_pairs.Config(new=self.new, train=pairs)
        source, target = _stacked(uwb_pairs.build(config, split="train", seed=seed))
        return Given(source, target, self.network, few=x, few_y=y, varied=varied)

    def _answered(self, x: Samples) -> Scores:
        return answers(self.network, x)

    def _same(self, logits: Scores) -> float:
        return float((logits.argmax(1) == self._old.argmax(1)).mean())


def opened(folder: Path) -> nn.Module:
    """The network of a saved model."""
    return artefact.read_model(folder, artefact.read_card(folder))


def _stacked(pairs: PairDataset) -> tuple[Samples, Samples]:
    made = [pairs[k] for k in range(len(pairs))]
    return np.stack([pair.source for pair in made]), np.stack([pair.target for pair in made])
