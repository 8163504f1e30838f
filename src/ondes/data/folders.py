"""Labelled clips of one's own: folders of classes, tables, arrays.

What a path may be:

* a folder that holds one folder a class, of recordings in any signal format; or the folders
  `train`, `test` and perhaps `valid`, each of which does;
* a CSV table with the columns `file` and `label`, and perhaps `group`, `fold`, `split`, `part`
  (the data set in an HDF5 file) and `onset`, `offset` in seconds, where clips are cut from longer
  recordings. Files lie beside the table. Several tags in `label` are separated by semicolons;
* an NPZ file, an NPY file with a table beside it, or a `.ts` file, see `ondes.data.arrays`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ondes.data.arrays import SUFFIXES, read_arrays
from ondes.data.clips import Clips, Doubles, Samples, Target, digest
from ondes.data.files import Files
from ondes.data.found import Found, Reading, Takes, targets
from ondes.data.rows import Row, read_rows
from ondes.data.splits import NAMES, Span
from ondes.errors import ChannelError, FormatError, InputError, OndesError, RateError, nearest
from ondes.io import SignalFile
from ondes.ops.signals import resample
from ondes.protocols import Clip
from ondes.signal import Signal

COLUMNS = ("file", "label", "group", "fold", "split", "part", "onset", "offset")


class Entry(NamedTuple):
    """One clip on disk: all of a recording, or from `onset_s` to `offset_s`."""

    path: Path
    label: str
    group: str = ""
    fold: str = ""
    split: str = ""
    part: str = ""
    onset_s: float = 0.0
    offset_s: float | None = None


class Recorded:
    """Clips that are read when they are asked for, where all are too large for memory.

    Asking for one raises what reading it does, RateError or ChannelError where it differs from the
    first.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        y: Samples | Doubles,
        *,
        labels: Sequence[str],
        reading: Reading,
    ) -> None:
        self.entries, self.y, self.labels = tuple(entries), y, tuple(labels)
        self.reading = reading
        first = _readable(self.entries, reading)
        self.rate_hz = reading.rate_hz or first.rate_hz
        self.n_channels = 1 if reading.mix else first.n_channels

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Clip:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        signal = _signal(self.entries[index], self.reading)
        _check_alike(self.entries[index], signal, self, self.reading)
        return Clip(signal.samples, self.y[index])

    def take(self, places: Sequence[int]) -> Recorded:
        """The clips at these places."""
        chosen = [int(place) for place in places]
        return Recorded(
            [self.entries[k] for k in chosen],
            self.y[chosen],
            labels=self.labels,
            reading=self.reading,
        )


def read_folder(
    path: str | Path,
    *,
    target: Target = "class",
    labels: Sequence[str] = (),
    reading: Reading | None = None,
    group: str = "",
    memory_mb: float = 1024.0,
) -> Found:
    """Read labelled clips from a folder of classes, a CSV table or arrays.

    Args:
        path: of the folder or file, see above.
        target: what labels tell: one class, tags, or numbers.
        labels: all names in order; without, those that occur, sorted. For numbers their names,
            "value" without.
        reading: how recordings are read.
        group: a regular expression that is looked for in the path of each recording; what its
            first parenthesis holds is the group, where no column says it.
        memory_mb: clips that take more are read when they are asked for.

    Raises:
        InputError: nothing is there, labels are not among `labels`, a label is missing.
        FormatError: a file is damaged, or a table is none.
        RateError, ChannelError: recordings differ in rate or channels.
        NotFiniteError: a sample is NaN or infinite.
    """
    place, how = Path(path), reading or Reading()
    if place.suffix.lower() in SUFFIXES:
        return read_arrays(place, target=target, labels=tuple(labels), reading=how)
    entries = _entries(place, how)
    if group:
        entries = [_grouped(entry, group) for entry in entries]
    stamps = tuple(_stamp(entry.path) for entry in entries)
    return _recorded(tuple(entries), stamps, target, tuple(labels), how, memory_mb)


