"""Losses on maps of independent yes-no cells, taken from logits so that none overflows."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.errors import InputError
from ondes.losses.cells import check_shapes, power, weighted_mean


def bce(logits: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return the binary cross-entropy, the mean over all cells, as a scalar.

    Args:
        logits: any shape.
        target: the same shape, from 0 to 1; soft targets are allowed.
        weight: none, or what broadcasts to that shape and is >= 0: the mean becomes the weighted
            mean, so a cell of weight 0 does not count and scaling all weights changes nothing.

    Raises:
        InputError: the shapes differ.

    >>> bce(torch.zeros(2, 3), torch.ones(2, 3))  # log 2
    tensor(0.6931)
    """
    check_shapes(logits, target)
    cells = F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype), reduction="none")
    return weighted_mean(cells, weight)


def focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    weight: Tensor | None = None,
) -> Tensor:
    """Return the focal loss (Lin et al. 2017, eq. 5), the mean over all cells, as a scalar.

    Cells that the network already gets right count less: FL = -a_t (1 - p_t)^gamma log p_t, where
    p_t is the probability given to the truth. For a soft target, 1 - p_t becomes |target - p|
    (Li et al. 2020, quality focal loss). ``gamma=0`` without `alpha` is `bce`.

    Args:
        logits: any shape.
        target: the same shape, from 0 to 1.
        gamma: how much less, >= 0.
        alpha: none, or the weight from 0 to 1 of positive cells against 1 - alpha of negative ones.
        weight: as for `bce`.

    Raises:
        InputError: the shapes differ, `gamma` is negative or `alpha` leaves [0, 1].
    """
    check_shapes(logits, target)
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise InputError(
            f"focal(gamma={gamma}, alpha={alpha}): gamma must be >= 0 and alpha from 0 to 1"
        )
    target = target.to(logits.dtype)
    cells = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if gamma:
        cells = cells * power((target - torch.sigmoid(logits)).abs(), gamma)
    if alpha is not None:
        cells = cells * (alpha * target + (1 - alpha) * (1 - target))
    return weighted_mean(cells, weight)
