"""Losses of yes and no as +1 and -1, and of how far an output lies on the right side."""

import torch
from torch import Tensor

from ondes.losses.cells import check_shapes, weighted_mean


def hinge(outputs: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return the hinge loss max(0, 1 - y f), the mean over all cells, as a scalar.

    Args:
        outputs: f, any shape.
        target: y, the same shape, -1 or 1.
        weight: none, or what broadcasts to that shape and is >= 0; the mean becomes weighted.

    Raises:
        InputError: the shapes differ.

    >>> hinge(torch.tensor([0.5, 3.0]), torch.tensor([1.0, 1.0]))
    tensor(0.2500)
    """
    check_shapes(outputs, target)
    return weighted_mean((1 - target.to(outputs) * outputs).clamp_min(0), weight)


def exponential(
    outputs: Tensor, target: Tensor, *, beta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Return the exponential loss exp(-beta y . f), the mean over items, as a scalar.

    Args:
        outputs: f [..., m]; the product with y is taken over the last axis.
        target: y, the same shape, -1 or 1 (or any code of a class).
        beta: how steep, > 0.
        weight: none, or what broadcasts to the shape without its last axis and is >= 0.

    Raises:
        InputError: the shapes differ.

    >>> exponential(torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 1.0]]))
    tensor(1.)
    """
    check_shapes(outputs, target)
    return weighted_mean(torch.exp(-beta * (target.to(outputs) * outputs).sum(-1)), weight)
