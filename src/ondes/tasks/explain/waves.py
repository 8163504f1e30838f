"""Waveforms of a given RMS, their spectra, and pure tones."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def round_length(least: int, *, multiple: int = 1) -> int:
    """Return `least` or a little more: `multiple` times 4 to 7 times a power of two.

    There are few such lengths, so that layers share them, and they are transformed quickly.

    >>> round_length(1001), round_length(1100), round_length(1000, multiple=60)
    (1024, 1280, 1200)
    """
    count = max(1, -(-least // multiple))
    step = max(1, (1 << (count - 1).bit_length()) // 8)
    return multiple * step * -(-count // step)


def scaled(x: Tensor, rms: float) -> Tensor:
    """Return waveforms [b, channel, time] with means of 0 and an RMS, over all channels, of `rms`.

    >>> scaled(torch.tensor([[[1.0, 3.0]]]), 0.5)
    tensor([[[-0.5000,  0.5000]]])
    """
    centred = x - x.mean(-1, keepdim=True)
    power = centred.square().mean((-2, -1), keepdim=True)
    level: Tensor = centred * (rms / power.sqrt().clamp(min=1e-20))
    return level


def flat(shape: tuple[int, int, int], *, rms: float, generator: torch.Generator) -> Tensor:
    """Return random waveforms [b, channel, time] whose spectra are flat, each phase drawn."""
    bins = shape[-1] // 2 + 1
    phase = 2 * math.pi * torch.rand((*shape[:-1], bins), generator=generator)
    return scaled(torch.fft.irfft(torch.polar(torch.ones_like(phase), phase), n=shape[-1]), rms)


def power(x: Tensor) -> Tensor:
    """Return what share of its energy a waveform [b, channel, time] has in each bin: [b, bin].

    Bin k is at k / time of the sampling rate; that of the mean is 0.
    """
    energy = torch.fft.rfft(x).abs().square().sum(1)
    energy[:, 0] = 0
    shares: Tensor = energy / energy.sum(-1, keepdim=True).clamp(min=1e-30)
    return shares


def tones(cycles: Tensor, *, phase: float, channels: int, samples: int, rms: float) -> Tensor:
    """Return pure tones [b, channel, time] of so many cycles a clip [b], alike in all channels."""
    angle = 2 * math.pi * cycles.double()[:, None] * torch.arange(samples) / samples + phase
    wave: Tensor = (math.sqrt(2) * rms * torch.sin(angle)).float()
    return wave[:, None].expand(-1, channels, -1).contiguous()


def sweep(samples: int, *, most: int) -> Tensor:
    """Return whole numbers of cycles, `most` or fewer, from 1 to below half the samples.

    Half of them lie evenly, half by equal ratios, so that low and high ones are told apart.

    >>> sweep(16, most=8).tolist()
    [1, 2, 3, 4, 5, 7]
    """
    top = max(1, (samples - 1) // 2)
    even = torch.linspace(1, top, max(1, most // 2))
    ratios = torch.logspace(0, math.log10(top), max(1, most // 2)) if top > 1 else even
    cycles: Tensor = torch.unique(torch.cat([even, ratios]).round().long())
    return cycles


def rolled(x: Tensor, samples: int) -> Tensor:
    """Return waveforms later by so many samples; what leaves at the end comes in at the start."""
    return torch.roll(x, samples, dims=-1) if samples else x


def spread(spectra: Tensor, bins: float) -> Tensor:
    """Return spectra [..., bin] blurred by a Gaussian whose standard deviation is so many bins."""
    n = spectra.shape[-1]
    if bins < 0.3 or n < 2:
        return spectra
    mirrored = torch.cat([spectra, spectra[..., 1:-1].flip(-1)], dim=-1)
    size = mirrored.shape[-1]
    place = torch.arange(size // 2 + 1, dtype=spectra.dtype) / size
    soft = torch.exp(-2 * (math.pi * bins * place) ** 2)
    blurred: Tensor = torch.fft.irfft(torch.fft.rfft(mirrored) * soft, n=size)[..., :n]
    return blurred.clamp(min=0)
