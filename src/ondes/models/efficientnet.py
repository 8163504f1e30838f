"""EfficientNet B0 to B7 by compound scaling (Tan and Le 2019, tables 1 and 2, equation 3)."""

from dataclasses import dataclass, field
from math import ceil
from typing import Literal, NamedTuple, get_args

from torch import nn

from ondes.errors import RecipeError
from ondes.nn.activation import activation
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.layers import Add, Conv, DropPath, Each, Gate, Norm

CARD = """\
EfficientNet is inverted bottlenecks: channels are widened, filtered one by one, weighed by squeeze
and excitation and narrowed again. B0 has 5.3 million parameters on images; B1 to B7 scale depth,
width and the size of their input together, to 66 million. Much accuracy for few operations, which
processors do not make the best of, as most of their kernels see one channel."""

ALPHA, BETA = 1.2, 1.1  # what one step of scaling multiplies depth and width by
EPS = 1e-3  # of batch norm; its statistics move by a tenth, as in all networks here
DIVISOR = 8  # of the numbers of channels


class Scale(NamedTuple):
    """What the channels and the repeats of B0 are multiplied by."""

    width: float
    depth: float


Size = Literal["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"]
SCALES: dict[Size, Scale] = {
    "b0": Scale(1.0, 1.0),
    "b1": Scale(1.0, 1.1),
    "b2": Scale(1.1, 1.2),
    "b3": Scale(1.2, 1.4),
    "b4": Scale(1.4, 1.8),
    "b5": Scale(1.6, 2.2),
    "b6": Scale(1.8, 2.6),
    "b7": Scale(2.0, 3.1),
}


class Stage(NamedTuple):
    """A row of inverted bottlenecks (table 1): the first has the stride."""

    expand: int
    outputs: int
    repeats: int
    stride: int
    kernel: int


STAGES = (
    Stage(1, 16, 1, 1, 3),
    Stage(6, 24, 2, 2, 3),
    Stage(6, 40, 2, 2, 5),
    Stage(6, 80, 3, 2, 3),
    Stage(6, 112, 3, 1, 5),
    Stage(6, 192, 4, 2, 5),
    Stage(6, 320, 1, 1, 3),
)
STEM, TOP = 32, 1280


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of EfficientNet.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        size: "b0" to "b7", with the coefficients of the authors' code.
        steps: instead of these, so many steps of compound scaling from B0 on: depth 1.2 ** steps,
            width 1.1 ** steps (equation 3). Less than 0 makes it smaller than B0, for little data;
            0.5, 1 and 2 are B1, B2 and B3. Inputs 1.15 ** steps as long go with it.
        dropout: before the last layer; in the authors' code .2 for B0 and B1, .3 for B2 and B3,
            .4 for B4 and B5, .5 for B6 and B7.
        drop_path: the chance that training leaves out the last block's body; it rises from 0 in
            the first.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    size: Size = "b0"
    steps: float | None = None
    dropout: float = 0.2
    drop_path: float = 0.2

    def __post_init__(self) -> None:
        if self.size not in SCALES:
            raise RecipeError(f"size={self.size!r}: choose one of {', '.join(get_args(Size))}")

    @property
    def scale(self) -> Scale:
        """What B0 is multiplied by."""
        return SCALES[self.size] if self.steps is None else compound(self.steps)


def compound(steps: float) -> Scale:
    """Return the scale after `steps` of equation 3.

    >>> [round(x, 1) for x in compound(2)] == list(SCALES["b3"])
    True
    """
    return Scale(BETA**steps, ALPHA**steps)


def rounded(channels: int, *, width: float) -> int:
    """Return `width` times `channels` as a multiple of 8, at most a tenth below.

    >>> rounded(24, width=1.1), rounded(320, width=1.4)
    (24, 448)
    """
    wanted = width * channels
    nearest = max(DIVISOR, int(wanted + DIVISOR / 2) // DIVISOR * DIVISOR)
    return nearest + DIVISOR if nearest < 0.9 * wanted else nearest


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:
    """Return stem, stages and the last 1x1 convolution, for `channels`; a level for each stride.

    Padding is 'same', as in the authors' code. With `context` each squeeze looks at so many
    frames to both sides and not at the whole clip.
    """
    builder = _Builder(config, context)
    return Encoder(*builder.stages(channels), outputs=builder.scaled(TOP))


class _Builder:
    def __init__(self, config: Config, context: int | None) -> None:
        self.dims, self.context = config.dims, context
        self.scale, self.drop_path = config.scale, config.drop_path

    def scaled(self, channels: int) -> int:
        return rounded(channels, width=self.scale.width)

    def stages(self, channels: int) -> list[nn.Module]:
        """Return the network cut before each stride."""
        layers = [self._unit(channels, self.scaled(STEM), 3, stride=2)]
        inputs, levels = self.scaled(STEM), []
        for stage, drop in self._blocks():
            if stage.stride > 1:
                levels.append(nn.Sequential(*layers))
                layers = []
            layers.append(self._block(stage, inputs, drop))
            inputs = stage.outputs
        layers.append(self._unit(inputs, self.scaled(TOP), 1))
        return [*levels, nn.Sequential(*layers)]

    def _blocks(self) -> list[tuple[Stage, float]]:
        """Return every block's description and chance to be left out."""
        blocks: list[Stage] = []
        for stage in STAGES:
            first = stage._replace(outputs=self.scaled(stage.outputs))
            more = ceil(self.scale.depth * stage.repeats) - 1
            blocks += [first, *[first._replace(stride=1)] * more]
        return [(block, self.drop_path * i / len(blocks)) for i, block in enumerate(blocks)]

    def _block(self, stage: Stage, inputs: int, drop: float) -> nn.Module:
        """Return an inverted bottleneck (MBConv, Sandler et al. 2018) with a gate."""
        wide = stage.expand * inputs
        layers: list[nn.Module] = [] if stage.expand == 1 else [self._unit(inputs, wide, 1)]
        layers += [
            self._unit(wide, wide, stage.kernel, stride=stage.stride, groups=wide),
            Gate(wide, hidden=max(1, inputs // 4), context=self.context, activation="swish"),
            Conv(self.dims, wide, stage.outputs, 1, bias=False),
            self._norm(stage.outputs),
        ]
        if stage.stride > 1 or inputs != stage.outputs:
            return nn.Sequential(*layers)
        return Add(nn.Sequential(*layers, DropPath(drop)))

    def _unit(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> nn.Module:
        conv = Conv(self.dims, inputs, outputs, kernel, stride=stride, groups=groups, bias=False)
        return nn.Sequential(conv, self._norm(outputs), Each(activation("swish")))

    def _norm(self, channels: int) -> Norm:
        return Norm(self.dims, channels, eps=EPS)
