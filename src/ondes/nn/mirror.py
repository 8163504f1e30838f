"""Any size to one that a network can halve, and back."""

from collections.abc import Sequence

import torch
from torch import Tensor


def mirrored(x: Tensor, multiple: int, *, axes: int, least: int = 1) -> tuple[Tensor, list[int]]:
    """Extend the last `axes` axes to multiples of `multiple`, by mirror images at both ends.

    What stands there is like what is inside, noise beside noise, so that means over all of it stay
    what they were. A short axis is mirrored as often as need be; one that fits stays as it is.

    Args:
        x: [..., n], or [..., n, m].
        multiple: each length becomes one of its multiples, and `least` at least.
        axes: how many axes, 1 or 2.
        least: the shortest length.

    Returns:
        what is extended, and how many entries were put before each axis, for `cropped`.

    >>> mirrored(torch.tensor([1.0, 2.0, 3.0]), 4, axes=1, least=8)[0].tolist()
    [2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 2.0, 1.0]
    """
    before = []
    for axis in range(-axes, 0):
        n = x.shape[axis]
        fits = (n + multiple - 1) // multiple * multiple
        extra = torch.sym_max(fits, least) - n  # type: ignore[no-untyped-call]
        before.append(extra // 2)
        period = torch.full((1,), 2 * n, device=x.device)  # a tensor, for ONNX
        places = (torch.arange(n + extra, device=x.device) - extra // 2) % period
        x = x.index_select(axis, torch.minimum(places, period - 1 - places))
    return x, before


def cropped(x: Tensor, sizes: Sequence[int], before: Sequence[int]) -> Tensor:
    """Take away what `mirrored` put before, and after `sizes` entries, along the last axes.

    >>> wide, before = mirrored(torch.arange(5.0), 4, axes=1)
    >>> cropped(wide, [5], before).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    for axis, (size, start) in enumerate(zip(sizes, before, strict=True), start=-len(sizes)):
        x = x.narrow(axis, start, size)
    return x
