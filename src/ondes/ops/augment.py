"""Augmentation: gain, noise, channel swap, chorus and reverb, at any rate and on any device.

The effects are pure functions of samples `[..., c, t]`; a parameter is a number or a tensor that
broadcasts against `[..., c]`, such as `[b, 1]` for one setting per example of a batch. `draw` rolls
the dice once, as in Kovanda's thesis (CTU in Prague 2022, section 1.9), and returns a `Chain`: a
printable record of what was drawn, which can be applied to arrays and tensors alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ondes.errors import ChannelError
from ondes.ops.reverb import Amount, reverb

Samples = TypeVar("Samples", npt.NDArray[np.float32], npt.NDArray[np.float64], Tensor)
Range: TypeAlias = tuple[float, float]

LFO_SWING_MS = 10.0
"""JUCE's chorus moves its delay by +-10 ms at depth 1."""


def gain(x: Tensor, db: Amount) -> Tensor:
    """Amplify by `db` decibels.

    >>> gain(torch.ones(1, 2), 20.0)
    tensor([[10., 10.]])
    """
    factor = 10 ** (_column(db, x) / 20)
    return x * factor.to(x.dtype)


def noise(x: Tensor, *, snr_db: Amount, seed: int) -> Tensor:
    """Add white Gaussian noise, `snr_db` decibels below the power of each channel.

    The same `seed` gives the same noise on every device; a silent channel stays silent.
    """
    generator = np.random.Generator(np.random.SFC64(seed))
    white = torch.from_numpy(generator.standard_normal(tuple(x.shape), dtype=np.float32))
    power = x.square().mean(-1, keepdim=True)
    level = (power * 10 ** (-_column(snr_db, x) / 10)).sqrt().to(x.dtype)
    return torch.addcmul(x, white.to(x), level)


def channel_swap(x: Tensor, order: tuple[int, ...]) -> Tensor:
    """Reorder the channels of `[..., c, t]`: channel `order[i]` becomes channel i."""
    if sorted(order) != list(range(x.shape[-2])):
        raise ChannelError(
            f"channel_swap: order {order} does not name each of the {x.shape[-2]} channels "
            "once; draw it with draw(rng, config, channels=...)"
        )
    return x[..., list(order), :]


def chorus(
    x: Tensor,
    rate_hz: float,
    *,
    centre_ms: Amount = 7.0,
    depth: Amount = 0.25,
    lfo_hz: Amount = 1.0,
    phase: Amount = 0.0,
    mix: Amount = 0.5,
) -> Tensor:
    """Mix the signal with a copy of itself whose delay swings about `centre_ms`.

    The structure of JUCE's (and pedalboard's) chorus without feedback: the delay in milliseconds is
    `centre_ms - 10 depth sin(2 pi lfo_hz t + phase)`, at least 1; between samples the copy is
    interpolated linearly; `mix` (0..1) is the share of the copy. Silence precedes the signal.

    >>> x = torch.arange(96.0)[None]
    >>> chorus(x, 48000, centre_ms=1.0, depth=0.0, mix=1.0)[0, 48:52]
    tensor([0., 1., 2., 3.])
    """
    n = torch.arange(x.shape[-1], dtype=torch.float64, device=x.device)
    turn = (2 * math.pi / rate_hz) * _column(lfo_hz, x) * n + _column(phase, x)
    delay_ms = _column(centre_ms, x) - LFO_SWING_MS * _column(depth, x) * torch.sin(turn)
    copy = _read_at(x, n - delay_ms.clamp(min=1.0) * (rate_hz / 1000))
    return torch.lerp(x, copy, _column(mix, x).to(x.dtype))


def _read_at(x: Tensor, position: Tensor) -> Tensor:
    """`x` at fractional positions, interpolated linearly, zero before its start."""
    below = position.floor()
    share = (position - below).to(x.dtype)
    index = (below.long() + 2).clamp(min=0).expand(x.shape)  # x is read behind two zeros
    padded = torch.nn.functional.pad(x, (2, 0))
    return torch.lerp(padded.gather(-1, index), padded.gather(-1, index + 1), share)


