"""The old classifier's answers on true partners, learnt by a copy that sees the new sensor."""

from dataclasses import dataclass

import torch
from torch import nn

from ondes.tasks.translate.rivals._given import Given, answers
from ondes.tasks.translate.rivals._moved import Steps, moved

ABOUT = """\
Distillation: a copy of the classifier learns to answer the new sensor's clips as the old one
answers their true partners; needs no label."""
LABELLED = False


@dataclass(frozen=True, kw_only=True)
class Options(Steps):
    """Those of training."""

    steps: int = 600


def classifier(given: Given, options: Options, *, seed: int) -> nn.Module:
    """Return the trained copy."""
    wanted = torch.from_numpy(answers(given.network, given.target)).softmax(-1).float()
    return moved(given.network, torch.from_numpy(given.source), wanted, options, seed=seed)
