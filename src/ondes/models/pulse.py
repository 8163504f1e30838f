"""Pulse: a small detector of beats, of hearts above all, that judges each by those before it.

Filters of a third of a second, a cosine and a sine each, give the power in bands and the shape of
the wave. Both are taken against their own mean over the last seconds, so that gain does not matter.
Layers along time then look a little ahead, to the end of a beat, and far back, over several beats.
In between, attention that learns where beats are averages what was seen there: every step is told
the usual beat of this heart, and need not know it from others.

Sums over seconds are made by doubling, each twice as long as the one before: exact, cheap, and the
same wherever a window begins. Digital silence, such as surrounds a recording, counts for nothing.
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
from ondes.spec import Spec

CARD = (
    "Pulse, an own design of ondes: power and shape in learnt bands against their level over the "
    "last seconds, dilated convolutions that look far back and little ahead, and the usual beat of "
    "the last seconds, found by attention, beside each step."
)
PACE = 2  # frames in one step of the body
HEADS = ("frame", "onset")
QUIET = 1e-20  # power of digital silence, in squared units of the signal
FLOOR = 1e-3  # of power against its level
TAPS = 5  # of every layer along time


@dataclass(frozen=True, kw_only=True)
class Config:
    """What can be chosen of the network.

    hop: samples per frame. taps: length of the filters in samples. bands: how many filters, spread
    evenly from the lowest that fits into the taps to `highest` of the rate at first, then learnt.
    shape: whether the wave itself is seen beside its power. width: features per step of two frames.
    near: dilations of the layers that look to both sides, in steps. far: of those that look back
    alone. heads: of the attention that finds the usual beat; 0 leaves it out. doublings: levels and
    usual beats are of the last 2 ** doublings steps. dropout: of whole features, in training.
    accepts_hz: rates that are brought to the network's own unasked, by a filter that keeps
    pass_band of half its rate whole: a lower one is shorter, and beats are told sooner.
    """

    hop: int = 2
    taps: int = 32
    bands: int = 12
    highest: float = 0.4
    shape: bool = True
    width: int = 48
    near: tuple[int, ...] = (1, 2)
    far: tuple[int, ...] = (4, 8, 16, 32)
    heads: int = 4
    doublings: int = 8
    dropout: float = 0.1
    accepts_hz: tuple[float, ...] = ()
    pass_band: float = 0.91

    def __post_init__(self) -> None:
        least = min(self.hop, self.bands, self.width, *self.near, *self.far)
        if least < 1 or self.taps < PACE * self.hop or min(self.heads, self.doublings) < 0:
            raise RecipeError(
                f"hop={self.hop}, taps={self.taps}, bands={self.bands}, width={self.width}, "
                f"near={self.near}, far={self.far}, heads={self.heads}, doublings="
                f"{self.doublings}: give at least one of each, taps for two hops or more, and no "
                "negative number"
            )
        if self.heads and self.width % self.heads:
            raise RecipeError(f"width={self.width} for {self.heads} heads: give a multiple of them")
        if not 0 < self.pass_band < 1:
            raise RecipeError(f"pass_band={self.pass_band}: give a part of 1, as 0.6")
        if not 0 < self.highest <= 0.5:
            raise RecipeError(f"highest={self.highest}: give a share of the rate above 0, up to .5")


class Module(nn.Module):
    """float32 [b, c, t] -> logits [b, 2, class, t // hop] for frames and onsets."""

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        self.front = Front(config, channels=channels)
        self.stem = nn.Conv1d(self.front.outputs, config.width, 3, padding=1)
        field = self.front.field.layer(before=1, after=1)
        blocks: list[nn.Module] = []
        for dilation in config.near:
            reach = TAPS // 2 * dilation
            blocks.append(Block(config.width, dilation, ahead=reach, dropout=config.dropout))
            field = field.layer(before=reach, after=reach)
        if config.heads:
            blocks.append(Usual(config.width, config.heads, config.doublings))
            field = field.layer(before=2**config.doublings - 1)
        for dilation in config.far:
            blocks.append(Block(config.width, dilation, ahead=0, dropout=config.dropout))
            field = field.layer(before=(TAPS - 1) * dilation)
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Conv1d(config.width, PACE * len(HEADS) * len(classes), 1)
        expect_silence(self.head)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
            hop=config.hop,
            look_back=field.back,
            look_ahead=field.ahead,
            heads=HEADS,
            accepts_hz=config.accepts_hz,
            step=PACE,
            pass_band=config.pass_band,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map samples to logits; raises InputError where `x` does not fit `spec`."""
        check_input(x, self.spec)
        frames = x.shape[-1] // self.config.hop
        group = self.spec.step * self.config.hop
        whole = F.pad(x[..., : frames * self.config.hop], (0, -frames * self.config.hop % group))
        features, heard = self.front(whole)
        y = F.relu(self.stem(features))
        heard = heard.to(y.dtype)
        y = y * heard
        for block in self.blocks:
            y = block(y, heard)
        logits: Tensor = self.head(y)
        paced = logits.reshape(x.shape[0], PACE, len(HEADS), len(self.spec.classes), -1)
        return paced.permute(0, 2, 3, 4, 1).flatten(3)[..., :frames]


class Front(nn.Module):
    """float32 [b, c, t] -> features [b, feature, step], and which steps are heard [b, 1, step]."""

    def __init__(self, config: Config, *, channels: int) -> None:
        super().__init__()
        self.hop, self.bands, self.shape = config.hop, config.bands, config.shape
        self.doublings = config.doublings
        filters = _filters(config.taps, config.bands, config.highest)
        self.filters = nn.Parameter(filters.repeat(1, channels, 1) / channels**0.5)
        spare = config.taps - config.hop
        self.margins = (spare // 2, spare - spare // 2)
        self.outputs = PACE * config.bands * (3 if config.shape else 1)
        self.field = (
            Field()
            .layer(before=self.margins[0], after=self.margins[1], stride=PACE * config.hop)
            .layer(before=2**config.doublings - 1)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return log power, and cosine and sine parts, against the level; 0 in silence."""
        steps = x.shape[-1] // (PACE * self.hop)
        heard = (_power_of_steps(x, steps) > QUIET).to(x.dtype)[:, None]
        waves = F.conv1d(F.pad(x, self.margins), self._paced(), stride=PACE * self.hop)
        waves = waves.reshape(x.shape[0], 2, self.bands, PACE, steps)
        size = (waves.square().sum(dim=1) + QUIET).sqrt()
        level = self._level(size.mean(dim=2), heard)[:, :, None]
        parts = [(torch.log((size / level).square() + FLOOR) * 0.25 + 1)[:, None]]
        if self.shape:
            parts.append(_compressed(waves / level[:, None]))
        return torch.cat(parts, dim=1).flatten(1, 3) * heard, heard

    def _paced(self) -> Tensor:
        """The filters at each frame of a step, which are thus found side by side."""
        late = [F.pad(self.filters, (k * self.hop, (PACE - 1 - k) * self.hop)) for k in range(PACE)]
        return torch.stack(late, dim=1).flatten(0, 1)

    def _level(self, size: Tensor, heard: Tensor) -> Tensor:
        """Mean size in each band over the steps heard of the last ones [b, band, step]."""
        total = summed(torch.cat([size * heard, heard], dim=1), self.doublings)
        level: Tensor = total[:, :-1] / total[:, -1:].clamp(min=1) + math.sqrt(QUIET)
        return level


class Block(nn.Module):
    """Residual along time, [b, width, step]."""

    def __init__(self, width: int, dilation: int, *, ahead: int, dropout: float) -> None:
        super().__init__()
        self.late = (TAPS - 1) * dilation - 2 * ahead  # steps by which more is seen before
        reach = ahead + self.late
        self.look = nn.Conv1d(width, width, TAPS, dilation=dilation, padding=reach)
        self.out = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        """Add what lies around in time."""
        seen = self.look(x)[..., : x.shape[-1]]
        y: Tensor = self.out(self.dropout(F.relu(seen)))
        return y.add_(x).mul_(heard).relu_()


class Usual(nn.Module):
    """What was seen where beats were, on average over the last steps, beside each [b, width, step].

    Every head weighs the past by its own attention, which knows no positions, and averages its part
    of the features.
    """

    def __init__(self, width: int, heads: int, doublings: int) -> None:
        super().__init__()
        self.heads, self.doublings = heads, doublings
        self.weigh = nn.Conv1d(width, heads, 1)
        self.value = nn.Conv1d(width, width, 1)
        self.out = nn.Conv1d(2 * width, width, 1)

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        """Add what the difference tells."""
        weight = F.softplus(self.weigh(x).float()) * heard
        value = self.value(x).float().unflatten(1, (self.heads, -1))
        total = summed(value * weight[:, :, None], self.doublings)
        usual = total / summed(weight, self.doublings).clamp(min=1e-6)[:, :, None]
        told = torch.cat([(value - usual).flatten(1, 2), usual.flatten(1, 2)], dim=1)
        y: Tensor = self.out(told.to(x.dtype))
        return y.add_(x).mul_(heard).relu_()


def summed(x: Tensor, doublings: int) -> Tensor:
    """Sum of the last 2 ** doublings entries along time, each one's own among them.

    >>> summed(torch.ones(1, 1, 6), 2)
    tensor([[[1., 2., 3., 4., 4., 4.]]])
    """
    x = F.pad(x, (2**doublings - 1, 0))
    for step in (2**k for k in range(doublings)):
        x = x[..., step:] + x[..., :-step]
    return x


def _compressed(x: Tensor) -> Tensor:
    """The inverse hyperbolic sine, in parts that are quick."""
    size = x.abs()
    return x.sign() * torch.log(size + torch.sqrt(torch.addcmul(_one(x), size, size)))


def _one(x: Tensor) -> Tensor:
    return torch.ones((), dtype=x.dtype, device=x.device)


def _power_of_steps(x: Tensor, steps: int) -> Tensor:
    """Largest square in each step [b, step]."""
    return x.reshape(*x.shape[:2], steps, -1).abs().amax(dim=(1, 3)).square()


def _filters(taps: int, bands: int, highest: float) -> Tensor:
    """Cosines, then sines [part x band, 1, taps] under a Hann window, evenly from low to high."""
    time = torch.arange(taps) - (taps - 1) / 2
    frequency = torch.linspace(1.5 / taps, highest, bands)
    phase = 2 * math.pi * frequency[:, None] * time
    window = torch.hann_window(taps + 2)[1:-1]
    window = window / window.square().sum().sqrt()
    return (torch.cat([torch.cos(phase), torch.sin(phase)]) * window)[:, None]
