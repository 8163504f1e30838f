"""LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition")."""

from dataclasses import dataclass, field
from typing import Literal

from torch import nn

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName
from ondes.nn.activation import activation as activated
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import Head, dense_head
from ondes.nn.init import InitName
from ondes.nn.layers import Conv, Each, MaxPool, MeanPool
from ondes.nn.plans import scaled

CARD = """\
LeNet-5 is two convolutions, each followed by pooling, and three dense layers on five stretches of
what they find: the smallest network here, 62 thousand parameters on images, 22 thousand on
signals. For short clips of which there are few, and as the first to try."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of LeNet-5.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        width: all channels of the paper times this.
        kernel: of both convolutions.
        pool: of both poolings; the paper halves.
        pooling: "mean", as in the paper, or "max".
        activation: the paper has "tanh".
        bins: stretches along each axis that the dense layers see the means of; 5 for the paper's
            images of 32 x 32, whose last convolution, 5 x 5 on 5 x 5, is a dense layer.
        dropout: before each dense layer; the paper has none.
        init: how initial weights are drawn.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    width: float = 1.0
    kernel: int = 5
    pool: int = 2
    pooling: Literal["mean", "max"] = "mean"
    activation: ActivationName = "tanh"
    bins: int = 5
    dropout: float = 0.0
    init: InitName = "xavier-uniform"

    def __post_init__(self) -> None:
        if not (self.width > 0 and min(self.kernel, self.pool, self.bins) >= 1):
            raise RecipeError(
                f"width={self.width}, kernel={self.kernel}, pool={self.pool}, bins={self.bins}: "
                "give a width above 0, the others 1 or more"
            )


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the two convolutions and poolings, C1 to S4; there is no gate for `context`."""
    first, second = scaled(6, width=config.width), scaled(16, width=config.width)
    return Encoder(_stage(config, channels, first), _stage(config, first, second), outputs=second)


def head(config: Config, *, encoder: Encoder, outputs: int) -> Head:
    """Return the three dense layers, C5 to the output."""
    return Head(
        dense_head(
            config.dims,
            encoder.outputs,
            outputs,
            bins=config.bins,
            hidden=(scaled(120, width=config.width), scaled(84, width=config.width)),
            dropout=config.dropout,
            activation=config.activation,
        )
    )


def _stage(config: Config, inputs: int, outputs: int) -> nn.Sequential:
    pooling = MaxPool if config.pooling == "max" else MeanPool
    return nn.Sequential(
        Conv(config.dims, inputs, outputs, config.kernel),
        Each(activated(config.activation)),
        pooling(config.dims, config.pool),
    )
