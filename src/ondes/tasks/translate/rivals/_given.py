"""What rivals are fitted to, and how they answer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ondes.errors import InputError, NotFiniteError
from ondes.protocols import PairDataset

Samples = NDArray[np.float32]
Scores = NDArray[np.float64]
Turn = Callable[[Samples], Samples]
"""Makes clips [clip, channel, time] of the new sensor such clips of the old one."""

BATCH = 100  # clips that a network is given at once


@dataclass(frozen=True, eq=False)
class Given:
    """What a rival may learn from.

    source, target: float32 [pair, channel, time], what the new sensor and the old one made of the
        same moments; maps have their bins as channels.
    network: the old sensor's classifier, [b, channel, time] -> logits [b, output]. It is never
        changed; whoever changes a classifier changes a copy.
    varied: the same pairs without end, varied each time anew, for rivals that learn in steps; or
        none.
    few, few_y: labelled clips of the new sensor, [clip, channel, time], and what is true of them,
        [clip, output]; or none.

    Raises:
        InputError: arrays have other axes, or do not go together.
        NotFiniteError: one holds NaN or infinity.
    """

    source: Samples
    target: Samples
    network: nn.Module
    few: Samples | None = None
    few_y: NDArray[np.float32] | None = None
    varied: PairDataset | None = None

    def __post_init__(self) -> None:
        if self.source.ndim != 3 or self.source.shape != self.target.shape or not self.source.size:
            raise InputError(
                f"pairs of shapes {list(self.source.shape)} and {list(self.target.shape)}: give "
                "[pair, channel, time] of one shape, one pair or more"
            )
        self._check_few()
        for name in ("source", "target", "few"):
            array = getattr(self, name)
            if array is not None and not np.isfinite(array).all():
                raise NotFiniteError(f"{name} holds NaN or infinity: leave such clips out")

    def _check_few(self) -> None:
        if self.few is None and self.few_y is None:
            return
        if self.few is None or self.few_y is None:
            raise InputError("labelled clips and what is true of them, few and few_y, go together")
        if self.few.shape[1:] != self.source.shape[1:] or len(self.few) != len(self.few_y):
            raise InputError(
                f"labelled clips of shape {list(self.few.shape)} with {len(self.few_y)} labels, "
                f"beside pairs of shape {list(self.source.shape)}: give clips alike, and a label "
                "for each"
            )


@dataclass(frozen=True, eq=False)
class Rival:
    """A fitted rival, who answers clips of the new sensor.

    name: of the rival. network: the old classifier, or what became of it. translate: makes clips of
    the new sensor such of the old one; none where the classifier was changed instead. labelled:
    whether it learnt from labels of the new sensor.
    """

    name: str
    network: nn.Module
    translate: Turn | None
    labelled: bool

    def logits(self, x: Samples) -> Scores:
        """Return logits float64 [clip, output] for clips [clip, channel, time] as they come."""
        return answers(self.network, x if self.translate is None else self.translate(x))


@torch.no_grad()
def answers(network: nn.Module, x: Samples) -> Scores:
    """Return a network's logits float64 [clip, output] for clips [clip, channel, time]."""
    training = network.training
    try:
        network.eval()
        place = next((value.device for value in network.parameters()), torch.device("cpu"))
        parts = torch.split(torch.from_numpy(np.ascontiguousarray(x, np.float32)), BATCH)
        return torch.cat([network(part.to(place)).double().cpu() for part in parts]).numpy()
    finally:
        network.train(training)
