"""A plain stack of strided convolutions on samples: as simple as a network of signals can be."""

from dataclasses import dataclass, field
from typing import Literal

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.layers import conv_norm

CARD = """\
A strided CNN is convolutions in a row, each of which steps over its input, with batch norm and an
activation after each, then the mean over the clip and a dense layer. No pooling, no shortcuts: what
a layer has learnt is in its filters, which makes it the network to look into (`ondes explain`). For
short clips; its default has eight layers and 1,920 filters, and sees 4,073 samples at once."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of the strided CNN.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        widths: filters of each layer.
        kernel: of every layer.
        strides: of each layer; as many as widths.
        activation: after every norm.
        norm: batch norm in every layer; without it the convolutions have biases.
        dropout: before the last layer.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    widths: tuple[int, ...] = (64, 64, 128, 128, 256, 256, 512, 512)
    kernel: int = 9
    strides: tuple[int, ...] = (4, 2, 2, 2, 2, 2, 2, 2)
    activation: ActivationName = "relu"
    norm: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not self.widths or len(self.widths) != len(self.strides):
            raise RecipeError(
                f"widths={self.widths}, strides={self.strides}: give one stride for each width"
            )
        if min(*self.widths, *self.strides, self.kernel) < 1:
            raise RecipeError(
                f"widths={self.widths}, strides={self.strides}, kernel={self.kernel}: give 1 or "
                "more of each"
            )


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the layers, a level each; there is no gate for `context`."""
    inputs = (channels, *config.widths)
    layers = [
        conv_norm(
            config.dims,
            before,
            width,
            config.kernel,
            stride=stride,
            activation=config.activation,
            norm=config.norm,
        )
        for before, width, stride in zip(inputs, config.widths, config.strides, strict=False)
    ]
    return Encoder(*layers, outputs=config.widths[-1])
