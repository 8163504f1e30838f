"""Losses of numbers, the mean over all cells: torch's own, with weights."""

import torch.nn.functional as F
from torch import Tensor

from ondes.losses.cells import check_shapes, weighted_mean


def mse(outputs: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return the mean squared error, over all cells (eq. 1.9 of the thesis by their number).

    `weight`, if any, broadcasts to the shape and is >= 0; the mean becomes weighted.

    Raises:
        InputError: the shapes differ.
    """
    check_shapes(outputs, target)
    return weighted_mean(F.mse_loss(outputs, target.to(outputs), reduction="none"), weight)


def l1(outputs: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return the mean absolute error, over all cells (eq. 1.8 of the thesis by their number).

    `weight` as for `mse`.

    Raises:
        InputError: the shapes differ.
    """
    check_shapes(outputs, target)
    return weighted_mean(F.l1_loss(outputs, target.to(outputs), reduction="none"), weight)


def huber(
    outputs: Tensor, target: Tensor, *, delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Return the mean over all cells of Huber's loss (1964) of the errors e.

    e^2 / 2 up to `delta` > 0, delta (|e| - delta / 2) beyond; `weight` as for `mse`.

    Raises:
        InputError: the shapes differ.
    """
    check_shapes(outputs, target)
    cells = F.huber_loss(outputs, target.to(outputs), reduction="none", delta=delta)
    return weighted_mean(cells, weight)
