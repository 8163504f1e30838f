"""Fourteen activities by an accelerometer at the wrist, persons held out (UCI HMP, CC BY 4.0).

The folder holds `signals.npz` (`x` [time, 3] of 6-bit codes, all recordings end to end, and `fs`)
and `labels.csv` (activity, person, start, length). Codes become g: -1.5 + 3 code / 63. Recordings
at 32 Hz last 4 to 291 s and keep their lengths.

One person, the `fold`-th of f1, f2, ..., m1, m2, ..., is tested; the next ones in a circle validate
until they hold a tenth of the others' recordings. Folds are not alike and are not made so: f1 holds
half of all recordings, m11 one in eighty. f1 is therefore never among those who validate, and
scores of all folds together weigh each recording alike, so judge by predictions pooled over the
folds rather than by the mean over them. Two activities (eat_meat, eat_soup) are f1's alone: tested
on f1 they cannot be learnt, tested on others they cannot validate. Leave them out (`without`), or
tell the task that classes may be absent.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ondes.data import splits
from ondes.data.clips import Clips, Samples, one_hot
from ondes.data.places import located
from ondes.data.rows import Row, read_rows
from ondes.data.splits import Valid
from ondes.errors import FormatError, InputError, nearest

ABOUT = "Activities from an accelerometer at the wrist, persons held out (UCI HMP)."
LEVEL = "clip"
TESTS = ("test",)
LABELS = (
    "brush_teeth",
    "climb_stairs",
    "comb_hair",
    "descend_stairs",
    "drink_glass",
    "eat_meat",
    "eat_soup",
    "getup_bed",
    "liedown_bed",
    "pour_water",
    "sitdown_chair",
    "standup_chair",
    "use_telephone",
    "walk",
)
COLUMNS = ("file", "activity", "person", "start", "length")


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set, here or in $ONDES_DATA, and how it is parted.

    fold: which person is tested, from 0; null tests none.
    valid: "group" validates by other persons, "within" by recordings of those learnt from.
    without: activities that are left out.
    """

    folder: str = "har_wrist"
    fold: int | None = 0
    valid: Valid = "group"
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.without:
            if name not in LABELS:
                raise InputError(
                    f"without={self.without}: no activity is called {name!r}{nearest(name, LABELS)}"
                )


def build(config: Config, *, split: str, seed: int = 0) -> Clips:  # noqa: ARG001 - nothing drawn
    """One split: train, valid, test or all.

    Raises InputError where the folder or the fold is missing, FormatError where its files are
    damaged or do not fit each other.
    """
    clips = _read(located(config.folder, option="folder"), config.without)
    if split == "all":
        return clips
    parts = splits.leave_group_out(
        clips.groups,
        config.fold,
        strata=clips.classes,
        valid=config.valid,
        order=sorted(set(clips.groups), key=_numbered),
    )
    return clips.part(parts, split, of="wrist", valid=config.valid)


@lru_cache(maxsize=1)
def _read(folder: Path, without: tuple[str, ...]) -> Clips:
    rows = read_rows(folder / "labels.csv", COLUMNS)
    labels = tuple(name for name in LABELS if name not in without)
    kept = [row for row in rows if row["activity"] not in without]
    rate_hz, x = _signals(folder / "signals.npz")
    return Clips(
        list(_cut(x, kept, folder)),
        one_hot([row["activity"] for row in kept], labels, clips=[row["file"] for row in kept]),
        labels=labels,
        rate_hz=rate_hz,
        groups=[row["person"] for row in kept],
        names=[row["file"] for row in kept],
    )


def _signals(path: Path) -> tuple[float, Samples]:
    """The rate, and all recordings end to end in g [3, time]."""
    try:
        with np.load(path, allow_pickle=False) as file:
            codes, rate_hz = file["x"], float(file["fs"])
    except FileNotFoundError as error:
        raise InputError(f"no {path}; give the folder of the set") from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path} is damaged or something else ({error}); get it again") from error
    if codes.ndim != 2 or codes.shape[1] != 3 or codes.min() < 0 or codes.max() > 63:
        raise FormatError(f"{path} holds no codes 0 to 63 [time, 3]; get it again")
    return rate_hz, (-1.5 + 3 * codes.T.astype(np.float64) / 63).astype(np.float32)


def _cut(x: Samples, rows: list[Row], folder: Path) -> Iterator[Samples]:
    for row in rows:
        start, length = int(row["start"]), int(row["length"])
        if not 0 <= start < start + length <= x.shape[1]:
            raise FormatError(
                f"{folder / 'labels.csv'} puts {row['file']} at {start} to {start + length} of "
                f"{x.shape[1]} samples; get both files again"
            )
        yield x[:, start : start + length]


def _numbered(person: str) -> tuple[str, int]:
    return person[:1], int(person[1:]) if person[1:].isdigit() else 0
