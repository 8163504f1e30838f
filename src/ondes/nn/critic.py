"""Critics that judge patches (Isola et al. 2017, PatchGAN; Miyato et al. 2018, spectral norm)."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from ondes.errors import ChannelError, RecipeError
from ondes.nn.layers import Dims
from ondes.nn.mirror import mirrored
from ondes.nn.unet import SLOPE, WIDEST, NormName, downwards, draw, finished


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of a critic.

    Attributes:
        width: channels of the first convolution, 64 in the papers.
        layers: convolutions with stride 2; 3 of them, and two without, judge patches of 70.
        spectral: spectral norm on every layer, as Sig2Sig has it.
        norm: after each convolution but the first and the last; pix2pix has 'batch' and no
            spectral norm.
    """

    width: int = 16
    layers: int = 3
    spectral: bool = True
    norm: NormName = "none"

    def __post_init__(self) -> None:
        if min(self.width, self.layers) < 1:
            raise RecipeError(f"width={self.width}, layers={self.layers}: give 1 or more")


class PatchCritic(nn.Module):
    """One judgement per patch, without a sigmoid: [b, inputs, (f,) t] -> [b, 1, (f',) t'].

    With n layers f' = f / 2^n - 2, and so is t'. Shorter axes than that needs are mirrored to it,
    others to a multiple of 2^n.

    Args:
        config: its options.
        dims: 1 for signals, 2 for maps.
        inputs: channels of what is judged and, where the critic sees it, of what it was made of.

    Attributes:
        patch: entries along each axis that a judgement looks at.
    """

    def __init__(self, config: Config, *, dims: Dims, inputs: int) -> None:
        super().__init__()
        self.dims, self.inputs, self.layers = dims, inputs, config.layers
        self.patch = patch(config.layers)
        widths = [config.width * min(2**i, WIDEST) for i in range(config.layers + 1)]
        rows: list[nn.Module] = [downwards(dims, inputs, widths[0], bias=True), nn.LeakyReLU(SLOPE)]
        for i, (before, after) in enumerate(pairwise(widths), start=1):
            stride, bias = 2 if i < config.layers else 1, config.norm == "none"
            rows.append(downwards(dims, before, after, bias=bias, stride=stride))
            rows += finished(dims, after, norm=config.norm, gate=False)
            rows.append(nn.LeakyReLU(SLOPE))
        rows.append(downwards(dims, widths[-1], 1, bias=True, stride=1))
        self.rows = nn.Sequential(*rows)
        draw(self.rows)
        if config.spectral:
            bound(self.rows)

    def forward(self, x: Tensor, given: Tensor | None = None) -> Tensor:
        """Judge x and, beside it, what it was `given` to be made of, if that shall count.

        Raises:
            ChannelError: both together have other than `inputs` channels.
        """
        seen = x if given is None else torch.cat([given, x], dim=1)
        if seen.shape[1] != self.inputs:
            raise ChannelError(
                f"{seen.shape[1]} channels to judge, the critic takes {self.inputs}; "
                f"{'give' if given is None else 'leave out'} what it was made of"
            )
        step = 2**self.layers
        wide, _ = mirrored(seen, step, axes=self.dims, least=3 * step)
        judged: Tensor = self.rows(wide)
        return judged


def patch(layers: int) -> int:
    """Return how many entries along each axis a judgement looks at.

    >>> patch(3)
    70
    """
    return (9 << layers) - 2


def bound(net: nn.Module) -> None:
    """Divide the weights of every convolution in `net` by their spectral norm, for good.

    The norm is that of the matrix [outputs, inputs * kernel], as in the paper; one step of power
    iteration goes with each call in training.
    """
    kinds = (nn.Conv1d, nn.Conv2d)
    for layer in [layer for layer in net.modules() if isinstance(layer, kinds)]:
        parametrizations.spectral_norm(layer)
