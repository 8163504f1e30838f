"""Multi-channel attention selection (Tang et al. 2019, SelectionGAN; the Sig2Sig poster)."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.nn.layers import Dims

STEEP = 2.0  # of W_u at first: shares are small, and doubt shall depend on them from the start

__all__ = ["Selected", "Selection", "magnified", "selected"]


class Selected(NamedTuple):
    """What was chosen: result [b, c, ...], attention [b, M, ...], log-uncertainty [b, 1, ...]."""

    result: Tensor
    attention: Tensor
    log_uncertainty: Tensor


class Selection(nn.Module):
    """Choose at each entry among `candidates` translations, and say how sure that is.

    F = concat(coarse, features); F <- concat(F * up(pool_k(F)) for every scale k);
    I_A = softmax over the M candidates of a 1x1 convolution of F; candidates I_G = tanh of a
    convolution of 3; I = sum_m I_A^m I_G^m. Uncertainty I_U = u + (1 - u) sigmoid(W_u I_A + b_u),
    with the least u: as on the poster, but its logarithm stays within [log u, 0] and has a slope
    everywhere.

    Args:
        dims: 1 for signals, 2 for maps.
        features: channels of the features.
        outputs: channels of a translation, c.
        candidates: M.
        scales: k, entries that are averaged along each axis; whole parts of the axes' lengths.
        least: u, between 0 and 1.
        bounded: candidates lie between -1 and 1; otherwise there is no tanh.
    """

    def __init__(
        self,
        dims: Dims,
        *,
        features: int,
        outputs: int,
        candidates: int,
        scales: tuple[int, ...],
        least: float,
        bounded: bool = True,
    ) -> None:
        super().__init__()
        conv: Any = nn.Conv1d if dims == 1 else nn.Conv2d
        inputs = (features + outputs) * len(scales)
        self.attend = conv(inputs, candidates, 1)
        self.imagine = conv(inputs, candidates * outputs, 3, padding=1)
        self.doubt = conv(candidates, 1, 1)
        nn.init.normal_(self.doubt.weight, std=STEEP)
        self.scales, self.least = scales, least
        self.bound = nn.Tanh() if bounded else nn.Identity()

    def forward(self, coarse: Tensor, features: Tensor) -> Selected:
        """Map a coarse translation and the features it was made of, both at full size."""
        seen = torch.cat([coarse, features], dim=1)
        seen = torch.cat([seen * magnified(seen, scale) for scale in self.scales], dim=1)
        attention = torch.softmax(self.attend(seen), dim=1)
        candidates = self.bound(self.imagine(seen)).unflatten(1, (attention.shape[1], -1))
        uncertainty = self.least + (1 - self.least) * torch.sigmoid(self.doubt(attention))
        return Selected(selected(attention, candidates), attention, uncertainty.log())


def selected(attention: Tensor, candidates: Tensor) -> Tensor:
    """Return sum_m attention[:, m] * candidates[:, m]: [b, M, ...], [b, M, c, ...] -> [b, c, ...].

    >>> selected(torch.tensor([[[0.25], [0.75]]]), torch.tensor([[[[4.0]], [[8.0]]]]))
    tensor([[[7.]]])
    """
    return (attention.unsqueeze(2) * candidates).sum(1)


def magnified(x: Tensor, scale: int) -> Tensor:
    """Average [b, c, (f,) t] over stretches of `scale` along each axis, and magnify it again.

    Lines run from the middle of a stretch to that of the next.

    >>> magnified(torch.tensor([[[0.0, 2.0, 4.0, 6.0]]]), 2).tolist()
    [[[1.0, 2.0, 4.0, 5.0]]]
    """
    if scale == 1:
        return x
    flat = x.ndim == 3
    kernel = (1, scale) if flat else (scale, scale)
    means = F.avg_pool2d(x.unsqueeze(2) if flat else x, kernel)
    factors = (1.0, float(scale)) if flat else (float(scale), float(scale))
    wide = F.interpolate(means, scale_factor=factors, mode="bilinear", align_corners=False)
    return wide.squeeze(2) if flat else wide
