"""Pairs of one's own: what two sensors recorded at the same time, from new sensor to old.

`path` is a folder that holds one folder for each sensor, `source` and `target`, whose files are
called alike; where both sides name channels of one file (`source_channels`, `target_channels`), a
folder of such files. Each pair of files is brought to the same time - its target begins `offset_s`
later than its source, null looks for the offset and refuses what is not sure - and cut end to end
into pairs of `seconds`; what is left at the end of a file is too short for one.

Files, never pairs, are held out: files of one group, which `group` finds in their names, stay
together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ondes.data import splits
from ondes.data.files import Files
from ondes.data.pairs import Pairs, Together, check_rates, matched, parted, together, windows
from ondes.data.places import located
from ondes.data.splits import Valid
from ondes.errors import InputError
from ondes.ops.align import By
from ondes.protocols import Sensor
from ondes.signal import Signal

ABOUT = "One's own pairs: folders of files of two sensors, or files with two groups of channels."
LEVEL = "pair"
TESTS = ("test",)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where pairs lie and how they are brought together.

    path: see above. source, target: names of the two folders, and of the sensors.
    source_channels, target_channels: of files that hold both. seconds: of a pair.
    offset_s: by which targets begin later; null looks for it in each pair of files, by waves or
    envelope (`by`), no further than most_s. group: a regular expression whose first parenthesis
    finds the group in a file's name. folds, fold: to which groups are dealt and which is tested;
    null tests none. valid: by another fold, or "within" what is learnt from.
    files: what raw binary and NPY files do not say themselves.
    """

    path: str = "pairs"
    source: str = "new"
    target: str = "old"
    source_channels: tuple[str, ...] = ()
    target_channels: tuple[str, ...] = ()
    seconds: float = 2.0
    offset_s: float | None = 0.0
    by: By = "auto"
    most_s: float | None = None
    group: str = ""
    folds: int = 5
    fold: int | None = 0
    valid: Valid = "group"
    files: Files = field(default_factory=Files)

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise InputError(f"seconds={self.seconds:g}: give the length of a pair, above 0")
        if self.source == self.target and not self.source_channels:
            raise InputError(
                f"source and target are both {self.source!r}: name a folder for each sensor"
            )


def build(config: Config, *, split: str, seed: int = 0) -> Pairs:  # noqa: ARG001 - nothing drawn
    """One split: train, valid, test or all.

    Raises InputError on files without partner or of another length, and on unsure offsets,
    RateError and ChannelError where files of one sensor differ or a channel is constant,
    NotFiniteError on NaN.
    """
    pairs = _read(located(config.path, option="path"), config)
    if split == "all":
        return pairs
    parts = splits.leave_groups_out(
        pairs.groups,
        config.fold,
        folds=config.folds,
        strata=["pair"] * len(pairs),
        valid=config.valid,
    )
    splits.check(parts, groups=pairs.groups, valid=config.valid, names=pairs.names)
    return pairs.take(parts.part(split, of="pairs").tolist())


@lru_cache(maxsize=1)
def _read(path: Path, config: Config) -> Pairs:
    both = [*_both(path, config)]
    if not both:
        raise InputError(f"{path} holds no recording: put files into it (data.options.path)")
    first = both[0][1]
    sensors = [
        Sensor(signal.rate_hz, signal.n_channels, name)
        for signal, name in zip(first[:2], (config.source, config.target), strict=True)
    ]
    names = [name for name, _ in both]
    check_rates([each.source for _, each in both], sensors[0], names)
    check_rates([each.target for _, each in both], sensors[1], names)
    cut = [(name, k, pair) for name, e in both for k, pair in enumerate(windows(e, config.seconds))]
    return Pairs(
        [pair.source for *_, pair in cut],
        [pair.target for *_, pair in cut],
        source=sensors[0],
        target=sensors[1],
        groups=[_group(name, config.group) for name, *_ in cut],
        names=[f"{name} at {k * config.seconds:g} s" for name, k, _ in cut],
    )


def _both(path: Path, config: Config) -> list[tuple[str, Together]]:
    """Each recording's name and its two sides."""
    if config.source_channels or config.target_channels:
        return [
            (
                file.stem,
                parted(
                    config.files.open(file).read(), config.source_channels, config.target_channels
                ),
            )
            for file in config.files.under(path)
        ]
    pairs = matched(path, config.source, config.target, config.files)
    made = []
    for files in pairs:
        source, target = (config.files.open(file).read() for file in files)
        try:
            both = together(
                source, target, offset_s=config.offset_s, by=config.by, most_s=config.most_s
            )
        except InputError as error:
            raise type(error)(f"{files[0]} and {files[1]}: {error}") from error
        _check_ends(files, (source, target), config)
        made.append((files[0].stem, both))
    return made


def _check_ends(files: tuple[Path, Path], both: tuple[Signal, Signal], config: Config) -> None:
    """Refuse recordings that begin together and end more than a pair apart."""
    lasts = [signal.duration_s for signal in both]
    if config.offset_s == 0 and abs(lasts[0] - lasts[1]) > config.seconds:
        raise InputError(
            f"{files[0]} lasts {lasts[0]:g} s, {files[1]} {lasts[1]:g} s: cut both to the same "
            "time, or have the offset looked for (data.options.offset_s: null)"
        )


def _group(name: str, pattern: str) -> str:
    if not pattern:
        return name
    found = re.search(pattern, name)
    if found is None or not found.groups():
        raise InputError(
            f"group={pattern!r} finds no group in {name}: write what all names hold, with "
            "parentheses around the group"
        )
    return found.group(1)
