"""Mel: a small detector of any sounds, whose weights see a mel spectrogram.

The front end takes power spectra through a long and a short window and averages them in mel
bands. The network sees either's level against that of all bands around, which no gain changes, and
the long one's against the same band's own around, which no steady background changes.
Convolutions over frequency and time make features of these, convolutions along time alone look
at growing distances. All that it sees lies within two and a half seconds to either side.

Frames of digital silence, such as surrounds a recording, count for nothing: they are left out of
the levels, and their features are zero. So a recording's beginning and end are no events.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ondes.errors import RecipeError
from ondes.nn.checks import check_input
from ondes.nn.field import Field
from ondes.nn.init import expect_silence
from ondes.ops.spectral import frames, hann, mel_filters
from ondes.spec import HEADS, Spec

CARD = (
    "Mel, an own design of ondes: mel spectra through a long and a short window, seen against the "
    "level around and against each band's own, then convolutions over frequency and dilated "
    "residual convolutions along time. For sounds of any kind, of which a few may overlap."
)
FLOOR = 1e-5  # power of a band against the level around, -50 dB
TAPS = 3  # of every convolution along time
HIGH = 5  # bands under the kernels over frequency, each of which halves the bands


@dataclass(frozen=True, kw_only=True)
class Config:
    """What can be chosen of the network.

    width: features per frame. planes: of the convolutions over frequency, one number each.
    bands: of the mel scale, up to the Nyquist frequency. windows_s: of the spectra, in seconds,
    brought to powers of two, the longest first. hop_s: of the frames. dilations: of the layers
    along time, in frames. level_s, contrast_s: how far to both sides the level of all bands, and
    the band's own, are averaged. quiet_db: power that counts as silence, against an RMS of 1;
    lower it for sensors with small units. dropout: share of features left out in training.
    """

    width: int = 80
    planes: tuple[int, ...] = (16, 32, 48)
    bands: int = 64
    windows_s: tuple[float, ...] = (2048 / 24_000, 512 / 24_000)
    hop_s: float = 512 / 24_000
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    level_s: float = 0.35
    contrast_s: float = 1.0
    quiet_db: float = -100.0
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if not self.windows_s or self.windows_s[0] != max(self.windows_s):
            raise RecipeError(f"windows_s={self.windows_s}: give some, the longest first")
        if not 0 < self.hop_s <= self.windows_s[0]:
            raise RecipeError(
                f"hop_s={self.hop_s}, windows_s={self.windows_s}: give a hop above 0, at most as "
                f"long as the first window"
            )
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout={self.dropout}: give 0 or more, less than 1")


class Module(nn.Module):
    """float32 [b, c, t] -> logits [b, 3, class, t // hop] for frames, onsets and offsets.

    Channels are summed in power.

    Raises:
        RecipeError: the hop is less than a sample at this rate.
        InputError: there are more bands than the first window can tell apart.
    """

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        self.front = Front(config, rate_hz=rate_hz)
        planes = (len(config.windows_s) + 1, *config.planes)
        self.stem = nn.ModuleList(_over_frequency(i, o) for i, o in pairwise(planes))
        rows = _halved(config.bands, times=len(config.planes))
        self.narrow = nn.Conv1d(rows * planes[-1], config.width, 1)
        self.blocks = nn.ModuleList(
            _along(config.width, dilation, config.dropout) for dilation in config.dilations
        )
        self.head = nn.Conv1d(config.width, len(HEADS) * len(classes), 1)
        expect_silence(self.head)
        field = self.front.field
        for dilation in (*(1 for _ in config.planes), *config.dilations):
            field = field.layer(before=dilation, after=dilation)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
            hop=field.hop,
            look_back=field.back,
            look_ahead=field.ahead,
            heads=HEADS,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map samples to logits; raises InputError where `x` does not fit `spec`."""
        check_input(x, self.spec)
        heard = self.front.heard(x)
        y = self.front(x, heard).contiguous(memory_format=torch.channels_last)
        for layer in self.stem:
            y = layer(y) * heard[:, None].to(y.dtype)
        y = self.narrow(y.flatten(1, 2)) * heard
        for block in self.blocks:
            y = y + block(y) * heard.to(y.dtype)
        logits: Tensor = self.head(F.relu(y))
        return logits.reshape(x.shape[0], len(HEADS), len(self.spec.classes), -1)


class Front(nn.Module):
    """float32 [b, c, t] -> [b, window + 1, band, t // hop] around 0."""

    def __init__(self, config: Config, *, rate_hz: float) -> None:
        super().__init__()
        self.hop = round(config.hop_s * rate_hz)
        if self.hop < 1:
            raise RecipeError(f"hop_s={config.hop_s} is no sample at {rate_hz:.10g} Hz; give more")
        sizes = [2 ** round(math.log2(seconds * rate_hz)) for seconds in config.windows_s]
        self.size = sizes[0]
        self.quiet = 10 ** (config.quiet_db / 10)
        self.spectra = nn.ModuleList(
            Spectrum(size, config.bands, n_fft=max(size, self.size // 2), rate_hz=rate_hz)
            for size in sizes
        )
        self.level_frames = round(config.level_s * rate_hz / self.hop)
        self.contrast_frames = round(config.contrast_s * rate_hz / self.hop)
        spare = self.size - self.hop
        self.margins = (spare // 2, spare - spare // 2)
        around = max(self.level_frames, self.contrast_frames)
        # the window's first sample weighs nothing
        frame = Field().layer(before=self.margins[0] - 1, after=self.margins[1], stride=self.hop)
        self.field = frame.layer(before=around, after=around)

    def heard(self, x: Tensor) -> Tensor:
        """Tell where there is any sound: 1 or 0, [b, 1, t // hop]."""
        whole = x[..., : x.shape[-1] // self.hop * self.hop]
        hops = whole.reshape(*whole.shape[:2], -1, self.hop)
        power = hops.square().mean(dim=-1).sum(dim=1, keepdim=True)
        return (power > self.quiet).to(x.dtype)

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        """Relate the level of every band to those around."""
        cut = frames(F.pad(x, self.margins), n_fft=self.size, hop=self.hop)
        bands = [spectrum(cut) * heard for spectrum in self.spectra]
        loud = torch.log1p(bands[0] / self.quiet)
        contrast = 0.25 * heard * (loud - _averaged(loud, heard, self.contrast_frames))
        return torch.stack([*(self._relative(b, heard) for b in bands), contrast], dim=1)

    def _relative(self, bands: Tensor, heard: Tensor) -> Tensor:
        level = _averaged(bands.mean(dim=1, keepdim=True), heard, self.level_frames)
        return 0.25 * heard * torch.log((bands + self.quiet) / (level + self.quiet) + FLOOR)


class Spectrum(nn.Module):
    """Mean power per mel band through a window of `size` in the middle of frames.

    float32 [b, c, m, n] -> [b, band, m]; channels are added up.
    """

    def __init__(self, size: int, bands: int, *, n_fft: int, rate_hz: float) -> None:
        super().__init__()
        self.n_fft = n_fft
        window = hann(size)
        edge = (n_fft - size) // 2
        filters = mel_filters(bands, n_fft=n_fft, rate_hz=rate_hz)
        window = F.pad(window / window.square().sum().sqrt(), (edge, edge))
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("filters", filters / filters.sum(1, keepdim=True), persistent=False)

    def forward(self, cut: Tensor) -> Tensor:
        """Take the power of each frame in each band."""
        edge = (cut.shape[-1] - self.n_fft) // 2
        middle = cut[..., edge : edge + self.n_fft] * self.get_buffer("window")
        spectrum = torch.fft.rfft(middle)
        power = spectrum.real.square() + spectrum.imag.square()
        return torch.matmul(power, self.get_buffer("filters").T).sum(dim=1).transpose(1, 2)


def _along(width: int, dilation: int, dropout: float) -> nn.Module:
    """What a frame learns from those so far away, [b, c, m]."""
    look = nn.Conv1d(
        width, width, TAPS, dilation=dilation, padding=dilation * (TAPS // 2), bias=False
    )
    out = nn.Conv1d(width, width, 1)
    return nn.Sequential(look, nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout), out)


def _over_frequency(inputs: int, outputs: int) -> nn.Module:
    """Convolution [b, c, band, m] that halves the bands."""
    convolution = nn.Conv2d(
        inputs, outputs, (HIGH, TAPS), stride=(2, 1), padding=(HIGH // 2, TAPS // 2), bias=False
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def _halved(bands: int, *, times: int) -> int:
    """Bands left after so many convolutions over frequency."""
    for _ in range(times):
        bands = (bands + 1) // 2
    return bands


def _averaged(x: Tensor, heard: Tensor, frames: int) -> Tensor:
    """Mean of x [b, band, m], 0 in silence, over the frames heard within so many to both sides."""
    total, share = (F.avg_pool1d(y, 2 * frames + 1, stride=1, padding=frames) for y in (x, heard))
    return total / share.clamp(min=0.5 / (2 * frames + 1))
