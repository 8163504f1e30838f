"""Ten kinds of environmental sounds in clips of about 5 s, by the set's folds (ESC-10, CC BY 3.0).

The folder holds `ogg/FOLD-SOURCE-TAKE.ogg` at 44.1 kHz and `labels.csv` (file, fold, label). The
set's own folds keep clips of one source together; one is tested, by its number, and the next that
is there validates. With `valid: within` one of five sources of each class of the folds learnt from
validates instead. Lengths are what the files hold: most 5.0 s, two of 240 over 7 s. Sneezes and
roosters are often followed by digital silence, which other classes are not: `bare` cuts it off,
and whoever leaves it lets a model count zeros.

The set says CC BY 3.0, and names the licence of each recording: most are CC BY or CC0; two of the
roosters, 1-40730-A.ogg and 2-96460-A.ogg, are Sampling Plus 1.0, which forbids to advertise with
them. Whoever gives weights away leaves these two out (`without`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ondes.data import splits
from ondes.data.clips import Clips, Samples, one_hot
from ondes.data.places import located
from ondes.data.rows import Row, read_rows
from ondes.data.splits import Split, Valid
from ondes.errors import FormatError, InputError, nearest
from ondes.io import read
from ondes.ops.signals import resample

ABOUT = "Ten kinds of environmental sounds, the set's own folds held out (ESC-10)."
LEVEL = "clip"
TESTS = ("test",)
LABELS = (
    "baby_cry",
    "chainsaw",
    "clock_tick",
    "dog_bark",
    "fire_crackling",
    "helicopter",
    "person_sneeze",
    "rain",
    "rooster",
    "sea_waves",
)
NOTHING = 1e-4  # below, of full scale, what follows a sound is silence


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set, here or in $ONDES_DATA, and how it is parted.

    rate_hz: to which 44.1 kHz are resampled; all clips lie in memory, 106 MB for three folds at
        the default.
    fold: the number of the fold that is tested, as the set counts, from 1; null tests none.
    valid: "group" validates by another fold, "within" by sources of those learnt from.
    bare: cut off the silence before and after the sound.
    without: names of files that are left out, as 1-40730-A.ogg.
    """

    folder: str = "esc10"
    rate_hz: float = 22_050.0
    fold: int | None = 1
    valid: Valid = "group"
    bare: bool = False
    without: tuple[str, ...] = ()


def build(config: Config, *, split: str, seed: int = 0) -> Clips:  # noqa: ARG001 - nothing drawn
    """One split: train, valid, test or all.

    Raises InputError where the folder, the fold or a file left out is missing, FormatError where a
    file is damaged or the table does not fit.
    """
    clips, folds = _chosen(config)
    if split == "all":
        return clips
    parts = _parted(clips, folds, config.fold, config.valid)
    return clips.take(parts.part(split, of="esc10"))


def sounds(config: Config) -> tuple[Clips, Split]:
    """All clips, and how they are parted; what `build` raises."""
    clips, folds = _chosen(config)
    return clips, _parted(clips, folds, config.fold, config.valid)


def _chosen(config: Config) -> tuple[Clips, tuple[str, ...]]:
    clips, folds = _read(located(config.folder, option="folder"), config.rate_hz, config.bare)
    for name in config.without:
        if name not in clips.names:
            raise InputError(
                f"without={config.without}: esc10 holds no {name}{nearest(name, clips.names)}"
            )
    kept = [place for place, name in enumerate(clips.names) if name not in config.without]
    return clips.take(kept), tuple(folds[place] for place in kept)


def _parted(clips: Clips, folds: tuple[str, ...], fold: int | None, valid: Valid) -> Split:
    known = sorted(set(folds))
    if fold is not None and str(fold) not in known:
        raise InputError(f"esc10 holds no fold {fold}: give one of {', '.join(known)}")
    parts = splits.leave_group_out(
        folds,
        None if fold is None else known.index(str(fold)),
        strata=clips.classes,
        valid=valid,
        keep=clips.groups,
    )
    splits.check(parts, groups=clips.groups, content=clips.digests, names=clips.names)
    return parts


@lru_cache(maxsize=1)
def _read(folder: Path, rate_hz: float, bare: bool) -> tuple[Clips, tuple[str, ...]]:  # noqa: FBT001
    """All clips in the order of their names, their sources as groups; and their folds."""
    rows = sorted(
        read_rows(folder / "labels.csv", ("file", "fold", "label")), key=lambda row: row["file"]
    )
    clips = Clips(
        [_sound(folder / "ogg" / row["file"], rate_hz, bare=bare) for row in rows],
        one_hot([row["label"] for row in rows], LABELS, clips=[row["file"] for row in rows]),
        labels=LABELS,
        rate_hz=rate_hz,
        groups=list(map(_source, rows)),
        names=[row["file"] for row in rows],
    )
    return clips, tuple(row["fold"] for row in rows)


def _source(row: Row) -> str:
    words = row["file"].split("-")
    if len(words) != 3 or words[0] != row["fold"]:
        raise FormatError(
            f"labels.csv puts {row['file']} into fold {row['fold']}: files are named "
            "FOLD-SOURCE-TAKE.ogg; get the table again"
        )
    return words[1]


def _sound(path: Path, rate_hz: float, *, bare: bool) -> Samples:
    samples = resample(read(path), rate_hz).samples
    if not bare:
        return samples
    loud = np.flatnonzero(np.abs(samples).max(axis=0) > NOTHING)
    return samples[:, loud[0] : loud[-1] + 1] if loud.size else samples
