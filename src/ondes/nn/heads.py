"""Heads that judge a clip by the levels of an encoder."""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from ondes.nn.activation import ActivationName
from ondes.nn.activation import activation as activated
from ondes.nn.layers import AdaptiveMean, GlobalMean
from ondes.nn.ragged import Ragged


class Head(nn.Module):
    """A head on the last level alone, by `main`, which maps a `Ragged` to logits [b, outputs]."""

    def __init__(self, main: nn.Module) -> None:
        super().__init__()
        self.main = main

    def forward(self, levels: tuple[Ragged, ...]) -> tuple[Tensor]:
        """Return the logits, as the only ones."""
        return (self.main(levels[-1]),)


def mean_head(inputs: int, outputs: int, *, dropout: float) -> nn.Sequential:
    """Return a mean over the clip, dropout and a dense layer: `Ragged` -> [b, outputs]."""
    return nn.Sequential(GlobalMean(), nn.Dropout(dropout), nn.Linear(inputs, outputs))


def dense_head(
    dims: Literal[1, 2],
    inputs: int,
    outputs: int,
    *,
    bins: int,
    hidden: tuple[int, ...],
    dropout: float,
    activation: ActivationName = "relu",
) -> nn.Sequential:
    """Return means in `bins` stretches along each axis and dense layers: `Ragged` -> [b, outputs].

    `hidden` are the widths of the layers before the last; each has dropout before it and the
    activation after it.
    """
    widths = (inputs * bins**dims, *hidden)
    layers: list[nn.Module] = [AdaptiveMean(dims, bins), nn.Flatten()]
    for before, after in pairwise(widths):
        layers += [nn.Dropout(dropout), nn.Linear(before, after), activated(activation)]
    return nn.Sequential(*layers, nn.Linear(widths[-1], outputs))
