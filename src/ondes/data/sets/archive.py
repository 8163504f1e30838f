"""Sets of the UCR and UEA archives of time series: `NAME_TRAIN.ts` and `NAME_TEST.ts`.

Training is on TRAIN but for a part of it, in which each class has its share, that validates;
`test` is TEST. A set without a TEST file can test a part of TRAIN instead (`inside`). Files do not
tell a rate: one sample a second is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ondes.data import splits
from ondes.data.clips import Clips, one_hot
from ondes.data.places import located
from ondes.data.splits import Split
from ondes.errors import FormatError, InputError, nearest
from ondes.io.ts import Series, read_ts

ABOUT = "Sets of the UCR and UEA archives, in .ts files, learnt from TRAIN and judged by TEST."
LEVEL = "clip"
TESTS = ("test",)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Which set, and how it is parted.

    folder: of the .ts files, here or in $ONDES_DATA.
    name: of the set, as GunPoint.
    rate_hz: that its samples are said to have.
    parts: of so many parts of TRAIN one validates; with 0 all of TRAIN is learnt from and
        validates as well, so that scores of `valid` say nothing.
    fold: which draw of them it is; with `inside`, which part is tested, from 0.
    inside: test one of the parts of TRAIN, and validate by the next, as there is no TEST file.
    """

    folder: str = "tsc_archive"
    name: str = "GunPoint"
    rate_hz: float = 1.0
    parts: int = 5
    fold: int = 0
    inside: bool = False

    def __post_init__(self) -> None:
        if self.parts == 1 or self.parts < 0 or (self.inside and self.parts < 3):
            raise InputError(
                f"parts={self.parts} with inside={self.inside}: give 2 or more, 3 with inside; 0 "
                "to hold nothing back"
            )


def build(config: Config, *, split: str, seed: int = 0) -> Clips:  # noqa: ARG001 - nothing drawn
    """One split: train, valid, test or all.

    Raises:
        InputError: there are no such files, or too few cases of a class.
        FormatError: a file is damaged, or TRAIN and TEST differ.
    """
    folder = located(config.folder, option="folder")
    clips, n_train = _read(folder, config.name, config.rate_hz)
    if split == "all":
        return clips
    if config.parts == 0 and split in ("train", "valid"):
        return clips.take(range(n_train))
    parts = _parted(clips, n_train, config)
    splits.check(parts, content=clips.digests)
    if split == "test" and not parts.test.size:
        raise InputError(
            f"{folder} holds no {config.name}_TEST.ts: get it, or learn from a part of TRAIN and "
            "test another (ondes train ... --set data.options.inside=true --set "
            "data.options.parts=5); a model that learnt from all of TRAIN cannot be judged by it"
        )
    return clips.take(parts.part(split, of=config.name))


def _parted(clips: Clips, n_train: int, config: Config) -> Split:
    test = np.arange(n_train, len(clips))
    if config.parts == 0:
        return Split(np.arange(n_train), np.arange(0), test)
    classes = clips.classes[:n_train]
    if config.inside and test.size:
        raise InputError(f"{config.name} has a TEST file: leave inside out")
    if config.inside:
        return splits.stratified(classes, fold=config.fold, folds=config.parts)
    aside = splits.held(classes, parts=config.parts, seed=config.fold)
    return Split(np.flatnonzero(~aside), np.flatnonzero(aside), test)


@lru_cache(maxsize=4)
def _read(folder: Path, name: str, rate_hz: float) -> tuple[Clips, int]:
    """All cases, those of TRAIN first, and how many these are."""
    known = sorted(path.name.removesuffix("_TRAIN.ts") for path in folder.glob("*_TRAIN.ts"))
    if name not in known:
        raise InputError(
            f"{folder} holds no {name}_TRAIN.ts{nearest(name, known)}; there are "
            f"{', '.join(known) or 'none'}"
        )
    files = [read_ts(folder / f"{name}_TRAIN.ts")]
    if (folder / f"{name}_TEST.ts").exists():
        files.append(read_ts(folder / f"{name}_TEST.ts"))
    return _joined(name, files, rate_hz), len(files[0].cases)


def _joined(name: str, files: list[Series], rate_hz: float) -> Clips:
    first = files[0]
    for file in files:
        if set(file.classes) != set(first.classes) or len(file.cases[0]) != len(first.cases[0]):
            raise FormatError(
                f"{name}: TRAIN and TEST differ in classes ({first.classes}, {file.classes}) or "
                "channels: get both files from one place"
            )
    if not first.classes:
        raise InputError(f"{name} has numbers for targets: take the set clips with target: number")
    return Clips(
        [case for file in files for case in file.cases],
        one_hot([label for file in files for label in file.labels], first.classes),
        labels=first.classes,
        rate_hz=rate_hz,
        channels=len(first.cases[0]),
    )
