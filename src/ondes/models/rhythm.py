"""Rhythm: episodes of a heart's rhythm, told by when its beats come.

A network that finds beats, `ondes.models.pulse`, comes first; its weights are given and stay as
they are. Of its beats every frame is told the last intervals, one against the next, and whether
the beats that ended them look ventricular. A body along time judges what it is told some seconds
to either side. It sees no shapes, so that it cannot take a person's wave for their rhythm.

That a beat is the last one is a product: it came, and none has come since. Such products are made
by doubling, as the sums of `pulse` are: exact, cheap, and the same wherever a window begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ondes.errors import RecipeError
from ondes.models import pulse
from ondes.nn.checks import check_input
from ondes.nn.field import Field
from ondes.spec import Spec

CARD = (
    "Rhythm, an own design of ondes: the last intervals between the beats that a Pulse finds, one "
    "against the next, and dilated convolutions over them that look seconds back and ahead."
)
KINDS = ("N", "S", "V", "F", "Q")
"""Classes of the network of beats, as of the embedded ecg-beats."""
VENTRICULAR = KINDS.index("V")
FRAME = 0
SHARP, EDGE = 24.0, 0.5  # of the sigmoid that tells a beat from none
STEEP = 4.0  # what differences are multiplied by, as they are small
USUAL_S = 0.8  # an interval whose logarithm is told as 0
LEAST = 1e-3  # of a probability that others are taken against


@dataclass(frozen=True, kw_only=True)
class Config:
    """What can be chosen of the network.

    beats: options of the network that finds beats, in each channel for itself.
    hop: samples per frame, a whole number of that network's groups of frames.
    intervals: how many of the last ones are told.
    rest: frames of that network within which no second beat comes.
    doublings: an interval is known where it is no longer than 2 ** doublings of them.
    width: features per frame. reach: dilations of the layers along time, to both sides, in frames.
    dropout: of whole features, in training.
    accepts_hz, pass_band: as of `pulse`.
    """

    beats: pulse.Config = field(default_factory=pulse.Config)
    hop: int = 20
    intervals: int = 6
    rest: int = 10
    doublings: int = 7
    width: int = 32
    reach: tuple[int, ...] = (1, 2, 4, 8, 16)
    dropout: float = 0.1
    accepts_hz: tuple[float, ...] = ()
    pass_band: float = 0.91

    def __post_init__(self) -> None:
        group = pulse.PACE * self.beats.hop
        if self.hop < group or self.hop % group:
            raise RecipeError(f"hop={self.hop}: give a multiple of {group}, which beats come in")
        least = min(self.rest, self.doublings, self.width, *self.reach)
        if self.intervals < 2 or least < 1:
            raise RecipeError(
                f"intervals={self.intervals}, rest={self.rest}, doublings={self.doublings}, "
                f"width={self.width}, reach={self.reach}: give at least two intervals, and one of "
                "each other"
            )


class Module(nn.Module):
    """float32 [b, c, t] -> logits [b, 1, class, t // hop]. `inner` finds the beats."""

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        self.inner = pulse.Module(config.beats, rate_hz=rate_hz, channels=1, classes=KINDS)
        self.inner.requires_grad_(False)  # noqa: FBT003 - torch's own name
        self.intervals = Intervals(config, frame_s=config.beats.hop / rate_hz)
        outputs = self.intervals.outputs
        self.stem = nn.Sequential(
            nn.Conv1d(outputs, config.width, 1), nn.ReLU(), nn.Conv1d(config.width, config.width, 1)
        )
        self.blocks = nn.ModuleList(
            pulse.Block(config.width, d, ahead=2 * d, dropout=config.dropout) for d in config.reach
        )
        self.head = nn.Conv1d(config.width, len(classes), 1)
        seen = _field(config, self.inner.spec, self.intervals.back)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
            hop=config.hop,
            look_back=seen.back,
            look_ahead=seen.ahead,
            accepts_hz=config.accepts_hz,
            pass_band=config.pass_band,
        )

    def train(self, mode: bool = True) -> "Module":  # noqa: FBT001, FBT002 - as torch has it
        """Set the body to training or not; what finds beats stays as it is used."""
        super().train(mode)
        self.inner.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Map samples to logits; raises InputError where `x` does not fit `spec`."""
        check_input(x, self.spec)
        frames = x.shape[-1] // self.config.hop
        x = x[..., : frames * self.config.hop]
        told = self.intervals(*self._beats(x))
        told = told.reshape(*told.shape[:2], frames, -1).mean(dim=-1)
        heard = (_loudest(x, frames) > 0).to(x.dtype)[:, None]
        y = F.relu(self.stem(told * heard)) * heard
        for block in self.blocks:
            y = block(y, heard)
        logits: Tensor = self.head(y)
        return logits[:, None]

    def _beats(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return how probable a beat is, in the channel that shows it best, and its share of V."""
        found = self.inner(x.reshape(-1, 1, x.shape[-1]))[:, FRAME].to(x.dtype).sigmoid()
        each = found.reshape(*x.shape[:2], *found.shape[1:])
        every, ventricular = each.sum(dim=(1, 2)), each[:, :, VENTRICULAR].sum(dim=1)
        beat = each.sum(dim=2).amax(dim=1, keepdim=True)
        return beat, (ventricular / (every + LEAST))[:, None]


