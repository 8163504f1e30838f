"""Max-pooling that costs less, and one that exports with any length."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.ops.convolve import piece

CACHED = 2**15  # values to activate at a time, so that those between stay in the cache
MISH_IS_X = 20.0  # from here on, in single precision and double


def pool_activated(x: Tensor, activation: nn.Module, *, size: int) -> Tensor:
    """Return ``max_pool1d(activation(x), size)`` for x [b, c, t]: [b, c, t // size].

    Where a function falls at most once and then rises, as Mish and SELU do, its maximum over a
    window is its value at the window's least or greatest input. So the activation is taken of
    the window's two extremes alone: the same result, for 2/size of the work.
    """
    windows = x.unfold(-1, size, size)
    low, high = windows.min(-1).values, windows.max(-1).values
    return torch.maximum(activation(low), activation(high))


def greater_activated(low: Tensor, high: Tensor, activation: nn.Module) -> Tensor:
    """Return the greater of activation(low) and activation(high), without gradients.

    What `pool_activated` gives, of windows' extremes already found. Mish is x tanh(softplus(x)) =
    x n / (n + 2) with n = e^x (e^x + 2), which takes one exponential.
    """
    function = _mish if isinstance(activation, nn.Mish) else activation
    sides = (torch.split(side.flatten(), CACHED) for side in (low, high))
    parts = [torch.maximum(function(a), function(b)) for a, b in zip(*sides, strict=True)]
    return torch.cat(parts).view_as(low)


def _mish(x: Tensor) -> Tensor:
    power = x.clamp(max=MISH_IS_X).exp_()
    n = (power + 2).mul_(power)
    return x.mul(n).div_(n.add_(2))


def same_max_pool1d(x: Tensor, *, kernel: int) -> Tensor:
    """Return the maximum over `kernel` (odd) samples around each of x [b, c, t]: [b, c, t].

    The same as ``max_pool1d``, by way of two dimensions: torch exports that for any length.
    """
    half = kernel // 2
    if torch.compiler.is_compiling() or (torch.is_grad_enabled() and x.requires_grad):
        return F.max_pool2d(x.unsqueeze(2), (1, kernel), 1, (0, half)).squeeze(2)
    return slid_maximum(piece(x, -half, x.shape[-1] + half, outside=-torch.inf), kernel=kernel)


def slid_maximum(x: Tensor, *, kernel: int) -> Tensor:
    """Return the maximum of every `kernel` neighbours in x [..., t]: [..., t - kernel + 1].

    Shifted copies are compared, which is several times as fast as pooling and has no gradient.
    """
    length = x.shape[-1] - kernel + 1
    greatest = x[..., :length].clone()
    for shift in range(1, kernel):
        torch.maximum(greatest, x[..., shift : shift + length], out=greatest)
    return greatest
