"""The test of translations, in memory: pairs, their actions, and the old classifier's answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._stored import Stored, stacked
from ondes.data.sets import uwb_actions, uwb_pairs
from ondes.data.uwb.radar import Radar
from ondes.data.varied_pairs import VariedPairs
from ondes.metrics import class_scores
from ondes.run import artefact
from ondes.tasks.classify.read import softmax
from ondes.tasks.translate.rivals import Given, Rival, answers

if TYPE_CHECKING:
    from torch import nn

Samples = NDArray[np.float32]
Scores = NDArray[np.float64]


class Scenes:
    """The old classifier, and what it makes of the test by the old sensor and by `new`.

    judge: a name or a folder. folder: of what was simulated. pairs: of the test. truth: the action
    of each clip, [clip]. source, target: float32 [clip, channel, time].
    """

    def __init__(self, judge: str, new: Radar, folder: Path) -> None:
        self.new, self.network = new, opened(judge)
        simulated = uwb_pairs.build(uwb_pairs.Config(new=new), split="test")
        self.pairs = Stored(simulated, folder / "test.npz")
        self.source, self.target = self.pairs.sides
        self.truth = np.array([self.pairs.y_of(k).argmax() for k in range(len(self.pairs))])
        self._old = answers(self.network, self.target)

    def known(self) -> dict[str, float]:
        """Scores of the new sensor's clips as they are, and `f1_old`, that of the old one's."""
        found = self._scored(answers(self.network, self.source), self.source)
        return {**found, "f1_old": self.f1(self._old), "clips": len(self.truth)}

    def f1(self, logits: Scores) -> float:
        """Macro F1 of logits [clip, class]."""
        return class_scores(self.truth, softmax(logits))["f1_macro"]

    def scores(self, rival: Rival) -> dict[str, float]:
        """F1 of a rival, share of answers that stay the same, and the error of its maps, if any."""
        made = None if rival.translate is None else rival.translate(self.source)
        return self._scored(answers(rival.network, self.source if made is None else made), made)

    def translated_by(self, models: Sequence[Any]) -> dict[str, float]:
        """Scores of translators; of several, of the mean answer to what they make.

        Of one that tells its uncertainty, `calibration` is the mean correlation with the error
        within a clip.
        """
        parts = [[model.parts_of(x) for x in self.source] for model in models]
        made = [np.stack([part.result for part in own]) for own in parts]
        shares = [softmax(answers(self.network, x)) for x in made]
        found = self._scored(np.log(np.mean(shares, axis=0) + 1e-12), np.mean(made, axis=0))
        doubts = [part.uncertainty for part in parts[0] if part.uncertainty is not None]
        if len(models) == 1 and doubts:
            found["calibration"] = _correlation(doubts, np.abs(made[0] - self.target))
        return found

    def judged_by(self, folder: Path) -> dict[str, float]:
        """F1 of another classifier on the new sensor's clips as they are."""
        return self._scored(answers(opened(folder), self.source))

    def given(self, varied: VariedPairs, *, labels: int) -> Given:
        """What rivals learn from: pairs, and labelled clips of the new sensor."""
        config = uwb_actions.Config(sensor="new", new=self.new, few=labels)
        few = uwb_actions.build(config, split="few")
        clips = [few[k] for k in range(len(few))]
        x, y = np.stack([clip.x for clip in clips]), np.stack([clip.y for clip in clips])
        source, target = stacked(varied.pairs)
        return Given(source, target, self.network, few=x, few_y=y, varied=varied)

    def _scored(self, logits: Scores, made: Samples | None = None) -> dict[str, float]:
        same = float((logits.argmax(1) == self._old.argmax(1)).mean())
        found = {"f1": self.f1(logits), "same": same}
        if made is not None:
            found["l1"] = float(np.abs(made - self.target).mean())
        return found


def opened(model: str | Path) -> nn.Module:
    """The network of a saved model, a name or a folder."""
    folder = artefact.find(model)
    return artefact.read_model(folder, artefact.read_card(folder))


def _correlation(doubts: Sequence[Samples], errors: Samples) -> float:
    pairs = zip(doubts, errors, strict=True)
    wide = ((np.broadcast_to(doubt, error.shape), error) for doubt, error in pairs)
    return float(np.mean([np.corrcoef(d.ravel(), e.ravel())[0, 1] for d, e in wide]))
