"""GoogLeNet (Szegedy et al. 2015, "Going deeper with convolutions", table 1)."""

from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn

from ondes.nn.auxiliary import AuxiliaryHeads
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import mean_head
from ondes.nn.layers import AdaptiveMean
from ondes.nn.plans import Builder, Fork, Plan, Pool, Unit, fork
from ondes.nn.ragged import Ragged

CARD = """\
GoogLeNet is nine Inception modules: 1x1, 3x3 and 5x5 convolutions and a maximum side by side, the
larger ones behind 1x1 convolutions that narrow what they see. Two auxiliary heads in the middle
help gradients along while it learns and are gone afterwards. 6.6 million parameters on images and
4.4 million on signals, where kernels lie along time."""

Pair = tuple[int, int]
Sizes = tuple[int, Pair, Pair, int]

MODULES: dict[str, Sizes] = {
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}
MAX = Pool("max", 3, stride=2)
STEM: Plan = (Unit(64, 7, stride=2), MAX, Unit(64), Unit(192, 3), MAX)
BINS = 4  # along each axis, that an auxiliary head looks at


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of GoogLeNet.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        width: all channels of the paper times this; less for little data.
        largest: kernel of the modules' third branch. 5 is the paper's; 3 is what torchvision
            has, after the authors' own later code, and what parameters are usually counted with.
        norm: batch norm after each convolution, as the authors had it a year later; without it
            each has a bias, as in the paper. Its local response normalisation is left out.
        auxiliary: have the two auxiliary heads, after 4a and 4d; they look at means of `BINS`
            stretches along each axis, which is what the paper's pooling makes of its images.
        dropout: before the last layer; the paper has .4.
        dropout_auxiliary: in the auxiliary heads.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    width: float = 1.0
    largest: Literal[3, 5] = 3
    norm: bool = True
    auxiliary: bool = True
    dropout: float = 0.2
    dropout_auxiliary: float = 0.7


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the modules, for `channels`; its levels end at 4a, 4d and 5b.

    The paper pads 'same' all the way, and so does this. There is no gate that `context` limits.
    """
    builder = _builder(config)
    modules = {name: _module(*sizes, kernel=config.largest) for name, sizes in MODULES.items()}
    plans = (
        (*STEM, modules["3a"], modules["3b"], MAX, modules["4a"]),
        (modules["4b"], modules["4c"], modules["4d"]),
        (modules["4e"], Pool("max", 2, stride=2), modules["5a"], modules["5b"]),
    )
    return builder.encoder(plans, channels)


def head(config: Config, *, encoder: Encoder, outputs: int) -> AuxiliaryHeads:
    """Return mean, dropout and dense layer on 5b; in training such ones on 4a and 4d beside."""
    main = mean_head(encoder.outputs, outputs, dropout=config.dropout)
    after = ("4a", "4d") if config.auxiliary else ()
    return AuxiliaryHeads(main, [_Auxiliary(config, MODULES[name], outputs) for name in after])


class _Auxiliary(nn.Module):
    """Means in stretches, a 1x1 convolution, two dense layers (section 5 of the paper)."""

    def __init__(self, config: Config, sizes: Sizes, outputs: int) -> None:
        super().__init__()
        builder = _builder(config)
        inputs = sum(builder.scaled(n) for n in _outputs(sizes))
        narrow, wide = builder.scaled(128), builder.scaled(1024)
        self.means = AdaptiveMean(config.dims, BINS)
        self.narrow, _ = builder.chain((Unit(128),), inputs)
        self.dense = nn.Sequential(
            nn.Flatten(),
            nn.Linear(narrow * BINS**config.dims, wide),
            nn.ReLU(),
            nn.Dropout(config.dropout_auxiliary),
            nn.Linear(wide, outputs),
        )

    def forward(self, x: Ragged) -> Tensor:
        """Map a level to logits [b, outputs]."""
        logits: Tensor = self.dense(self.narrow(Ragged(self.means(x))).values)
        return logits


def _builder(config: Config) -> Builder:
    return Builder(dims=config.dims, width=config.width, norm=config.norm)


def _module(one: int, three: Pair, five: Pair, beside: int, *, kernel: int) -> Fork:
    return fork(
        (Unit(one),),
        (Unit(three[0]), Unit(three[1], 3)),
        (Unit(five[0]), Unit(five[1], kernel)),
        (Pool("max"), Unit(beside)),
    )


def _outputs(sizes: Sizes) -> tuple[int, ...]:
    one, (_, three), (_, five), beside = sizes
    return one, three, five, beside
