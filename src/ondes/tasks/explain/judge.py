"""What waveforms are worth: pure tones through the same filters, and agreement between seeds."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ondes.tasks.explain import waves
from ondes.tasks.explain.goals import Goal

Floats = NDArray[np.float32]


def own(goal: Goal, x: Tensor, index: Tensor, *, batch: int) -> Tensor:
    """Return the answer [b] of each waveform's own thing."""
    pairs = ((x[k : k + batch], index[k : k + batch]) for k in range(0, len(x), batch))
    return torch.cat([goal.one(part, which).answer.detach() for part, which in pairs])


def peaks(spectra: Tensor, *, bins: float) -> Tensor:
    """Return the bin where spectra [seed, thing, bin] of all seeds together are highest: [thing].

    Their mean is blurred by so many `bins` first: what one start alone found counts for less. The
    bin of the mean, which waveforms have none of, is none.

    >>> peaks(torch.tensor([[[0.0, 0.4, 0.6, 0.0]], [[0.0, 0.5, 0.0, 0.5]]]), bins=0)
    tensor([1])
    >>> peaks(torch.tensor([[[0.0, 0.6, 0.4, 0.0, 0.0]]]), bins=2)
    tensor([1])
    """
    return 1 + waves.spread(spectra.mean(0), bins)[..., 1:].argmax(-1)


def tone_response(at_peak: Tensor, best: Tensor) -> Tensor:
    """Return what share of the best tone's answer the tone at the found peak has, [b].

    NaN where no tone is answered.

    >>> tone_response(torch.tensor([3.0, 0.0]), torch.tensor([4.0, 0.0]))
    tensor([0.7500,    nan])
    """
    most = torch.maximum(best, at_peak)
    return torch.where(most > 0, at_peak / most, torch.nan)


def tone_rise(at_peak: Tensor, best: Tensor, silence: Tensor) -> Tensor:
    """Return the same of answers counted from that to silence, which is stricter, [b].

    NaN where no tone is answered more than silence is, as by a filter that sounds can only quieten.

    >>> tone_rise(torch.tensor([3.0, 1.0]), torch.tensor([5.0, 1.0]), torch.tensor([1.0, 2.0]))
    tensor([0.5000,    nan])
    """
    most = torch.maximum(best, at_peak) - silence
    heard = most > 1e-6 * (best.abs() + silence.abs())
    return torch.where(heard, (at_peak - silence) / most, torch.nan)


def agreement(spectra: Tensor, *, bins: float) -> Tensor:
    """Return how alike the spectra [seed, thing, bin] of several seeds are: [thing], 0 to 1.

    The mean cosine of all pairs, of spectra blurred by so many `bins`, that neighbouring bins may
    stand for each other. NaN of a single seed.
    """
    soft = waves.spread(spectra, bins)
    unit = soft / soft.square().sum(-1, keepdim=True).sqrt().clamp(min=1e-30)
    seeds = len(unit)
    if seeds < 2:
        return torch.full((spectra.shape[1],), torch.nan)
    pairs = [(unit[a] * unit[b]).sum(-1) for a in range(seeds) for b in range(a)]
    return torch.stack(pairs).mean(0)


def band_share(
    power: Floats, frequency_hz: NDArray[np.float64], band: tuple[float, float]
) -> Floats:
    """Return what share of its energy each spectrum [thing, bin] has within a band in hertz.

    >>> band_share(np.float32([[0.25, 0.5, 0.25]]), np.array([0.0, 1.0, 2.0]), (0.5, 3.0))
    array([0.75], dtype=float32)
    """
    low, high = band
    inside = (frequency_hz >= low) & (frequency_hz <= high)
    share: Floats = power[:, inside].sum(1) / np.maximum(power.sum(1), 1e-30)
    return share
