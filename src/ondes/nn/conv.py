"""Convolutions that keep the length."""

from torch import Tensor, nn

from ondes.ops.convolve import convolve


def same_conv1d(
    x: Tensor, weight: Tensor, *, bias: Tensor | None = None, dilation: int = 1
) -> Tensor:
    """Convolve x [b, c, t] with weight [n, c / groups, k]: [b, n, t]; zeros surround the signal.

    An even kernel takes its odd zero after the signal. `ondes.ops.convolve` picks the fastest way.
    """
    return convolve(x, weight, bias=bias, dilation=dilation)


class SameConv1d(nn.Conv1d):
    """`same_conv1d` with weights of its own: [b, inputs, t] -> [b, outputs, t]."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        groups: int = 1,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(inputs, outputs, kernel, groups=groups, dilation=dilation, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve x [b, inputs, t]."""
        return same_conv1d(x, self.weight, bias=self.bias, dilation=self.dilation[0])
