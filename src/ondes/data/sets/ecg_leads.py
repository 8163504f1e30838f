"""One lead of an electrocardiogram and another: lead I to lead II, patients held out.

`folders` hold WFDB records, of two leads (CPSC 2021) or twelve (CinC 2021), with or without
annotations; whatever their rates, all are brought to `rate_hz`, which is said, and cut end to end
into clips of `seconds`. Persons are dealt to folds so that these have like shares of atrial
fibrillation, as far as there are enough who have it; where few do, name who is `tested`. A record's
person is what its name tells, else itself. A clip in which a lead is constant, as where an
electrode is off, is left out: `left_out` counts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ondes.data import splits
from ondes.data.ecg.records import PERSONS
from ondes.data.pairs import KnownPairs, Pairs, Together, parted, windows
from ondes.data.places import located
from ondes.data.splits import Split, Valid
from ondes.errors import ChannelError, InputError, nearest
from ondes.events import EventList
from ondes.io import open_signal, read_events
from ondes.ops.signals import resample
from ondes.protocols import Pair, Sensor

ABOUT = "Pairs of leads of one electrocardiogram, lead I to lead II, persons held out."
LEVEL = "pair"
TESTS = ("test",)
RHYTHMS = ("other", "AF")
RHYTHM, DIAGNOSIS = "(AFIB", "164889003"
"""WFDB's word for atrial fibrillation, and SNOMED CT's."""
_DIAGNOSES = re.compile(r"^#\s*Dx:\s*(.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where records lie, which leads, and who is tested.

    folders: of the records, here or in $ONDES_DATA. source, target: leads, by their names.
    rate_hz: to which all are brought. seconds: of a clip. most: clips of one record, spread evenly
    over it; 0 takes all. folds, fold: to which persons are dealt, and which is tested; null tests
    none. tested: persons who are tested, in place of a fold. valid: by another fold
    of persons, or "within" those learnt from.
    """

    folders: tuple[str, ...] = ("ecg_12lead", "ecg_af")
    source: tuple[str, ...] = ("I",)
    target: tuple[str, ...] = ("II",)
    rate_hz: float = 200.0
    seconds: float = 10.0
    most: int = 60
    folds: int = 5
    fold: int | None = 0
    tested: tuple[str, ...] = ()
    valid: Valid = "group"


def build(config: Config, *, split: str, seed: int = 0) -> KnownPairs:  # noqa: ARG001 - nothing drawn
    """One split: train, valid, test or all; of pairs is known which of `RHYTHMS` they hold.

    Raises InputError where records are missing, ChannelError where a lead is.
    """
    pairs = _read(tuple(located(f, option="folders") for f in config.folders), config)
    if split != "all":
        parts = _parted(pairs, config)
        splits.check(parts, groups=pairs.groups, valid=config.valid, names=pairs.names)
        pairs = pairs.take(parts.part(split, of="ecg_leads").tolist())
    return pairs.known(rhythms(pairs, config), RHYTHMS)


def _parted(pairs: Pairs, config: Config) -> Split:
    strata = [rhythm or "both" for rhythm in rhythms(pairs, config)]
    if not config.tested:
        return splits.leave_groups_out(
            pairs.groups, config.fold, folds=config.folds, strata=strata, valid=config.valid
        )
    for person in config.tested:
        if person not in pairs.groups:
            raise InputError(
                f"tested: there is no person {person!r}{nearest(person, set(pairs.groups))}"
            )
    rest = sorted({*pairs.groups} - {*config.tested})
    groups = ["" if person in config.tested else person for person in pairs.groups]
    return splits.leave_group_out(groups, 0, strata=strata, valid=config.valid, order=["", *rest])


def rhythms(pairs: Pairs | KnownPairs, config: Config) -> list[str]:
    """Of each pair one of `RHYTHMS`, or nothing where it holds both.

    What annotations say counts, where there are some, else the diagnoses of the header.
    """
    folders = tuple(located(folder, option="folders") for folder in config.folders)
    headers = {path.stem: path for path in _headers(folders)}
    return [_rhythm(headers, name, config.seconds) for name in pairs.names]


def left_out(config: Config) -> int:
    """How many clips were left out because a lead was constant in them."""
    paths = _headers(tuple(located(f, option="folders") for f in config.folders))
    return sum(_still(pair) for path in paths for _, pair in _cut(path, config))


@lru_cache(maxsize=2)
def _read(folders: tuple[Path, ...], config: Config) -> Pairs:
    found = [
        (path, k, pair)
        for path in _headers(folders)
        for k, pair in _cut(path, config)
        if not _still(pair)
    ]
    return Pairs(
        [pair.source for *_, pair in found],
        [pair.target for *_, pair in found],
        source=Sensor(config.rate_hz, len(config.source), ",".join(config.source)),
        target=Sensor(config.rate_hz, len(config.target), ",".join(config.target)),
        groups=[_person(path.stem) for path, *_ in found],
        names=[f"{path.stem} at {k * config.seconds:g} s" for path, k, _ in found],
    )


def _headers(folders: tuple[Path, ...]) -> list[Path]:
    paths = [path for folder in folders for path in sorted(folder.glob("*.hea"))]
    if not paths:
        listed = ", ".join(map(str, folders))
        raise InputError(f"{listed} hold no record (.hea): give others (data.options.folders)")
    return paths


def _cut(path: Path, config: Config) -> list[tuple[int, Pair]]:
    """Clips of one record with their numbers; no more than `most`, spread evenly."""
    leads = (*config.source, *config.target)
    file = open_signal(path)
    missing = [lead for lead in leads if lead not in file.channels]
    if missing:
        raise ChannelError(
            f"{path} has no lead {missing[0]}; its leads are {', '.join(file.channels)}: name "
            "others (data.options.source, target)"
        )
    both = parted(file.read(), config.source, config.target)
    sides = [resample(signal, config.rate_hz) for signal in both[:2]]
    if sides[0].duration_s < config.seconds:
        return []
    cut = [*enumerate(windows(Together(sides[0], sides[1], None), config.seconds))]
    if not config.most or len(cut) <= config.most:
        return cut
    places = np.linspace(0, len(cut) - 1, config.most).round().astype(int)
    return [cut[place] for place in places.tolist()]


def _still(pair: Pair) -> bool:
    return any(bool((x.max(axis=1) == x.min(axis=1)).any()) for x in pair)


def _person(name: str) -> str:
    """Of `data_<person>_<record>` the person, else the record."""
    parts = name.split("_")
    return parts[1] if name.startswith("data_") and len(parts) == 3 else PERSONS.get(name, name)


def _rhythm(headers: Mapping[str, Path], name: str, seconds: float) -> str:
    record, onset_s = name.rsplit(" at ", 1)
    path, start_s = headers[record], float(onset_s.removesuffix(" s"))
    if not path.with_suffix(".atr").exists():
        found = _DIAGNOSES.search(path.read_text(encoding="latin-1"))
        return RHYTHMS[bool(found and DIAGNOSIS in found[1].split(","))]
    episodes = _episodes(path.with_suffix(".atr"))
    start, stop = (round(at * episodes.rate_hz) for at in (start_s, start_s + seconds))
    inside = episodes.crop(start, stop)
    covered = int((inside.offset - inside.onset).sum())
    if 0 < covered < stop - start:
        return ""
    return RHYTHMS[covered > 0]


@lru_cache(maxsize=1024)
def _episodes(path: Path) -> EventList:
    return read_events(path).filter(label=RHYTHM)
