"""Batch norm that padding cannot reach."""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

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
    values = x.values.to(torch.promote_types(x.values.dtype, torch.float32))
    count = lengths.sum() * values.shape[2:-1].numel()
    y, mean, variance = _Normalised.apply(  # type: ignore[no-untyped-call]
        values, x.inside().to(values.dtype), norm.weight, norm.bias, count, norm.eps
    )
    _remember(norm, mean, variance * count / (count - 1))
    normalised: Tensor = y.to(x.values.dtype)
    return normalised


class _Normalised(Function):
    """Batch norm of x [b, c, ...] where `inside` is 1; the bias where it is 0, without a gradient.

    Gives besides what every channel's mean and variance are, over `count` entries. What autograd
    would make of the definition takes three times as long: it keeps, and goes through, each step.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's own
        x: Tensor,
        inside: Tensor,
        weight: Tensor,
        bias: Tensor,
        count: Tensor,
        eps: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        axes, shape = _other_axes(x), _along_channels(x)
        centred = x * inside
        mean = centred.sum(axes) / count
        centred.sub_(mean.view(shape)).mul_(inside)
        variance = centred.square().sum(axes) / count
        scale = torch.rsqrt(variance + eps)
        ctx.save_for_backward(centred, inside, weight, scale, count)
        ctx.mark_non_differentiable(mean, variance)
        y = torch.addcmul(bias.view(shape), centred, (scale * weight).view(shape))
        return y, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Ioffe and Szegedy 2015, the equations before section 3.1, put together."""
        centred, inside, weight, scale, count = ctx.saved_tensors
        axes, shape = _other_axes(slope), _along_channels(slope)
        slope = slope * inside
        by_bias, by_weight = slope.sum(axes), (slope * centred).sum(axes) * scale
        slope.addcmul_(centred, (-by_weight * scale / count).view(shape))
        slope.sub_((by_bias / count).view(shape)).mul_((weight * scale).view(shape))
        return slope.mul_(inside), None, by_weight, by_bias, None, None


def _other_axes(x: Tensor) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _along_channels(x: Tensor) -> tuple[int, ...]:
    return (-1, *[1] * (x.ndim - 2))


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
