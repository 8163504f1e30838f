"""Max-pooling that costs less, and one that exports with any length."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pool_activated(x: Tensor, activation: nn.Module, *, size: int) -> Tensor:
    """Return ``max_pool1d(activation(x), size)`` for x [b, c, t]: [b, c, t // size].

    Where a function falls at most once and then rises, as Mish and SELU do, its maximum over a
    window is its value at the window's least or greatest input. So the activation is taken of
    the window's two extremes alone: the same result, for 2/size of the work.
    """
    windows = x.unfold(-1, size, size)
    low, high = windows.min(-1).values, windows.max(-1).values
    return torch.maximum(activation(low), activation(high))


def same_max_pool1d(x: Tensor, *, kernel: int) -> Tensor:
    """Return the maximum over `kernel` (odd) samples around each of x [b, c, t]: [b, c, t].

    The same as ``max_pool1d``, by way of two dimensions: torch exports that for any length.
    """
    return F.max_pool2d(x.unsqueeze(2), (1, kernel), 1, (0, kernel // 2)).squeeze(2)
