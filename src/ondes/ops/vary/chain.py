"""`draw` rolls the dice once and returns a `Chain`: a printable record of what was drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple, TypeAlias

import numpy as np

from ondes.errors import InputError
from ondes.ops import augment
from ondes.ops.vary import space, spectrum, time
from ondes.ops.vary.spectrum import Noise
from ondes.ops.vary.time import Fill, Samples

Range: TypeAlias = tuple[float, float]

NODES = 64  # of a drawn response; as many as are needed are used
LOWEST_OCTAVES = 8.0  # muted bands end at most so far below half the sampling rate


class Part(NamedTuple):
    """A part of the clip, and its place among the possible ones, both 0..1."""

    length: float
    place: float


class Equaliser(NamedTuple):
    """What was drawn for `equalise`."""

    gains_db: tuple[float, ...]
    octaves: float


class Band(NamedTuple):
    """What was drawn for `mute`, in parts of half the sampling rate."""

    low: float
    high: float


class Stretch(NamedTuple):
    """What was drawn for `stretch`."""

    factor: float
    frame_s: float


class Shift(NamedTuple):
    """What was drawn for `shift`, in parts of the clip."""

    share: float
    fill: Fill


class Window(NamedTuple):
    """What was drawn for `window`."""

    n_samples: int
    place: float
    framed: bool = True


class Turn(NamedTuple):
    """What was drawn for `turn`: two directions, a number for each channel, and an angle."""

    plane: tuple[tuple[float, ...], tuple[float, ...]]
    degrees: float


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The changes drawn for one clip, in the order in which they are made; None is off.

    >>> Chain(flip=True, masks=(Part(0.5, 1.0),))(np.ones((1, 4), np.float32), 8000)
    array([[-1., -1., -1., -1.]], dtype=float32)
    """

    flip: bool = False
    crop: Part | None = None
    stretch: Stretch | None = None
    warp: tuple[float, ...] | None = None
    window: Window | None = None
    equaliser: Equaliser | None = None
    band: Band | None = None
    speed: float | None = None
    noise: Noise | None = None
    swell: tuple[float, ...] | None = None
    shift: Shift | None = None
    masks: tuple[Part, ...] = ()
    effects: augment.Chain | None = None
    turn: Turn | None = None

    def __call__(self, x: Samples, rate_hz: float) -> Samples:
        """Return samples [channel, time'], new ones, of x float32 [channel, time]."""
        x = -x if self.flip else x
        if self.turn is not None:
            x = space.turn(x, self.turn.plane, self.turn.degrees)
        if self.crop is not None:
            n = _quick(round(self.crop.length * x.shape[-1]), longest=x.shape[-1])
            x = time.window(x, n, place=self.crop.place)
        x = self._timed(x, rate_hz)
        x = self._shaping(x.shape[-1])(x)
        if self.swell is not None:
            x = time.swell(x, self.swell)
        if self.shift is not None:
            x = time.shift(x, round(self.shift.share * x.shape[-1]), fill=self.shift.fill)
        for part in self.masks:
            x = time.mask(x, length=part.length, place=part.place)
        return x if self.effects is None else self.effects(x, rate_hz)

    def _timed(self, x: Samples, rate_hz: float) -> Samples:
        """All that bends, lengthens or frames time, but for the speed."""
        if self.stretch is not None:
            frame = min(max(4, round(self.stretch.frame_s * rate_hz)), x.shape[-1] // 2)
            x = time.stretch(x, self.stretch.factor, frame=frame) if frame >= 4 else x
        if self.warp is not None:
            x = time.warp(x, self.warp)
        if self.window is not None and self._windowed(x.shape[-1]):
            x = time.window(x, self._wide(self.window), place=self.window.place)
        return x

    def _shaping(self, n: int) -> spectrum.Shaping:
        """All that is done in frequency, the speed too, for a clip of `n` samples."""
        gains: Samples | None = None
        if self.equaliser is not None:
            octaves = self.equaliser.octaves
            gains = spectrum.response(n, self.equaliser.gains_db, octaves=octaves)
        if self.band is not None:
            kept = spectrum.muted(n, *self.band)
            gains = kept if gains is None else gains * kept
        return spectrum.Shaping(self._length(n), gains, self.noise)

    def _length(self, n: int) -> int | None:
        """What the speed leaves of `n` samples, exactly a window's where they are one."""
        if self.speed is None:
            return None
        if self.window is not None and self._windowed(n):
            return self.window.n_samples
        return _quick(spectrum.faster(n, self.speed))

    def _wide(self, window: Window) -> int:
        """How many samples a window takes, of which the speed leaves what it asks for."""
        return _quick(round(window.n_samples * (self.speed or 1.0)))

    def _windowed(self, n: int) -> bool:
        """Whether `n` samples are brought to a window, or are one."""
        return self.window is not None and (self.window.framed or n >= self._wide(self.window))


def _quick(n: int, *, longest: int | None = None) -> int:
    """Return about `n`, 1 to `longest`: up to a hundredth more where that makes transforms fast."""
    n = max(1, n)
    near = spectrum.quick(n)
    return near if near <= 1.01 * n and (longest is None or near <= longest) else n


@dataclass(frozen=True, kw_only=True)
class Config:
    """How likely each change is, and where its numbers lie; by default nothing is changed.

    Numbers are drawn evenly, speeds and stretches in their logarithm. A part is one of the clip's
    length, so that the same numbers do for 24 samples and for a minute.

    p_flip: polarity.
    p_turn, turn_deg: the vector of all channels is turned in a plane drawn at random, by plus or
        minus so many degrees at most: a sensor of three axes put on another way round; see `turn`.
    p_crop, crop: a part is kept.
    p_stretch, stretch, stretch_frame_s: longer (above 1) or shorter without a change of pitch, in
        frames of so many seconds; a clip of less than 8 samples stays as it is.
    p_warp, warp, warp_knots: time bent by up to a part of the clip at so many moments.
    n_samples: the length of all clips: longer ones are cut at random, shorter ones are set
        somewhere in silence, to which noise is added as well; None leaves lengths alone.
    framed: whether shorter clips are set in silence; False leaves their length alone, for signals
        whose zero is no silence.
    p_equalise, equalise_db, octaves: a random response of plus and minus so many decibels, one
        independent gain every so many octaves.
    p_band, band_octaves: a band so wide is muted, anywhere in the upper eight octaves.
    p_speed, speed: played faster (above 1, shorter and higher) or slower.
    p_noise, snr_db, slope: coloured noise, of a power that falls with frequency to -slope.
    p_swell, swell_db, swell_knots: loudness that moves by plus and minus so many decibels.
    p_shift, shift, shift_fill: later (above 0) or earlier by a part; see `shift`.
    p_mask, mask, masks: so many parts, each so long, are held at the mean.
    effects: gain, noise, chorus, reverb and channel swap, of `ondes.ops.augment`.
    p_mixup, mixup, union: two clips as one, in a share of Beta(mixup, mixup), the louder one
        first; see `mixup`. It is up to a data set to do it: `ondes.data.varied`.

    Raises InputError where a number is out of its range.
    """

    p_flip: float = 0.0
    p_turn: float = 0.0
    turn_deg: float = 15.0
    p_crop: float = 0.0
    crop: Range = (0.7, 1.0)
    p_stretch: float = 0.0
    stretch: Range = (0.85, 1.15)
    stretch_frame_s: float = 0.05
    p_warp: float = 0.0
    warp: float = 0.05
    warp_knots: int = 3
    n_samples: int | None = None
    framed: bool = True
    p_equalise: float = 0.0
    equalise_db: float = 6.0
    octaves: float = 1.0
    p_band: float = 0.0
    band_octaves: Range = (0.2, 1.0)
    p_speed: float = 0.0
    speed: Range = (0.9, 1.1)
    p_noise: float = 0.0
    snr_db: Range = (10.0, 40.0)
    slope: Range = (0.0, 2.0)
    p_swell: float = 0.0
    swell_db: float = 3.0
    swell_knots: int = 6
    p_shift: float = 0.0
    shift: Range = (-0.1, 0.1)
    shift_fill: Fill = "zero"
    p_mask: float = 0.0
    mask: Range = (0.0, 0.15)
    masks: int = 1
    effects: augment.Config | None = None
    p_mixup: float = 0.0
    mixup: float = 0.3
    union: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.startswith("p_"):
                self._require(field.name, 0 <= value <= 1, "a probability, 0 to 1")
            elif isinstance(value, tuple):
                ordered = len(value) == 2 and value[0] <= value[1]
                self._require(field.name, ordered, "two values, the smaller one first")
        self._require("crop", self.crop[0] > 0 and self.crop[1] <= 1, "parts, above 0 to 1")
        self._require("mask", self.mask[0] >= 0 and self.mask[1] <= 1, "parts, 0 to 1")
        self._require("speed", self.speed[0] > 0, "above 0")
        self._require("stretch", self.stretch[0] > 0, "above 0")
        for name in ("octaves", "mixup", "stretch_frame_s", "warp_knots"):
            self._require(name, getattr(self, name) > 0, "above 0")
        self._require("swell_knots", self.swell_knots > 1, "2 or more")
        self._require("n_samples", self.n_samples is None or self.n_samples > 0, "above 0 or None")
        steepest = 3 * self.warp * (self.warp_knots + 1)  # of `smooth` between +warp and -warp
        self._require("warp", 0 <= steepest < 1, f"0 to below {1 / 3 / (self.warp_knots + 1):.3g}")

    def _require(self, name: str, holds: bool, rule: str) -> None:  # noqa: FBT001 - a judgement
        if not holds:
            raise InputError(f"vary.Config({name}={getattr(self, name)!r}): give {rule}")


def draw(rng: np.random.Generator, config: Config, *, channels: int = 1) -> Chain:
    """Draw the changes for one clip of `channels` channels.

    Every call takes the same number of draws from `rng`, whatever the probabilities: switching one
    change off leaves the others as they were.

    >>> draw(np.random.default_rng(1), Config(p_shift=1.0)).shift
    Shift(share=..., fill='zero')
    """
    crop, masks = _part(rng, config.crop), [_part(rng, config.mask) for _ in range(config.masks)]
    gains = rng.uniform(-config.equalise_db, config.equalise_db, NODES)
    band = _band(rng, config.band_octaves)
    speed, factor = _log_uniform(rng, config.speed), _log_uniform(rng, config.stretch)
    noise = _noise(rng, config)
    warp = rng.uniform(-config.warp, config.warp, config.warp_knots)
    swell = rng.uniform(-config.swell_db, config.swell_db, config.swell_knots)
    shift, place = rng.uniform(*config.shift), rng.random()
    on = _dice(rng, config)
    return Chain(
        flip=next(on),
        crop=crop if next(on) else None,
        stretch=Stretch(factor, config.stretch_frame_s) if next(on) else None,
        warp=tuple(warp.tolist()) if next(on) else None,
        equaliser=Equaliser(tuple(gains.tolist()), config.octaves) if next(on) else None,
        band=band if next(on) else None,
        speed=speed if next(on) else None,
        noise=noise if next(on) else None,
        swell=tuple(swell.tolist()) if next(on) else None,
        shift=Shift(shift, config.shift_fill) if next(on) else None,
        masks=tuple(masks) if next(on) else (),
        window=_window(config, place),
        effects=_effects(rng, config.effects, channels),
        turn=_turn(rng, config, channels),
    )


def draw_share(rng: np.random.Generator, config: Config) -> float | None:
    """Draw how much of the first clip a mixture holds, half at least; None where it stays alone."""
    share, on = rng.beta(config.mixup, config.mixup), rng.random() < config.p_mixup
    return max(share, 1 - share) if on else None


def _dice(rng: np.random.Generator, config: Config) -> Iterator[bool]:
    """Whether each change is made, in the order of `Chain`'s fields."""
    p = [config.p_flip, config.p_crop, config.p_stretch, config.p_warp, config.p_equalise]
    p += [config.p_band, config.p_speed, config.p_noise, config.p_swell, config.p_shift]
    return iter((rng.random(len(p) + 1) < [*p, config.p_mask]).tolist())


def _part(rng: np.random.Generator, length: Range) -> Part:
    return Part(rng.uniform(*length), rng.random())


def _band(rng: np.random.Generator, octaves: Range) -> Band:
    high = 2 ** -rng.uniform(0, LOWEST_OCTAVES)
    return Band(high * 2 ** -rng.uniform(*octaves), high)


def _noise(rng: np.random.Generator, config: Config) -> Noise:
    return Noise(rng.uniform(*config.snr_db), rng.uniform(*config.slope), int(rng.integers(2**32)))


def _window(config: Config, place: float) -> Window | None:
    return None if config.n_samples is None else Window(config.n_samples, place, config.framed)


def _turn(rng: np.random.Generator, config: Config, channels: int) -> Turn | None:
    on, degrees = rng.random() < config.p_turn, rng.uniform(-config.turn_deg, config.turn_deg)
    first, second = rng.standard_normal((2, channels)).tolist()
    return Turn((tuple(first), tuple(second)), degrees) if on else None


def _effects(
    rng: np.random.Generator, config: augment.Config | None, channels: int
) -> augment.Chain | None:
    return None if config is None else augment.draw(rng, config, channels=channels)


def _log_uniform(rng: np.random.Generator, bounds: Range) -> float:
    return math.exp(rng.uniform(math.log(bounds[0]), math.log(bounds[1])))
