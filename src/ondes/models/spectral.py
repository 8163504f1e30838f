"""Spectral: a small network that says what a clip is by its spectrogram; an own design of ondes.

A residual network whose strides are gentle: the frames that are judged lie a few hundredths of a
second apart where an image network's would lie a third of a second apart. Frequencies are averaged
at the end; over time both the mean and the maximum are judged, what lasts and what strikes.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import Head
from ondes.nn.init import InitName
from ondes.nn.layers import GlobalMax, GlobalMean, conv_norm
from ondes.nn.ragged import Ragged
from ondes.nn.residual import basic

CARD = """\
Spectral, an own design of ondes: residual blocks with gentle strides over a mel spectrogram, of
which mean and maximum over time are judged. For sounds and other signals whose spectrum tells what
they are, of which there are hundreds or thousands, not millions."""

STEP = 2  # of the first convolution and of every block but the first


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of Spectral.

    Attributes:
        dims: 2 sees an image, 1 the bands as channels.
        front: what the network is given of a signal.
        width: channels of the first block; each further one has twice as many.
        blocks: so many; frames lie 2 ** blocks windows apart.
        activation: after each convolution but a block's last, and after each block.
        dropout: before the last layer.
        init: how initial weights are drawn.
    """

    dims: Literal[1, 2] = 2
    front: FrontConfig = field(default_factory=lambda: FrontConfig(kind="mel"))
    width: int = 32
    blocks: int = 3
    activation: ActivationName = "relu"
    dropout: float = 0.3
    init: InitName = "kaiming-uniform"

    def __post_init__(self) -> None:
        if min(self.width, self.blocks) < 1:
            raise RecipeError(f"width={self.width}, blocks={self.blocks}: give 1 or more")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout={self.dropout}: give 0 or more, less than 1")


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the blocks, the first with the stem; there is no gate for `context`."""
    dims, activation = config.dims, config.activation
    stem = conv_norm(dims, channels, config.width, 3, stride=STEP, activation=activation)
    first = basic(dims, config.width, config.width, stride=1, activation=activation)
    stages, outputs = [nn.Sequential(stem, first)], config.width
    for _ in range(config.blocks - 1):
        block = basic(dims, outputs, 2 * outputs, stride=STEP, activation=activation)
        stages.append(nn.Sequential(block))
        outputs *= 2
    return Encoder(*stages, outputs=outputs)


def head(config: Config, *, encoder: Encoder, outputs: int) -> Head:
    """Return what judges the mean and the maximum over time."""
    return Head(MeanAndMax(encoder.outputs, outputs, dropout=config.dropout))


class MeanAndMax(nn.Module):
    """Mean over frequency, its mean and maximum over time, a dense layer: `Ragged` -> [b, o]."""

    def __init__(self, inputs: int, outputs: int, *, dropout: float) -> None:
        super().__init__()
        self.mean, self.max = GlobalMean(), GlobalMax()
        self.dropout, self.dense = nn.Dropout(dropout), nn.Linear(2 * inputs, outputs)

    def forward(self, x: Ragged) -> Tensor:
        """Judge clips [b, c, (f,) t]."""
        flat = x.values.mean(2) if x.values.ndim == 4 else x.values
        along = Ragged(flat, x.lengths)
        seen = torch.cat([self.mean(along), self.max(along)], dim=1)
        judged: Tensor = self.dense(self.dropout(seen))
        return judged
