"""Layers from `Ragged` to `Ragged`, for signals and for images of them, that padding cannot reach.

Of one description in 1D, [b, c, t], and 2D, [b, c, f, t]: kernels, strides and pools are whole
numbers or pairs (frequency, time), of which 1D takes the part along time. All keep the length as
padding 'same' does: a layer of stride s gives ceil(t / s) entries, and entry k looks at the k-th
stretch of s entries and evenly around it. So the entries of an item do not depend on what it is
padded with, nor on how much. Without lengths nothing is computed for their sake.
"""

import math
from collections.abc import Callable
from functools import reduce
from typing import Any, Literal, Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.nn.activation import ActivationName
from ondes.nn.activation import activation as activated
from ondes.nn.clip import AdaptiveMean, GlobalMax, GlobalMean
from ondes.nn.conv import SameConv1d
from ondes.nn.field import Field, widest
from ondes.nn.gate import Gate
from ondes.nn.norm import Norm
from ondes.nn.ragged import Ragged, silenced

Dims = Literal[1, 2]
Size = int | tuple[int, int]

__all__ = [
    "AdaptiveMean",
    "Add",
    "Concat",
    "Conv",
    "Dims",
    "DropPath",
    "Each",
    "Gate",
    "GlobalMax",
    "GlobalMean",
    "Layer",
    "MaxPool",
    "MeanPool",
    "Norm",
    "Size",
    "conv_norm",
    "field_of",
]


class Layer(Protocol):
    """What a layer of one's own needs to be counted by `field_of`; without it, it looks nowhere."""

    def field(self, before: Field) -> Field:
        """Return the receptive field along time, given that of what comes in."""


