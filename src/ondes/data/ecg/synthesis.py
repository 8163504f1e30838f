"""Clips of one person's normal beats, real ones, and of abnormal beats that they never had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ondes.data.clips import Clips, one_hot
from ondes.data.ecg.hearts import Heart
from ondes.ops.beats import CHANNELS, RATE_HZ, average, clips
from ondes.ops.degrade import Doubles, level_beats
from ondes.ops.donors import Library, Synthetic

NOISY, HISSING = 0.6, 0.5  # how often a beat has more of a person's own noise, and of any
SMOOTH = 9  # samples


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


def varied(
    own: Heart,
    library: Library,
    labels: Sequence[str],
    variation: Variation,
    *,
    count: int,
    seed: int,
) -> Clips:
    """About `count` clips: a half real normal beats, the rest synthetic ones of abnormal classes.

    Synthetic beats get what sets a real beat apart from the average one, lest their smoothness tell
    them; then all are varied alike.
    """
    rng, half = np.random.default_rng(seed), count // 2
    chosen = rng.integers(len(own.peaks), size=half)
    normal = Synthetic(own.shapes[chosen], own.rhythm[chosen])
    made = _synthetic(own, library, labels, half // (len(labels) - 1), rng, variation.spread)
    shapes = np.concatenate([each.beats for each in (normal, *made)])
    rhythms = np.concatenate([each.rhythm for each in (normal, *made)])
    rhythms = rhythms + variation.jitter * rng.normal(size=rhythms.shape)
    counts = [len(each.beats) for each in (normal, *made)]
    return _clips(_varied(shapes, own, variation, rng), rhythms, labels, counts)


def plain(own: Heart, library: Library, labels: Sequence[str], *, seed: int = 0) -> Clips:
    """Normal beats as they are, and as many synthetic ones of each abnormal class, as clips."""
    count = len(own.peaks)
    made = _synthetic(own, library, labels, count, np.random.default_rng(seed), 0.0)
    shapes = [own.shapes, *(level_beats(each.beats) for each in made)]
    rhythms = [own.rhythm, *(each.rhythm for each in made)]
    return _clips(np.concatenate(shapes), np.concatenate(rhythms), labels, [count] * len(labels))


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


def _synthetic(
    own: Heart,
    library: Library,
    labels: Sequence[str],
    count: int,
    rng: np.random.Generator,
    spread: float,
) -> list[Synthetic]:
    """`count` synthetic beats of each abnormal class, as rough as real ones are."""
    normal = average(own.shapes)
    made = [library.of(x).synthesise(normal, count, rng=rng, spread=spread) for x in labels[1:]]
    rest = own.shapes - normal
    return [
        each._replace(beats=each.beats + rest[rng.integers(len(rest), size=count)]) for each in made
    ]


def _varied(shapes: Doubles, own: Heart, options: Variation, rng: np.random.Generator) -> Doubles:
    """Beats louder or softer, beside their mark, in noise and on a wandering baseline."""
    count, n = shapes.shape
    normal = average(own.shapes)
    rest, height = own.shapes - normal, float(np.abs(normal).max())

    def amount(often: float) -> Doubles:
        """How much of something, in beats that have it so often."""
        drawn = np.abs(rng.normal(size=(count, 1))) * (rng.random((count, 1)) < often)
        return np.asarray(drawn)

    shift = rng.integers(-options.shift, options.shift + 1, size=(count, 1))
    places = np.clip(np.arange(n) - shift, 0, n - 1)
    x = np.take_along_axis(shapes, places, axis=1)
    x = x * np.exp(options.gain * rng.normal(size=(count, 1)))
    x = x + options.noise * amount(NOISY) * rest[rng.integers(len(rest), size=count)]
    x = x + options.hiss * height * amount(HISSING) * _hiss(count, n, rng)
    phase = rng.uniform(0, 2, (count, 1)) + rng.uniform(0.2, 1.5, (count, 1)) * np.linspace(
        -1, 1, n
    )
    wander = options.wander * height * rng.normal(size=(count, 1)) * np.sin(np.pi * phase)
    return level_beats(x + wander)


def _hiss(count: int, n: int, rng: np.random.Generator) -> Doubles:
    """Noise of deviation one, white or, as often, smoothed over nine samples."""
    white = rng.normal(size=(count, n + SMOOTH - 1))
    total = np.cumsum(np.pad(white, ((0, 0), (1, 0))), axis=1)
    smooth = (total[:, SMOOTH:] - total[:, :-SMOOTH]) / np.sqrt(SMOOTH)
    return np.where(rng.random((count, 1)) < 0.5, smooth, white[:, :n])


def _clips(
    shapes: Doubles, rhythms: Doubles, labels: Sequence[str], counts: Sequence[int]
) -> Clips:
    said = [label for label, count in zip(labels, counts, strict=True) for _ in range(count)]
    given = clips(shapes, rhythms)
    return Clips(given, one_hot(said, labels), labels=labels, rate_hz=RATE_HZ, channels=CHANNELS)