class Intervals(nn.Module):
    """Probabilities of beats [b, 1, t] and shares of V -> what is told of the last intervals."""

    def __init__(self, config: Config, *, frame_s: float) -> None:
        super().__init__()
        self.count, self.rest, self.doublings = config.intervals, config.rest, config.doublings
        self.usual = log(USUAL_S / frame_s)
        self.outputs = 4 * config.intervals
        window = 2**config.doublings - 1
        self.back = window * (self.count + 1) + self.rest * self.count

    def forward(self, probable: Tensor, share: Tensor) -> Tensor:
        """Return [b, feature, t]: what differences of intervals are, and how large, of logarithms;
        the last interval and how long ago it ended; of each whether it is known, and its share.
        """
        beat = torch.sigmoid(SHARP * (probable - EDGE))
        none = quiet(beat, self.doublings)
        past = since(none)
        known = delayed(1 - none[-1], self.rest)
        length = torch.log(self.rest + delayed(past, self.rest)) - self.usual
        last = held(torch.cat([length * known, known, share], dim=1), beat, none)
        each = [last]
        for _ in range(self.count - 1):
            last = held(delayed(last, self.rest), beat, none)
            each.append(last)
        told = torch.stack(each)
        steps = STEEP * (told[:-1] - told[1:])[:, :, :1]
        now = torch.log1p(past) - self.usual
        return torch.cat([*steps, *steps.abs(), told[0, :, :1], now, *told[:, :, 1:]], dim=1)


def quiet(beat: Tensor, doublings: int) -> list[Tensor]:
    """Return how probable it is that none came in the last 1, 2, 4 ... 2 ** doublings entries.

    >>> quiet(torch.tensor([[0.0, 1.0, 0.0, 0.0]]), 1)
    [tensor([[1., 0., 1., 1.]]), tensor([[1., 0., 0., 1.]])]
    """
    none = [1 - beat]
    for step in (2**k for k in range(doublings)):
        none.append(none[-1] * delayed(none[-1], step, fill=1.0))
    return none


def since(none: Sequence[Tensor]) -> Tensor:
    """Return for how many entries none has come, of what `quiet` returns.

    >>> since(quiet(torch.tensor([[0.0, 1.0, 0.0, 0.0, 0.0]]), 2))
    tensor([[1., 0., 1., 2., 3.]])
    """
    y = none[0]
    for k, kept in enumerate(none[:-1]):
        y = y + kept * delayed(y, 2**k)
    return y


def held(value: Tensor, beat: Tensor, none: Sequence[Tensor]) -> Tensor:
    """Return the value at the last beat; 0 where there is none in the longest time of `none`.

    >>> beat = torch.tensor([[0.0, 1.0, 0.0, 1.0]])
    >>> held(torch.tensor([[5.0, 6.0, 7.0, 8.0]]), beat, quiet(beat, 2))
    tensor([[0., 6., 6., 8.]])
    """
    y = beat * value
    for k, kept in enumerate(none[:-1]):
        y = y + kept * delayed(y, 2**k)
    return y


def delayed(x: Tensor, step: int, *, fill: float = 0.0) -> Tensor:
    """Return x so many entries later, `fill` before.

    >>> delayed(torch.tensor([[1.0, 2.0, 3.0]]), 1)
    tensor([[0., 1., 2.]])
    """
    return F.pad(x, (step, 0), value=fill)[..., : x.shape[-1]]


def _loudest(x: Tensor, frames: int) -> Tensor:
    """Largest size in each frame [b, frame]."""
    return x.reshape(*x.shape[:2], frames, -1).abs().amax(dim=(1, 3))


def _field(config: Config, beats: Spec, back: int) -> Field:
    """Return what a frame sees: its beats, those before them, and the frames around."""
    group = beats.step * beats.hop
    seen = Field(beats.look_back, beats.look_ahead, group)
    seen = seen.layer(before=-(-back // beats.step), stride=config.hop // group)
    for dilation in config.reach:
        seen = seen.layer(before=2 * dilation, after=2 * dilation)
    return seen
