"""What two ultra-wideband radars made of the same moments, unlabelled: new sensor to old.

Simulated as in `uwb_actions`, whose sensors, forms and lengths these are. `train` holds 900 pairs
of people and rooms of their own; pair i of `test` are the clips i of that set's test, by both
sensors, so that what a frozen classifier says of a translation can be judged. `turned` translates
the old sensor's into the new one's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.data.sets import uwb_actions
from ondes.data.uwb.maps import Form, Frames
from ondes.data.uwb.radar import Radar
from ondes.data.uwb.scenes import LABELS, recording, scene
from ondes.data.uwb.sensors import NEW, OLD, POPULATIONS
from ondes.errors import InputError, RecipeError, nearest
from ondes.protocols import Pair, Sensor

ABOUT = "Simulated UWB radar: unlabelled pairs of a new sensor and an old one, recorded together."
LEVEL = "pair"
TESTS = ("test",)
POPULATION = {"train": "pairs", "valid": "pairs-valid", "test": "test"}


@dataclass(frozen=True, kw_only=True)
class Config:
    """The two radars, what is given of their frames, and how many pairs each split has.

    turned: from the old sensor to the new one. kept_mb: pairs that take no more memory than this
    are kept once they are made.
    """

    old: Radar = field(default_factory=lambda: OLD)
    new: Radar = field(default_factory=lambda: NEW)
    form: Form = field(default_factory=Form)
    seconds: float = 2.0
    turned: bool = False
    train: int = 900
    valid: int = 200
    test: int = 1200
    kept_mb: float = 512.0

    def __post_init__(self) -> None:
        if self.seconds <= 0 or min(self.train, self.valid, self.test) < 1:
            raise InputError("uwb_pairs: seconds are above zero, every split has a pair or more")


class Radars:
    """Pairs of one split; what was done is known of each, for judging translations."""

    labels = LABELS

    def __init__(self, config: Config, split: str, *, seed: int) -> None:
        self.config, self.split, self.seed = config, split, seed
        sensors = [
            Sensor(config.form.rate_hz(radar), config.form.channels(radar), name)
            for radar, name in ((config.new, "new"), (config.old, "old"))
        ]
        self.source, self.target = sensors[::-1] if config.turned else sensors
        self._kept: dict[int, Pair] = {}

    def __len__(self) -> int:
        length: int = getattr(self.config, self.split)
        return length

    def __getitem__(self, index: int) -> Pair:
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {len(self)}")
        if index not in self._kept:
            pair = self._made(index)
            nbytes = pair.source.nbytes + pair.target.nbytes
            if (len(self._kept) + 1) * nbytes > self.config.kept_mb * 1e6:
                return pair
            self._kept[index] = pair
        return Pair(*(array.copy() for array in self._kept[index]))

    def y_of(self, index: int) -> NDArray[np.float32]:
        """What was done, one 1 among zeros."""
        told = scene(POPULATIONS[POPULATION[self.split]], index, seed=self.seed).label
        return np.array([label == told for label in LABELS], np.float32)

    def _made(self, index: int) -> Pair:
        config = self.config
        population = POPULATIONS[POPULATION[self.split]]
        radars = (config.old, config.new)
        old, new = recording(population, index, radars, seconds=config.seconds, seed=self.seed)
        sides = [config.form.of(new), config.form.of(old)]
        return Pair(*(sides[::-1] if config.turned else sides))


def build(config: Config, *, split: str, seed: int = 0) -> Radars:
    """One split: train, valid or test; `seed` moves the pairs of training alone."""
    if split not in POPULATION:
        raise RecipeError(f"uwb_pairs has no split {split!r}{nearest(split, POPULATION)}")
    return Radars(config, split, seed=seed if split == "train" else 0)


def few(config: Config) -> uwb_actions.Actions:
    """The few labelled clips that there are of the sensor that is translated."""
    same = uwb_actions.Config(
        sensor="old" if config.turned else "new",
        old=config.old,
        new=config.new,
        form=config.form,
        seconds=config.seconds,
    )
    return uwb_actions.build(same, split="few")


def facts(config: Config) -> dict[str, Any]:
    """What whoever uses a translator needs to know: the frames of which maps are made, if any."""
    if config.form.kind != "map":
        return {}
    radar = config.old if config.turned else config.new
    return {"frames": Frames.of(config.form, radar, seconds=config.seconds).to_dict()}
