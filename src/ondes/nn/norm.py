"""Batch norm that padding cannot reach."""

from typing import Literal

import torch
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.nn.ragged import Ragged


class Norm(nn.Module):
    """Batch norm [b, c, (f,) t] over the valid entries of all items, by ``.norm``.

    Ioffe and Szegedy 2015. In training with unequal lengths, means and variances are taken over
    what is valid, in single precision at least, and so are the running ones; else it is torch's.

    Raises:
        InputError: a batch to learn from holds one entry per channel alone.
    """

    def __init__(
        self, dims: Literal[1, 2], channels: int, *, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        super().__init__()
        kind = nn.BatchNorm1d if dims == 1 else nn.BatchNorm2d
        self.norm: nn.BatchNorm1d | nn.BatchNorm2d = kind(channels, eps=eps, momentum=momentum)

    def forward(self, x: Ragged) -> Ragged:
        """Normalise every channel."""
        if not self.norm.training:
            return Ragged(self.norm(x.values), x.lengths)
        _check(x)
        if x.lengths is None:
            return Ragged(self.norm(x.values))
        return Ragged(_over_valid(x, x.lengths, self.norm), x.lengths)


def _over_valid(x: Ragged, lengths: Tensor, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Tensor:
    values = x.filled().to(torch.promote_types(x.values.dtype, torch.float32))
    inside, axes = x.inside(), (0, *range(2, values.ndim))
    count = lengths.sum() * values.shape[2:-1].numel()
    mean = values.sum(axes, keepdim=True) / count
    centred = values - mean
    squares = centred.masked_fill(~inside, 0).square()
    variance = squares.sum(axes, keepdim=True) / count
    _remember(norm, mean.flatten(), variance.flatten() * count / (count - 1))
    weight, bias = (p.view(mean.shape) for p in (norm.weight, norm.bias))
    return (centred * (torch.rsqrt(variance + norm.eps) * weight) + bias).to(x.values.dtype)


@torch.no_grad()
def _remember(norm: nn.BatchNorm1d | nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    """Move the running statistics, the variance without bias, as torch does."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    norm.running_mean.lerp_(mean.to(norm.running_mean), norm.momentum)
    norm.running_var.lerp_(variance.to(norm.running_var), norm.momentum)
    norm.num_batches_tracked += 1


def _check(x: Ragged) -> None:
    """Refuse a batch with one entry per channel, which has no variance.

    Two items have two: nothing need be counted then, nor brought from an accelerator.
    """
    if len(x.values) == 1 and x.values.shape[2:].numel() == 1:
        raise InputError(
            f"batch norm of a batch of shape {list(x.values.shape)} has one value per channel to "
            "learn from: give larger batches or longer clips"
        )
