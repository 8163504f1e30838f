"""AlexNet (Krizhevsky et al. 2012) as its author arranged it for one machine in 2014.

Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks"; it is what
torchvision has and what parameters are usually counted with. Response normalisation is left out.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from torch import nn

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import Head, dense_head
from ondes.nn.init import InitName
from ondes.nn.layers import MaxPool, conv_norm
from ondes.nn.plans import scaled

CARD = """\
AlexNet is five convolutions, the first of eleven samples or bins, three maxima that overlap, and
three dense layers on six stretches of what they find. It shrinks a signal by 32 at once, which
suits long raw signals. 61 million parameters on images, nearly all in the dense layers; take a
smaller width for little data."""

WIDTHS = (64, 192, 384, 256, 256)
KERNELS = (11, 5, 3, 3, 3)
POOLED = (0, 1, 4)  # convolutions that a maximum follows


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of AlexNet.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        width: all channels of the paper times this, the dense layers' too.
        stride: of the first convolution; 4 in the paper.
        norm: batch norm after each convolution, which the paper did not have yet; without it
            each has a bias.
        activation: after each convolution and dense layer.
        bins: stretches along each axis that the dense layers see the means of; 6 in the paper.
        hidden: width of the two dense layers before the last.
        dropout: before each of these.
        init: how initial weights are drawn.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    width: float = 1.0
    stride: int = 4
    norm: bool = True
    activation: ActivationName = "relu"
    bins: int = 6
    hidden: int = 4096
    dropout: float = 0.5
    init: InitName = "kaiming-uniform"

    def __post_init__(self) -> None:
        if not (self.width > 0 and min(self.stride, self.bins, self.hidden) >= 1):
            raise RecipeError(
                f"width={self.width}, stride={self.stride}, bins={self.bins}, "
                f"hidden={self.hidden}: give a width above 0, the others 1 or more"
            )


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return three stages, each of which ends with a maximum; there is no gate for `context`."""
    widths = (channels, *(scaled(width, width=config.width) for width in WIDTHS))
    stages: list[nn.Module] = []
    row: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        row.append(
            conv_norm(
                config.dims,
                inputs,
                outputs,
                KERNELS[i],
                stride=1 if i else config.stride,
                activation=config.activation,
                norm=config.norm,
            )
        )
        if i in POOLED:
            stages.append(nn.Sequential(*row, MaxPool(config.dims, 3, stride=2)))
            row = []
    return Encoder(*stages, outputs=widths[-1])


def head(config: Config, *, encoder: Encoder, outputs: int) -> Head:
    """Return the three dense layers."""
    return Head(
        dense_head(
            config.dims,
            encoder.outputs,
            outputs,
            bins=config.bins,
            hidden=(scaled(config.hidden, width=config.width),) * 2,
            dropout=config.dropout,
            activation=config.activation,
        )
    )
