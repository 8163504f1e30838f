"""Is there a direct path? Ultra-wideband channel impulse responses of a flat (CC BY 4.0).

The folder holds `cir.npz` (`cir` [n, 2, 256], real and imaginary parts of taps 1.0016 ns apart
from 48 taps before the first path on, `label`, `config`) and `configs.csv`. Responses of one
placement of the two modules are all but copies of each other and of one class: placements, never
responses, are held out. They are dealt to six folds of like size, each with all classes; one is
tested, the next validates; two placements may still share the place of one module. What the chip
takes for the first path is its estimate, and is not given to models.

Classes: LOS, NLOS (the direct path is weakened), NDP NLOS (there is none). They are not equally
frequent: judge by balanced accuracy.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondes.data import splits
from ondes.data.clips import Clips, Samples, one_hot
from ondes.data.places import located
from ondes.data.rows import read_rows
from ondes.data.splits import Valid
from ondes.errors import FormatError, InputError

ABOUT = "Line of sight or not, from ultra-wideband impulse responses, placements held out."
LEVEL = "clip"
TESTS = ("test",)
LABELS = ("LOS", "NLOS", "NDP NLOS")
RATE_HZ = 998.4e6
"""Of the chip's taps: twice its chipping rate, 499.2 MHz."""
FLOOR_DB = -40.0
"""Of levels, against the strongest tap: where the noise of most responses lies."""
Part = Literal["magnitude", "levels", "complex"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set, here or in $ONDES_DATA, and how it is parted.

    folds: to which placements are dealt. fold: which is tested, from 0; null tests none.
    valid: "group" validates by another fold, "within" by responses of the placements learnt from,
        which tells next to nothing about others.
    part: "magnitude" gives one channel, "levels" the same in units of 20 dB from a floor on, 40 dB
        below the strongest tap, "complex" both parts; the phase of a response is random.
    two: take NLOS and NDP NLOS for one class, NLOS.
    """

    folder: str = "uwb_cir"
    folds: int = 6
    fold: int | None = 0
    valid: Valid = "group"
    part: Part = "magnitude"
    two: bool = False


def build(config: Config, *, split: str, seed: int = 0) -> Clips:  # noqa: ARG001 - nothing drawn
    """One split: train, valid, test or all.

    Raises InputError where the folder or the fold is missing, FormatError where its files are
    damaged or do not fit each other.
    """
    clips = _read(located(config.folder, option="folder"), config.part, config.two)
    if split == "all":
        return clips
    parts = splits.leave_groups_out(
        clips.groups,
        config.fold,
        folds=config.folds,
        strata=clips.classes,
        valid=config.valid,
    )
    return clips.part(parts, split, of="uwb", valid=config.valid)


@lru_cache(maxsize=1)
def _read(folder: Path, part: Part, two: bool) -> Clips:  # noqa: FBT001
    cir, names, placements = _arrays(folder / "cir.npz")
    told = {row["config"]: row for row in read_rows(folder / "configs.csv", ("config", "label"))}
    for name, placement in zip(names, placements, strict=True):
        if told.get(placement, {}).get("label") != name:
            raise FormatError(
                f"{folder}: a response of placement {placement} is labelled {name}, configs.csv "
                "says otherwise; get both files again"
            )
    labels = LABELS[:2] if two else LABELS
    words = ["NLOS" if two and name != "LOS" else name for name in names]
    return Clips(
        _seen(cir, part),
        one_hot(words, labels),
        labels=labels,
        rate_hz=RATE_HZ,
        groups=placements,
    )


def _seen(cir: Samples, part: Part) -> Samples:
    """What models are given of responses [n, 2, tap]."""
    if part == "complex":
        return cir
    magnitude: Samples = np.hypot(cir[:, :1], cir[:, 1:])
    if part == "magnitude":
        return magnitude
    shares = magnitude / magnitude.max(axis=-1, keepdims=True)
    levels: Samples = np.log10(np.maximum(shares, 10 ** (FLOOR_DB / 20))) - FLOOR_DB / 20
    return levels


def _arrays(path: Path) -> tuple[Samples, list[str], list[str]]:
    """Responses [n, 2, tap], their labels and their placements."""
    try:
        with np.load(path, allow_pickle=False) as file:
            cir: NDArray[np.float32] = file["cir"].astype(np.float32)
            labels, configs = file["label"].tolist(), file["config"].tolist()
    except FileNotFoundError as error:
        raise InputError(f"no {path}; give the folder of the set") from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path} is damaged or something else ({error}); get it again") from error
    if cir.ndim != 3 or cir.shape[1] != 2 or not len(cir) == len(labels) == len(configs):
        raise FormatError(f"{path} holds no responses [n, 2, tap] with labels; get it again")
    return cir, labels, list(map(str, configs))
