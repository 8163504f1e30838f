"""Layers from `Ragged` to `Ragged` that look at whole windows alone, never beyond the ends.

What they give is shorter than what they are given: a convolution of k taps leaves l - k + 1 of l
entries ("valid"), pooling by s leaves floor(l / s). One entry is always left; an item too short
for one window is taken with zeros after it by convolution, as it is by pooling.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.nn.field import Field
from ondes.nn.layers import MaxPool, MeanPool
from ondes.nn.ragged import Ragged


class WholeConv(nn.Module):
    """Convolution of whole windows: [b, inputs, t] of length l -> max(l - kernel + 1, 1).

    Entry k looks at [k, k + kernel).

    >>> WholeConv(1, 4, 9)(Ragged(torch.zeros(2, 1, 64))).lengths
    tensor([56, 56])
    """

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.after = kernel - 1
        self.conv = nn.Conv1d(inputs, outputs, kernel)

    def field(self, before: Field) -> Field:
        """Return the receptive field along time, given that of what comes in."""
        return before.layer(after=self.after)

    def forward(self, x: Ragged) -> Ragged:
        """Convolve every item as if it were alone."""
        values = self.conv(F.pad(x.filled(), (0, self.after)))
        return Ragged(values, (_lengths(x) - self.after).clamp(min=1))


class WholePool(nn.Module):
    """Pooling of whole windows side by side: [b, c, t] of length l -> max(floor(l / size), 1).

    pool: `MaxPool` or `MeanPool` in one dimension, whose last window may be one that is not whole.
    """

    def __init__(self, pool: MaxPool | MeanPool) -> None:
        super().__init__()
        self.pool, self.size = pool, pool.stride[-1]

    def field(self, before: Field) -> Field:
        """Return the receptive field along time, given that of what comes in."""
        return self.pool.field(before)

    def forward(self, x: Ragged) -> Ragged:
        """Pool every item as if it were alone."""
        whole = torch.div(_lengths(x), self.size, rounding_mode="floor")
        return Ragged(self.pool(x).values, whole.clamp(min=1))


def _lengths(x: Ragged) -> Tensor:
    """Return the lengths, of the batch's own where all are full."""
    if x.lengths is not None:
        return x.lengths
    return torch.ones_like(x.values[:, 0, 0], dtype=torch.int64) * x.values.shape[-1]
