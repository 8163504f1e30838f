"""Stages of InceptionTime with channels side by side in memory: the same function, faster.

In training a module's linear part is `ondes.ops.rows.fork`. In evaluation without gradients the
norm is folded into the weights, item by item, so that what lies between stays in the cache. Items
of unequal length have zeros behind them, and their rows alone are normed. Which way is faster, this
or layer by layer, a probe finds once for a shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.nn.layers import Conv, Norm
from ondes.nn.ragged import Ragged
from ondes.ops import rows
from ondes.ops.convolution import choice
from ondes.ops.convolution.probe import Call
from ondes.ops.convolve import rounded

if TYPE_CHECKING:
    from ondes.nn.inception_stage import Inception, InceptionStage

LAYERS, ROWS = "layers", "last"
VALUES = 2**19  # of an item or several, at the rate and width of a module: they stay in the cache
MOST = 2**14  # samples: more tell a probe no more


def suits(stage: InceptionStage, x: Tensor, *, lengths: Tensor | None = None) -> bool:
    """Tell whether x [b, c, t], of items of these lengths, is computed by rows."""
    able = (
        not torch.compiler.is_compiling()
        and stage.dims == 1
        and x.device.type == "cpu"
        and x.shape[-1] > 1
        and not _heard(stage)
        and stage.blocks[0].beside.dtype == torch.float32
        and (x.dtype == torch.float32 or rounded(x))
    )
    if not able:
        return False
    learns = _learns(stage, x)
    shape, ragged = _probed(x, learns=learns), lengths is not None

    def calls() -> Mapping[str, Call]:
        return _calls(stage, shape, learns=learns, slopes=x.requires_grad, ragged=ragged)

    key = _key(stage, x, shape, learns=learns) + ", unequal" * ragged
    return choice.preferred(key, calls, plain=LAYERS) == ROWS


def _heard(stage: InceptionStage) -> bool:
    """Tell whether somebody listens to a layer, which then must be computed as such."""
    return any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks  # noqa: SLF001
        for module in stage.modules()
        if module is not stage
    )


def _probed(x: Tensor, *, learns: bool) -> tuple[int, int]:
    """Return the items and their samples that stand for x.

    Without gradients it does not matter how many there are, lest an answer depend on it.
    """
    time = min(_power(x.shape[-1]), MOST)
    most = MOST // time
    return (min(_power(len(x)), most) if learns else most), time


def run(stage: InceptionStage, x: Tensor, *, lengths: Tensor | None = None) -> Tensor:
    """Map x [b, inputs, t] to [b, outputs, t], whose channels lie side by side in memory.

    What lies behind an item's length means nothing, and is zero in what is learnt from.
    """
    dtype = torch.bfloat16 if rounded(x) else x.dtype
    batch = x.mT.to(dtype).contiguous()
    with torch.autocast("cpu", enabled=False):
        if _learns(stage, x) or stage.training:
            return _learnt(stage, batch, lengths).mT
        folded = _Folded(stage, dtype)
        items = max(1, VALUES // (batch.shape[1] * stage.outputs))
        parts = torch.split(batch, items)
        sizes = [None] * len(parts) if lengths is None else torch.split(lengths, items)
        return torch.cat([folded(*some) for some in zip(parts, sizes, strict=True)]).mT


def _learns(stage: InceptionStage, x: Tensor) -> bool:
    wanted = (x, *stage.parameters())
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in wanted)


def _learnt(stage: InceptionStage, x: Tensor, lengths: Tensor | None) -> Tensor:
    """Map rows x [b, t, c] differentiably."""
    valid = _Valid(lengths, x.shape[1])
    x = y = valid.packed(x)
    for block in stage.blocks:
        spread, beside = valid.spread(y), block.beside[..., 0].to(x.dtype)
        forked = rows.fork(
            spread,
            narrow=_matrix(block.narrow, x.dtype),
            long=[_odd(weight).to(x.dtype) for weight in block.long],
            beside=beside,
        )
        if lengths is not None and block is stage.blocks[0]:
            _mend(forked, spread, beside, lengths)
        y = F.relu(_normed(valid.packed(forked), block.norm), inplace=True)
    if stage.shortcut is None:
        return valid.spread(y)
    *conv, norm = stage.shortcut
    for layer in conv:
        x = x @ cast(Conv, layer).conv.weight[..., 0].to(x.dtype).T
    return valid.spread(F.relu(y + _normed(x, cast(Norm, norm).norm), inplace=True))


class _Valid:
    """Rows [b, t, c] to those within their items alone, [1, n, c], and back between zeros."""

    def __init__(self, lengths: Tensor | None, time: int) -> None:
        self._shape = (-1, time)
        self._places: Tensor | None = None
        if lengths is not None:
            self._shape = (len(lengths), time)
            inside = torch.arange(time) < lengths[:, None]
            self._places = torch.nonzero(inside.flatten()).flatten()

    def packed(self, x: Tensor) -> Tensor:
        """Return the valid rows, or x where all are."""
        return x if self._places is None else x.flatten(0, 1)[self._places][None]

    def spread(self, x: Tensor) -> Tensor:
        """Undo `packed`."""
        if self._places is None:
            return x
        items, time = self._shape
        zeros = x.new_zeros(items * time, x.shape[-1])
        return zeros.index_copy(0, self._places, x[0]).view(items, time, -1)


def _mend(y: Tensor, x: Tensor, beside: Tensor, lengths: Tensor) -> None:
    """Correct the maximum over three at the end of items, which is not to be the zero behind.

    After a ReLU that makes no difference.
    """
    items = torch.nonzero(lengths < x.shape[1]).flatten()
    last = lengths[items] - 1
    peaks = torch.maximum(x[items, last], x[items, (last - 1).clamp_min(0)])
    missing = torch.where(peaks < 0, peaks, 0) @ beside.T
    before = y.shape[-1] - len(beside)
    y.index_put_((items, last), F.pad(missing, (before, 0)), accumulate=True)


def _normed(x: Tensor, norm: nn.Module) -> Tensor:
    """Return the batch norm of rows, as images of one line: torch has that for channels last."""
    norm = cast(nn.BatchNorm1d, norm)
    if norm.training and norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
    y = F.batch_norm(
        rows.image(x),
        norm.running_mean,
        norm.running_var,
        norm.weight,
        norm.bias,
        norm.training,
        cast(float, norm.momentum),
        norm.eps,
    )
    return y.squeeze(2).mT


class _Folded:
    """A stage without gradients, its norms folded into the weights."""

    def __init__(self, stage: InceptionStage, dtype: torch.dtype) -> None:
        self._blocks = [_folded(block, dtype) for block in stage.blocks]
        self._shortcut = _folded_shortcut(stage, dtype)

    def __call__(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        inside = None if lengths is None else _inside(x, lengths)
        x = y = x if inside is None else x * inside
        for k, (narrow, long, beside, bias) in enumerate(self._blocks):
            z = rows.forked(y, narrow=narrow, long=long, beside=beside, bias=bias)
            if lengths is not None and k == 0:
                _mend(z, x, beside, lengths)
            y = z.relu_() if inside is None else z.relu_().mul_(inside)
        if self._shortcut is None:
            return y
        weight, bias = self._shortcut
        straight = x * weight if weight.ndim == 1 else x @ weight.T
        return y.add_(straight).add_(bias).relu_()


def _inside(x: Tensor, lengths: Tensor) -> Tensor:
    """Return 1 at rows within their items, else 0, [b, t, 1]."""
    return (torch.arange(x.shape[1]) < lengths[:, None]).to(x.dtype)[..., None]


def _folded(
    block: Inception, dtype: torch.dtype
) -> tuple[Tensor | None, list[Tensor], Tensor, Tensor]:
    factor, summand = _affine(block.norm)
    *factors, last = torch.split(factor, len(block.beside))
    pairs = zip(block.long, factors, strict=True)
    long = [(_odd(weight) * scale[:, None, None]).to(dtype) for weight, scale in pairs]
    beside = (block.beside[..., 0] * last[:, None]).to(dtype)
    return _matrix(block.narrow, dtype), long, beside, summand.to(dtype)


def _folded_shortcut(stage: InceptionStage, dtype: torch.dtype) -> tuple[Tensor, Tensor] | None:
    if stage.shortcut is None:
        return None
    *conv, norm = stage.shortcut
    factor, summand = _affine(cast(Norm, norm).norm)
    weight = factor
    for layer in conv:
        weight = cast(Conv, layer).conv.weight[..., 0] * factor[:, None]
    return weight.to(dtype), summand.to(dtype)


def _affine(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Return what a norm in evaluation multiplies with and then adds, [c] each."""
    norm = cast(nn.BatchNorm1d, norm)
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    factor = norm.weight / torch.sqrt(variance + norm.eps)
    return factor, norm.bias - mean * factor


