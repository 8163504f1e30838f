"""What a network is given of a signal: its samples, levels in bands of its spectrum, or a map."""

import math
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import InputError, RecipeError
from ondes.nn.field import Field, widest
from ondes.nn.masks import Masks
from ondes.nn.ragged import Ragged, surrounded
from ondes.nn.scale import centred, standardised
from ondes.ops.spectral import decibels, frames, hann, mel_filters, power_spectrum

FINER = 4  # times as many bins as a window's power of two, at most, so that no mel band is empty


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of the front end.

    Attributes:
        kind: "raw" samples; "mel" or "stft", levels in bands even in mel or in hertz; "map", for
            clips that are maps already, whose channels are the rows of one image.
        scale: "none"; "samples", zero mean and unit variance over the clip of every channel's
            samples, so that gain and offset do not matter, while levels tell how much they vary;
            "clip", of its samples and then of its levels; "bands", the same, but the levels band
            by band, so that no fixed filter matters much either; "means", the same again, but
            levels keep their variance and lose each band's mean alone. Maps count as levels here.
            What is constant becomes zeros. A network that answers frame by frame takes "none".
        window_s, hop_s: length and distance of the spectra's windows, in seconds.
        further_s: lengths of further windows around the same moments, for "mel": levels of each
            are channels of their own. Short windows tell when, long ones which frequency.
        bands: of "mel".
        low_hz, high_hz: the band seen; None is the Nyquist frequency.
        floor_db: level that counts as silence, against white noise with an RMS of 1 (of the
            clip's own where it is scaled first). Levels are given above it in units of 20 dB.
        shortest_s: what is shorter is set in the middle of silence so long, first of all, so that
            its beginning and its end are seen for what they are and that a word cut closely looks
            like one that was not. A network that answers frame by frame takes 0.
        masks: so many stretches of bands, and as many of time, are hidden from each clip in
            training (SpecAugment); 0 hides none.
        mask_bands, mask_time: how long they are at most, as shares of all bands and of the clip.
    """

    kind: Literal["raw", "mel", "stft", "map"] = "raw"
    scale: Literal["none", "samples", "clip", "bands", "means"] = "none"
    window_s: float = 0.025
    hop_s: float = 0.01
    further_s: tuple[float, ...] = ()
    bands: int = 64
    low_hz: float = 0.0
    high_hz: float | None = None
    floor_db: float = -80.0
    shortest_s: float = 0.0
    masks: int = 0
    mask_bands: float = 0.15
    mask_time: float = 0.15

    def __post_init__(self) -> None:
        for window_s in (self.window_s, *self.further_s):
            if not 0 < self.hop_s <= window_s:
                raise RecipeError(
                    f"hop_s={self.hop_s}, a window of {window_s}: give a hop above 0, at most as "
                    "long as each window (window_s, further_s)"
                )
        if self.further_s and self.kind != "mel":
            raise RecipeError(
                f'further_s={self.further_s} of "{self.kind}": only mel bands are the same for '
                'windows of any length; take front.kind="mel"'
            )
        if self.bands < 1:
            raise RecipeError(f"bands={self.bands}: give 1 or more")
        if self.masks < 0 or not (0 <= self.mask_bands <= 1 and 0 <= self.mask_time <= 1):
            raise RecipeError(
                f"masks={self.masks}, mask_bands={self.mask_bands}, mask_time={self.mask_time}: "
                "give 0 or more masks, and shares from 0 to 1"
            )
        if self.shortest_s < 0:
            raise RecipeError(f"shortest_s={self.shortest_s}: give 0 or more")
        if self.kind == "raw" and self.masks:
            raise RecipeError("masks of raw samples, which have no bands: vary the clips (p_mask)")
        if self.kind == "raw" and self.scale in {"bands", "means"}:
            raise RecipeError(f'scale="{self.scale}" of raw samples, which have none: take "clip"')
        if self.kind == "map" and self.scale == "samples":
            raise RecipeError('scale="samples" of maps, which are levels: take "clip" or "none"')


class Front(nn.Module):
    """Samples [b, c, t] to what the network sees, by `config` for `dims`.

    Raw samples stay [b, c, t], maps [b, row, t] become [b, 1, row, t]. Levels, of ceil(t / hop)
    windows around hops, are [b, w * c, band, m] in 2D and [b, w * c * band, m] in 1D, of w lengths
    of windows.

    Attributes:
        outputs: channels of what it gives.
        field: its receptive field, where nothing is scaled over the clip.
        least: samples that it takes at least, one hop.

    Raises:
        RecipeError: raw samples for 2D, maps for 1D; a hop of less than a sample; a band that is
            no band.
    """

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, dims: Literal[1, 2]
    ) -> None:
        super().__init__()
        if config.kind == "raw" and dims == 2:
            raise RecipeError('dims=2 sees images of signals: give front.kind="mel" or "stft"')
        if config.kind == "map" and dims == 1:
            raise RecipeError(
                'front.kind="map" is an image, for dims=2; rows as channels are "raw"'
            )
        self.config, self.dims = config, dims
        self.levels = _levels(config, rate_hz=rate_hz)
        self.shortest = round(config.shortest_s * rate_hz)
        self.masks = Masks(count=config.masks, bands=config.mask_bands, time=config.mask_time)
        self.field = self.levels.field if self.levels else Field()
        self.least = self.field.hop
        images = 1 + len(config.further_s)
        bands = self.levels.bands if isinstance(self.levels, Levels | Several) and dims == 1 else 1
        self.outputs = 1 if config.kind == "map" else images * channels * bands

    def forward(self, x: Ragged) -> Ragged:
        """Map samples [b, c, t], silent in their padding, to what the network sees."""
        x = surrounded(x, self.shortest)
        sampled = self.config.kind != "map" and self.config.scale != "none"
        x = standardised(x) if sampled else x
        if self.levels is None:
            return x
        y = self.levels(x)
        y = self.masks(_scaled(y, self.config))
        return y if self.dims == 2 else Ragged(y.values.flatten(1, 2), y.lengths)


class Rows(nn.Module):
    """Channels as rows of an image: [b, row, t] -> [b, 1, row, t]."""

    field = Field()

    def forward(self, x: Ragged) -> Ragged:
        """Put the axis in."""
        return Ragged(x.values.unsqueeze(1), x.lengths)


class Levels(nn.Module):
    """Levels above the floor in 20 dB: [b, c, t] -> [b, c, band, ceil(t / hop)].

    Window k lies around the samples [k * hop, (k + 1) * hop), with silence around the clip. It is
    a Hann window without the zeros at its ends, of unit energy: the power of white noise in a bin
    is its variance. A mel band is a mean over its bins.
    """

    def __init__(self, config: Config, *, rate_hz: float) -> None:
        super().__init__()
        self.size, self.hop = round(config.window_s * rate_hz), round(config.hop_s * rate_hz)
        if self.hop < 1:
            raise RecipeError(
                f"hop_s={config.hop_s} is no sample at {rate_hz:g} Hz: give more, or the rate at "
                "which the signals are (rate_hz)"
            )
        before = (self.size - self.hop) // 2
        self.margins = before, self.size - 1 - before
        after = self.size - self.hop - before
        self.field = Field().layer(before=before, after=after, stride=self.hop)
        self.floor_db = config.floor_db
        filters = _filters(config, size=self.size, rate_hz=rate_hz)
        self.bands, self.n_fft = len(filters), 2 * (filters.shape[1] - 1)
        window = hann(self.size + 1)[1:]
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, x: Ragged) -> Ragged:
        """Take the levels of every window."""
        cut = frames(F.pad(x.values, self.margins), n_fft=self.size, hop=self.hop)
        windowed = F.pad(cut * self.get_buffer("window"), (0, self.n_fft - self.size))
        power = power_spectrum(windowed) @ self.get_buffer("filters").T
        level = decibels(power, floor=10 ** (self.floor_db / 10)) - self.floor_db
        return x.strided(level.transpose(-1, -2) / 20, self.hop)


class Several(nn.Module):
    """Levels of windows of several lengths: [b, c, t] -> [b, w * c, band, ceil(t / hop)]."""

    def __init__(self, config: Config, *, rate_hz: float) -> None:
        super().__init__()
        lengths = (config.window_s, *config.further_s)
        self.each = nn.ModuleList(
            Levels(replace(config, window_s=window_s, further_s=()), rate_hz=rate_hz)
            for window_s in lengths
        )
        each = cast("list[Levels]", list(self.each))
        self.field, self.bands = widest(*(levels.field for levels in each)), each[0].bands

    def forward(self, x: Ragged) -> Ragged:
        """Take the levels of every window of every length."""
        taken: list[Ragged] = [levels(x) for levels in self.each]
        return Ragged(torch.cat([one.values for one in taken], 1), taken[0].lengths)


def _levels(config: Config, *, rate_hz: float) -> Levels | Several | Rows | None:
    match config.kind:
        case "raw":
            return None
        case "map":
            return Rows()
    if config.further_s:
        return Several(config, rate_hz=rate_hz)
    return Levels(config, rate_hz=rate_hz)


def _scaled(y: Ragged, config: Config) -> Ragged:
    """Scale levels [b, c, band, m] over the clip."""
    match config.scale:
        case "none" | "samples":
            return y
        case "means":
            return centred(y)
        case "clip":
            return standardised(y, axes=(-2, -1))
        case "bands":
            return standardised(y)


def _filters(config: Config, *, size: int, rate_hz: float) -> Tensor:
    """Return what each bin counts in each band: [band, n_fft // 2 + 1], of n_fft a power of two."""
    n_fft = 2 ** max(1, math.ceil(math.log2(size)))
    top = rate_hz / 2 if config.high_hz is None else config.high_hz
    if not 0 <= config.low_hz < top <= rate_hz / 2:
        raise RecipeError(
            f"low_hz={config.low_hz:g}, high_hz={top:g} at {rate_hz:g} Hz: give "
            f"0 <= low_hz < high_hz <= {rate_hz / 2:g}"
        )
    if config.kind == "stft":
        return _bins(config.low_hz, top, n_fft=n_fft, rate_hz=rate_hz)
    return _mels(config, top, n_fft=n_fft, rate_hz=rate_hz)


def _bins(low_hz: float, high_hz: float, *, n_fft: int, rate_hz: float) -> Tensor:
    every = torch.eye(n_fft // 2 + 1)
    bin_hz = torch.arange(len(every), dtype=torch.float64) * (rate_hz / n_fft)
    kept = every[(bin_hz >= low_hz) & (bin_hz <= high_hz)]
    if len(kept) == 0:
        raise RecipeError(
            f"no bin lies from {low_hz:g} to {high_hz:g} Hz, they are {rate_hz / n_fft:g} Hz apart:"
            " give a longer window_s or a wider band"
        )
    return kept


def _mels(config: Config, top: float, *, n_fft: int, rate_hz: float) -> Tensor:
    """Return triangles; the spectrum is interpolated as far as the narrowest band needs it."""
    size = n_fft
    while True:
        try:
            filters = mel_filters(
                config.bands, n_fft=size, rate_hz=rate_hz, fmin=config.low_hz, fmax=top
            )
            return filters / filters.sum(1, keepdim=True)
        except InputError as error:
            if size >= FINER * n_fft:
                raise RecipeError(
                    f"bands={config.bands} from {config.low_hz:g} to {top:g} Hz are too narrow for "
                    f"a window of {config.window_s} s: give fewer bands or a longer window"
                ) from error
            size *= 2
