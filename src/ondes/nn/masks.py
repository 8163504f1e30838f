"""Masks over spectrograms in training (SpecAugment, Park et al. 2019)."""

import torch
from torch import Tensor, nn

from ondes.nn.ragged import Ragged


class Masks(nn.Module):
    """In training, holds stretches of bands and of time at each item's mean: [b, c, f, t] alike.

    Each item gets `count` stretches of bands and as many of time, each at most `bands` of all
    bands and `time` of the item's own length; where they lie and how long they are is drawn.
    """

    def __init__(self, *, count: int, bands: float, time: float) -> None:
        super().__init__()
        self.count, self.bands, self.time = count, bands, time

    def forward(self, x: Ragged) -> Ragged:
        """Mask the values in training; leave them alone otherwise."""
        if not self.training or not self.count:
            return x
        values = x.values
        items, _, high, long = values.shape
        whole = values.new_full((items,), long) if x.lengths is None else x.lengths.to(values)
        hidden = self._hidden(values, values.new_full((items,), high), self.bands, high)[..., None]
        hidden = hidden | self._hidden(values, whole, self.time, long)[:, None]
        inside = x.inside().to(values.dtype).expand(-1, 1, high, -1)
        entries = inside.sum((2, 3), keepdim=True).clamp_min(1)
        mean = (values * inside).sum((2, 3), keepdim=True) / entries
        return Ragged(torch.where(hidden[:, None], mean, values), x.lengths)

    def _hidden(self, like: Tensor, lengths: Tensor, share: float, size: int) -> Tensor:
        """Tell which of `size` places of each item are hidden, [b, size]."""
        draws = torch.rand(2, len(lengths), self.count, 1, device=like.device, dtype=like.dtype)
        width = draws[0] * share * lengths[:, None, None]
        start = draws[1] * (lengths[:, None, None] - width)
        places = torch.arange(size, device=like.device, dtype=like.dtype) + 0.5
        return ((places >= start) & (places < start + width)).any(1)
