"""A running mean of the weights, which is often better than the last ones (Polyak 1992)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from ondes.train.checkpoint import Weights


class Ema:
    """The exponential mean of a model's weights and buffers.

    The decay rises as ``(1 + n) / (10 + n)`` up to ``decay``, so that the first steps do not stay.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after optimiser step ``step``, counted from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            mean = self.weights[name]
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)

    def load(self, weights: Weights) -> None:
        """Go on from a saved mean."""
        for name, value in weights.items():
            self.weights[name].copy_(value)

    @contextmanager
    def swapped(self, model: nn.Module) -> Iterator[None]:
        """Let the model hold the mean within the block."""
        own = {name: value.clone() for name, value in model.state_dict().items()}
        model.load_state_dict(self.weights)
        try:
            yield
        finally:
            model.load_state_dict(own)