def _matrix(weight: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    return None if weight is None else weight[..., 0].to(dtype)


def _odd(weight: Tensor) -> Tensor:
    """Put a zero before an even number of taps, which take their odd zero after the signal."""
    return F.pad(weight, (1, 0)) if weight.shape[-1] % 2 == 0 else weight


def _calls(
    stage: InceptionStage, shape: tuple[int, int], *, learns: bool, slopes: bool, ragged: bool
) -> Mapping[str, Call]:
    """Return what computes a copy of the stage either way, of noise of that shape.

    Of unequal items the shortest has half the length.
    """
    copy, (items, time) = deepcopy(stage), shape
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(items, stage.inputs, time, generator=random, dtype=torch.float32)
    noise.requires_grad_(slopes)
    lengths = torch.linspace(max(1, time // 2), time, items).long() if ragged else None

    def once(way: str) -> object:
        with torch.set_grad_enabled(learns):
            by_rows = way == ROWS
            y = run(copy, noise, lengths=lengths) if by_rows else _by_layers(copy, noise, lengths)
            if learns:
                torch.autograd.backward(y, torch.ones_like(y))
            return y

    return {way: partial(once, way) for way in (LAYERS, ROWS)}


def _by_layers(stage: InceptionStage, x: Tensor, lengths: Tensor | None) -> Tensor:
    y: Ragged = stage.layers(Ragged(x, lengths))
    return y.values


def _key(stage: InceptionStage, x: Tensor, shape: tuple[int, int], *, learns: bool) -> str:
    facts = [
        f"inception {stage.inputs} to {stage.outputs} channels",
        f"{'+'.join(map(str, stage.kernels))} taps",
        f"{len(stage.blocks)} modules",
        f"{shape[0]} times {shape[1]} samples",
        "slopes of " + "x" * x.requires_grad + "w" if learns else "",
        "bfloat16" if rounded(x) else "float32",
    ]
    return ", ".join(filter(None, facts))


def _power(n: int) -> int:
    """Return the power of two that is n or the next above."""
    return 1 << (n - 1).bit_length()
