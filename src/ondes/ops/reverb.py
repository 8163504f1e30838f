"""Freeverb as a linear filter, evaluated exactly in the frequency domain.

The network is Jezar Wakefield's public-domain Freeverb with the scaling of JUCE (and hence of
pedalboard): eight damped comb filters in parallel, then four all-passes in series. It is linear
and time-invariant, so its transfer function H is a rational function of the delays and one FFT
replaces a million-step recursion. The response is far longer than a clip, so H is evaluated on a
circle of radius exp(a) > 1: multiplying the input by exp(-a n) and the output by exp(a n) leaves
the filter unchanged and shrinks the circular aliasing by exp(-a L), L the FFT length.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple, TypeAlias, cast

import scipy.fft as sp
import torch
from torch import Tensor

from ondes.errors import InputError

COMB_DELAYS = (1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617)  # samples at 44.1 kHz
ALLPASS_DELAYS = (556, 441, 341, 225)
ALLPASS_GAIN = 0.5
INPUT_GAIN = 0.015
TUNING_HZ = 44100
DECAY = 18.0
"""a L: aliasing e^-18 = 1.5e-8 of the signal, and rounding grows by no more than e^18 eps."""

Amount: TypeAlias = float | Tensor


def reverb(
    x: Tensor,
    rate_hz: float,
    *,
    room_size: Amount = 0.5,
    damping: Amount = 0.5,
    wet: Amount = 0.33,
    dry: Amount = 0.4,
    freeze: Amount = 0.0,
) -> Tensor:
    """Add the reverberation of a room; every channel passes through the same mono Freeverb.

    Args:
        x: real samples `[..., t]`. The reverb starts from rest and is cut at the end of `x`.
        rate_hz: sampling rate; the delays keep their length in seconds (at least one sample).
        room_size: 0..1, how long the sound stays (comb feedback .7 + .28 room_size).
        damping: 0..1, how fast high frequencies decay (one-pole coefficient .4 damping).
        wet: 0..1, level of the reverberation (gain 3 wet).
        dry: 0..1, level of the original (gain 2 dry).
        freeze: from .5 on the combs hold for ever and take no new input, so that a reverb that
            starts from rest leaves the dry sound alone; below .5 it does nothing.

    Each of the five is a number or a tensor that broadcasts against `x[..., 0]`, such as `[b, 1]`
    for one setting per example of a batch `[b, c, t]`. Computed in float64; the result has the
    shape, type and device of `x` and differs from the recursion by less than 1e-6 of its peak.
    Raises InputError for a parameter outside 0..1.

    >>> click = torch.zeros(1, 1, 4800)
    >>> click[..., 0] = 1
    >>> tail = reverb(click, 48000, wet=1.0, dry=0.0)
    >>> tail.shape, bool(tail[..., :1214].any()), bool(tail[..., 1214:].any())
    (torch.Size([1, 1, 4800]), False, True)
    """
    room = _column("room_size", room_size, x)
    damp = _column("damping", damping, x)
    wet_gain = 3 * INPUT_GAIN * _column("wet", wet, x)
    dry_gain = 2 * _column("dry", dry, x)
    frozen = _column("freeze", freeze, x)
    wet_gain = torch.where(frozen < 0.5, wet_gain, 0.0)
    signal = x.to(torch.float64)
    tail = _filter(signal, rate_hz, damp=0.4 * damp, feedback=0.7 + 0.28 * room)
    return torch.addcmul(dry_gain * signal, tail, wet_gain).to(x.dtype)


def _column(name: str, amount: Amount, x: Tensor) -> Tensor:
    """A parameter as float64 with a time axis of length 1."""
    column = torch.as_tensor(amount, dtype=torch.float64, device=x.device)[..., None]
    if not bool(((column >= 0) & (column <= 1)).all()):
        raise InputError(f"reverb({name}={amount}): the parameters of the reverb lie in 0..1")
    return column


def _filter(x: Tensor, rate_hz: float, *, damp: Tensor, feedback: Tensor) -> Tensor:
    """The combs and all-passes at unit gain, silent exactly until the shortest path arrives."""
    n = x.shape[-1]
    plan = _plan(n, rate_hz, x.device)
    spectrum = _rfft(x * plan.envelope, plan.length)
    spectrum *= _response(plan, damp, feedback)
    tail = _irfft(spectrum, plan.length)[..., :n] / plan.envelope
    tail[..., : plan.silence] = 0
    return tail


def _response(plan: _Plan, damp: Tensor, feedback: Tensor) -> Tensor:
    """H on the damped circle.

    A comb is P / (1 - P/g) with P its delay and 1/g the damped feedback, so the sum of the eight
    is g (g S - 8), S = sum 1/(g - P). Two terms of S make 2 u / (u^2 - h^2), where u = g - m and
    P = m + h and m - h: one division for two combs.
    """
    g = (1 - damp * plan.unit_delay) / (feedback * (1 - damp))
    half = torch.zeros_like(g)
    for mean, minus_h2 in zip(plan.pair_means, plan.pair_minus_h2, strict=True):
        u = g - mean
        half = torch.addcdiv(half, u, torch.addcmul(minus_h2, u, u))
    return (g * half - 4) * g * plan.allpasses_twice


class _Plan(NamedTuple):
    """What depends on length and rate alone."""

    length: int
    silence: int
    envelope: Tensor  # [n] exp(-a n)
    unit_delay: Tensor  # [length // 2 + 1] one sample of delay on the damped circle
    pair_means: tuple[Tensor, ...]  # (P_i + P_j) / 2 of two combs
    pair_minus_h2: tuple[Tensor, ...]  # -((P_i - P_j) / 2)^2
    allpasses_twice: Tensor  # 2 A, A the four all-passes in series


@lru_cache(maxsize=4)
@torch.inference_mode(mode=False)
def _plan(n: int, rate_hz: float, device: torch.device) -> _Plan:
    length = sp.next_fast_len(n, real=True)
    decay = DECAY / length
    bins = torch.arange(length // 2 + 1, device=device)

    def delay(samples: int) -> Tensor:
        angle = (bins * samples % length).double() * (-2 * math.pi / length)
        return torch.polar(torch.full_like(angle, math.exp(-decay * samples)), angle)

    combs = [_samples(d, rate_hz) for d in COMB_DELAYS]
    pairs = [(delay(i), delay(j)) for i, j in zip(combs[::2], combs[1::2], strict=True)]
    allpasses = torch.ones((), dtype=torch.complex128, device=device)
    for d in ALLPASS_DELAYS:
        z = delay(_samples(d, rate_hz))
        allpasses = allpasses * ((1 + ALLPASS_GAIN) * z - 1) / (1 - ALLPASS_GAIN * z)
    return _Plan(
        length,
        min(combs),
        torch.exp(-decay * torch.arange(n, dtype=torch.float64, device=device)),
        delay(1),
        tuple((p + q) / 2 for p, q in pairs),
        tuple(-(((p - q) / 2) ** 2) for p, q in pairs),
        2 * allpasses,
    )


def _samples(delay: int, rate_hz: float) -> int:
    return max(1, int(rate_hz) * delay // TUNING_HZ)


def _rfft(x: Tensor, n: int) -> Tensor:
    if _on_torch(x):
        return cast(Tensor, torch.fft.rfft(x, n))
    return torch.from_numpy(sp.rfft(x.numpy(), n))


def _irfft(spectrum: Tensor, n: int) -> Tensor:
    if _on_torch(spectrum):
        return cast(Tensor, torch.fft.irfft(spectrum, n))
    return torch.from_numpy(sp.irfft(spectrum.numpy(), n))


def _on_torch(x: Tensor) -> bool:
    """torch on a GPU and for gradients; else scipy, three times faster for a single clip."""
    return x.requires_grad or x.device.type != "cpu"