def one_by_one(
    path: str | Path,
    *,
    target: Target = "class",
    labels: Sequence[str] = (),
    reading: Reading | None = None,
) -> Takes:
    """The clips that `read_folder` finds, each read when it is asked for, and not before.

    So one that cannot be read is met by whoever asks for it, and the others are there. Raises what
    `read_folder` does of a path, a table or labels; FormatError where no recording can be opened.
    """
    place, how = Path(path), reading or Reading()
    if place.suffix.lower() in SUFFIXES:
        return read_arrays(place, target=target, labels=tuple(labels), reading=how).clips
    entries = _entries(place, how)
    y, names = _targets(entries, target, tuple(labels))
    return Recorded(entries, y, labels=names, reading=how)


def _entries(path: Path, reading: Reading) -> list[Entry]:
    return _table(path) if path.suffix.lower() == ".csv" else _classes(path, reading)


def _classes(folder: Path, reading: Reading) -> list[Entry]:
    """The recordings of a folder of classes, or of folders of splits that hold such."""
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder of classes, nor a .csv, .npz, .npy or .ts file: give one of "
            "these"
        )
    inner = {path.name: path for path in folder.iterdir() if path.is_dir()}
    parts = {name: path for name, path in inner.items() if name in NAMES}
    if parts.keys() == inner.keys() and {"train", "test"} <= parts.keys():
        return [
            entry._replace(split=name)
            for name, path in sorted(parts.items())
            for entry in _one_a_class(path, reading)
        ]
    return _one_a_class(folder, reading)


def _one_a_class(folder: Path, reading: Reading) -> list[Entry]:
    paths = reading.files.under(folder)
    stray = [path for path in paths if path.parent == folder]
    if stray:
        raise InputError(
            f"{stray[0]} lies in no folder of its class: put each recording into a folder that is "
            "called as its class, or name a table file,label (.csv)"
        )
    return [Entry(path, path.relative_to(folder).parts[0]) for path in paths]


def _table(path: Path) -> list[Entry]:
    rows = read_rows(path, COLUMNS[:2])
    for name in rows[0] if rows else ():
        if name not in COLUMNS:
            raise FormatError(
                f"{path}: unknown column {name!r}{nearest(name, COLUMNS)}; columns are "
                f"{', '.join(COLUMNS)}"
            )
    if not rows:
        raise InputError(f"{path} lists no clip")
    return [_entry(path, row) for row in rows]


def _entry(path: Path, row: Row) -> Entry:
    try:
        onset_s = float(row.get("onset") or 0)
        offset_s = float(row["offset"]) if row.get("offset") else None
    except ValueError as error:
        raise FormatError(f"{path}: onset or offset of {row['file']}: {error}") from error
    words = {name: row.get(name, "") for name in ("group", "fold", "split", "part")}
    return Entry(
        path.parent / row["file"], row["label"], **words, onset_s=onset_s, offset_s=offset_s
    )


def _grouped(entry: Entry, pattern: str) -> Entry:
    try:
        found = re.search(pattern, str(entry.path))
    except re.error as error:
        raise InputError(f"group={pattern!r} is no regular expression: {error}") from error
    if entry.group:
        return entry
    if found is None or not found.groups():
        raise InputError(
            f"group={pattern!r} finds no group in {entry.path}: write what all paths hold, with "
            "parentheses around the group"
        )
    return entry._replace(group=found.group(1))


@lru_cache(maxsize=1)  # the splits of one set are asked for one after the other
def _recorded(
    entries: tuple[Entry, ...],
    stamps: tuple[tuple[int, int], ...],  # noqa: ARG001 - tells files that changed
    target: Target,
    labels: tuple[str, ...],
    reading: Reading,
    memory_mb: float,
) -> Found:
    y, names = _targets(entries, target, labels)
    files = [_files(entry, reading).open(entry.path) for entry in entries]
    spans = tuple(map(_span, entries, files))
    for entry, file in zip(entries, files, strict=True):
        _check_alike(entry, file, files[0], reading)
    bytes_all = sum(4 * (span.stop - span.start) for span in spans) * files[0].n_channels
    clips: Takes
    if bytes_all > memory_mb * 1e6:
        clips = Recorded(entries, y, labels=names, reading=reading)
        content = tuple(map(_file_digest, entries))
    else:
        clips = _read_all(entries, y, names, reading)
        content = clips.digests
    return Found(
        clips,
        names=tuple(map(_name, entries)),
        groups=tuple(entry.group or str(entry.path) for entry in entries),
        grouped=bool(_column(entries, lambda entry: entry.group, "group")),
        folds=_column(entries, lambda entry: entry.fold, "fold"),
        parts=_column(entries, lambda entry: entry.split, "split"),
        strata=tuple("" if target == "number" else entry.label for entry in entries),
        content=content,
        spans=spans,
    )


