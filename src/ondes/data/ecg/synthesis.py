"""Clips of one person's normal beats, real ones, and of abnormal beats that they never had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondes.data.clips import Clips, one_hot
from ondes.data.ecg.hearts import Heart
from ondes.ops.beats import CHANNELS, RATE_HZ, average, clips
from ondes.ops.degrade import Doubles, level_beats
from ondes.ops.donors import Library
from ondes.protocols import Clip

LENGTH = 10**9
POOL = 4096  # beats of each class that are synthesised at once, to draw from


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How beats of training differ from those they were made of.

    spread: of filters about those of donors, as `ondes.ops.donors.Library.sample` has it.
    gain: standard deviation of the logarithm of a gain.
    shift: samples by which a mark may lie beside the peak.
    noise: times what sets another normal beat apart from the average, in three of five beats.
    hiss, wander: standard deviations of white or smoothed noise and of half a wave or so of
        baseline, over the height of the average normal beat.
    jitter: standard deviation of the logarithms of the rhythm.
    """

    spread: float = 0.35
    gain: float = 0.25
    shift: int = 10
    noise: float = 1.0
    hiss: float = 0.08
    wander: float = 0.2
    jitter: float = 0.05


class Imagined:
    """Endless clips: by turns a real normal beat, and a synthetic one of each abnormal class.

    Synthetic beats get what sets a real beat apart from the average one, lest their smoothness tell
    them; then all are varied alike.
    """

    def __init__(
        self,
        own: Heart,
        library: Library,
        labels: Sequence[str],
        variation: Variation,
        *,
        seed: int,
    ) -> None:
        self.labels, self.rate_hz, self.n_channels = tuple(labels), RATE_HZ, CHANNELS
        self.seed, self.variation, self._own = seed, variation, own
        normal = average(own.shapes)
        self._rest, self._height = own.shapes - normal, float(np.abs(normal).max())
        rng = np.random.default_rng((seed, 0))
        self._pools = [
            library.of(label).synthesise(normal, POOL, rng=rng, spread=variation.spread)
            for label in self.labels[1:]
        ]

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Clip:
        if not 0 <= index < LENGTH:
            raise IndexError(f"beat {index} of {LENGTH}")
        rng = np.random.default_rng((self.seed, 1, index))
        shape, rhythm = self._drawn(self._class(index), rng)
        rhythm = rhythm + self.variation.jitter * rng.normal(size=2)
        return Clip(clips(self._varied(shape, rng)[None], rhythm[None])[0], self.y_of(index))

    def y_of(self, index: int) -> NDArray[np.float32]:
        """What is true of a clip, which needs no samples."""
        return np.eye(len(self.labels), dtype=np.float32)[self._class(index)]

    def _class(self, index: int) -> int:
        turn, abnormal = divmod(index, 2)
        return 1 + turn % len(self._pools) if abnormal else 0

    def _drawn(self, place: int, rng: np.random.Generator) -> tuple[Doubles, Doubles]:
        """A beat of a class and its rhythm, not varied yet."""
        if place == 0:
            k = int(rng.integers(len(self._own.peaks)))
            return self._own.shapes[k], self._own.rhythm[k]
        pool, k = self._pools[place - 1], int(rng.integers(POOL))
        return pool.beats[k] + self._rest[rng.integers(len(self._rest))], pool.rhythm[k]

    def _varied(self, shape: Doubles, rng: np.random.Generator) -> Doubles:
        options, n = self.variation, len(shape)
        x = shape * np.exp(options.gain * rng.normal())
        shift = int(rng.integers(-options.shift, options.shift + 1))
        x = x[np.clip(np.arange(n) - shift, 0, n - 1)]
        if rng.random() < 0.6:
            other = self._rest[rng.integers(len(self._rest))]
            x = x + options.noise * abs(rng.normal()) * other
        if rng.random() < 0.5:
            x = x + options.hiss * self._height * abs(rng.normal()) * _hiss(n, rng)
        phase = rng.uniform(0, 2) + rng.uniform(0.2, 1.5) * np.linspace(-1, 1, n)
        x = x + options.wander * self._height * rng.normal() * np.sin(np.pi * phase)
        return level_beats(x[None])[0]


def _hiss(n: int, rng: np.random.Generator) -> Doubles:
    """Noise of deviation one, white or, as often, smoothed over nine samples."""
    white = rng.normal(size=n + 8)
    if rng.random() < 0.5:
        return white[:n]
    return np.convolve(white, np.full(9, 1 / 3), "valid")


def plain(own: Heart, library: Library, labels: Sequence[str], *, seed: int = 0) -> Clips:
    """Normal beats as they are, and as many synthetic ones of each abnormal class, as clips."""
    rng, normal, count = np.random.default_rng(seed), average(own.shapes), len(own.peaks)
    rest = own.shapes - normal
    shapes, rhythms = [own.shapes], [own.rhythm]
    for label in labels[1:]:
        made = library.of(label).synthesise(normal, count, rng=rng)
        shapes.append(level_beats(made.beats + rest[rng.integers(count, size=count)]))
        rhythms.append(made.rhythm)
    given = clips(np.concatenate(shapes), np.concatenate(rhythms))
    said = [label for label in labels for _ in range(count)]
    return Clips(given, one_hot(said, labels), labels=labels, rate_hz=RATE_HZ, channels=CHANNELS)


def real(own: Heart, labels: Sequence[str]) -> Clips:
    """Real beats of these classes, as clips; those of others are left out."""
    heart = own.at(np.isin(own.label, list(labels)))
    return Clips(
        clips(heart.shapes, heart.rhythm),
        one_hot(heart.label.tolist(), labels),
        labels=labels,
        rate_hz=RATE_HZ,
        groups=[own.person] * len(heart.peaks),
        names=[f"{own.person} at sample {peak}" for peak in heart.peaks.tolist()],
        channels=CHANNELS,
    )
