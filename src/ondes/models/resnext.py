"""ResNeXt (Xie et al. 2017, "Aggregated residual transformations for deep neural networks")."""

from dataclasses import dataclass, field
from typing import Literal

from torch import nn

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.init import InitName
from ondes.nn.residual import WIDENING, bottleneck, residual_encoder

CARD = """\
ResNeXt is ResNet whose bottlenecks hold many narrow paths side by side, 32 of four channels in
the first stage: as many parameters as ResNet-50, 25 million on images, and better for it. On few
clips take a smaller width."""

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of ResNeXt.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        layers: how many.
        width: channels of the stem, of which the stages' follow; the paper has 64.
        paths: groups of channels that do not see each other, the paper's cardinality C.
        path_width: channels of a path in the first stage, the paper's d; later ones double it.
        kernel: of the first convolution.
        activation: after each convolution but a block's last, and after each block.
        dropout: before the last layer; the paper has none.
        init: how initial weights are drawn.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    layers: Literal[50, 101] = 50
    width: int = 64
    paths: int = 32
    path_width: int = 4
    kernel: int = 7
    activation: ActivationName = "relu"
    dropout: float = 0.0
    init: InitName = "kaiming-uniform"

    def __post_init__(self) -> None:
        numbers = {n: getattr(self, n) for n in ("width", "paths", "path_width", "kernel")}
        if min(numbers.values()) < 1:
            said = ", ".join(f"{name}={value}" for name, value in numbers.items())
            raise RecipeError(f"{said}: all must be at least 1")


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the four stages, the first with the stem; there is no gate for `context`."""

    def block(inputs: int, width: int, stride: int) -> nn.Module:
        return bottleneck(
            config.dims,
            inputs,
            WIDENING * width,
            middle=config.paths * config.path_width * (width // config.width),
            stride=stride,
            groups=config.paths,
            activation=config.activation,
        )

    return residual_encoder(
        config.dims,
        channels,
        width=config.width,
        widening=WIDENING,
        blocks=BLOCKS[config.layers],
        block=block,
        kernel=config.kernel,
        activation=config.activation,
    )
