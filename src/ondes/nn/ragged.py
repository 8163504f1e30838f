"""Batches of clips of unequal length, padded at the end."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.errors import InputError


class Ragged(NamedTuple):
    """A batch whose items are valid up to lengths of their own.

    values: [b, c, t] or [b, c, f, t]; time is the last axis. lengths: int64 [b], how many entries
    along time are valid; None where all are. What stands in the padding is finite and has no
    meaning: every layer that looks beyond one entry puts there first what counts for nothing.

    >>> x = Ragged(torch.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]), torch.tensor([3, 1]))
    >>> x.filled().tolist()
    [[[1.0, 2.0, 3.0]], [[4.0, 0.0, 0.0]]]
    """

    values: Tensor
    lengths: Tensor | None = None

    def inside(self) -> Tensor:
        """Tell which entries are valid: bool [b, 1, t] or [b, 1, 1, t], of one item where all are.

        >>> Ragged(torch.zeros(2, 4, 3), torch.tensor([3, 1])).inside().int().tolist()
        [[[1, 1, 1]], [[1, 0, 0]]]
        """
        t, axes = self.values.shape[-1], [1] * (self.values.ndim - 2)
        places = torch.arange(t, device=self.values.device)
        if self.lengths is None:
            return (places >= 0).view(1, *axes, t)
        return (places < self.lengths[:, None]).view(-1, *axes, t)

    def filled(self, value: float = 0.0) -> Tensor:
        """Return the values, with `value` in the padding."""
        if self.lengths is None:
            return self.values
        if value == 0:  # what is finite vanishes so, in half the time
            return self.values * self.inside().to(self.values.dtype)
        return torch.where(self.inside(), self.values, value)

    def strided(self, values: Tensor, stride: int = 1) -> "Ragged":
        """Return what a layer of `stride` along time made of this: lengths ceil(length / stride).

        >>> x = Ragged(torch.zeros(2, 1, 5), torch.tensor([5, 2]))
        >>> x.strided(torch.zeros(2, 1, 3), 2).lengths
        tensor([3, 1])
        """
        if self.lengths is None or stride == 1:
            return Ragged(values, self.lengths)
        return Ragged(values, (self.lengths + (stride - 1)) // stride)


def ragged(values: Tensor, lengths: Tensor | None = None) -> Ragged:
    """Return a batch with zeros in its padding; lengths that are all full are left out.

    Raises:
        InputError: `lengths` are not whole numbers, one per item, from 1 to the length of time.

    >>> ragged(torch.ones(2, 1, 3), torch.tensor([3, 3])).lengths is None
    True
    """
    if lengths is None:
        return Ragged(values)
    _check(values, lengths)
    if bool((lengths == values.shape[-1]).all()):
        return Ragged(values)
    return silenced(values, lengths.to(values.device, torch.int64))


def silenced(values: Tensor, lengths: Tensor | None) -> Ragged:
    """Return a batch with zeros where anything, infinity and NaN too, may stand in the padding.

    >>> silenced(torch.tensor([[[1.0, torch.nan]]]), torch.tensor([1])).values
    tensor([[[1., 0.]]])
    """
    batch = Ragged(values, lengths)
    return batch if lengths is None else Ragged(torch.where(batch.inside(), values, 0.0), lengths)


def surrounded(x: Ragged, shortest: int) -> Ragged:
    """Set each item of [b, c, t] that is shorter in the middle of `shortest` entries of silence.

    >>> surrounded(Ragged(torch.ones(1, 1, 2)), 5).values
    tensor([[[0., 1., 1., 0., 0.]]])
    """
    if not shortest:
        return x
    t = x.values.shape[-1]
    if x.lengths is None:
        missing = torch.sym_max(shortest - t, 0)  # type: ignore[no-untyped-call]
        return Ragged(F.pad(x.values, (missing // 2, missing - missing // 2)))
    before = (shortest - x.lengths).clamp_min(0) // 2
    places = torch.arange(max(shortest, t), device=before.device) - before[:, None]
    there = (places >= 0) & (places < x.lengths[:, None])
    index = places.clamp(0, t - 1)[:, None].expand(-1, x.values.shape[1], -1)
    values = torch.where(there[:, None], x.values.gather(-1, index), 0.0)
    return Ragged(values, x.lengths.clamp_min(shortest))


def _check(values: Tensor, lengths: Tensor) -> None:
    b, t = len(values), values.shape[-1]
    whole = not (lengths.is_floating_point() or lengths.is_complex())
    if not whole or lengths.shape != (b,) or bool(((lengths < 1) | (lengths > t)).any()):
        raise InputError(
            f"lengths {lengths.tolist()} for a batch of shape {list(values.shape)}: give {b} whole "
            f"numbers from 1 to {t}"
        )
