"""Several sounds at once: mixtures of clips of two or three classes of ESC-10, folds kept apart.

Each sound is turned in time by a random amount (what leaves at the end comes in at the start), is
brought to an RMS of 1 over its part that is not silent, gets a level of its own, and is added up.
A mixture holds each class at most once; y has a 1 for each. Mixtures of a split are of clips of its
folds alone, which the set `esc10` parts. Those of training are endless; those of `valid` and `test`
are the same for every seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ondes.data.clips import Clips, Samples
from ondes.data.sets import esc10
from ondes.errors import InputError, RecipeError, nearest
from ondes.protocols import Clip

ABOUT = "Mixtures of two or three environmental sounds and their tags (from ESC-10)."
LEVEL = "clip"
TESTS = ("test",)
CLIPS = {"train": 10**9, "valid": 200, "test": 300}
SEEDS = {"valid": 7_000_001, "test": 7_000_002}
RMS = 0.05
NOTHING = 1e-4  # of full scale


@dataclass(frozen=True, kw_only=True)
class Config:
    """Which sounds, and how they are mixed.

    sounds: options of the set esc10: folder, rate, folds.
    least, most: classes in a mixture.
    seconds: length of a mixture; longer sounds are cut, shorter ones followed by silence.
    range_db: levels of the sounds of a mixture differ by up to so much.
    """

    sounds: esc10.Config = field(default_factory=esc10.Config)
    least: int = 2
    most: int = 3
    seconds: float = 5.0
    range_db: float = 10.0

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most or self.seconds <= 0 or self.range_db < 0:
            raise InputError(
                f"least={self.least}, most={self.most}, seconds={self.seconds:g}, "
                f"range_db={self.range_db:g}: give a class or more, a length, a range of 0 or more"
            )


class Mixtures:
    """Mixture `index` of some clips, drawn by `seed` and `index`."""

    def __init__(self, clips: Clips, config: Config, *, seed: int, length: int) -> None:
        self.clips, self.config, self.seed, self.length = clips, config, seed, length
        self.labels, self.rate_hz = clips.labels, clips.rate_hz
        self.n_channels = clips.n_channels
        if config.most > len(clips.labels):
            raise InputError(f"most={config.most} of {len(clips.labels)} classes: give fewer")

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Clip:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        rng, chosen = self._drawn(index)
        x = sum(self._sound(label, rng) for label in chosen)
        return Clip(np.asarray(x, np.float32), self._told(chosen))

    def y_of(self, index: int) -> NDArray[np.float32]:
        """Return which tags mixture `index` has, without mixing it."""
        return self._told(self._drawn(index)[1])

    def _drawn(self, index: int) -> tuple[np.random.Generator, NDArray[np.int64]]:
        """What is left to draw from, and the classes of a mixture."""
        rng = np.random.default_rng((self.seed, index))
        count = int(rng.integers(self.config.least, self.config.most + 1))
        return rng, rng.choice(len(self.labels), count, replace=False)

    def _told(self, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        y = np.zeros(len(self.labels), np.float32)
        y[chosen] = 1
        return y

    @cached_property
    def _places(self) -> list[NDArray[np.int64]]:
        """Where the clips of each class stand."""
        return [np.flatnonzero(column) for column in self.clips.y.T]

    def _sound(self, label: int, rng: np.random.Generator) -> Samples:
        """One sound of a class, turned in time, at its level in the mixture."""
        samples = self.clips.arrays[int(rng.choice(self._places[label]))]
        n = round(self.config.seconds * self.rate_hz)
        sound = np.zeros((self.n_channels, n), np.float32)
        sound[:, : samples.shape[1]] = samples[:, :n]
        heard = np.abs(sound).max(axis=0) > NOTHING
        level_db = self.config.range_db * rng.uniform(-0.5, 0.5)
        gain = RMS * 10 ** (level_db / 20)
        power = np.square(sound[:, heard], dtype=np.float64).mean() if heard.any() else 1.0
        turned = np.roll(sound, int(rng.integers(n)), axis=1)
        return np.asarray(turned * (gain / np.sqrt(power)), np.float32)


def build(config: Config, *, split: str, seed: int) -> Mixtures:
    """The mixtures of one split; `seed` moves those of training alone.

    Raises what the set esc10 does, and RecipeError where there is no such split.
    """
    if split not in CLIPS:
        raise RecipeError(f"tagged has no split {split!r}{nearest(split, CLIPS)}")
    clips, parts = esc10.sounds(config.sounds)
    return Mixtures(
        clips.take(parts.part(split, of="tagged")),
        config,
        seed=SEEDS.get(split, seed),
        length=CLIPS[split],
    )
