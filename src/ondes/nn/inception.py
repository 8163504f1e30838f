"""The InceptionTime module (Fawaz et al. 2020, figure 2; thesis section 2.9)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ondes.nn.activation import ActivationName, activation
from ondes.nn.conv import SameConv1d
from ondes.nn.field import Field, widest
from ondes.nn.pooling import greater_activated, pool_activated, same_max_pool1d
from ondes.ops.convolve import extremes, window_extremes


class InceptionModule(nn.Module):
    """Parallel convolutions of several lengths, batch norm, activation and max-pooling.

    A 1x1 bottleneck to `filters` channels (none for a single channel) feeds one convolution per
    kernel length; beside them a maximum over three samples feeds a 1x1 convolution. The
    ``outputs = filters * (len(kernels) + 1)`` channels are normalised over the batch, activated
    and max-pooled by `pool`: [b, inputs, t] -> [b, outputs, t // pool]. No convolution has a
    bias: the batch norm would take it out again.
    """

    def __init__(
        self,
        inputs: int,
        *,
        filters: int,
        kernels: Sequence[int],
        activation_name: ActivationName,
        pool: int,
    ) -> None:
        super().__init__()
        narrow = filters if inputs > 1 else 1
        self.filters = filters
        self.outputs = filters * (len(kernels) + 1)
        self.kernels = tuple(kernels)
        self.pool = pool
        self.bottleneck = nn.Conv1d(inputs, filters, 1, bias=False) if inputs > 1 else nn.Identity()
        self.convs = nn.ModuleList(SameConv1d(narrow, filters, k, bias=False) for k in kernels)
        self.beside = nn.Conv1d(inputs, filters, 1, bias=False)
        self.norm = nn.BatchNorm1d(self.outputs)
        self.activation = activation(activation_name)

    def field(self, before: Field) -> Field:
        """Return the receptive field of the module's frames, given that of its input's."""
        branches = [before.same(kernel) for kernel in (*self.kernels, 3)]
        return widest(*branches).layer(stride=self.pool)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, inputs, t] to [b, outputs, t // pool]."""
        if self.training or torch.compiler.is_compiling() or self._learns(x):
            return self._layered(x)
        return self._pooled(x)

    def _layered(self, x: Tensor) -> Tensor:
        """Compute layer by layer, as training and export need it."""
        narrow = self.bottleneck(x)
        peaks = self.beside(same_max_pool1d(x, kernel=3))
        y = torch.cat([*(conv(narrow) for conv in self.convs), peaks], dim=1)
        return pool_activated(self.norm(y), self.activation, size=self.pool)

    def _pooled(self, x: Tensor) -> Tensor:
        """Compute the same in fewer steps: of each window the extremes alone outlive a cache block.

        The norm's factors go into the weights; its summands, like the activation, keep extremes.
        """
        factor, summand = self._norm()
        weights: list[Tensor] = [*(_weight(conv) for conv in self.convs), self.beside.weight]
        parts = zip(weights, torch.split(factor, self.filters), strict=True)
        *long, beside = (weight * scale[:, None, None] for weight, scale in parts)
        peaks = same_max_pool1d(x, kernel=3)
        found = [extremes(self.bottleneck(x), long, size=self.pool)]
        found.append(mixed_extremes(peaks, beside, size=self.pool))
        low, high = (torch.cat(side, 1).add_(summand) for side in zip(*found, strict=True))
        return greater_activated(low, high, self.activation)

    def _norm(self) -> tuple[Tensor, Tensor]:
        """Return what the norm multiplies with, [outputs], and then adds, [outputs, 1]."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None
        assert variance is not None
        factor = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        return factor, (self.norm.bias - mean * factor)[:, None]

    def _learns(self, x: Tensor) -> bool:
        """Whether gradients are wanted."""
        wanted = (x, *self.parameters())
        return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in wanted)


def _weight(conv: nn.Module) -> Tensor:
    assert isinstance(conv, nn.Conv1d)
    return conv.weight


def mixed_extremes(x: Tensor, weight: Tensor, *, size: int) -> tuple[Tensor, Tensor]:
    """Return `extremes` of a 1x1 convolution, which keeps or swaps those of a single channel."""
    if x.shape[1] > 1:
        return extremes(x, [weight], size=size)
    ends = [weight[:, 0] * end for end in window_extremes(x, size=size)]
    return torch.minimum(*ends), torch.maximum(*ends)
