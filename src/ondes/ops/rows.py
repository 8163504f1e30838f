"""Signals with their channels side by side in memory, [b, t, c], and what is fast on them.

A 1x1 convolution of rows is one matrix product, and libraries convolve images of one line so
("channels last") in about half the time. `fork` is the inception module's linear part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from ondes.ops.convolution.blocks import joined

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
    y = _together(x, _narrowed(x, narrow), long, beside, bias=bias)
    y[..., -len(beside) :] += bias[-len(beside) :]
    return y


def image(x: Tensor) -> Tensor:
    """Return rows [b, t, c] as images of one line, channels last in memory: [b, c, 1, t]."""
    return x.mT.unsqueeze(2)


def _rows(x: Tensor) -> Tensor:
    return x.squeeze(2).mT


class _Context(Protocol):
    """What passes from a pass forward to the one back."""

    saved_tensors: tuple[Any, ...]
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
    @once_differentiable
    def backward(ctx: _Context, slope: Tensor) -> Slopes:
        x, narrow, beside, narrowed, *long = ctx.saved_tensors
        *slopes, last = (part.contiguous() for part in torch.split(slope, len(beside), -1))
        by_long = _by_weights(narrowed, slopes, long)
        by_x = by_narrow = None
        if narrow is not None or ctx.needs_input_grad[0]:
            by_x = _by_narrowed(narrowed, slopes, long)
        if narrow is not None and by_x is not None:
            by_narrow = by_x.flatten(0, 1).T @ x.flatten(0, 1)
            by_x = by_x @ narrow if ctx.needs_input_grad[0] else None
        return by_x, by_narrow, _beside_back(x, last, beside, by_x), *by_long


def _narrowed(x: Tensor, narrow: Tensor | None) -> Tensor:
    return x if narrow is None else x @ narrow.T


def _together(
    x: Tensor,
    narrowed: Tensor,
    long: Sequence[Tensor],
    beside: Tensor,
    *,
    bias: Tensor | None = None,
) -> Tensor:
    n = len(beside)
    y = x.new_empty(*x.shape[:2], n * (len(long) + 1))
    if narrowed.shape[-1] == 1:
        _products(narrowed, joined(long), y[..., :-n])
        if bias is not None:
            y[..., :-n] += bias[:-n]
    else:
        biases = [None] * len(long) if bias is None else torch.split(bias, n)[:-1]
        for side, weight, one in zip(torch.split(y[..., :-n], n, -1), long, biases, strict=True):
            side.copy_(correlate(narrowed, weight, bias=one))
    for part, found in _parts(x, y[..., -n:]):
        found.copy_(peaks(part) @ beside.T)
    return y


def _products(x: Tensor, weight: Tensor, y: Tensor) -> None:
    """Correlate x [b, t, 1] with weight [o, 1, k], by matrix products, into y [b, t, o]."""
    for part, found in _parts(x, y, width=weight.shape[-1]):
        found.copy_(_seen(part, weight.shape[-1]) @ weight[:, 0].T)


def _seen(x: Tensor, taps: int) -> Tensor:
    """Return what each of the outputs sees of x [b, t, 1]: [b, t, taps]."""
    return F.pad(x[..., 0], (taps // 2, taps // 2)).unfold(1, taps, 1)


def _parts(*rows: Tensor, width: int | None = None) -> Iterator[tuple[Tensor, ...]]:
    """Go through equal batches by as many items, of that width in the end, as fit the cache."""
    _, t, c = rows[0].shape
    items = max(1, VALUES // (t * (width or c)))
    return zip(*(torch.split(x, items) for x in rows), strict=True)


def _by_weights(x: Tensor, slopes: Sequence[Tensor], weights: Sequence[Tensor]) -> list[Tensor]:
    """Return the gradients of the long kernels, given those of what they gave."""
    if x.shape[-1] == 1:
        taps = max(weight.shape[-1] for weight in weights)
        pairs = zip(slopes, weights, strict=True)
        return [_by_taps(x, slope, weight, taps=taps) for slope, weight in pairs]
    return [_by_weight(x, slope, w) for slope, w in zip(slopes, weights, strict=True)]


def _by_taps(x: Tensor, slope: Tensor, weight: Tensor, *, taps: int) -> Tensor:
    """Return the gradient of a kernel for one channel: the middle of that of a longer one."""
    total = weight.new_zeros(len(weight), taps, dtype=_summed(weight))
    for part, by_part in _parts(x, slope, width=taps):
        total += by_part.flatten(0, 1).T @ _seen(part, taps).flatten(0, 1)
    outside = (taps - weight.shape[-1]) // 2
    return total[:, None, outside : taps - outside].to(weight.dtype)


def _by_narrowed(x: Tensor, slopes: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Return the gradient of what the long kernels see, x [b, t, m]."""
    total = torch.zeros_like(x)
    for slope, weight in zip(slopes, weights, strict=True):
        total += _rows(_convolution_back(slope, x, weight, padding=None, of="x"))
    return total


def _summed(like: Tensor) -> torch.dtype:
    return torch.promote_types(like.dtype, torch.float32)


def _by_weight(x: Tensor, slope: Tensor, weight: Tensor) -> Tensor:
    taps = weight.shape[-1]
    if taps <= TAPS or x.dtype != torch.float32:
        return _convolution_back(slope, x, weight, padding=None, of="weight")[:, :, 0]
    around = F.pad(x, (0, 0, taps // 2, taps // 2))
    step = -(-taps // -(-taps // TAPS))
    found = []
    for first, some in zip(range(0, taps, step), torch.split(weight, step, -1), strict=True):
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


def _beside_back(x: Tensor, slope: Tensor, beside: Tensor, by_x: Tensor | None) -> Tensor:
    """Return the gradient of the weights after the maximum; add that of x to `by_x`."""
    total = torch.zeros_like(beside, dtype=_summed(beside))
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
