"""What a kernel is chosen for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

SHORTEST, LONG = 2**10, 2**14  # samples: fewer are not worth a probe, more tell it no more


class Job(NamedTuple):
    """The facts of a convolution that decide which kernel is fastest.

    The number of items in a batch is none of them, nor is the exact length: a recording's windows
    have one shape however it arrives, so that all of them are computed by one kernel, and a batch
    as its items.

    Attributes:
        channels, outputs: of one group.
        groups: that do not see each other.
        kernels: taps of each of the convolutions computed as one.
        time: samples, rounded up to a power of two; of long signals as many as tell.
        pool: outputs in a window of which only the extremes are kept; 0 for all outputs.
        slopes: what gradients are needed of: "x", "w", "xw" or "".
        dtype: of the weights, as torch names it.
        rounded: bfloat16 arithmetic is asked for.
    """

    channels: int
    outputs: int
    groups: int
    kernels: tuple[int, ...]
    time: int
    pool: int
    slopes: str
    dtype: str
    rounded: bool

    @classmethod
    def of(cls, x: Tensor, weights: Sequence[Tensor], *, pool: int = 0, rounded: bool) -> Job:
        """Return the job of convolving x [b, c, t] with weights [o, c / groups, k]."""
        groups = x.shape[1] // weights[0].shape[1]
        kernels = tuple(w.shape[-1] for w in weights)
        return cls(
            channels=weights[0].shape[1],
            outputs=sum(len(w) for w in weights) // groups,
            groups=groups,
            kernels=kernels,
            time=min(_power(x.shape[-1]), max(LONG, _power(8 * max(kernels)))),
            pool=pool,
            slopes=slopes(x, weights),
            dtype=str(weights[0].dtype).removeprefix("torch."),
            rounded=rounded,
        )

    @property
    def worth_probing(self) -> bool:
        """Long signals in single precision; double is asked for where exactness counts."""
        return self.time >= SHORTEST and self.dtype == "float32"

    @property
    def long(self) -> bool:
        """The signal may be longer than what is probed; what grows faster than it is no choice."""
        return self.time >= LONG

    @property
    def key(self) -> str:
        """What it is called in the cache.

        >>> Job(1, 96, 1, (63, 255), 4096, 16, "", "float32", False).key
        '1 to 96 channels, 63+255 taps, 4096 samples, extremes of 16, float32'
        """
        facts = [
            f"{self.channels} to {self.outputs} channels",
            f"{self.groups} groups" if self.groups > 1 else "",
            f"{'+'.join(map(str, self.kernels))} taps",
            f"{self.time} samples",
            f"extremes of {self.pool}" if self.pool else "",
            f"slopes of {self.slopes}" if self.slopes else "",
            "bfloat16" if self.rounded else self.dtype,
        ]
        return ", ".join(filter(None, facts))


def slopes(x: Tensor, weights: Sequence[Tensor]) -> str:
    """Return what gradients are needed of."""
    if not torch.is_grad_enabled():
        return ""
    return "x" * x.requires_grad + "w" * any(w.requires_grad for w in weights)


def _power(n: int) -> int:
    """Return the power of two that is n or the next above."""
    return 1 << (n - 1).bit_length()
