"""Ways to compute one correlation, all the same function to rounding.

A kernel prepares weights [o, c, k] once and then maps blocks of signal [b, groups*c, n + k - 1] to
[b, o, n], y[s] = sum over channels and taps of w[tap] x[s + tap]. All are made of differentiable
operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.ops.convolution.products import Halves, product

Run = Callable[[Tensor], Tensor]

PARTS = 16  # transforms that share the spectra of weights from many channels
BLOCK_VALUES = 2**18  # of an output block: with what it is made of, it stays in a core's cache


class Kernel(Protocol):
    """One way to correlate."""

    joins: bool  # weights of several lengths are computed faster as one, padded to the longest

    @property
    def name(self) -> str:
        """What it is called, by `fixed` and in the cache."""
        ...

    def takes(self, taps: int, groups: int, /) -> bool:
        """Whether it can correlate with that many taps in so many groups."""
        ...

    def step(self, weight: Tensor, /) -> int | None:
        """Outputs to compute at once; None for all."""
        ...

    def prepare(self, weight: Tensor, groups: int, /) -> Run:
        """Return what maps blocks, with all that depends on the weights alone done."""
        ...


@dataclass(frozen=True)
class Direct:
    """torch's own convolution, of the whole signal or, with `block`, of so many outputs a time."""

    block: int = 0
    joins = False

    @property
    def name(self) -> str:
        """Return ``direct`` or ``blocked-N``."""
        return f"blocked-{self.block}" if self.block else "direct"

    def takes(self, _taps: int, _groups: int, /) -> bool:
        """Any."""
        return True

    def step(self, _weight: Tensor, /) -> int | None:
        """As many outputs as the kernel's name says."""
        return self.block or None

    def prepare(self, weight: Tensor, groups: int, /) -> Run:
        """Nothing to prepare."""
        return lambda x: F.conv1d(x, weight, groups=groups)


@dataclass(frozen=True)
class Last:
    """torch's own convolution of images of one line, with their channels last in memory."""

    name = "last"
    joins = False

    def takes(self, _taps: int, groups: int, /) -> bool:
        """One group alone."""
        return groups == 1

    def step(self, _weight: Tensor, /) -> int | None:
        """All outputs at once."""
        return None

    def prepare(self, weight: Tensor, _groups: int, /) -> Run:
        """Lay the weights out."""
        lines = weight.mT.contiguous().mT.unsqueeze(2)
        return lambda x: F.conv2d(x.mT.contiguous().mT.unsqueeze(2), lines).squeeze(2)


@dataclass(frozen=True)
class Fft:
    """Overlap-save: products of spectra of `size` samples (Stockham 1966; Oppenheim & Schafer 8.7).

    Every transform gives ``size - k + 1`` outputs. The spectra of many channels meet in one matrix
    product a frequency.
    """

    size: int
    joins = True

    @property
    def name(self) -> str:
        """Return ``fft-SIZE``."""
        return f"fft-{self.size}"

    def takes(self, taps: int, _groups: int, /) -> bool:
        """Kernels that leave at least half of a transform's outputs."""
        return 2 * taps <= self.size + 2

    def step(self, weight: Tensor, /) -> int | None:
        """One transform; of many channels enough for a matrix product."""
        hop = self.size - weight.shape[-1] + 1
        return hop if weight.shape[1] == 1 else PARTS * hop

    def prepare(self, weight: Tensor, groups: int, /) -> Run:
        """Transform the weights."""
        spectra = torch.fft.rfft(weight, self.size).conj().resolve_conj()
        spectra = torch.unflatten(spectra, 0, (groups, -1))
        hop = self.size - weight.shape[-1] + 1

        def run(x: Tensor) -> Tensor:
            wanted = x.shape[-1] - weight.shape[-1] + 1
            parts = -(-wanted // hop)
            frames = F.pad(x, (0, parts * hop - wanted)).unfold(-1, self.size, hop)
            x_spectra = torch.unflatten(torch.fft.rfft(frames), 1, (groups, -1))
            y: Tensor = torch.fft.irfft(_per_frequency(x_spectra, spectra), self.size)
            return y[..., :hop].flatten(-2).flatten(1, 2)[..., :wanted]

        return run


def _per_frequency(x: Tensor, weight: Tensor) -> Tensor:
    """Multiply spectra [b, g, c, part, f] by [g, o, c, f] into [b, g, o, part, f]."""
    if x.shape[2] == 1:
        return x * weight[:, :, 0, None]
    return torch.einsum("bgcpf,gocf->bgopf", x, weight)


@dataclass(frozen=True)
class Banded:
    """A banded matrix product: frames of `frame` outputs, each with the samples these depend on.

    The matrix [c * (frame + k - 1), frame * o] holds the weights once per output of a frame, one
    row further down each. A frame of 16 costs (15 + k) / k times the sums of the definition, at the
    speed of a matrix product. `halves` says how products are rounded: see
    `ondes.ops.convolution.products`.
    """

    frame: int
    halves: Halves = 0
    joins = False

    @property
    def name(self) -> str:
        """Return ``banded-FRAME``, ``half-FRAME`` or ``split-FRAME``."""
        return f"{FAMILY_OF[self.halves]}-{self.frame}"

    def takes(self, _taps: int, groups: int, /) -> bool:
        """One group alone."""
        return groups == 1

    def step(self, weight: Tensor, /) -> int | None:
        """As many frames as fit the cache."""
        return self.frame * max(1, BLOCK_VALUES // (weight.shape[0] * self.frame))

    def prepare(self, weight: Tensor, _groups: int, /) -> Run:
        """Make the matrix."""
        outputs, _, taps = weight.shape
        times = product(band(weight, self.frame), halves=self.halves)

        def run(x: Tensor) -> Tensor:
            wanted = x.shape[-1] - taps + 1
            lacking = -wanted % self.frame
            frames = F.pad(x, (0, lacking)).unfold(-1, self.frame + taps - 1, self.frame)
            y = times(frames.transpose(1, 2).flatten(2))
            return y.reshape(len(x), -1, outputs)[:, :wanted].mT

        return run


FAMILY_OF: dict[Halves, str] = {0: "banded", 1: "half", 3: "split"}


def band(weight: Tensor, frame: int) -> Tensor:
    """Return the banded matrix [c * (frame + k - 1), frame * o] of weights [o, c, k].

    >>> band(torch.tensor([[[1.0, 2.0]]]), 3).T
    tensor([[1., 2., 0., 0.],
            [0., 1., 2., 0.],
            [0., 0., 1., 2.]])
    """
    outputs, inputs, taps = weight.shape
    reach = frame + taps - 1
    # Rows of taps + frame read as rows of one less: each starts one place further on.
    rows = F.pad(weight, (0, frame))[:, :, None].expand(-1, -1, frame, -1).flatten(2)
    skewed = torch.unflatten(rows[..., : frame * reach], -1, (frame, reach))
    return skewed.permute(1, 3, 2, 0).reshape(inputs * reach, frame * outputs)
