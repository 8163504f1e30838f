"""A kernel over a whole signal, piece by piece, so that what it writes stays in the cache."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.ops.convolution.kernels import Kernel

Padding = tuple[int, int]

PIECE = 2**13  # samples of a signal: with what becomes of them they stay in a core's cache


def same(kernel: int) -> Padding:
    """Return the zeros (before, after) with which `kernel` taps keep the length."""
    return (kernel - 1) // 2, kernel // 2


def correlate(x: Tensor, weight: Tensor, kernel: Kernel, *, padding: Padding) -> Tensor:
    """Correlate x [b, c, t] with weight [o, c / groups, k]: [b, o, t + sum(padding) - k + 1].

    Without gradients items are computed one by one: a batch gives what its items give, bit by bit.
    """
    before, reach = padding[0], weight.shape[-1] - 1
    outputs = x.shape[-1] + sum(padding) - reach
    run = kernel.prepare(weight, x.shape[1] // weight.shape[1])
    places = pieces(outputs, kernel.step(weight))
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad):
        return torch.cat([run(piece(x, a - before, b - before + reach)) for a, b in places], -1)
    y = x.new_empty(len(x), len(weight), outputs)
    for item, found in zip(torch.split(x, 1), y, strict=True):
        for a, b in places:
            found[:, a:b] = run(piece(item, a - before, b - before + reach))[0]
    return y


class Extremes:
    """The least and greatest outputs in windows of `size`, with what depends on weights done once.

    The outputs are those of `correlate` with each of the weights [o_i, c, k_i], one below the
    other; a window depends on `before` and `after` samples around it.
    """

    def __init__(self, weights: Sequence[Tensor], kernel: Kernel, *, size: int) -> None:
        sides = [same(weight.shape[-1]) for weight in weights]
        self.size = size
        self.outputs = sum(len(weight) for weight in weights)
        self.before = max(before for before, _ in sides)
        self.after = max(after for _, after in sides)
        self._weights = [joined(weights)] if kernel.joins else list(weights)
        self._runs = [kernel.prepare(weight, 1) for weight in self._weights]
        steps = [kernel.step(weight) or PIECE for weight in self._weights]
        self._steps = [max(1, step // size) for step in steps]  # in windows

    @property
    def step(self) -> int:
        """Windows in a piece that leaves no block half empty, of about PIECE samples."""
        most = max(self._steps)
        return most * max(1, round(PIECE / (most * self.size)))

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map x [c, before + n * size + after] to the extremes [o, n] each."""
        with torch.autocast(x.device.type, enabled=False):
            return self._found(x)

    def _found(self, x: Tensor) -> tuple[Tensor, Tensor]:
        windows = (x.shape[-1] - self.before - self.after) // self.size
        low, high = (x.new_empty(self.outputs, windows) for _ in range(2))
        first = 0
        for weight, run, step in zip(self._weights, self._runs, self._steps, strict=True):
            rows = slice(first, first + len(weight))
            start, reach = self.before - same(weight.shape[-1])[0], weight.shape[-1] - 1
            for a, b in pieces(windows, step):
                y = run(x[None, :, start + a * self.size : start + b * self.size + reach])[0]
                low[rows, a:b], high[rows, a:b] = window_extremes(y, size=self.size)
            first = rows.stop
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


def pieces(total: int, step: int | None) -> list[tuple[int, int]]:
    """Return where pieces of `step` begin and end; None makes one of all.

    >>> pieces(10, 4)
    [(0, 4), (4, 8), (8, 10)]
    """
    step = max(total if step is None else step, 1)
    return [(a, min(a + step, total)) for a in range(0, total, step)]


def piece(x: Tensor, start: int, stop: int, *, outside: float = 0.0) -> Tensor:
    """Return samples [start, stop) of x [..., t], with a value for those outside.

    >>> piece(torch.tensor([1.0, 2.0, 3.0]), -1, 2)
    tensor([0., 1., 2.])
    """
    inside = x[..., max(start, 0) : max(stop, 0)]
    lacking = (min(max(-start, 0), stop - start), min(max(stop - x.shape[-1], 0), stop - start))
    return F.pad(inside, lacking, value=outside) if any(lacking) else inside
