"""A kernel over a whole signal, piece by piece, so that what it writes stays in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.ops.convolution.kernels import Kernel

Padding = tuple[int, int]


def same(kernel: int) -> Padding:
    """Return the zeros (before, after) with which `kernel` taps keep the length."""
    return (kernel - 1) // 2, kernel // 2


def correlate(x: Tensor, weight: Tensor, kernel: Kernel, *, padding: Padding) -> Tensor:
    """Correlate x [b, c, t] with weight [o, c / groups, k]: [b, o, t + sum(padding) - k + 1].

    Without gradients items are computed one by one: a batch gives what its items give, bit by bit.
    """
    padded = F.pad(x, padding)
    run = kernel.prepare(weight, x.shape[1] // weight.shape[1])
    outputs = padded.shape[-1] - weight.shape[-1] + 1
    pieces = list(_pieces(outputs, kernel.step(weight)))
    reach = weight.shape[-1] - 1
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad):
        return torch.cat([run(padded[..., a : b + reach]) for a, b in pieces], -1)
    y = x.new_empty(len(x), len(weight), outputs)
    for item in range(len(x)):
        for a, b in pieces:
            y[item, :, a:b] = run(padded[item : item + 1, :, a : b + reach])[0]
    return y


def extremes(
    x: Tensor, weights: Sequence[Tensor], kernel: Kernel, *, size: int
) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest value in windows of `size` outputs, [b, o, t // size] each.

    The outputs are those of `correlate` of x [b, c, t] with each of the weights [o_i, c, k_i], one
    below the other, with the length kept; they are never in memory as a whole.
    """
    parts = [joined(weights)] if kernel.joins else weights
    found = [_extremes(x, weight, kernel, size=size) for weight in parts]
    low, high = (torch.cat(side, 1) for side in zip(*found, strict=True))
    return low, high


def _extremes(x: Tensor, weight: Tensor, kernel: Kernel, *, size: int) -> tuple[Tensor, Tensor]:
    padded, reach = F.pad(x, same(weight.shape[-1])), weight.shape[-1] - 1
    run, windows = kernel.prepare(weight, 1), x.shape[-1] // size
    step = kernel.step(weight)
    pieces = list(_pieces(windows, None if step is None else max(1, step // size)))
    low, high = (x.new_empty(len(x), len(weight), windows) for _ in range(2))
    for item in range(len(x)):
        for a, b in pieces:
            y = run(padded[item : item + 1, :, a * size : b * size + reach])[0]
            low[item, :, a:b], high[item, :, a:b] = window_extremes(y, size=size)
    return low, high


def window_extremes(y: Tensor, *, size: int) -> tuple[Tensor, Tensor]:
    """Return the least and greatest of windows of `size` in y [..., t]: [..., t // size] each.

    >>> window_extremes(torch.tensor([3.0, 1.0, 2.0, 5.0, 4.0, 9.0, 0.0]), size=3)
    (tensor([1., 4.]), tensor([3., 9.]))
    """
    y = y[..., : y.shape[-1] // size * size]
    if y.stride(-1) == 1:  # torch is slow at extremes along the axis that is last in memory
        windows = torch.unflatten(y, -1, (-1, size)).movedim(-1, 0).contiguous()
        return windows.amin(0), windows.amax(0)
    windows = torch.unflatten(y.mT, -2, (-1, size))
    return windows.amin(-2).mT, windows.amax(-2).mT


def joined(weights: Sequence[Tensor]) -> Tensor:
    """Return weights [o_i, c, k_i] one below the other, centred among zeros as their padding asks.

    >>> joined([torch.ones(1, 1, 4), torch.ones(1, 1, 1)])[:, 0]
    tensor([[1., 1., 1., 1.],
            [0., 1., 0., 0.]])
    """
    before = max(same(w.shape[-1])[0] for w in weights)
    after = max(same(w.shape[-1])[1] for w in weights)
    sides = [same(w.shape[-1]) for w in weights]
    padded = [F.pad(w, (before - b, after - a)) for w, (b, a) in zip(weights, sides, strict=True)]
    return torch.cat(padded)


def _pieces(total: int, step: int | None) -> Iterator[tuple[int, int]]:
    step = total if step is None else step
    return ((a, min(a + step, total)) for a in range(0, total, max(step, 1)))
