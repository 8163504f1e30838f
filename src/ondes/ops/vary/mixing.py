"""Two clips as one: mixup."""

from __future__ import annotations

import numpy as np

from ondes.errors import InputError
from ondes.protocols import Clip


def mixup(one: Clip, other: Clip, share: float, *, union: bool = False) -> Clip:
    """Mix two clips and what they are: `share` (0..1) of the first, the rest of the second.

    Zhang et al., "mixup: beyond empirical risk minimization", 2018. The mixture is as long as the
    first; of a longer second the beginning is heard, a shorter one ends earlier. Answers mix like
    samples, which gives soft labels; with `union`, for tags, a mixture has all that either has.

    Raises InputError where channels or answers differ in number, or the share lies beyond 0 to 1.

    >>> a = Clip(np.ones((1, 2), np.float32), np.array([1, 0], np.float32))
    >>> b = Clip(np.zeros((1, 2), np.float32), np.array([0, 1], np.float32))
    >>> mixup(a, b, 0.75)
    Clip(x=array([[0.75, 0.75]], dtype=float32), y=array([0.75, 0.25], dtype=float32))
    >>> mixup(a, b, 0.75, union=True).y
    array([1., 1.], dtype=float32)
    """
    if len(one.x) != len(other.x) or one.y.shape != other.y.shape or not 0 <= share <= 1:
        raise InputError(
            f"mixup of clips {one.x.shape} and {other.x.shape} with answers {one.y.shape} and "
            f"{other.y.shape}, share {share}: give clips of one data set and a share of 0 to 1"
        )
    first, second = np.float32(share), np.float32(1 - share)
    x = one.x * first
    n = min(one.x.shape[-1], other.x.shape[-1])
    x[..., :n] += other.x[..., :n] * second
    return Clip(x, np.maximum(one.y, other.y) if union else one.y * first + other.y * second)
