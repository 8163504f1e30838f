"""Compact network of heartbeats (Kiranyaz et al. 2016 and 2017), for one person and any chip.

Kiranyaz, Ince and Gabbouj 2016, "Real-time patient-specific ECG classification by 1-D convolutional
neural networks"; the same 2017, "Personalized monitoring and advance warning system for cardiac
arrhythmias".
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from torch import nn

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName
from ondes.nn.activation import activation as activated
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import Head
from ondes.nn.init import InitName
from ondes.nn.layers import Conv, Each, GlobalMax, GlobalMean, MaxPool, MeanPool
from ondes.nn.whole import WholeConv, WholePool

CARD = """\
The network of heartbeats by Kiranyaz, Ince and Gabbouj: two or three short convolutions of whole
windows, each pooled, and two dense layers; five and a half thousand parameters, for a model of one
person's own that a watch can run. The defaults are those of 2016 for beats of 64 samples, its two
channels the beat and the beat with its neighbours; kernel=15, pool=6 for beats of 128.
filters=(32, 16, 16), kernel=7, pool=3, pooling="max", hidden=(32,) is the one that warns in
advance, of 2017."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of the network.

    Attributes:
        dims: 1; beats are no images.
        front: what the network is given of a beat; the papers' beats are scaled beforehand.
        filters: channels of each convolution.
        kernel: of all convolutions. Of clips they see whole windows alone, so that 64 samples
            become 56, 14, 6 and 1; of frames, which have no ends, they keep the length.
        pool: of all poolings but the last, which takes in all that is left.
        pooling: "mean", which is what the gradients of 2016 belong to, or "max", as of 2017.
        hidden: widths of the dense layers before the last.
        activation: after each convolution and hidden layer.
        dropout: before each dense layer; the papers have none.
        init: how initial weights are drawn.
    """

    dims: Literal[1] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    filters: tuple[int, ...] = (32, 16)
    kernel: int = 9
    pool: int = 4
    pooling: Literal["mean", "max"] = "mean"
    hidden: tuple[int, ...] = (10,)
    activation: ActivationName = "tanh"
    dropout: float = 0.0
    init: InitName = "xavier-uniform"

    def __post_init__(self) -> None:
        sizes = (*self.filters, *self.hidden, self.kernel, self.pool)
        if not self.filters or min(sizes) < 1:
            raise RecipeError(
                f"filters={self.filters}, hidden={self.hidden}, kernel={self.kernel}, "
                f"pool={self.pool}: give at least one filter, and 1 or more for all"
            )


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:
    """Return the convolutions and poolings; with `context`, for frames, they keep the length."""
    widths = pairwise((channels, *config.filters))
    framed = context is not None
    stages = [
        nn.Sequential(
            *([_pool(config, framed=framed)] if place else []),
            Conv(1, *pair, config.kernel) if framed else WholeConv(*pair, config.kernel),
            Each(activated(config.activation)),
        )
        for place, pair in enumerate(widths)
    ]
    return Encoder(*stages, outputs=config.filters[-1])


def head(config: Config, *, encoder: Encoder, outputs: int) -> Head:
    """Return the last pooling and the dense layers."""
    layers: list[nn.Module] = [GlobalMax() if config.pooling == "max" else GlobalMean()]
    widths = (encoder.outputs, *config.hidden)
    for pair in pairwise(widths):
        layers += [nn.Dropout(config.dropout), nn.Linear(*pair), activated(config.activation)]
    last = nn.Linear(widths[-1], outputs)
    return Head(nn.Sequential(*layers, nn.Dropout(config.dropout), last))


def _pool(config: Config, *, framed: bool) -> nn.Module:
    pool = (MaxPool if config.pooling == "max" else MeanPool)(1, config.pool)
    return pool if framed else WholePool(pool)
