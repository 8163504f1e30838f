"""The generator of pix2pix (Isola et al. 2017), of any depth, in 1D and 2D.

With ``gate`` and ``norm: instance`` it is the Sig2Sig poster's steps + SE and + IN.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ondes.nn import unet
from ondes.nn.layers import Dims
from ondes.nn.translator import Translation

CARD = """\
The U-Net of pix2pix: down by halves and up again, each level with what the way down knew. It learns
from pairs that were recorded together. What pairs do not determine, such as noise, it averages away
unless a critic wants it."""


@dataclass(frozen=True, kw_only=True)
class Config(unet.Config):
    """Options of pix2pix: those of a U-Net and

    Attributes:
        bounded: results lie between -1 and 1, by tanh, as in the paper; otherwise there is no
            limit.
    """

    bounded: bool = True


def body(config: Config, *, dims: Dims, channels: int, outputs: int, depth: int) -> nn.Module:
    """Return the whole U-Net."""
    return _Plain(config, dims=dims, channels=channels, outputs=outputs, depth=depth)


class _Plain(nn.Module):
    def __init__(
        self, config: Config, *, dims: Dims, channels: int, outputs: int, depth: int
    ) -> None:
        super().__init__()
        self.unet = unet.UNet(config, dims=dims, inputs=channels, depth=depth)
        self.last = unet.Last(dims, self.unet.outputs, outputs)
        self.bound = nn.Tanh() if config.bounded else nn.Identity()
        unet.draw(self)

    def forward(self, x: Tensor) -> Translation:
        """Translate x [b, channels, (f,) t]."""
        result = self.bound(self.last(self.unet(x)))
        return Translation(result, result)
