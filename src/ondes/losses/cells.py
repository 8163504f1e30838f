"""What the losses share: how cells become one number."""

import torch
from torch import Tensor

from ondes.errors import InputError


def weighted_mean(cells: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of all cells, weighted by what broadcasts to them; 0 if nothing counts."""
    if weight is None:
        return cells.mean()
    weight = weight.to(cells).expand_as(cells)
    return (cells * weight).sum() / weight.sum().clamp_min(torch.finfo(cells.dtype).tiny)


def check_shapes(logits: Tensor, target: Tensor) -> None:
    """Raise InputError unless both have one shape."""
    if logits.shape != target.shape:
        raise InputError(
            f"logits have shape {list(logits.shape)}, the target {list(target.shape)}; "
            f"a loss takes equal shapes"
        )


def power(x: Tensor, exponent: float) -> Tensor:
    """Return x ** exponent for x >= 0; an exponent below 1 has no infinite slope at 0."""
    return x.clamp_min(torch.finfo(x.dtype).tiny) ** exponent
