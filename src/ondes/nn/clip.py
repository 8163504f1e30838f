"""From a clip of any length to numbers of its own: means and maxima over what is valid."""

from typing import Literal

import torch
from torch import Tensor, nn

from ondes.nn.ragged import Ragged


class GlobalMean(nn.Module):
    """Mean over time, and frequency: [b, c, (f,) t] -> [b, c]."""

    def forward(self, x: Ragged) -> Tensor:
        """Average every item over its own length."""
        return global_mean(x)


class GlobalMax(nn.Module):
    """Maximum over time, and frequency: [b, c, (f,) t] -> [b, c]."""

    def forward(self, x: Ragged) -> Tensor:
        """Take the maximum of every item within its own length."""
        return x.filled(-torch.inf).flatten(2).amax(-1)


class AdaptiveMean(nn.Module):
    """Means in `bins` stretches of every item's own length: [b, c, (f,) t] -> [b, c, *bins].

    Stretch i of n of a length l is [floor(i l / n), ceil((i + 1) l / n)), as in torch's adaptive
    pooling. bins: one number, or (frequency, time), of which 1D takes the last.
    """

    def __init__(self, dims: Literal[1, 2], bins: int | tuple[int, int]) -> None:
        super().__init__()
        pair = (bins, bins) if isinstance(bins, int) else bins
        self.bins = tuple(pair[-dims:])

    def forward(self, x: Ragged) -> Tensor:
        """Average in stretches."""
        values = x.filled()
        share = _shares(x.lengths, values.shape[-1], self.bins[-1], values)
        if values.ndim == 3:
            return values @ share
        across = _shares(None, values.shape[2], self.bins[0], values)[0]
        return across.T @ (values @ share[:, None])


def global_mean(x: Ragged) -> Tensor:
    """Return the mean over time, and frequency, of every item: [b, c, (f,) t] -> [b, c]."""
    if x.lengths is None:
        return x.values.flatten(2).mean(-1)
    entries = x.lengths * x.values.shape[2:-1].numel()
    return x.filled().flatten(2).sum(-1) / entries[:, None]


def _shares(lengths: Tensor | None, t: int, bins: int, like: Tensor) -> Tensor:
    """Return what each entry counts in each stretch, [b, t, bins], [1, t, bins] without lengths."""
    index = torch.arange(bins, device=like.device)
    length = torch.ones_like(index[:1]) * t if lengths is None else lengths
    start, stop = (index * length[:, None]) // bins, -((-(index + 1) * length[:, None]) // bins)
    place = torch.arange(t, device=like.device)[:, None]
    inside = (place >= start[:, None]) & (place < stop[:, None])
    return inside.to(like.dtype) / (stop - start)[:, None].to(like.dtype)
