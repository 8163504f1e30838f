"""Matrix products by processors' bfloat16 matrix units, plain or in halves.

A float32 number is the sum of two bfloat16 numbers to 17 bits. With high and low halves side by
side, [h, h, l] times [H; L; H] is the product to about 6e-6 of its largest value, summed in
float32; one product of rounded numbers is good to 3e-3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, Protocol, cast

import torch
from torch import Tensor
from torch.autograd.function import Function

# How many bfloat16 products make one: 3 of halves, 1 of rounded numbers, 0 where none is used.
Halves = Literal[0, 1, 3]


def matrix_units() -> bool:
    """Whether this processor multiplies bfloat16 matrices in units of their own, and torch lets it.

    These are Intel's AMX. Without them bfloat16 is slower than float32.
    """
    settable = hasattr(getattr(torch.backends.mkldnn, "matmul", None), "fp32_precision")
    return settable and bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def product(b: Tensor, *, halves: Halves) -> Callable[[Tensor], Tensor]:
    """Return the differentiable function a -> a @ b, with all that depends on b alone done.

    With `halves` both are rounded as said, in backward passes too; where processors have no matrix
    units this gives float32's own result.
    """
    if halves == 0:
        return lambda a: a @ b
    stacked = _right(b.detach(), halves)

    def times(a: Tensor) -> Tensor:
        return cast(Tensor, _Product.apply(a, b, stacked, halves))  # type: ignore[no-untyped-call]

    return times


class _Context(Protocol):
    """What passes from a pass forward to the one back."""

    halves: Halves
    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Product(Function):
    """a [..., m, k] times b [k, n]; stacked is b in halves."""

    @staticmethod
    def forward(ctx: _Context, a: Tensor, b: Tensor, stacked: Tensor, halves: Halves) -> Tensor:
        ctx.save_for_backward(a, b)
        ctx.halves = halves
        with _bfloat16_products():
            return _left(a, halves) @ stacked

    @staticmethod
    def backward(ctx: _Context, slope: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        a, b = ctx.saved_tensors
        rows = a.flatten(0, -2)
        by_a = by_b = None
        if ctx.needs_input_grad[0]:
            by_a = product(b.T, halves=ctx.halves)(slope)
        if ctx.needs_input_grad[1]:
            by_b = product(slope.flatten(0, -2), halves=ctx.halves)(rows.T)
        return by_a, by_b, None, None


def _left(a: Tensor, halves: Halves) -> Tensor:
    if halves == 1:
        return a
    high = a.bfloat16().to(a.dtype)
    return torch.cat([high, high, a - high], -1)


def _right(b: Tensor, halves: Halves) -> Tensor:
    if halves == 1:
        return b
    high = b.bfloat16().to(b.dtype)
    return torch.cat([high, b - high, high])


@contextmanager
def _bfloat16_products() -> Iterator[None]:
    """Let products of float32 matrices round their factors to bfloat16.

    The switch is the process's: a float32 product in another thread would round meanwhile too.
    """
    if not matrix_units():
        yield
        return
    matmul = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = matmul.fp32_precision
    matmul.fp32_precision = "bf16"
    try:
        yield
    finally:
        matmul.fp32_precision = before
