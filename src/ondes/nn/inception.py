"""The InceptionTime module (Fawaz et al. 2020, figure 2; thesis section 2.9)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ondes.nn.activation import ActivationName, activation
from ondes.nn.conv import SameConv1d
from ondes.nn.field import Field, widest
from ondes.nn.pooling import pool_activated, same_max_pool1d


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
        narrow = self.bottleneck(x)
        peaks = self.beside(same_max_pool1d(x, kernel=3))
        y = torch.cat([*(conv(narrow) for conv in self.convs), peaks], dim=1)
        return pool_activated(self.norm(y), self.activation, size=self.pool)
