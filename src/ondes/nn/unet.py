"""The U-Net of pix2pix (Isola et al. 2017), in 1D and 2D, of any depth.

Their appendix 6.1.1, with skips: convolutions of 4 with stride 2 down and transposed ones up again,
after each of which comes a norm and, where wished, squeeze and excitation. As the authors' erratum
says, the deepest level has no norm, which would make zeros of a single entry; the first has none
either.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.gate import Gate
from ondes.nn.layers import Dims
from ondes.nn.ragged import Ragged

NormName = Literal["batch", "instance", "none"]

WIDEST = 8  # times the width of the first level
DROPPED = 3  # levels on the way up, the deepest ones, that leave values out
REDUCTION = 16  # of squeeze and excitation
FEWEST = 8  # values between its dense layers, lest all of them be silent from the start
NORMS: dict[tuple[str, int], Any] = {
    ("batch", 1): nn.BatchNorm1d,
    ("batch", 2): nn.BatchNorm2d,
    ("instance", 1): nn.InstanceNorm1d,
    ("instance", 2): nn.InstanceNorm2d,
}
SLOPE = 0.2  # of the leaky activations on the way down


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of a U-Net.

    Attributes:
        width: channels of the first level, 64 in the paper; each further one has twice as many, up
            to eight times.
        depth: levels, 8 in the paper; small signals have room for fewer, see `depth_for`.
        norm: after each convolution but the first and the deepest.
        gate: squeeze and excitation in every level, down and up.
        dropout: share of values left out in the three deepest levels on the way up.
    """

    width: int = 16
    depth: int = 8
    norm: NormName = "batch"
    gate: bool = False
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if min(self.width, self.depth) < 1:
            raise RecipeError(f"width={self.width}, depth={self.depth}: give 1 or more")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout={self.dropout}: give 0 or more, less than 1")


def depth_for(depth: int, size: tuple[int, ...]) -> int:
    """Return how many levels, `depth` at most, examples of `size` (f, t) or (t,) have room for.

    A level halves each axis, and the last level with a norm shall hold four entries: the shorter
    axis of a map may end as one entry, as in the paper's 8 levels for 256, a signal as two.

    >>> depth_for(8, (256, 256)), depth_for(8, (64, 400)), depth_for(8, (256,))
    (8, 6, 7)
    """
    halvings = min(size).bit_length() - 1
    return max(1, min(depth, halvings if len(size) > 1 else halvings - 1))


class UNet(nn.Module):
    """All of a U-Net but its last layer: [b, inputs, (f,) t] -> [b, outputs, (f / 2,) t / 2].

    The axes must be multiples of 2 ** depth. What comes out is what the last layer, `Last`, is
    given: the first level's features and, beside them, what has come up.

    Attributes:
        outputs: channels of what comes out.
    """

    def __init__(self, config: Config, *, dims: Dims, inputs: int, depth: int) -> None:
        super().__init__()
        widths = [config.width * min(2**level, WIDEST) for level in range(depth)]
        self.downs = nn.ModuleList(
            _down(config, dims, [inputs, *widths], level, depth) for level in range(depth)
        )
        self.ups = nn.ModuleList(
            _up(config, dims, widths, level, depth) for level in range(depth - 1, 0, -1)
        )
        self.outputs = widths[0] * (2 if depth > 1 else 1)

    def forward(self, x: Tensor) -> Tensor:
        """Go down and up."""
        levels = []
        for down in self.downs:
            x = down(x)
            levels.append(x)
        levels.pop()
        for up in self.ups:
            x = torch.cat([levels.pop(), up(x)], dim=1)
        return x


class Last(nn.Sequential):
    """The last layer: ReLU and a transposed convolution to full size, [b, outputs, (f,) t]."""

    def __init__(self, dims: Dims, inputs: int, outputs: int) -> None:
        super().__init__(nn.ReLU(), upwards(dims, inputs, outputs, bias=True))


class Gated(nn.Module):
    """A norm, if any, and squeeze and excitation: [b, c, (f,) t] -> the same shape, by ``.gate``.

    What the norm gives is weighed by means of what it is given. Means of what an instance norm
    gives are the same for every input, and weights before it would be undone.
    """

    def __init__(self, channels: int, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self.gate = Gate(channels, hidden=max(FEWEST, channels // REDUCTION))

    def forward(self, x: Tensor) -> Tensor:
        """Weigh the channels of every item."""
        weighed: Tensor = self.norm(x) * self.gate.weight(Ragged(x))
        return weighed


def draw(net: nn.Module) -> None:
    """Draw the weights of `net` from N(0, 0.02^2), in place, as pix2pix does; biases become 0."""
    kinds = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
    for layer in net.modules():
        if isinstance(layer, kinds):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def downwards(dims: Dims, inputs: int, outputs: int, *, bias: bool, stride: int = 2) -> nn.Module:
    """Return a convolution of 4, padded by 1: lengths become n / 2, or n - 1 with a stride of 1."""
    kind: Any = nn.Conv1d if dims == 1 else nn.Conv2d
    made: nn.Module = kind(inputs, outputs, 4, stride=stride, padding=1, bias=bias)
    return made


def upwards(dims: Dims, inputs: int, outputs: int, *, bias: bool) -> nn.Module:
    """Return a transposed convolution of 4 that doubles lengths."""
    kind: Any = nn.ConvTranspose1d if dims == 1 else nn.ConvTranspose2d
    made: nn.Module = kind(inputs, outputs, 4, stride=2, padding=1, bias=bias)
    return made


def finished(dims: Dims, channels: int, *, norm: NormName, gate: bool) -> list[nn.Module]:
    """Return what comes after a convolution: the norm, with weights and biases, and the gate."""
    made = [] if norm == "none" else [NORMS[norm, dims](channels, affine=True)]
    return [Gated(channels, nn.Sequential(*made))] if gate else made


def _down(config: Config, dims: Dims, widths: list[int], level: int, depth: int) -> nn.Module:
    inputs, outputs = widths[level : level + 2]
    norm: NormName = config.norm if 0 < level < depth - 1 else "none"
    layers: list[nn.Module] = [nn.LeakyReLU(SLOPE)] if level else []
    layers.append(downwards(dims, inputs, outputs, bias=config.norm == "none"))
    return nn.Sequential(*layers, *finished(dims, outputs, norm=norm, gate=config.gate))


def _up(config: Config, dims: Dims, widths: list[int], level: int, depth: int) -> nn.Module:
    deepest = level == depth - 1
    inputs, outputs = widths[level] * (1 if deepest else 2), widths[level - 1]
    layers = [nn.ReLU(), upwards(dims, inputs, outputs, bias=config.norm == "none")]
    layers += finished(dims, outputs, norm=config.norm, gate=config.gate)
    if config.dropout and level >= depth - DROPPED:
        layers.append(nn.Dropout(config.dropout))
    return nn.Sequential(*layers)
