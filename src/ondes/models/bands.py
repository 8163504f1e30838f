"""Bands: a small, fast detector of short events in wide-band signals, on whitened band power.

Filters of some tens of samples, a cosine and a sine each, give the power in bands every few
microseconds of a megahertz signal. Its logarithm is compared with its own mean over the
milliseconds around, band by band, so that neither gain nor the colour and slow drift of the
background matter, and a spike of a few samples stays what it is: a short flash in every band. A few
dilated residual convolutions then tell events from it. The body runs at half the frame rate and
its head gives both frames back: all is matrix products over contiguous frames, which is what
processors are fast at.

Digital silence, such as surrounds a recording, counts for nothing: it is left out of the means,
and its features are zero. So a recording's beginning and end are no events.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ondes.errors import RecipeError
from ondes.nn.checks import check_input
from ondes.nn.field import Field
from ondes.nn.init import expect_silence
from ondes.spec import HEADS, Spec

CARD = (
    "Bands, an own design of ondes: log power in learnt bands, each against its own level around, "
    "then dilated residual convolutions at half the frame rate. Made for events of some hundred "
    "samples in signals of up to megahertz, live in many channels on one core."
)
PACE = 2  # frames in one step of the body
BLOCK = 32  # steps over which levels are taken before they are smoothed
QUIET = 1e-20  # power of digital silence, in squared units of the signal
TAPS = 5  # of every dilated convolution


@dataclass(frozen=True, kw_only=True)
class Config:
    """What can be chosen of the network.

    hop: samples per frame. taps: length of the filters in samples, at least two hops. bands: how
    many filters, spread from the lowest that fits into the taps to `highest` of the rate at first,
    then learnt. width: features per step. dilations: of the residual layers, in steps of two
    frames. level_blocks: how many blocks of 64 frames to both sides the level is averaged over.
    """

    hop: int = 16
    taps: int = 64
    bands: int = 24
    highest: float = 0.45
    width: int = 32
    dilations: tuple[int, ...] = (1, 2, 4)
    level_blocks: int = 4

    def __post_init__(self) -> None:
        if self.hop < 1 or self.taps < 2 * self.hop or self.bands < 1 or self.width < 1:
            raise RecipeError(
                f"hop={self.hop}, taps={self.taps}, bands={self.bands}, width={self.width}: give "
                "at least one of each, and taps for two hops or more"
            )
        if not 0 < self.highest <= 0.5 or self.level_blocks < 0:
            raise RecipeError(
                f"highest={self.highest}, level_blocks={self.level_blocks}: give a share of the "
                "rate above 0, at most .5, and no negative number of blocks"
            )


class Module(nn.Module):
    """float32 [b, c, t] -> logits [b, 3, class, t // hop] for frames, onsets and offsets."""

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        self.front = Front(config, channels=channels)
        self.stem = nn.Conv2d(PACE * config.bands, config.width, (1, 3), padding=(0, 1))
        self.blocks = nn.ModuleList(Block(config.width, dilation) for dilation in config.dilations)
        self.head = nn.Conv2d(config.width, PACE * len(HEADS) * len(classes), 1)
        expect_silence(self.head)
        # what is seen of the steps around is whitened by the levels of their blocks
        reach = 1 + sum(TAPS // 2 * dilation for dilation in config.dilations)
        blocks = config.level_blocks + math.ceil(reach / BLOCK)
        field = self.front.field.layer(stride=BLOCK).layer(before=blocks, after=blocks)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
            hop=config.hop,
            look_back=field.back,
            look_ahead=field.ahead,
            heads=HEADS,
            step=BLOCK * PACE,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map samples to logits; raises InputError where `x` does not fit `spec`."""
        check_input(x, self.spec)
        frames = x.shape[-1] // self.config.hop
        group = self.spec.step * self.config.hop
        whole = F.pad(x[..., : frames * self.config.hop], (0, -frames * self.config.hop % group))
        y = F.relu(self.stem(self.front(whole)))
        for block in self.blocks:
            y = block(y)
        logits: Tensor = self.head(y)
        paced = logits.reshape(x.shape[0], PACE, len(HEADS), len(self.spec.classes), -1)
        return paced.permute(0, 2, 3, 4, 1).flatten(3)[..., :frames]


class Front(nn.Module):
    """float32 [b, c, t] -> whitened log power [b, frame in step x band, 1, step]."""

    def __init__(self, config: Config, *, channels: int) -> None:
        super().__init__()
        self.hop, self.bands, self.level_blocks = config.hop, config.bands, config.level_blocks
        filters = _filters(config.taps, config.bands, config.highest)
        self.filters = nn.Parameter(filters.repeat(channels, 1, 1, 1) / channels**0.5)
        spare = config.taps - config.hop
        self.margins = (spare // 2, spare - spare // 2)
        self.field = Field().layer(
            before=self.margins[0], after=self.margins[1], stride=PACE * config.hop
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return each band's log power against its level around, 0 in silence."""
        steps = x.shape[-1] // (PACE * self.hop)
        heard = (_power_of_steps(x, steps) > QUIET).to(x.dtype).reshape(x.shape[0], -1, BLOCK, 1)
        log = torch.log(self._power(x, steps).to(x.dtype))
        blocks = log.reshape(x.shape[0], -1, BLOCK, PACE * self.bands)
        white = (blocks - self._level(blocks, heard)) * (0.25 * heard)
        channels_first = white.reshape(x.shape[0], steps, -1).transpose(1, 2)[:, :, None]
        return channels_first.contiguous(memory_format=torch.channels_last)

    def _power(self, x: Tensor, steps: int) -> Tensor:
        """1 + power / QUIET [b, step, frame in step x band]: filters at all frames, one product."""
        places = [(k * self.hop, (PACE - 1 - k) * self.hop) for k in range(PACE)]
        shifted = [F.pad(self.filters, place) for place in places]
        matrix = torch.stack(shifted, dim=2).flatten(1, 3)  # [c, part x frame x band, taps]
        span = matrix.shape[-1]
        cut = F.pad(x, self.margins).unfold(-1, span, PACE * self.hop)[:, :, :steps]
        parts = cut.transpose(1, 2).flatten(2) @ matrix.transpose(0, 1).flatten(1).T
        cosine, sine = parts.chunk(2, dim=-1)
        one = torch.ones((), dtype=parts.dtype, device=parts.device)
        half = torch.addcmul(one, cosine, cosine, value=1 / QUIET)
        return torch.addcmul(half, sine, sine, value=1 / QUIET)

    def _level(self, blocks: Tensor, heard: Tensor) -> Tensor:
        """Mean of each band's log power over the steps heard around a block [b, block, 1, band]."""
        sums = blocks.sum(dim=2), heard.sum(dim=2)
        around = [self._around(each.transpose(1, 2)) for each in sums]
        return (around[0] / around[1].clamp(min=1)).transpose(1, 2)[:, :, None]

    def _around(self, x: Tensor) -> Tensor:
        margin = self.level_blocks
        return F.pad(x, (margin, margin)).unfold(-1, 2 * margin + 1, 1).sum(dim=-1)


class Block(nn.Module):
    """Residual along time, [b, width, 1, step]."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        reach = TAPS // 2 * dilation
        self.look = nn.Conv2d(width, width, (1, TAPS), dilation=(1, dilation), padding=(0, reach))
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Add what lies around in time."""
        y: Tensor = self.out(F.relu(self.look(x)))
        return F.relu(x + y)


def _power_of_steps(x: Tensor, steps: int) -> Tensor:
    """Largest square in each step [b, step]."""
    return x.reshape(*x.shape[:2], steps, -1).abs().amax(dim=(1, 3)).square()


def _filters(taps: int, bands: int, highest: float) -> Tensor:
    """Cosines and sines [1, part, band, taps] under a Hann window, evenly from low to high."""
    time = torch.arange(taps) - (taps - 1) / 2
    frequency = torch.linspace(1.5 / taps, highest, bands)
    phase = 2 * math.pi * frequency[:, None] * time
    window = torch.hann_window(taps + 2)[1:-1]
    window = window / window.square().sum().sqrt()
    return (torch.stack([torch.cos(phase), torch.sin(phase)]) * window)[None]
