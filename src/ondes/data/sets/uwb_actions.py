"""What somebody does, by ultra-wideband radar: simulated clips of the old sensor or the new one.

Six actions - walk, sit, stand, fall, wave, idle - of two seconds, seen by one of two radars that
hang side by side and differ in all that radars differ in; see `ondes.data.uwb`. A clip of one
number is the same moment on both. `few` are the 200 labelled clips that there may be of a new
sensor. No person and no room stands in two splits, nor in `uwb_pairs`' pairs to learn from; its
pairs called `test` are those of the test here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondes.data.uwb.maps import Form
from ondes.data.uwb.radar import Radar
from ondes.data.uwb.scenes import LABELS, recording, scene
from ondes.data.uwb.sensors import NEW, OLD, POPULATIONS
from ondes.errors import InputError, RecipeError, nearest
from ondes.protocols import Clip

__all__ = ["ABOUT", "LABELS", "LEVEL", "TESTS", "Actions", "Config", "build"]

ABOUT = "Simulated UWB radar: who walks, sits down, falls, ... seen by an old sensor or a new one."
LEVEL = "clip"
TESTS = ("test",)
SPLITS = ("train", "valid", "few", "test")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Which sensor, what is given of its frames, and how many clips each split has.

    kept_mb: clips that take no more memory than this are kept once they are made.
    """

    sensor: Literal["old", "new"] = "old"
    old: Radar = field(default_factory=lambda: OLD)
    new: Radar = field(default_factory=lambda: NEW)
    form: Form = field(default_factory=Form)
    seconds: float = 2.0
    train: int = 6000
    valid: int = 600
    few: int = 200
    test: int = 1200
    kept_mb: float = 512.0

    def __post_init__(self) -> None:
        if self.seconds <= 0 or min(self.train, self.valid, self.few, self.test) < 1:
            raise InputError("uwb_actions: seconds are above zero, every split has a clip or more")


class Actions:
    """Clips of one split or, one after the other, of several."""

    labels = LABELS

    def __init__(self, config: Config, splits: tuple[str, ...], *, seed: int) -> None:
        self.config, self.splits, self.seed = config, splits, seed
        radar = config.old if config.sensor == "old" else config.new
        self.rate_hz, self.n_channels = config.form.rate_hz(radar), config.form.channels(radar)
        self._kept: dict[int, Clip] = {}

    def __len__(self) -> int:
        return sum(getattr(self.config, split) for split in self.splits)

    def __getitem__(self, index: int) -> Clip:
        if index not in self._kept:
            clip = self._made(*self._place(index))
            if (len(self._kept) + 1) * clip.x.nbytes > self.config.kept_mb * 1e6:
                return clip
            self._kept[index] = clip
        return Clip(*(array.copy() for array in self._kept[index]))

    def y_of(self, index: int) -> NDArray[np.float32]:
        """What is true of a clip, without making it."""
        return self._truth(*self._place(index))

    def _made(self, split: str, place: int) -> Clip:
        config = self.config
        radars = (
            config.old if config.sensor == "old" else None,
            config.new if config.sensor == "new" else None,
        )
        (frames,) = recording(
            POPULATIONS[split], place, radars, seconds=config.seconds, seed=self._seed(split)
        )
        return Clip(config.form.of(frames), self._truth(split, place))

    def _truth(self, split: str, place: int) -> NDArray[np.float32]:
        told = scene(POPULATIONS[split], place, seed=self._seed(split)).label
        return np.array([label == told for label in LABELS], np.float32)

    def _place(self, index: int) -> tuple[str, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        for split in self.splits[:-1]:
            if index < getattr(self.config, split):
                return split, index
            index -= getattr(self.config, split)
        return self.splits[-1], index

    def _seed(self, split: str) -> int:
        return self.seed if split == "train" else 0


def build(config: Config, *, split: str, seed: int = 0) -> Actions:
    """One split: train, valid, few, test, or all; `seed` moves the clips of training alone."""
    if split not in (*SPLITS, "all"):
        raise RecipeError(
            f"uwb_actions has no split {split!r}{nearest(split, (*SPLITS, 'all'))}; there are "
            f"{', '.join(SPLITS)} and all"
        )
    return Actions(config, SPLITS if split == "all" else (split,), seed=seed)
