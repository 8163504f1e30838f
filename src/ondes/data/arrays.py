"""Labelled clips in arrays: NPZ, NPY with a table beside it, `.ts`.

An NPZ file holds `x` [clip, channel, time] or [clip, time] and `y`, and perhaps `length` (samples
of each clip that are valid), `group`, `fold`, `split` and `rate_hz`. Beside `take.npy`, which is
such an `x`, lies `take.csv`, one row a clip, with the column `label` and perhaps `group`, `fold`
and `split`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondes.data.clips import Clips, Doubles, Samples, Target, numbers
from ondes.data.found import Found, Reading, number_names, targets
from ondes.data.rows import read_rows
from ondes.errors import FormatError, InputError, RateError, nearest
from ondes.io.formats import existing
from ondes.io.ts import read_ts
from ondes.ops.signals import resample
from ondes.signal import Signal

SUFFIXES = (".npz", ".npy", ".ts")
WORDS = ("group", "fold", "split")
KNOWN = ("x", "y", "length", *WORDS, "rate_hz")
Columns = dict[str, NDArray[np.generic]]


def read_arrays(path: Path, *, target: Target, labels: tuple[str, ...], reading: Reading) -> Found:
    """Read the clips of an NPZ, NPY or `.ts` file.

    Raises FormatError where the file is damaged or holds something else, InputError where its
    arrays do not match or nothing says the rate, RateError where the rate is said otherwise.
    """
    if existing(path).suffix.lower() == ".ts":
        return _ts(path, target, labels, reading)
    columns = _npy(path) if path.suffix.lower() == ".npy" else _npz(path)
    return _found(path, columns, target, labels, reading)


def _npy(path: Path) -> Columns:
    """The array of a file, and the columns of the table beside it."""
    try:
        x = np.load(path, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} is no NPY file ({error}); write it with numpy.save") from error
    rows = read_rows(path.with_suffix(".csv"), ("label",))
    names = [name for name in ("label", *WORDS) if rows and name in rows[0]]
    columns = {name: np.array([row[name] for row in rows]) for name in names}
    columns["y"] = columns.pop("label", np.array([]))
    return {"x": x, **columns}


def _found(
    path: Path, columns: Columns, target: Target, labels: tuple[str, ...], reading: Reading
) -> Found:
    x, y = columns["x"], columns["y"]
    if x.ndim not in (2, 3) or x.dtype.kind not in "biuf" or not len(x):
        raise FormatError(f"{path}: x is {x.dtype} {list(x.shape)}, not [clip, channel, time]")
    for name, column in columns.items():
        if name != "rate_hz" and len(column) != len(x):
            raise InputError(f"{path}: {len(x)} clips in x and {len(column)} in {name}")
    truth, names = _truth(y, target, labels)
    lengths = columns.get("length", np.full(len(x), x.shape[-1]))
    if lengths.dtype.kind not in "iu" or lengths.min() < 1 or lengths.max() > x.shape[-1]:
        raise InputError(f"{path}: length holds others than 1 to {x.shape[-1]}, the samples of x")
    clips = _resampled(
        [clip[..., :n] for clip, n in zip(x, lengths.tolist(), strict=True)],
        truth,
        names,
        _rate_of(path, columns, reading),
        reading,
        reading.files.channels or None,
    )
    words = {name: tuple(map(str, columns.get(name, ()))) for name in WORDS}
    strata = [""] * len(x) if target == "number" else list(map(str, y.tolist()))
    return _in_memory(path, clips, strata, words)


def _npz(path: Path) -> Columns:
    try:
        with np.load(path, allow_pickle=False) as file:
            columns = {name: np.asarray(file[name]) for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path} is no NPZ file ({error}); write it with numpy.savez") from error
    for name in columns:
        if name not in KNOWN:
            raise FormatError(
                f"{path}: unknown {name!r}{nearest(name, KNOWN)}; there are {', '.join(KNOWN)}"
            )
    if not {"x", "y"} <= columns.keys():
        raise FormatError(f"{path} holds {', '.join(columns)}: it needs x and y")
    return columns


def _truth(
    y: NDArray[np.generic], target: Target, labels: tuple[str, ...]
) -> tuple[Samples | Doubles, tuple[str, ...]]:
    """Targets of y [clip] of words or numbers, or [clip, output]."""
    if y.ndim == 1:
        return targets(_words(y), target, labels)
    if target == "number" and y.ndim == 2 and y.dtype.kind in "biuf":
        return numbers(y), labels or number_names(y.shape[1])
    if target != "tags" or y.ndim != 2 or not np.isin(y, (0, 1)).all():
        raise InputError(
            f"y of shape {list(y.shape)} for target {target}: give one class for each clip, or, "
            "for tags, zeros and ones [clip, tag]"
        )
    return y.astype(np.float32), labels or tuple(map(str, range(y.shape[1])))


def _words(y: NDArray[np.generic]) -> list[str]:
    """Labels as text; whole numbers without a decimal point."""
    whole = y.dtype.kind == "f" and bool(np.all(y == np.rint(y.astype(np.float64))))
    words: list[str] = (y.astype(np.int64) if whole else y).astype(np.str_).tolist()
    return words


def _rate_of(path: Path, columns: Columns, reading: Reading) -> float:
    told = reading.files.rate_hz
    own = float(columns["rate_hz"].item()) if "rate_hz" in columns else told
    if not own:
        raise InputError(f"{path} does not say its rate: add rate_hz, or give files.rate_hz")
    if told and told != own:
        raise RateError(f"{path} is at {own:.10g} Hz, the call says {told:.10g}: leave it out")
    return own


def _ts(path: Path, target: Target, labels: tuple[str, ...], reading: Reading) -> Found:
    series = read_ts(path)
    known = labels or (series.classes if target == "class" else ())
    truth, names = targets(series.labels, target, known)
    rate_hz, channels = reading.files.rate_hz or 1.0, len(series.cases[0])
    clips = _resampled(series.cases, truth, names, rate_hz, reading, channels)
    strata = [""] * len(clips) if target == "number" else list(series.labels)
    return _in_memory(path, clips, strata, {})


def _resampled(
    arrays: Sequence[NDArray[np.generic]],
    y: Samples | Doubles,
    labels: tuple[str, ...],
    rate_hz: float,
    reading: Reading,
    channels: int | None,
) -> Clips:
    """Clips of arrays, mixed and at another rate where that is asked for."""
    two = [np.atleast_2d(array) for array in arrays]
    if reading.mix:
        two = [array.mean(axis=0, keepdims=True, dtype=np.float32) for array in two]
    clips = Clips(two, y, labels=labels, rate_hz=rate_hz, channels=channels)
    if reading.rate_hz in (0, rate_hz):
        return clips
    signals = [resample(Signal.of(x, rate_hz=rate_hz), reading.rate_hz) for x in clips.arrays]
    return Clips([signal.samples for signal in signals], y, labels=labels, rate_hz=reading.rate_hz)


def _in_memory(
    path: Path, clips: Clips, strata: Sequence[str], words: dict[str, tuple[str, ...]]
) -> Found:
    return Found(
        clips,
        names=clips.names,
        groups=words.get("group") or tuple(f"{path} {place}" for place in range(len(clips))),
        grouped=bool(words.get("group")),
        folds=words.get("fold", ()),
        parts=words.get("split", ()),
        strata=tuple(strata),
        content=clips.digests,
        spans=(),
    )
