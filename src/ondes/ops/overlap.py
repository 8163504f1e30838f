"""Overlapping frames put together again."""

from __future__ import annotations

import torch
from torch import Tensor

from ondes.errors import InputError


def overlap_add(frames: Tensor, *, hop: int) -> Tensor:
    """Sum frames `[..., frame, n]` at distances of `hop`: `[..., (frame - 1) * hop + n]`.

    >>> overlap_add(torch.ones(3, 4), hop=2)
    tensor([1., 1., 2., 2., 2., 2., 1., 1.])
    """
    n_frames, n = frames.shape[-2:]
    parts = -(-n // hop)
    padded = torch.nn.functional.pad(frames, (0, parts * hop - n))
    pieces = padded.reshape(*frames.shape[:-1], parts, hop)
    total = frames.new_zeros(*frames.shape[:-2], n_frames + parts - 1, hop)
    for i in range(parts):
        total[..., i : i + n_frames, :] += pieces[..., i, :]
    return total.flatten(-2)[..., : (n_frames - 1) * hop + n]


def merge(frames: Tensor, *, window: Tensor, hop: int) -> Tensor:
    """Mean of overlapping frames `[..., frame, n]` weighted by `window` `[n]`.

    Frames cut from one signal give that signal back. Raises InputError where no frame has weight,
    as at the ends of a window that starts with zero.

    >>> merge(torch.ones(2, 4), window=torch.tensor([1.0, 3.0, 3.0, 1.0]), hop=2)
    tensor([1., 1., 1., 1., 1., 1.])
    """
    weight = overlap_add(window.to(frames).expand(frames.shape[-2], -1), hop=hop)
    if not bool((weight > 0).all()):
        first = int((weight <= 0).nonzero()[0])
        raise InputError(
            f"merge(window of {len(window)}, hop={hop}): no frame has weight at sample {first}; "
            "take a window above zero or a smaller hop"
        )
    return overlap_add(frames * window.to(frames), hop=hop) / weight
