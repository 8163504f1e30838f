"""Convolutions that keep the length."""

import torch.nn.functional as F
from torch import Tensor, nn

from ondes.nn.field import same_padding


def same_conv1d(x: Tensor, weight: Tensor, *, bias: Tensor | None = None) -> Tensor:
    """Convolve x [b, c, t] with weight [n, c, k] and return [b, n, t]; zeros surround the signal.

    An even kernel takes its odd zero after the signal.
    """
    before, after = same_padding(weight.shape[-1])
    if before == after:
        return F.conv1d(x, weight, bias, padding=before)
    return F.conv1d(F.pad(x, (before, after)), weight, bias)


class SameConv1d(nn.Conv1d):
    """`same_conv1d` with weights of its own: [b, inputs, t] -> [b, outputs, t]."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve x [b, inputs, t]."""
        return same_conv1d(x, self.weight, bias=self.bias)
