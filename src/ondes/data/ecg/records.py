"""Records of a folder: WFDB with annotations beside them, as PhysioNet gives them, or NPZ cuts.

A cut holds one lead: `ecg`, `gain` (units per mV), `fs`, `beat` (samples) and `pvc` (1 where a beat
is V, 0 where it is any other); or several records of a length: `ecg` [record, time], `id`, `beat`
and `offset`, which beats of them are whose. A record that a folder holds both ways is taken from
WFDB.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ondes.errors import ChannelError, FormatError, InputError, RateError, few, nearest
from ondes.events import EventList
from ondes.io import beats, open_signal, read, read_events
from ondes.ops.resample import PASS_BAND
from ondes.ops.signals import resample
from ondes.signal import Signal

Name = str | int
"""Of a record; many are numbers."""
PERSONS = {"202": "201"}
"""MIT-BIH records 201 and 202 are of one person; all others are of a person each."""
FIRST_LEADS = {"102": "V5", "104": "V5", "114": "V5"}
"""MIT-BIH records whose first lead is not MLII."""
MANY = 50  # records that messages name
UNKNOWN = "beat"
"""Label of a beat whose class nobody tells."""
_LABELS = MappingProxyType({1: "V", 0: UNKNOWN, -1: UNKNOWN})
_PERSON = re.compile(r"^#\s*patient\s+(\w+)", re.IGNORECASE | re.MULTILINE)
_NUMBERED = re.compile(r"data_(\d+)_\d+")


@dataclass(frozen=True)
class Record:
    """A record: its name, whose heart it is, where it lies, its rate, length and leads."""

    name: str
    person: str
    path: Path
    rate_hz: float
    n_samples: int
    leads: tuple[str, ...]
    row: int = 0

    def annotations(self) -> EventList:
        """Beats, rhythms and notes under WFDB's symbols; of a cut, beats V, N and `beat`."""
        if self.path.suffix == ".hea":
            return read_events(self.path.with_suffix(".atr"))
        return _cut(self.path)[self.row][1]

    def classes(self) -> tuple[str, ...]:
        """Classes of beats that the annotations tell apart, of a cut V or none."""
        if self.path.suffix == ".hea":
            return beats.CLASSES
        return ("V",) if _tells_v(self.path) else ()

    def signal(self) -> Signal:
        """All leads, in mV as far as is known."""
        if self.path.suffix == ".hea":
            return read(self.path)
        return _cut(self.path)[self.row][0]

    def beats(self, *, rest: str = "", escapes: beats.Escapes = "S") -> EventList:
        """The beats by class, those of no known class under the label `rest`.

        Raises InputError where there are such and no `rest` is given.
        """
        told = self.annotations()
        unknown = told.filter(label=UNKNOWN)
        if len(unknown) and not rest:
            raise InputError(
                f"{self.path} tells {len(unknown)} beats of {self.name} without their class: say "
                "what they count as (data.options.rest=N), or learn beats alone "
                "(data.options.classes=beat)"
            )
        others = replace(unknown, label=np.full(len(unknown), rest or UNKNOWN))
        return beats.beats(told, escapes=escapes) + others


def found(folder: Path, names: Sequence[Name] = ()) -> list[Record]:
    """The records of a folder, or those that are named, in the order of their names.

    Raises InputError where there is none, one that is named is not there, or one has no
    annotations beside it; FormatError where one cannot be read.
    """
    headers = {path.stem: path for path in sorted(folder.glob("*.hea"))}
    cuts = {r.name: r for path in sorted(folder.glob("*.npz")) for r in _records_of_cut(path)}
    known = sorted({*headers, *cuts})
    if not known:
        raise InputError(
            f"{folder} holds no record: give a folder of .hea files, each with its .dat and .atr "
            "(data.options.folder)"
        )
    wanted = tuple(map(str, names))
    for name in wanted:
        if name not in known:
            raise InputError(
                f"{folder} holds no record {name!r}; it holds {few(known, most=MANY)}: name one of "
                "these, or another folder"
            )
    chosen = [name for name in known if name in wanted or not wanted]
    return [_record(headers[name]) if name in headers else cuts[name] for name in chosen]


def gathered(folders: Sequence[Path], names: Sequence[Name] = ()) -> list[Record]:
    """The records of several folders, by name; of those named, each folder's own.

    Raises InputError where two are called the same, one that is named is in none of them, or as
    `found`.
    """
    if len(folders) == 1:
        return found(folders[0], names)
    every = {record.name: record for folder in folders for record in found(folder)}
    if len(every) < sum(len(found(folder)) for folder in folders):
        listed = ", ".join(map(str, folders))
        raise InputError(f"{listed} hold records of the same name: give folders that do not")
    for name in map(str, names):
        if name not in every:
            raise InputError(f"no folder holds a record {name!r}{nearest(name, every)}")
    wanted = tuple(map(str, names))
    return [every[name] for name in sorted(every) if name in wanted or not wanted]