def _targets(
    entries: Sequence[Entry], target: Target, labels: tuple[str, ...]
) -> tuple[Samples | Doubles, tuple[str, ...]]:
    return targets(
        [entry.label for entry in entries], target, labels, clips=list(map(_name, entries))
    )


def _read_all(
    entries: Sequence[Entry], y: Samples | Doubles, labels: tuple[str, ...], reading: Reading
) -> Clips:
    signals = [_signal(entry, reading) for entry in entries]
    return Clips(
        [signal.samples for signal in signals],
        y,
        labels=labels,
        rate_hz=signals[0].rate_hz,
        groups=[entry.group or str(entry.path) for entry in entries],
        names=[*map(_name, entries)],
        channels=signals[0].n_channels,
    )


def _column(entries: Sequence[Entry], of: Callable[[Entry], str], name: str) -> tuple[str, ...]:
    """A column that all clips fill in, or none does."""
    words = tuple(map(of, entries))
    if any(words) and not all(words):
        empty = entries[words.index("")]
        raise InputError(f"{empty.path} has no {name}, others have: fill in the column, or drop it")
    return words if any(words) else ()


def _name(entry: Entry) -> str:
    """What messages call a clip."""
    part = f" {entry.part}" if entry.part else ""
    return f"{entry.path}{part}" + (f" at {entry.onset_s:g} s" if entry.onset_s else "")


def _signal(entry: Entry, reading: Reading) -> Signal:
    """One clip, as it is asked for."""
    file = _files(entry, reading).open(entry.path)
    signal = file.read(start_s=entry.onset_s, stop_s=entry.offset_s)
    signal = signal.shift(-signal.start)
    if reading.mix:
        signal = Signal.of(signal.samples.mean(axis=0), rate_hz=signal.rate_hz)
    return resample(signal, reading.rate_hz) if reading.rate_hz else signal


def _readable(entries: Sequence[Entry], reading: Reading) -> SignalFile:
    """The first recording that can be opened; raises why the very first cannot, if none can."""
    reasons: list[OndesError] = []
    for entry in entries:
        try:
            return _files(entry, reading).open(entry.path)
        except OndesError as error:
            reasons.append(error)
    raise reasons[0]


def _files(entry: Entry, reading: Reading) -> Files:
    return replace(reading.files, part=entry.part) if entry.part else reading.files


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was changed, and its size; zeros where it is not there."""
    told = path.stat() if path.exists() else None
    return (told.st_mtime_ns, told.st_size) if told else (0, 0)


def _span(entry: Entry, file: SignalFile) -> Span:
    """Where a clip lies, in samples of its file."""
    start = file.timebase.samples(entry.onset_s)
    stop = file.n_samples if entry.offset_s is None else file.timebase.samples(entry.offset_s)
    if not 0 <= start < stop <= file.n_samples:
        raise InputError(
            f"a clip from {entry.onset_s:g} to {entry.offset_s} s of {entry.path}, which lasts "
            f"{file.duration_s:g} s: give onset and offset within it"
        )
    return Span(_name(entry._replace(onset_s=0.0)), start, stop)


def _file_digest(entry: Entry) -> str:
    whole = digest(np.memmap(entry.path, np.uint8, "r"))
    return f"{whole} {entry.part} {entry.onset_s} {entry.offset_s}"


def _check_alike(
    entry: Entry,
    one: Signal | SignalFile,
    other: SignalFile | Recorded,
    reading: Reading,
) -> None:
    """Refuse what differs from others in something that is not to be converted."""
    if not reading.rate_hz and one.rate_hz != other.rate_hz:
        raise RateError(
            f"{entry.path} is at {one.rate_hz:.10g} Hz, others are at {other.rate_hz:.10g} Hz: "
            "say rate_hz (--resample), and all are converted"
        )
    if not reading.mix and one.n_channels != other.n_channels:
        raise ChannelError(
            f"{entry.path} has {one.n_channels} channels, others have {other.n_channels}: say mix "
            "(--mix), and all become one"
        )
