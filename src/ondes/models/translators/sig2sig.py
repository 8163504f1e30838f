"""Sig2Sig (Kim et al., Samsung Research): a gated U-Net and multi-channel attention selection."""

from dataclasses import dataclass

from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn import unet
from ondes.nn.layers import Dims
from ondes.nn.selection import Selection
from ondes.nn.translator import Translation

CARD = """\
Sig2Sig: the U-Net of pix2pix with squeeze and excitation and instance norm makes a coarse
translation; of this and its last features several candidates are made, between which attention
chooses at every entry. It also says how unsure it is, entry by entry."""


@dataclass(frozen=True, kw_only=True)
class Config(unet.Config):
    """Options of Sig2Sig: those of a U-Net and

    Attributes:
        candidates: translations between which attention chooses; 10 in SelectionGAN.
        scales: entries that are averaged where attention looks around, powers of 2; those that are
            longer than the U-Net's deepest entries are left out.
        least_uncertainty: of an entry, between 0 and 1, which bounds its logarithm.
        bounded: results lie between -1 and 1, by tanh.
    """

    norm: unet.NormName = "instance"
    gate: bool = True
    candidates: int = 10
    scales: tuple[int, ...] = (1, 4, 8)
    least_uncertainty: float = 0.05
    bounded: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.scales or any(scale < 1 or scale & (scale - 1) for scale in self.scales):
            raise RecipeError(f"scales={self.scales}: give powers of 2, one or more")
        if self.candidates < 1 or not 0 < self.least_uncertainty < 1:
            raise RecipeError(
                f"candidates={self.candidates}, least_uncertainty={self.least_uncertainty}: give "
                "1 or more, and a number between 0 and 1"
            )


def body(config: Config, *, dims: Dims, channels: int, outputs: int, depth: int) -> nn.Module:
    """Return U-Net and selection."""
    return _Selecting(config, dims=dims, channels=channels, outputs=outputs, depth=depth)


class _Selecting(nn.Module):
    def __init__(
        self, config: Config, *, dims: Dims, channels: int, outputs: int, depth: int
    ) -> None:
        super().__init__()
        self.unet = unet.UNet(config, dims=dims, inputs=channels, depth=depth)
        self.last = unet.Last(dims, self.unet.outputs, outputs)
        self.bound = nn.Tanh() if config.bounded else nn.Identity()
        self.features = nn.Sequential(
            unet.Last(dims, self.unet.outputs, config.width),
            *unet.finished(dims, config.width, norm=config.norm, gate=config.gate),
            nn.ReLU(),
        )
        self.selection = Selection(
            dims,
            features=config.width,
            outputs=outputs,
            candidates=config.candidates,
            scales=tuple(scale for scale in config.scales if scale <= 2**depth) or (1,),
            least=config.least_uncertainty,
            bounded=config.bounded,
        )
        for part in (self.unet, self.last, self.features):
            unet.draw(part)

    def forward(self, x: Tensor) -> Translation:
        """Translate x [b, channels, (f,) t]."""
        seen = self.unet(x)
        coarse = self.bound(self.last(seen))
        chosen = self.selection(coarse, self.features(seen))
        return Translation(chosen.result, coarse, chosen.attention, chosen.log_uncertainty)
