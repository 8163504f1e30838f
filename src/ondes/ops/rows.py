"""Signals with their channels side by side in memory, [b, t, c], and what is fast on them.

A 1x1 convolution of rows is one matrix product, and libraries convolve images of one line so
("channels last") in about half the time. `fork` is the inception module's linear part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

VALUES = 2**18  # of a signal to work on at a time: they stay in a core's cache
TAPS = 13  # of which gradients are taken at a time: with more, libraries fall out of registers


def correlate(x: Tensor, weight: Tensor, *, bias: Tensor | None = None) -> Tensor:
    """Correlate x [b, t, c] with weight [o, c, k], k odd, between zeros: [b, t, o].

    >>> correlate(torch.tensor([[[1.0], [2.0], [3.0]]]), torch.tensor([[[1.0, 0.0, -1.0]]])).mT
    tensor([[[-2., -2.,  2.]]])
    """
    padding = (0, weight.shape[-1] // 2)
    return _rows(F.conv2d(image(x), weight.unsqueeze(2), bias, padding=padding))


def peaks(x: Tensor) -> Tensor:
    """Return the maximum of every entry of x [b, t, c] and its two neighbours in time.

    >>> peaks(torch.tensor([[[1.0], [0.0], [2.0], [1.0], [0.0]]])).flatten()
    tensor([1., 2., 2., 2., 1.])
    """
    return _peaks(x, _pairs(x))


def fork(x: Tensor, *, narrow: Tensor | None, long: Sequence[Tensor], beside: Tensor) -> Tensor:
    """Return what an inception module puts together: [b, t, n * (len(long) + 1)].

    Differentiable, once. Where neighbours are equal, the earlier one is the maximum.

    Args:
        x: [b, t, c], rows contiguous.
        narrow: 1x1 weights [m, c] before the long kernels; None: these see x itself.
        long: weights [n, m, k], k odd.
        beside: 1x1 weights [n, c] after the maximum over three.
    """
    return cast(Tensor, _Fork.apply(x, narrow, beside, *long))  # type: ignore[no-untyped-call]


def forked(
    x: Tensor,
    *,
    narrow: Tensor | None,
    long: Sequence[Tensor],
    beside: Tensor,
    bias: Tensor,
) -> Tensor:
    """Return `fork` plus `bias` [n * (len(long) + 1)], without gradients."""
    n = len(beside)
    y = _together(x, _narrowed(x, narrow), long, beside, bias=bias.split(n))
    y[..., -n:] += bias[-n:]
    return y


def image(x: Tensor) -> Tensor:
    """Return rows [b, t, c] as images of one line, channels last in memory: [b, c, 1, t]."""
    return x.mT.unsqueeze(2)


def _rows(x: Tensor) -> Tensor:
    return x.squeeze(2).mT


class _Context(Protocol):
    """What passes from a pass forward to the one back."""

    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None: ...


Slopes = tuple[Tensor | None, ...]


class _Fork(Function):
    @staticmethod
    def forward(
        ctx: _Context, x: Tensor, narrow: Tensor | None, beside: Tensor, *long: Tensor
    ) -> Tensor:
        narrowed = _narrowed(x, narrow)
        ctx.save_for_backward(x, narrow, beside, narrowed, *long)
        return _together(x, narrowed, long, beside)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: _Context, slope: Tensor) -> Slopes:
        x, narrow, beside, narrowed, *long = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0]
        slopes = slope.split(len(beside), -1)
        by_long, by_narrowed = _long_back(slopes, narrowed, long, wanted or narrow is not None)
        by_x, by_narrow = _narrow_back(x, narrow, by_narrowed, wanted=wanted)
        by_beside = _beside_back(x, slopes[-1].contiguous(), beside, by_x)
        return by_x, by_narrow, by_beside, *by_long


def _narrowed(x: Tensor, narrow: Tensor | None) -> Tensor:
    return x if narrow is None else x @ narrow.T


def _together(
    x: Tensor,
    narrowed: Tensor,
    long: Sequence[Tensor],
    beside: Tensor,
    *,
    bias: Sequence[Tensor | None] = (),
) -> Tensor:
    n = len(beside)
    y = x.new_empty(*x.shape[:2], n * (len(long) + 1))
    *sides, last = y.split(n, -1)
    for side, weight, b in zip(sides, long, bias[:-1] or [None] * len(long), strict=True):
        side.copy_(correlate(narrowed, weight, bias=b))
    for part, found in _parts(x, last):
        found.copy_(peaks(part) @ beside.T)
    return y


def _parts(*rows: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Go through equal batches by as many items as fit the cache."""
    items = max(1, VALUES // max(1, rows[0][0].numel()))
    return zip(*(x.split(items) for x in rows), strict=True)


def _long_back(
    slopes: Sequence[Tensor],
    x: Tensor,
    weights: Sequence[Tensor],
    wanted: bool,  # noqa: FBT001
) -> tuple[list[Tensor], Tensor | None]:
    """Return the gradients of the long kernels and, if wanted, of x [b, t, m]."""
    by_x, by_weights = None, []
    for slope, weight in zip(slopes[: len(weights)], weights, strict=True):
        slope = slope.contiguous()  # noqa: PLW2901
        by_weights.append(_by_weight(x, slope, weight))
        if wanted:
            one = _rows(_convolution_back(slope, x, weight, padding=None, of="x"))
            by_x = one if by_x is None else by_x.add_(one)
    return by_weights, by_x


def _by_weight(x: Tensor, slope: Tensor, weight: Tensor) -> Tensor:
    taps = weight.shape[-1]
    if taps <= TAPS or x.dtype != torch.float32:
        return _convolution_back(slope, x, weight, padding=None, of="weight")[:, :, 0]
    around = F.pad(x, (0, 0, taps // 2, taps // 2))
    step = -(-taps // -(-taps // TAPS))
    found = []
    for first, some in zip(range(0, taps, step), weight.split(step, -1), strict=True):
        seen = around[:, first : first + x.shape[1] + some.shape[-1] - 1].contiguous()
        found.append(_convolution_back(slope, seen, some, padding=0, of="weight")[:, :, 0])
    return torch.cat(found, -1)


def _convolution_back(
    slope: Tensor, x: Tensor, weight: Tensor, *, padding: int | None, of: str
) -> Tensor:
    """Return the gradient of x or of the weight, as an image."""
    by_x, by_weight, _ = torch.ops.aten.convolution_backward(
        image(slope),
        image(x),
        weight.unsqueeze(2),
        None,
        [1, 1],
        [0, weight.shape[-1] // 2 if padding is None else padding],
        [1, 1],
        False,  # noqa: FBT003  # not transposed
        [0, 0],
        1,
        [of == "x", of == "weight", False],
    )
    return cast(Tensor, by_x if of == "x" else by_weight)


def _narrow_back(
    x: Tensor, narrow: Tensor | None, slope: Tensor | None, *, wanted: bool
) -> tuple[Tensor | None, Tensor | None]:
    """Return the gradients of x, if wanted, and of the weights before the long kernels."""
    if narrow is None or slope is None:
        return slope, None
    by_narrow = slope.flatten(0, 1).T @ x.flatten(0, 1)
    return (slope @ narrow if wanted else None), by_narrow


def _beside_back(x: Tensor, slope: Tensor, beside: Tensor, by_x: Tensor | None) -> Tensor:
    """Return the gradient of the weights after the maximum; add that of x to `by_x`."""
    total = torch.zeros_like(beside, dtype=torch.promote_types(beside.dtype, torch.float32))
    for part, by_part, found in _parts(x, slope, x if by_x is None else by_x):
        pairs = _pairs(part)
        total += by_part.flatten(0, 1).T @ _peaks(part, pairs).flatten(0, 1)
        if by_x is not None:
            _peaks_back(part, pairs, by_part @ beside, found)
    return total.to(beside.dtype)


def _pairs(x: Tensor) -> Tensor:
    """Return the maxima of neighbours in x [b, t, c]: [b, t - 1, c]."""
    return torch.maximum(x[:, 1:], x[:, :-1])


def _peaks(x: Tensor, pairs: Tensor) -> Tensor:
    """Return the maxima over three from those over two."""
    if x.shape[1] == 1:
        return x
    found = torch.empty_like(x)
    found[:, 0], found[:, -1] = pairs[:, 0], pairs[:, -1]
    torch.maximum(pairs[:, 1:], pairs[:, :-1], out=found[:, 1:-1])
    return found


def _peaks_back(x: Tensor, pairs: Tensor, slope: Tensor, by_x: Tensor) -> None:
    """Add to `by_x` what the slopes [b, t, c] of the maxima over three give to x [b, t, c].

    A maximum over three is one of two maxima over two. Whatever is not the later one's is the
    earlier one's, which takes no mask besides that of the threshold.
    """
    if x.shape[1] == 1:
        by_x += slope
        return
    later = _where_above(slope[:, 1:-1], pairs[:, 1:], pairs[:, :-1])
    by_pairs = slope[:, 1:].clone()
    by_pairs[:, :-1] -= later
    by_pairs[:, 1:] += later
    by_pairs[:, 0] += slope[:, 0]
    later = _where_above(by_pairs, x[:, 1:], x[:, :-1])
    by_x[:, 1:] += later
    by_x[:, :-1] += by_pairs.sub_(later)


def _where_above(slope: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return the slope where a > b, else 0."""
    return cast(Tensor, torch.ops.aten.threshold_backward(slope, a - b, 0))