class _Windows(nn.Module):
    """What convolution and pooling have in common: where their windows lie."""

    def __init__(self, dims: Dims, kernel: Size, stride: Size, dilation: Size = 1) -> None:
        super().__init__()
        self.dims: Dims = dims
        self.kernel, self.stride = _sizes(dims, kernel), _sizes(dims, stride)
        self.dilation = _sizes(dims, dilation)
        if min(*self.kernel, *self.stride, *self.dilation) < 1:
            raise InputError(
                f"kernel={kernel}, stride={stride}, dilation={dilation}: all must be at least 1"
            )
        reach = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        before = [max(k - s, 0) // 2 for k, s in zip(reach, self.stride, strict=True)]
        self.margins = [(b, k - 1 - b) for b, k in zip(before, reach, strict=True)]
        self.even = all(before == after for before, after in self.margins)
        self.padding = tuple(b if self.even else 0 for b, _ in self.margins)

    def field(self, before: Field) -> Field:
        """Return the receptive field along time, given that of what comes in."""
        (first, rest), stride = self.margins[-1], self.stride[-1]
        return before.layer(before=first, after=rest + 1 - stride, stride=stride)

    def _surrounded(self, values: Tensor, value: float = 0.0) -> Tensor:
        """Put `value` around [b, c, (f,) t] where torch's own, even padding will not do."""
        sides = [side for margin in reversed(self.margins) for side in margin]
        return values if self.even else F.pad(values, sides, value=value)

    def _pooled(self, pool: Callable[..., Tensor], values: Tensor) -> Tensor:
        """Pool [b, c, (f,) t], in 1D by way of 2D: torch exports that for any length."""
        if self.dims == 2:
            return pool(values, self.kernel, self.stride, self.padding)
        kernel, stride, padding = (1, *self.kernel), (1, *self.stride), (0, *self.padding)
        return pool(values.unsqueeze(2), kernel, stride, padding).squeeze(2)


class Conv(_Windows):
    """Convolution, padded 'same': [b, inputs, (f,) t] -> [b, outputs, (ceil(f / s),) ceil(t / s)].

    Zeros surround every item. In 1D without stride `ondes.ops.convolve` picks the fastest way.
    """

    def __init__(
        self,
        dims: Dims,
        inputs: int,
        outputs: int,
        kernel: Size,
        *,
        stride: Size = 1,
        groups: int = 1,
        dilation: Size = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(dims, kernel, stride, dilation)
        if dims == 1 and self.stride == (1,):
            self.even = True
            self.conv: nn.Conv1d | nn.Conv2d = SameConv1d(
                inputs, outputs, self.kernel[0], groups=groups, dilation=self.dilation[0], bias=bias
            )
            return
        kind: Any = nn.Conv1d if dims == 1 else nn.Conv2d
        self.conv = kind(
            inputs,
            outputs,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=groups,
            bias=bias,
        )

    def forward(self, x: Ragged) -> Ragged:
        """Convolve every item as if it were alone."""
        values = x.values if self.kernel[-1] == 1 else x.filled()
        return x.strided(self.conv(self._surrounded(values)), self.stride[-1])


class MaxPool(_Windows):
    """Maximum in windows, padded 'same': [b, c, (f,) t] -> [b, c, (ceil(f / s),) ceil(t / s)].

    Padding is never the maximum. Without `stride` windows lie side by side.
    """

    def __init__(self, dims: Dims, kernel: Size, *, stride: Size | None = None) -> None:
        super().__init__(dims, kernel, kernel if stride is None else stride)

    def forward(self, x: Ragged) -> Ragged:
        """Take the maxima of every item as if it were alone."""
        values = self._surrounded(x.filled(-torch.inf), -torch.inf)
        return silenced(*x.strided(self._pooled(F.max_pool2d, values), self.stride[-1]))


class MeanPool(_Windows):
    """Mean in windows, padded 'same': [b, c, (f,) t] -> [b, c, (ceil(f / s),) ceil(t / s)].

    A mean over the entries that are there: padding does not count. Without `stride` windows lie
    side by side.
    """

    def __init__(self, dims: Dims, kernel: Size, *, stride: Size | None = None) -> None:
        super().__init__(dims, kernel, kernel if stride is None else stride)

    def forward(self, x: Ragged) -> Ragged:
        """Take the means of every item as if it were alone."""
        inside = x.inside().to(x.values.dtype).expand(-1, -1, *x.values.shape[2:])
        means, shares = (
            self._pooled(F.avg_pool2d, self._surrounded(y)) for y in (x.filled(), inside)
        )
        least = 0.5 / math.prod(self.kernel)  # of windows with nothing but padding in them
        return x.strided(means / shares.clamp(min=least), self.stride[-1])


class Each(nn.Module):
    """A torch module that maps every entry for itself, such as an activation or dropout."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Ragged) -> Ragged:
        """Map the values."""
        return Ragged(self.module(x.values), x.lengths)


class DropPath(nn.Dropout):
    """Stochastic depth: in training an item becomes 0 with probability `p`, else x / (1 - p).

    Huang et al. 2016, "Deep networks with stochastic depth"; the last of a residual's body.
    """

    def forward(self, x: Ragged) -> Ragged:  # type: ignore[override]  # of a batch, not a tensor
        """Leave out items."""
        if not self.training or self.p == 0:
            return x
        kept = F.dropout(torch.ones_like(x.values[:, :1].flatten(1)[:, :1]), self.p)
        return Ragged(x.values * kept.view(-1, *[1] * (x.values.ndim - 1)), x.lengths)


class Concat(nn.Module):
    """Parallel branches, put together along the channels."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def field(self, before: Field) -> Field:
        """Return the widest field of the branches."""
        return _together([field_of(branch, before) for branch in self.branches])

    def forward(self, x: Ragged) -> Ragged:
        """Map x by every branch."""
        made = [branch(x) for branch in self.branches]
        return Ragged(torch.cat([y.values for y in made], dim=1), made[0].lengths)


class Add(nn.Module):
    """A residual: shortcut(x) + scale * body(x). Without shortcut it is x itself that is added."""

    def __init__(
        self, body: nn.Module, shortcut: nn.Module | None = None, *, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.body = body
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.scale = scale

    def field(self, before: Field) -> Field:
        """Return the wider field of the two ways."""
        return _together([field_of(way, before) for way in (self.body, self.shortcut)])

    def forward(self, x: Ragged) -> Ragged:
        """Add up both ways."""
        y, straight = self.body(x), self.shortcut(x)
        scaled = y.values if self.scale == 1 else self.scale * y.values
        return Ragged(straight.values + scaled, y.lengths)


def conv_norm(
    dims: Dims,
    inputs: int,
    outputs: int,
    kernel: Size,
    *,
    stride: Size = 1,
    groups: int = 1,
    activation: ActivationName | None = "relu",
    norm: bool = True,
    eps: float = 1e-5,
) -> nn.Sequential:
    """Return the usual three: convolution without bias, batch norm, activation (None: without).

    Without `norm` the convolution has a bias; `eps` is the norm's.
    """
    conv = Conv(dims, inputs, outputs, kernel, stride=stride, groups=groups, bias=not norm)
    layers: list[nn.Module] = [conv, Norm(dims, outputs, eps=eps)] if norm else [conv]
    if activation is not None:
        layers.append(Each(activated(activation)))
    return nn.Sequential(*layers)


def field_of(module: nn.Module, before: Field = Field()) -> Field:  # noqa: B008  # immutable
    """Return the receptive field along time of what `module` gives, given that of what comes in.

    Sequences are walked through; a layer tells its own by ``layer.field(before)``, and one that
    has no such method, as an activation, looks at one entry alone. What takes in a whole clip
    (`Gate` without context) counts as looking nowhere.

    >>> field_of(nn.Sequential(Conv(1, 1, 8, 3), MaxPool(1, 4), Conv(1, 8, 8, 3)))
    Field(back=5, ahead=5, hop=4)
    """
    if isinstance(module, nn.Sequential):
        return reduce(lambda field, layer: field_of(layer, field), module, before)
    if callable(getattr(module, "field", None)):
        return cast("Layer", module).field(before)
    return before


def _together(fields: list[Field]) -> Field:
    hops = {field.hop for field in fields}
    if len(hops) > 1:
        raise InputError(f"branches of strides {sorted(hops)} do not fit together: give one stride")
    return widest(*fields)


def _sizes(dims: Dims, size: Size) -> tuple[int, ...]:
    pair = (size, size) if isinstance(size, int) else size
    return tuple(pair[-dims:])
