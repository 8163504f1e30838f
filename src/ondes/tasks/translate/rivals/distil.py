"""The old classifier's answers on true partners, learnt by a copy that sees the new sensor."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ondes.tasks.translate.rivals._given import Given, Samples, answers
from ondes.tasks.translate.rivals._moved import Steps, drawn, moved

ABOUT = """\
Distillation: a copy of the classifier learns to answer the new sensor's clips as the old one
answers their true partners; needs no label."""
LABELLED = False


@dataclass(frozen=True, kw_only=True)
class Options(Steps):
    """Those of training."""

    steps: int = 1000


def classifier(given: Given, options: Options, *, seed: int) -> nn.Module:
    """Return the trained copy."""
    places = drawn(len(given.source), options.batch, seed=seed)

    def draw(step: int) -> tuple[Tensor, Tensor]:
        source, target = _taken(given, places(step), step)
        wanted = torch.from_numpy(answers(given.network, target)).softmax(-1).float()
        return torch.from_numpy(source), wanted

    return moved(given.network, draw, options, seed=seed)


def _taken(given: Given, places: NDArray[np.int64], step: int) -> tuple[Samples, Samples]:
    """The pairs of a step, varied if they can be."""
    if given.varied is None:
        return given.source[places], given.target[places]
    first = step * len(places)
    pairs = [given.varied[first + k] for k in range(len(places))]
    return np.stack([pair.source for pair in pairs]), np.stack([pair.target for pair in pairs])
