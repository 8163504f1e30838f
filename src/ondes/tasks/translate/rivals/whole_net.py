"""The whole classifier, trained on with the few labelled clips."""

from dataclasses import dataclass

import torch
from torch import nn

from ondes.tasks.translate.rivals._given import Given
from ondes.tasks.translate.rivals._moved import Steps, drawn, moved

ABOUT = "The whole classifier is trained on with the few labelled clips of the new sensor."
LABELLED = True


@dataclass(frozen=True, kw_only=True)
class Options(Steps):
    """Those of training and `smoothing`, the share of a label that all classes get."""

    steps: int = 100
    lr: float = 3e-4
    smoothing: float = 0.05


def classifier(given: Given, options: Options, *, seed: int) -> nn.Module:
    """Return the trained copy."""
    assert given.few is not None
    assert given.few_y is not None
    y = torch.from_numpy(given.few_y).float()
    wanted = y * (1 - options.smoothing) + options.smoothing / y.shape[1]
    x, places = torch.from_numpy(given.few), drawn(len(y), options.batch, seed=seed)
    return moved(given.network, lambda k: (x[places(k)], wanted[places(k)]), options, seed=seed)
