"""VGG (Simonyan and Zisserman 2015, "Very deep convolutional networks", table 1)."""

from dataclasses import dataclass, field
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
VGG is convolutions of three, two to four between one halving and the next, and three dense layers
on seven stretches of what they find. Plain, large (138 million parameters on images, nearly all
in the dense layers) and easy to understand; with a width of .125 it suits small data."""

CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
WIDTHS = (64, 128, 256, 512, 512)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of VGG.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        layers: how many, of which three are dense.
        width: all channels of the paper times this, the dense layers' too.
        norm: batch norm after each convolution, which the paper did not have yet; without it
            each has a bias.
        activation: after each convolution and dense layer.
        bins: stretches along each axis that the dense layers see the means of; 7 in the paper.
        hidden: width of the two dense layers before the last.
        dropout: before each of these.
        init: how initial weights are drawn.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    layers: Literal[11, 13, 16, 19] = 16
    width: float = 1.0
    norm: bool = True
    activation: ActivationName = "relu"
    bins: int = 7
    hidden: int = 4096
    dropout: float = 0.5
    init: InitName = "kaiming-uniform"

    def __post_init__(self) -> None:
        if not (self.width > 0 and min(self.bins, self.hidden) >= 1):
            raise RecipeError(
                f"width={self.width}, bins={self.bins}, hidden={self.hidden}: give a width above "
                "0, the others 1 or more"
            )


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the five stages, each of which ends with a halving; no gate for `context`."""
    stages, inputs = [], channels
    for count, of_paper in zip(CONVOLUTIONS[config.layers], WIDTHS, strict=True):
        outputs = scaled(of_paper, width=config.width)
        row: list[nn.Module] = []
        for _ in range(count):
            row.append(
                conv_norm(
                    config.dims,
                    inputs,
                    outputs,
                    3,
                    activation=config.activation,
                    norm=config.norm,
                )
            )
            inputs = outputs
        stages.append(nn.Sequential(*row, MaxPool(config.dims, 2)))
    return Encoder(*stages, outputs=inputs)


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