@lru_cache(maxsize=64)
def loaded(record: Record, rate_hz: float, pass_band: float = PASS_BAND) -> Signal:
    """All leads of a record at a rate; 0 keeps its own."""
    signal = record.signal()
    return resample(signal, rate_hz, pass_band=pass_band) if rate_hz else signal


def one_rate(records: Sequence[Record], rate_hz: float) -> float:
    """The rate that all records are brought to, or have; raises RateError where they differ."""
    rates = sorted({record.rate_hz for record in records})
    if rate_hz or len(rates) == 1:
        return rate_hz or rates[0]
    listed = ", ".join(f"{rate:g}" for rate in rates)
    raise RateError(
        f"records at {listed} Hz: say data.options.cutting.rate_hz=250 or another, and all are "
        "converted, or name those of one rate (data.options.records)"
    )


def rows(record: Record, leads: Sequence[str]) -> list[int]:
    """Where the wanted leads lie; none wanted means the first. `a|b` is the first that is there.

    Raises ChannelError where one is missing.

    >>> record = Record("100", "100", Path(), 360.0, 9, ("MLII", "V5"))
    >>> rows(record, ["II|V5", "MLII"]), rows(record, [])
    ([1, 0], [0])
    """
    return [_row(record, lead.split("|")) for lead in leads] or [0]


def _row(record: Record, alternatives: Sequence[str]) -> int:
    for name in alternatives:
        if name in record.leads:
            return record.leads.index(name)
    raise ChannelError(
        f"record {record.name} has no lead {' or '.join(alternatives)}"
        f"{nearest(alternatives[0], record.leads)}; its leads are {', '.join(record.leads)}: name "
        "others after | (data.options.cutting.leads), or leave it out (data.options.records)"
    )


def _record(path: Path) -> Record:
    if not path.with_suffix(".atr").exists():
        raise InputError(
            f"{path} has no annotations beside it: put {path.stem}.atr there, or name the records "
            "that have some (data.options.records)"
        )
    file = open_signal(path)
    told = _PERSON.search(path.read_text(encoding="latin-1"))
    person = told[1] if told else _person(path.stem)
    return Record(path.stem, person, path, file.rate_hz, file.n_samples, file.channels)


def _person(name: str) -> str:
    numbered = _NUMBERED.fullmatch(name)  # of CPSC 2021: data_<person>_<record>
    return numbered[1] if numbered else PERSONS.get(name, name)


def _records_of_cut(path: Path) -> Iterator[Record]:
    for row, (name, (signal, _)) in enumerate(zip(_names(path), _cut(path), strict=True)):
        yield Record(
            name, _person(name), path, signal.rate_hz, signal.n_samples, signal.channels, row
        )


def _names(path: Path) -> list[str]:
    with _npz(path) as file:
        return file["id"].tolist() if "id" in file else [path.stem]


@lru_cache(maxsize=64)
def _cut(path: Path) -> list[tuple[Signal, EventList]]:
    with _npz(path) as file:
        x, rate_hz = np.atleast_2d(file["ecg"]), float(file["fs"])
        x = (x / file.get("gain", 1.0)).astype(np.float32)
        edges = file.get("offset", np.array([0, len(file["beat"])])).tolist()
        kinds = file.get("pvc", np.full(len(file["beat"]), -1)).tolist()
        labels = np.array([_LABELS[kind] for kind in kinds], np.str_)
        spans = list(pairwise(edges))
        lead = FIRST_LEADS.get(path.stem, "MLII") if "pvc" in file else "ECG"
        return [
            (
                Signal.of(row, rate_hz=rate_hz, unit="mV", channels=(lead,)),
                _points(file["beat"][a:b], labels[a:b], rate_hz),
            )
            for row, (a, b) in zip(x, spans, strict=True)
        ]


@lru_cache(maxsize=64)
def _tells_v(path: Path) -> bool:
    with _npz(path) as file:
        return "pvc" in file


def _points(samples: np.ndarray, labels: np.ndarray, rate_hz: float) -> EventList:
    onset = samples.astype(np.int64)
    zeros = np.zeros(len(onset))
    return EventList(onset, onset + 1, labels, zeros.astype(np.int64), zeros * np.nan, rate_hz)


@contextmanager
def _npz(path: Path) -> Iterator[Mapping[str, np.ndarray]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            yield {key: file[key] for key in file.files}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise FormatError(
            f"{path} is damaged or no cut of records ({error}): get it again, or name the folder "
            "of your records (data.options.folder)"
        ) from error
