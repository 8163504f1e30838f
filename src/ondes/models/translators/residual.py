"""A translator that learns what is different: its result is the input plus a U-Net's difference."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ondes.nn import unet
from ondes.nn.layers import Dims
from ondes.nn.translator import Translation

CARD = """\
A residual translator: the input plus a difference that a gated U-Net learns. It begins as no
translation at all, keeps what the sensors share, noise too, and needs fewer pairs than one that
draws everything anew. For sensors whose signals look alike."""

QUIET = 0.1  # of the usual initial weights, so that the difference begins small


@dataclass(frozen=True, kw_only=True)
class Config(unet.Config):
    """Options of the residual translator: those of a U-Net, with other defaults."""

    depth: int = 4
    norm: unet.NormName = "instance"
    gate: bool = True
    dropout: float = 0.0


def body(config: Config, *, dims: Dims, channels: int, outputs: int, depth: int) -> nn.Module:
    """Return the U-Net and the way past it."""
    return _Residual(config, dims=dims, channels=channels, outputs=outputs, depth=depth)


def carry(dims: Dims, channels: int, outputs: int) -> nn.Module:
    """Return the way past the network: the input itself, or as many mixtures of it as wanted.

    Where channels differ in number, it begins with the mean over them.
    """
    if channels == outputs:
        return nn.Identity()
    kind: Any = nn.Conv1d if dims == 1 else nn.Conv2d
    mix: nn.Module = kind(channels, outputs, 1, bias=False)
    assert isinstance(mix.weight, Tensor)
    nn.init.constant_(mix.weight, 1 / channels)
    return mix


@torch.no_grad()
def quieten(last: nn.Module) -> None:
    """Shrink the weights of a last layer, in place."""
    for parameter in last.parameters():
        parameter.mul_(QUIET)


class _Residual(nn.Module):
    def __init__(
        self, config: Config, *, dims: Dims, channels: int, outputs: int, depth: int
    ) -> None:
        super().__init__()
        self.unet = unet.UNet(config, dims=dims, inputs=channels, depth=depth)
        self.last = unet.Last(dims, self.unet.outputs, outputs)
        unet.draw(self)
        quieten(self.last)
        self.carry = carry(dims, channels, outputs)

    def forward(self, x: Tensor) -> Translation:
        """Translate x [b, channels, (f,) t]."""
        result = self.carry(x) + self.last(self.unet(x))
        return Translation(result, result)
