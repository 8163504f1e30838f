"""A residual translator that keeps the texture of the noise floor, as loud as the wanted sensor's.

The input is split into what is smooth and what is left, its texture x - smooth(x). The result is
smooth(x) + d + e^a (x - smooth(x)), with maps d and a that a U-Net learns. A loss of cells makes d;
a, how loud the texture is, needs a loss of texture (`ondes.losses.texture`) or a critic, as noise
that two sensors do not share is best left out as far as cells go.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.models.translators import residual
from ondes.nn import unet
from ondes.nn.layers import Dims, MeanPool
from ondes.nn.ragged import Ragged
from ondes.nn.translator import Translation

CARD = """\
A texture-keeping translator: a gated U-Net learns a difference to the smoothed input and how loud
the rest, the texture, shall be. It keeps a noise floor that a frozen classifier expects, where
other translators smooth it away."""

LOUDEST = 2.0  # nepers that the texture may be raised or lowered by


@dataclass(frozen=True, kw_only=True)
class Config(residual.Config):
    """Options of the texture-keeping translator: those of the residual one and

    Attributes:
        stretch: entries along each axis that are averaged to tell what is smooth; odd.
    """

    stretch: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stretch < 3 or self.stretch % 2 == 0:
            raise RecipeError(f"stretch={self.stretch}: give an odd number, 3 or more")


def body(config: Config, *, dims: Dims, channels: int, outputs: int, depth: int) -> nn.Module:
    """Return the U-Net and the ways past it."""
    return _Textured(config, dims=dims, channels=channels, outputs=outputs, depth=depth)


class _Textured(nn.Module):
    def __init__(
        self, config: Config, *, dims: Dims, channels: int, outputs: int, depth: int
    ) -> None:
        super().__init__()
        self.unet = unet.UNet(config, dims=dims, inputs=channels, depth=depth)
        self.last = unet.Last(dims, self.unet.outputs, 2 * outputs)
        unet.draw(self)
        residual.quieten(self.last)
        self.carry = residual.carry(dims, channels, outputs)
        self.smooth = MeanPool(dims, config.stretch, stride=1)

    def forward(self, x: Tensor) -> Translation:
        """Translate x [b, channels, (f,) t]."""
        difference, loudness = self.last(self.unet(x)).chunk(2, dim=1)
        past = self.carry(x)
        smooth = self.smooth(Ragged(past)).values
        coarse = smooth + difference
        gain = torch.exp(LOUDEST * torch.tanh(loudness))
        return Translation(coarse + gain * (past - smooth), coarse)
