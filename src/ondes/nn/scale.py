"""Zero mean and unit variance over a clip, whatever its unit, offset and padding."""

import torch
from torch import Tensor

from ondes.nn.ragged import Ragged


def standardised(x: Ragged, *, axes: tuple[int, ...] = (-1,)) -> Ragged:
    """Return x with zero mean and unit variance over the valid entries along `axes`.

    axes: counted from the end; -1, time, is one of them. What is constant becomes zeros. Values
    of any size come out alike: they are brought to between 0 and 1 before they are squared.

    >>> standardised(Ragged(torch.tensor([[[1e-30, 3e-30], [5.0, 5.0]]]))).values.tolist()
    [[[-1.0, 1.0], [0.0, 0.0]]]
    """
    count = _count(x, axes)
    low = x.filled(torch.inf).amin(axes, keepdim=True)
    high = x.filled(-torch.inf).amax(axes, keepdim=True)
    varies, span = high > low, high - low
    level = (x.values - low) / torch.where(varies, span, torch.ones_like(span))
    centred = _centred(Ragged(level, x.lengths), count, axes)
    # a long sum in single precision leaves a rest, which is loud beside what was silent
    centred = _centred(centred, count, axes)
    variance = centred.filled().square().sum(axes, keepdim=True) / count
    scale = torch.where(varies, variance, torch.ones_like(variance)).rsqrt()
    return Ragged(centred.filled() * scale * varies, x.lengths)


def centred(x: Ragged, *, axes: tuple[int, ...] = (-1,)) -> Ragged:
    """Return x less its mean over the valid entries along `axes`, see `standardised`.

    >>> centred(Ragged(torch.tensor([[[1.0, 3.0], [5.0, 5.0]]]))).values.tolist()
    [[[-1.0, 1.0], [0.0, 0.0]]]
    """
    return Ragged(_centred(x, _count(x, axes), axes).filled(), x.lengths)


def _centred(x: Ragged, count: Tensor | int, axes: tuple[int, ...]) -> Ragged:
    return Ragged(x.values - x.filled().sum(axes, keepdim=True) / count, x.lengths)


def _count(x: Ragged, axes: tuple[int, ...]) -> Tensor | int:
    """Return how many entries along the axes are valid: one number, or one for each item."""
    others = 1
    for axis in axes:
        others *= 1 if axis == -1 else x.values.shape[axis]
    if x.lengths is None:
        return others * x.values.shape[-1]
    return (others * x.lengths).view(-1, *[1] * (x.values.ndim - 1))
