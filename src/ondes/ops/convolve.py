"""Convolution of long signals by the fastest of several ways, all the same to rounding.

`convolve` is torch's ``conv1d`` and `extremes` what max-pooling needs of it. Which kernel computes
them is probed once for a shape and processor, kept in the user's cache folder
(``ondes/convolution.json``), and can be `fixed`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.errors import InputError
from ondes.ops.convolution import blocks
from ondes.ops.convolution.blocks import Extremes, Padding, piece, pieces, same, window_extremes
from ondes.ops.convolution.choice import BLOCK, chosen, fixed
from ondes.ops.convolution.job import Job
from ondes.ops.convolution.kernels import Direct, Kernel

__all__ = [
    "convolve",
    "extremes",
    "fixed",
    "piece",
    "pieces",
    "prepared_extremes",
    "rounded",
    "window_extremes",
]

SHORT = 8  # taps: what has fewer is computed directly


def convolve(
    x: Tensor,
    weight: Tensor,
    *,
    bias: Tensor | None = None,
    padding: Padding | None = None,
    dilation: int = 1,
) -> Tensor:
    """Correlate x [b, c, t] with weight [o, c / groups, k] as ``conv1d`` does: [b, o, t].

    Differentiable. Short kernels, signals elsewhere than on the processor, and graphs that are
    compiled or exported are left to torch. Under ``torch.autocast`` to bfloat16 products may be
    rounded to it and the result is bfloat16, as of ``conv1d``; else results differ from that by
    1e-5 of the largest at most.

    Args:
        x: signals; groups of channels that do not see each other follow from its channels.
        weight: taps.
        bias: [o], added.
        padding: zeros (before, after) the signal; None keeps the length, with an odd zero after.
        dilation: distance of taps in samples.

    Raises:
        InputError: the shapes do not fit.

    >>> convolve(torch.tensor([[[1.0, 2.0, 3.0]]]), torch.tensor([[[1.0, 0.0, -1.0]]]))
    tensor([[[-2., -2.,  2.]]])
    """
    _check(x, weight)
    padding = same((weight.shape[-1] - 1) * dilation + 1) if padding is None else padding
    if not _left_to_torch(x, weight.shape[-1]):
        taps = _spread(weight, dilation)
        kernel = chosen(Job.of(x, [taps], rounded=rounded(x)))
        if kernel != Direct():
            return _by(kernel, x, taps, bias=bias, padding=padding)
    return _direct(x, weight, bias=bias, padding=padding, dilation=dilation)


def _by(
    kernel: Kernel, x: Tensor, weight: Tensor, *, bias: Tensor | None, padding: Padding
) -> Tensor:
    with torch.autocast("cpu", enabled=False):
        y = blocks.correlate(x.to(weight.dtype), weight, kernel, padding=padding)
        y = y if bias is None else y + bias[:, None]
    return y.bfloat16() if rounded(x) else y


def extremes(x: Tensor, weights: Sequence[Tensor], *, size: int) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest of every `size` outputs: [b, sum of o_i, t // size] each.

    The outputs are ``convolve(x, weight)`` of x [b, c, t] for each weight [o_i, c, k_i], one below
    the other. They are computed in pieces that stay in the processor's cache and are never in
    memory as a whole. For inference: there is no pass back.

    >>> low, high = extremes(torch.tensor([[[1.0, 2.0, 3.0, 0.0]]]), [torch.ones(1, 1, 3)], size=2)
    >>> low, high
    (tensor([[[3., 3.]]]), tensor([[[6., 5.]]]))
    """
    found = prepared_extremes(x, weights, size=size)
    stop = x.shape[-1] // size * size + found.after
    with torch.no_grad():
        sides = [found(piece(item.to(weights[0]), -found.before, stop)) for item in x]
    low, high = (torch.stack(side) for side in zip(*sides, strict=True))
    return low, high


def prepared_extremes(x: Tensor, weights: Sequence[Tensor], *, size: int) -> Extremes:
    """Return what finds `extremes` in pieces of signals like x [b, c, t], one after the other.

    The kernel is the one for the whole of x. Raises InputError where the shapes do not fit.
    """
    for weight in weights:
        _check(x, weight)
        if weight.shape[1] != x.shape[1]:
            raise InputError(f"extremes of x {list(x.shape)}: weights see all of its channels")
    kernel: Kernel = Direct(BLOCK)
    if not _left_to_torch(x, max(w.shape[-1] for w in weights)):
        kernel = chosen(Job.of(x, weights, pool=size, rounded=rounded(x)))
    with torch.no_grad():
        return Extremes(weights, kernel, size=size)


def _left_to_torch(x: Tensor, taps: int) -> bool:
    return (
        torch.compiler.is_compiling()
        or taps < SHORT
        or x.device.type != "cpu"
        or x.dtype not in (torch.float32, torch.float64, torch.bfloat16)
        or (x.dtype == torch.bfloat16 and not rounded(x))
    )


def rounded(x: Tensor) -> bool:
    """Tell whether bfloat16 is asked for."""
    return (
        torch.is_autocast_enabled(x.device.type)
        and torch.get_autocast_dtype(x.device.type) == torch.bfloat16
        and x.dtype != torch.float64
    )


def _direct(
    x: Tensor, weight: Tensor, *, bias: Tensor | None, padding: Padding, dilation: int
) -> Tensor:
    before, after = padding
    groups = x.shape[1] // weight.shape[1]
    if before != after:
        x, before = F.pad(x, padding), 0
    return F.conv1d(x, weight, bias, padding=before, dilation=dilation, groups=groups)


def _spread(weight: Tensor, dilation: int) -> Tensor:
    """Put dilation - 1 zeros between taps."""
    if dilation == 1:
        return weight
    spread = F.pad(weight[..., None], (0, dilation - 1)).flatten(-2)
    return spread[..., : spread.shape[-1] - dilation + 1]


def _check(x: Tensor, weight: Tensor) -> None:
    if torch.compiler.is_compiling():
        return
    fits = x.ndim == weight.ndim == 3 and x.shape[1] % weight.shape[1] == 0
    if not fits or len(weight) % (x.shape[1] // weight.shape[1]):
        raise InputError(
            f"convolve(x {list(x.shape)}, weight {list(weight.shape)}): give [b, c, t] and "
            f"[o, c / groups, k], with o and c multiples of the groups"
        )