def _column(value: Amount, x: Tensor) -> Tensor:
    """A parameter as float64 with a time axis of length 1."""
    return torch.as_tensor(value, dtype=torch.float64, device=x.device)[..., None]


class Chorus(NamedTuple):
    """What was drawn for `chorus`."""

    centre_ms: float
    phase: float


class Reverb(NamedTuple):
    """What was drawn for `reverb`."""

    room_size: float
    damping: float
    wet: float
    dry: float
    freeze: float


class Noise(NamedTuple):
    """What was drawn for `noise`."""

    snr_db: float
    seed: int


@dataclass(frozen=True)
class Chain:
    """The effects drawn for one example, in the order in which they are applied; None is off.

    >>> Chain(gain_db=20.0)(np.ones((1, 2), np.float32), 48000)
    array([[10., 10.]], dtype=float32)
    """

    channel_swap: tuple[int, ...] | None = None
    gain_db: float | None = None
    chorus: Chorus | None = None
    reverb: Reverb | None = None
    noise: Noise | None = None

    def __call__(self, x: Samples, rate_hz: float) -> Samples:
        """Augment samples `[..., c, t]`; what comes in as an array leaves as an array."""
        if isinstance(x, Tensor):
            return self._apply(x, rate_hz)
        return self._apply(torch.tensor(x), rate_hz).numpy()

    def _apply(self, x: Tensor, rate_hz: float) -> Tensor:
        if self.channel_swap is not None:
            x = channel_swap(x, self.channel_swap)
        if self.gain_db is not None:
            x = gain(x, self.gain_db)
        if self.chorus is not None:
            x = chorus(x, rate_hz, **self.chorus._asdict())
        if self.reverb is not None:
            x = reverb(x, rate_hz, **self.reverb._asdict())
        if self.noise is not None:
            x = noise(x, **self.noise._asdict())
        return x


@dataclass(frozen=True)
class Config:
    """How likely each effect is and where its parameters lie (drawn uniformly).

    The defaults are the thesis's: each effect with p = 0.2, gain +-15 dB, chorus about 6.5 to
    8.5 ms, the reverb's parameters in 0..1 except for freeze in 0..0.2. The range of the noise is
    ours, for the thesis gives none.
    """

    p_gain: float = 0.2
    p_noise: float = 0.2
    p_channel_swap: float = 0.2
    p_chorus: float = 0.2
    p_reverb: float = 0.2
    gain_db: Range = (-15.0, 15.0)
    snr_db: Range = (10.0, 40.0)
    chorus_ms: Range = (6.5, 8.5)
    room_size: Range = (0.0, 1.0)
    damping: Range = (0.0, 1.0)
    wet: Range = (0.0, 1.0)
    dry: Range = (0.0, 1.0)
    freeze: Range = (0.0, 0.2)


def draw(rng: np.random.Generator, config: Config | None = None, *, channels: int = 1) -> Chain:
    """Draw a chain of effects for one example of `channels` channels.

    Every call takes the same number of draws from `rng`, whatever the probabilities: switching one
    effect off leaves the others as they were.

    >>> draw(np.random.default_rng(1), Config(p_noise=1.0)).noise
    Noise(snr_db=..., seed=...)
    """
    config = config or Config()
    order = tuple(rng.permutation(channels).tolist())
    gain_db = rng.uniform(*config.gain_db)
    movement = Chorus(rng.uniform(*config.chorus_ms), rng.uniform(0, 2 * math.pi))
    room = _draw_reverb(rng, config)
    hiss = Noise(rng.uniform(*config.snr_db), int(rng.integers(2**32)))
    dice = rng.random(5)
    return Chain(
        channel_swap=order if dice[0] < config.p_channel_swap else None,
        gain_db=gain_db if dice[1] < config.p_gain else None,
        chorus=movement if dice[2] < config.p_chorus else None,
        reverb=room if dice[3] < config.p_reverb else None,
        noise=hiss if dice[4] < config.p_noise else None,
    )


def _draw_reverb(rng: np.random.Generator, config: Config) -> Reverb:
    ranges = (config.room_size, config.damping, config.wet, config.dry, config.freeze)
    return Reverb(*(rng.uniform(*r) for r in ranges))
