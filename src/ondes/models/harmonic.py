"""Harmonic: a small detector of pitched tones that shares its weights over pitch.

A tone is a pattern of harmonics that moves along the logarithmic frequency axis when its pitch
changes. The front end takes power spectra through several windows (long ones tell pitches apart,
short ones tell when), maps them to a logarithmic axis, relates them to the level around, and
stacks for every pitch what lies at its harmonics. From there on every pitch is treated by the
same weights: layers along time look at growing distances, layers across pitch let tones that
share harmonics explain each other away. The body runs at half the frame rate; the head gives
both frames back.

Digital silence, such as surrounds a recording, counts for nothing: its features are zero, in every
layer. So a network that has learnt from clips takes the edges of a recording for no more than that.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ondes.errors import InputError
from ondes.io import pitch
from ondes.nn.checks import check_input
from ondes.nn.field import Field, widest
from ondes.nn.init import expect_silence
from ondes.spec import HEADS, Spec

CARD = (
    "Harmonic, an own design of ondes: log-frequency power spectra through several windows, "
    "stacked at each pitch's harmonics, then residual layers along time and across pitch whose "
    "weights all pitches share."
)
BINS = 3  # bins per semitone
PACE = 2  # frames in one step of the body
FLOOR = 1e-7  # power relative to the level around, -70 dB
QUIET = 1e-9  # power of noise that counts as silence, -90 dB of full scale


@dataclass(frozen=True, kw_only=True)
class Window:
    """A power spectrum through a window of `seconds`, of the signal decimated by `decimate`."""

    seconds: float
    decimate: int = 1


@dataclass(frozen=True, kw_only=True)
class Config:
    """What can be chosen of the network.

    width: features per pitch. windows: of the spectra, the first without decimation; it also
    measures the level, over `level_s` to both sides. hop_s: of the frames. harmonics: which
    multiples of the pitch are stacked. dilations: of the layers along time, in steps of two
    frames, each of `taps` taps. across: before which of these a layer across pitch stands, of
    `heads` heads. doubled: whether signals at twice the rate are taken too.
    """

    width: int = 48
    windows: tuple[Window, ...] = (
        Window(seconds=1024 / 24_000),
        Window(seconds=2048 / 24_000, decimate=2),
        Window(seconds=8192 / 24_000, decimate=8),
    )
    hop_s: float = 512 / 48_000
    harmonics: tuple[float, ...] = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    taps: int = 5
    across: tuple[int, ...] = (1, 3)
    heads: int = 3
    level_s: float = 0.35
    doubled: bool = True


class Module(nn.Module):
    """float32 [b, c, t] -> logits [b, 3, pitch, t // hop] for frames, onsets and offsets.

    `classes` are consecutive pitch names in rising order. Channels are summed in power.

    Raises:
        InputError: the classes are no such names.
    """

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        width, pitches = config.width, len(classes)
        self.front = Front(config, rate_hz=rate_hz, lowest=_lowest(classes), pitches=pitches)
        self.stem = nn.Conv2d(
            self.front.features, width, (BINS + 2, PACE + 2), stride=(BINS, PACE), padding=(0, 1)
        )
        self.place = nn.Parameter(torch.zeros(1, width, pitches, 1))
        field = self.front.field.layer(before=1, after=1, stride=PACE)
        blocks: list[nn.Module] = []
        for position, dilation in enumerate(config.dilations):
            if position in config.across:
                blocks.append(Across(width, pitches, config.heads))
            blocks.append(Along(width, config.taps, dilation))
            reach = config.taps // 2 * dilation
            field = field.layer(before=reach, after=reach)
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Conv2d(width, PACE * len(HEADS), 1)
        expect_silence(self.head)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
            hop=self.front.field.hop,
            look_back=field.back,
            look_ahead=field.ahead,
            heads=HEADS,
            accepts_hz=(2 * rate_hz,) if config.doubled else (),
            step=PACE,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map samples to logits; raises InputError where `x` does not fit `spec`."""
        check_input(x, self.spec)
        frames = x.shape[-1] // self.spec.hop
        whole = F.pad(x, (0, frames % PACE * self.spec.hop))
        heard = self._heard(whole)
        features = self.front(whole) * heard
        y = self.stem(features.contiguous(memory_format=torch.channels_last))
        place = self.place.to(y.dtype).contiguous(memory_format=torch.channels_last)
        paced = F.max_pool2d(heard, (1, PACE)).to(y.dtype)
        y = (y + place) * paced
        for block in self.blocks:
            y = block(y, paced)
        logits: Tensor = self.head(F.relu(y))
        return _interleave(logits)[..., :frames]

    def _heard(self, x: Tensor) -> Tensor:
        """Tell in which frames there is any sound: 1 or 0, [b, 1, 1, t // hop]."""
        whole = x[..., : x.shape[-1] // self.spec.hop * self.spec.hop]
        hops = whole.reshape(x.shape[0], x.shape[1], -1, self.spec.hop)
        power = hops.square().mean(dim=-1).sum(dim=1)
        return (power > QUIET).to(x.dtype)[:, None, None]


class Front(nn.Module):
    """float32 [b, c, t] -> [b, window x harmonic, bin, t // hop] around 0."""

    def __init__(self, config: Config, *, rate_hz: float, lowest: int, pitches: int) -> None:
        super().__init__()
        hop = round(config.hop_s * rate_hz)
        self.shifts = tuple(round(12 * BINS * math.log2(h)) for h in config.harmonics)
        self.bins = BINS * pitches + 2
        self.below = -min(self.shifts)
        self.level_frames = round(config.level_s / config.hop_s)
        self.features = len(config.windows) * len(config.harmonics)
        spectra = [
            Spectrum(
                window,
                hop=hop,
                rate_hz=rate_hz,
                lowest=lowest - (2 + self.below) / BINS,
                bins=self.below + self.bins + max(self.shifts),
            )
            for window in config.windows
        ]
        self.spectra = nn.ModuleList(spectra)
        averaged = spectra[0].field.layer(before=self.level_frames, after=self.level_frames)
        self.field = widest(averaged, *(spectrum.field for spectrum in spectra))

    def forward(self, x: Tensor) -> Tensor:
        """Stack what lies at every pitch's harmonics."""
        powers = [spectrum(x) for spectrum in self.spectra]
        level = self._level(powers[0])
        logs = [0.25 * torch.log(power / level + FLOOR) + 1.5 for power in powers]
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
        self.size = 2 ** round(math.log2(window.seconds * rate_hz / window.decimate))
        low_pass = _low_pass(window.decimate)
        bank = _log_bank(self.size, rate_hz / window.decimate, lowest, bins)
        self.register_buffer("bank", bank, persistent=False)
        self.register_buffer("taper", _taper(self.size), persistent=False)
        self.register_buffer("low_pass", low_pass, persistent=False)
        self.margin = (low_pass.shape[-1] - window.decimate) // 2
        self.before = (self.size - self.hop) // 2
        decimated = Field().layer(before=self.margin, after=self.margin, stride=window.decimate)
        # the window's first sample weighs nothing
        self.field = decimated.layer(before=self.before - 1, after=self.before, stride=self.hop)

    def forward(self, x: Tensor) -> Tensor:
        """Sum the power of each frame at each bin over channels."""
        y = self._decimated(x)
        frames = x.shape[-1] // (self.hop * self.decimate)
        windows = F.pad(y, (self.before, self.size)).unfold(-1, self.size, self.hop)[:, :, :frames]
        spectrum = torch.fft.rfft(windows * self.get_buffer("taper"))
        power = (spectrum.real.square() + spectrum.imag.square()).sum(dim=1)
        return torch.matmul(self.get_buffer("bank"), power.transpose(1, 2))

    def _decimated(self, x: Tensor) -> Tensor:
        if self.decimate == 1:
            return x
        rows = F.pad(x, (self.margin, self.margin)).flatten(0, 1)[:, None]
        y = F.conv1d(rows, self.get_buffer("low_pass"), stride=self.decimate)
        return y.reshape(x.shape[0], x.shape[1], -1)


class Along(nn.Module):
    """Residual along time, the nearest layer also between neighbouring pitches; [b, c, p, m]."""

    def __init__(self, width: int, taps: int, dilation: int) -> None:
        super().__init__()
        pitches = 3 if dilation == 1 else 1
        self.look = nn.Conv2d(
            width,
            width,
            (pitches, taps),
            dilation=(1, dilation),
            padding=(pitches // 2, taps // 2 * dilation),
        )
        self.out = nn.Conv2d(width, width, 1)
        _start_small(self.out)

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        """Add what lies around in time, where anything is heard."""
        y: Tensor = self.out(F.relu(self.look(x)))
        return torch.addcmul(x, y, heard)


class Across(nn.Module):
    """Residual over all pitches, by their distance alone; [b, c, p, m].

    Each head sees its own features and mixes them with a Toeplitz matrix [pitch, pitch].
    """

    def __init__(self, width: int, pitches: int, heads: int) -> None:
        super().__init__()
        share = width // heads
        self.weight = nn.Parameter(torch.randn(heads, 2 * pitches - 1) * pitches**-0.5)
        self.look = nn.ModuleList(nn.Conv2d(width, share, 1) for _ in range(heads))
        self.out = nn.Conv2d(heads * share, width, 1)
        _start_small(self.out)
        steps = torch.arange(pitches)
        self.register_buffer("distance", steps[:, None] - steps + pitches - 1, persistent=False)

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        """Add what lies at other pitches, where anything is heard."""
        matrices = self.weight[:, self.get_buffer("distance")]
        mixed = [_over_pitch(look(x), m) for look, m in zip(self.look, matrices, strict=True)]
        y: Tensor = self.out(F.relu(torch.cat(mixed, dim=1)))
        return torch.addcmul(x, y, heard)


def _lowest(classes: tuple[str, ...]) -> int:
    numbers = [pitch.midi(name) for name in classes]
    if any(b != a + 1 for a, b in pairwise(numbers)):
        raise InputError(
            "harmonic: the classes must be consecutive pitch names in rising order, such as "
            f"A0, A#0, B0; these run {', '.join(classes[:4])} ..."
        )
    return numbers[0]


def _start_small(layer: nn.Conv2d) -> None:
    """Let a residual begin close to nothing, which spares normalisation."""
    nn.init.normal_(layer.weight, std=0.02)


def _interleave(x: Tensor) -> Tensor:
    """[b, pace x head, p, m] -> [b, head, p, pace x m]."""
    batch, features, pitches, steps = x.shape
    paced = x.reshape(batch, PACE, features // PACE, pitches, steps)
    return paced.permute(0, 2, 3, 4, 1).flatten(3)


def _over_pitch(x: Tensor, matrix: Tensor) -> Tensor:
    """Matrix product over the pitch axis of [b, c, p, m], with the features innermost."""
    last = x.permute(0, 2, 3, 1)
    mixed = torch.matmul(matrix, last.flatten(2)).reshape(last.shape)
    return mixed.permute(0, 3, 1, 2)


def _taper(size: int) -> Tensor:
    """A Hann window that gives white noise of variance 1 a mean power of 1."""
    window = torch.hann_window(size)
    return window / window.square().sum().sqrt()


def _low_pass(decimate: int) -> Tensor:
    """Windowed sinc [1, 1, taps], symmetric about the decimated samples' hops."""
    taps = 17 * decimate if decimate > 1 else 1
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
