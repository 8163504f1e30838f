"""Harmonic: a small detector of pitched tones that shares its weights over pitch.

A tone is a pattern of harmonics that moves along the logarithmic frequency axis when its pitch
changes. The front end takes power spectra through several windows (long ones tell pitches apart,
short ones tell when), maps them to a logarithmic axis, relates them to the level around, and
stacks for every pitch what lies at its harmonics. From there on every pitch is treated by the
same weights: pointwise layers mix features, depthwise layers look along time at growing
dilations, and Toeplitz layers let pitches that share harmonics explain each other away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ondes.io.pitch import midi as pitch_number
from ondes.nn.checks import check_input
from ondes.spec import Spec

CARD = "Pitch-shared network on harmonically stacked log-frequency spectra, ondes's own design."
HEADS = ("frame", "onset", "offset")
BINS = 3  # bins per semitone
PACE = 2  # the body runs at half the frame rate, the head gives both frames back
FLOOR = 1e-7  # power relative to the level around, -70 dB
QUIET = 1e-9  # power of noise that counts as silence, -90 dB of full scale


@dataclass(frozen=True, kw_only=True)
class Window:
    """A power spectrum through a window of `seconds`, of the signal decimated by `decimate`."""

    seconds: float
    decimate: int = 1


@dataclass(frozen=True, kw_only=True)
class Config:
    """`harmonics` are multiples of the pitch, `dilations` frames, `level_s` seconds."""

    width: int = 48
    windows: tuple[Window, ...] = (
        Window(seconds=1024 / 24_000),
        Window(seconds=2048 / 24_000, decimate=2),
        Window(seconds=8192 / 24_000, decimate=8),
    )
    hop_s: float = 512 / 48_000
    harmonics: tuple[float, ...] = (0.5, 1, 2, 3, 4, 5, 6, 7, 8)
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    taps: int = 5
    across: tuple[int, ...] = (1, 3)
    heads: int = 3
    level_s: float = 0.7


class Module(nn.Module):
    """float32 [b, c, t] -> logits [b, 3, pitch, t // hop] for frames, onsets and offsets.

    `classes` are consecutive pitch names in rising order. Channels are summed in power.
    """

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.front = Front(config, rate_hz=rate_hz, classes=classes)
        width, pitches = config.width, len(classes)
        self.stem = nn.Conv2d(
            self.front.features, width, (BINS + 2, 4), stride=(BINS, PACE), padding=(0, 1)
        )
        self.place = nn.Parameter(torch.zeros(1, width, pitches, 1))
        blocks: list[nn.Module] = []
        for position, dilation in enumerate(config.dilations):
            if position in config.across:
                blocks.append(Across(width, pitches, config.heads))
            blocks.append(Along(width, config.taps, dilation))
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Conv2d(width, PACE * len(HEADS), 1)
        nn.init.constant_(cast(Tensor, self.head.bias), -4.0)  # events are rare
        context = PACE * sum(config.taps // 2 * d for d in config.dilations) + PACE
        reach: int = self.front.reach + context * self.front.hop
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
            hop=self.front.hop,
            look_back=reach,
            look_ahead=reach,
            heads=HEADS,
            accepts_hz=(2 * rate_hz,),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map samples to logits; raises InputError where `x` does not fit `spec`."""
        check_input(x, self.spec)
        frames = x.shape[-1] // self.front.hop
        stacked = F.pad(self.front(x), (0, -frames % PACE))
        y = self.stem(stacked.contiguous(memory_format=torch.channels_last))
        place = self.place.to(y.dtype).contiguous(memory_format=torch.channels_last)
        return _interleave(self.head(F.relu(self.blocks(y + place))))[..., :frames]


class Front(nn.Module):
    """float32 [b, c, t] -> [b, window x harmonic, bin, t // hop], about 0 ... 1."""

    def __init__(self, config: Config, *, rate_hz: float, classes: tuple[str, ...]) -> None:
        super().__init__()
        self.hop = round(config.hop_s * rate_hz)
        self.level_frames = round(config.level_s / config.hop_s) // 2
        self.shifts = tuple(round(12 * BINS * math.log2(h)) for h in config.harmonics)
        self.bins = BINS * len(classes) + 2
        self.below = -min(self.shifts)
        self.features = len(config.windows) * len(config.harmonics)
        lowest = pitch_number(classes[0]) - (2 + self.below) / BINS
        count = self.below + self.bins + max(self.shifts)
        spectra = [
            Spectrum(window, hop=self.hop, rate_hz=rate_hz, lowest=lowest, bins=count)
            for window in config.windows
        ]
        self.spectra = nn.ModuleList(spectra)
        # the level is an average of the first spectrum's frames
        averaged = spectra[0].reach + self.level_frames * self.hop
        self.reach: int = max(averaged, *(spectrum.reach for spectrum in spectra))

    def forward(self, x: Tensor) -> Tensor:
        """Stack what lies at every pitch's harmonics."""
        powers = [spectrum(x) for spectrum in self.spectra]
        level = self._level(powers[0])
        logs = [0.1 * torch.log(power / level + FLOOR) + 1 for power in powers]
        stacked = [
            log[:, self.below + shift : self.below + shift + self.bins]
            for log in logs
            for shift in self.shifts
        ]
        return torch.stack(stacked, dim=1)

    def _level(self, power: Tensor) -> Tensor:
        """Mean power around each frame [b, 1, m]."""
        total = power.mean(dim=1, keepdim=True)
        span = 2 * self.level_frames + 1
        return F.avg_pool1d(total, span, stride=1, padding=self.level_frames) + QUIET


class Spectrum(nn.Module):
    """Power [b, bin, t // hop] on a semitone axis, in frames centred on each hop."""

    def __init__(
        self, window: Window, *, hop: int, rate_hz: float, lowest: float, bins: int
    ) -> None:
        super().__init__()
        self.decimate = window.decimate
        self.hop = hop // window.decimate
        self.size = _power_of_two(window.seconds * rate_hz / window.decimate)
        self.margin = 8 * window.decimate  # of the decimating filter, in samples
        self.reach = self.size * window.decimate // 2 + self.margin
        bank = _log_bank(self.size, rate_hz / window.decimate, lowest, bins)
        self.register_buffer("bank", bank, persistent=False)
        self.register_buffer("taper", _taper(self.size), persistent=False)
        self.register_buffer("low_pass", _low_pass(window.decimate, self.margin), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Power of each frame at each bin, summed over channels."""
        y = self._decimated(x)
        frames = y.shape[-1] // self.hop
        padded = F.pad(y, ((self.size - self.hop) // 2, self.size))
        windows = padded.unfold(-1, self.size, self.hop)[:, :, :frames]
        spectrum = torch.fft.rfft(windows * self.get_buffer("taper"))
        power = (spectrum.real.square() + spectrum.imag.square()).sum(dim=1)
        return torch.matmul(self.get_buffer("bank"), power.transpose(1, 2))

    def _decimated(self, x: Tensor) -> Tensor:
        if self.decimate == 1:
            return x
        batch, channels, _ = x.shape
        flat = x.reshape(batch * channels, 1, -1)
        padding = self.margin - (self.decimate - 1) // 2
        y = F.conv1d(flat, self.get_buffer("low_pass"), stride=self.decimate, padding=padding)
        return y.reshape(batch, channels, -1)[..., : x.shape[-1] // self.decimate]


class Along(nn.Module):
    """Residual along time and between neighbouring pitches; [b, width, pitch, m] -> the same."""

    def __init__(self, width: int, taps: int, dilation: int) -> None:
        super().__init__()
        pitches = 3 if dilation == 1 else 1
        self.look = nn.Conv2d(
            width,
            width,
            (pitches, taps),
            dilation=(1, dilation),
            padding=(pitches // 2, taps // 2 * dilation),
            bias=False,
        )
        self.normalise = nn.BatchNorm2d(width)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Add what lies around in time."""
        y: Tensor = self.out(F.relu(self.normalise(self.look(x))))
        return x + y


class Across(nn.Module):
    """Residual over all pitches, by their distance alone, so that harmonics explain each other.

    Each head sees its own features and mixes them with a Toeplitz matrix [pitch, pitch].
    """

    def __init__(self, width: int, pitches: int, heads: int) -> None:
        super().__init__()
        share = width // heads
        self.weight = nn.Parameter(torch.randn(heads, 2 * pitches - 1) * pitches**-0.5)
        self.look = nn.ModuleList(nn.Conv2d(width, share, 1, bias=False) for _ in range(heads))
        self.normalise = nn.BatchNorm2d(heads * share)
        self.out = nn.Conv2d(heads * share, width, 1)
        steps = torch.arange(pitches)
        self.register_buffer("distance", steps[:, None] - steps + pitches - 1, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Add what lies at other pitches."""
        matrices = self.weight[:, self.get_buffer("distance")]
        mixed = [_over_pitch(look(x), m) for look, m in zip(self.look, matrices, strict=True)]
        y: Tensor = self.out(F.relu(self.normalise(torch.cat(mixed, dim=1))))
        return x + y


def _interleave(x: Tensor) -> Tensor:
    """[b, pace x head, p, m] -> [b, head, p, pace x m]."""
    batch, features, pitches, frames = x.shape
    paced = x.reshape(batch, PACE, features // PACE, pitches, frames)
    return paced.permute(0, 2, 3, 4, 1).reshape(batch, -1, pitches, PACE * frames)


def _over_pitch(x: Tensor, matrix: Tensor) -> Tensor:
    """Matrix product over the pitch axis of [b, c, p, m], with the features innermost."""
    last = x.permute(0, 2, 3, 1)
    mixed = torch.matmul(matrix, last.flatten(2)).reshape(last.shape)
    return mixed.permute(0, 3, 1, 2)


def _power_of_two(samples: float) -> int:
    return int(2 ** round(math.log2(samples)))


def _taper(size: int) -> Tensor:
    """A Hann window that gives white noise of variance 1 a mean power of 1."""
    window = torch.hann_window(size)
    return window / window.square().sum().sqrt()


def _low_pass(decimate: int, half: int) -> Tensor:
    """Windowed sinc [1, 1, taps] that keeps what `decimate` leaves room for."""
    taps = 2 * half + decimate % 2
    time = torch.arange(taps) - (taps - 1) / 2
    sinc = torch.sinc(0.85 * time / decimate) * torch.kaiser_window(taps, periodic=False, beta=8.0)
    return (sinc / sinc.sum())[None, None]


def _log_bank(size: int, rate_hz: float, lowest: float, bins: int) -> Tensor:
    """Triangles [bin, f] on a semitone axis, at least as wide as the window resolves.

    `lowest` is the first bin as a MIDI number. Bins above the Nyquist frequency are zero.
    """
    frequency = torch.linspace(0, rate_hz / 2, size // 2 + 1)
    centre = 440 * 2 ** ((lowest + torch.arange(bins) / BINS - 69) / 12)
    half = torch.clamp(centre * (2 ** (1 / (12 * BINS)) - 1), min=rate_hz / size)
    bank = F.relu(1 - (frequency - centre[:, None]).abs() / half[:, None])
    bank = bank * (centre[:, None] < rate_hz / 2)
    return bank / bank.sum(dim=1, keepdim=True).clamp(min=1e-6)
