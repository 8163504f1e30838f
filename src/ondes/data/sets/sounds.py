"""Your own sounds: mixtures of a folder of isolated events, over a background where given.

The folder holds one folder a label; each file in it is one event, trimmed to its onset and
offset. Each file stays in one split (of every five of a label, in the order of their names, one is
for `test`, one for `valid`); the background is cut in time: its last fifth is for `test`, the
fifth before for `valid`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondes.data.banks import Bank
from ondes.data.files import Files
from ondes.data.mixtures import Mixing, Mixtures
from ondes.data.places import located
from ondes.errors import InputError, RecipeError, nearest
from ondes.ops.signals import resample

ABOUT = "Mixtures of your own isolated events, with a background where you have one."
CLIPS = {"train": 10**9, "valid": 200, "test": 300}
TESTS = ("test",)
SEEDS = {"valid": 2_000_001, "test": 2_000_002}
FEWEST = 5  # of a label
SHARES = {"train": (0.0, 0.6), "valid": (0.6, 0.8), "test": (0.8, 1.0)}


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of folders of events, one recording as `background` (empty: silence).

    Both are looked for here, then in $ONDES_DATA. All is brought to `rate_hz` and one channel.
    `files` tells what raw binary and NPY files do not say themselves.
    """

    folder: str
    background: str = ""
    rate_hz: int = 48_000
    files: Files = field(default_factory=Files)
    mixing: Mixing = field(default_factory=Mixing)


def build(config: Config, *, split: str, seed: int) -> Mixtures:
    """The mixtures of one split; `seed` moves those of training alone."""
    if split not in CLIPS:
        raise RecipeError(f"sounds has no split {split!r}{nearest(split, CLIPS)}")
    bank = Bank.of_recordings(_files(config), rate_hz=config.rate_hz, files=config.files)
    background = [_background(config, split)] if config.background else []
    return Mixtures(
        bank.of_split(split),
        config.mixing,
        seed=SEEDS.get(split, seed),
        length=CLIPS[split],
        labels=sorted(bank.labels),
        backgrounds=background,
    )


def _files(config: Config) -> list[tuple[Path, str]]:
    folder = located(config.folder, option="folder")
    files = [(path, path.parent.name) for path in config.files.under(folder)]
    if any(path.parent == folder for path, _ in files):
        raise InputError(f"{folder} holds sounds itself; put those of each label into a folder")
    for label, count in Counter(label for _, label in files).items():
        if count < FEWEST:
            raise InputError(
                f"{folder} holds {count} sounds of {label!r}; give {FEWEST} or more, of which one"
                " is for tests and one for thresholds"
            )
    return files


def _background(config: Config, split: str) -> NDArray[np.float32]:
    file = config.files.open(located(config.background, option="background"))
    first, last = (file.timebase.seconds(round(s * file.n_samples)) for s in SHARES[split])
    signal = resample(file.read(start_s=first, stop_s=last), config.rate_hz)
    if signal.n_samples < config.mixing.n_samples:
        raise InputError(
            f"the {split} part of {config.background} lasts {signal.duration_s:g} s,"
            " less than a clip; give a longer background or make shorter clips"
        )
    part: NDArray[np.float32] = signal.samples.mean(axis=0)
    return part
