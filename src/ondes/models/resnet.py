"""ResNet (He et al. 2016, "Deep residual learning for image recognition", table 1)."""

from dataclasses import dataclass, field
from typing import Literal

from torch import nn

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.init import InitName
from ondes.nn.residual import WIDENING, basic, bottleneck, residual_encoder

CARD = """\
ResNet adds what a few convolutions find to what they were given, block after block, so that even
152 layers can be trained. ResNet-18 has 11.7 million parameters on images and 4 million on
signals; with a width of 16 instead of 64 a quarter of a million, which suits a few hundred clips.
A sound choice wherever nothing else is known."""

BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
BASIC = 34  # layers up to which blocks have no bottleneck


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of ResNet.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        layers: how many; from 50 on blocks are bottlenecks.
        width: channels of the first stage; each of the four doubles them. The paper has 64.
        kernel: of the first convolution.
        activation: after each convolution but a block's last, and after each block.
        dropout: before the last layer; the paper has none.
        init: how initial weights are drawn.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    layers: Literal[18, 34, 50, 101, 152] = 18
    width: int = 64
    kernel: int = 7
    activation: ActivationName = "relu"
    dropout: float = 0.0
    init: InitName = "kaiming-uniform"

    def __post_init__(self) -> None:
        if min(self.width, self.kernel) < 1:
            raise RecipeError(f"width={self.width}, kernel={self.kernel}: give 1 or more")


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the four stages, the first with the stem; there is no gate for `context`."""
    small = config.layers <= BASIC
    widening = 1 if small else WIDENING

    def block(inputs: int, width: int, stride: int) -> nn.Module:
        dims, activation = config.dims, config.activation
        if small:
            return basic(dims, inputs, width, stride=stride, activation=activation)
        return bottleneck(
            dims, inputs, widening * width, middle=width, stride=stride, activation=activation
        )

    return residual_encoder(
        config.dims,
        channels,
        width=config.width,
        widening=widening,
        blocks=BLOCKS[config.layers],
        block=block,
        kernel=config.kernel,
        activation=config.activation,
    )
