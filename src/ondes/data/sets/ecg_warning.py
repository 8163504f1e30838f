"""One person's normal beats, and abnormal ones made of them by other persons' filters.

After Kiranyaz, Ince and Gabbouj 2017 (see `ondes.ops.degrade`): what is learnt of `patient` are the
normal beats of the first `minutes`, whose last fifth validates, and synthetic abnormal beats; a
real abnormal beat of theirs is in neither. `test` are the real beats of the rest of the record,
normal ones and of the classes `abnormal`; all others are left out there.

`donors` names a library of filters, shipped or in a folder; without, all other persons' records in
`folder` are donors. Filters of the patient's own are never used, whichever way.

A clip is a beat of 128 samples at 360 Hz around its R peak, less its median, and on two channels
more when it came (`ondes.ops.beats`). Records at other rates are brought to 360 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ondes.data.clips import Clips
from ondes.data.ecg import protocols, records, synthesis
from ondes.data.ecg.donors import MOST, kept, learn
from ondes.data.ecg.hearts import Heart, heart
from ondes.data.ecg.records import Name, Record
from ondes.data.ecg.synthesis import Variation
from ondes.data.places import located
from ondes.errors import InputError, RecipeError, nearest
from ondes.ops.beats import quickness
from ondes.ops.donors import Library

ABOUT = "One person's normal beats, and abnormal ones synthesised by other persons' filters."
LEVEL = "clip"
TESTS = ("test",)
SPLITS = ("train", "valid", "test")
LEAST = 20
"""Normal beats that a person must have had to be learnt from."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Whose record it is, and whose filters make their abnormal beats.

    folder: of the records, here or in $ONDES_DATA.
    patient: name of the record in it, or the path of any record (.hea).
    donors: a library of filters, by name or folder; "" learns one from `folder`.
    without: records that are no donors, nor is anybody whose they are.
    abnormal: classes to be warned of, of those that the donors have.
    leads: the first of these that a record has, `MLII|II`; none given is each record's first.
    minutes: that are learnt from.
    rest: class of beats that a cut does not tell; "" refuses such records.
    escapes: class of supraventricular escape beats: S after EC57, N after de Chazal et al.
    most: filters of each donor and class, at most, that are learnt from `folder`.
    clips: how many are drawn to train on, half of them normal beats.
    variation: how beats of training are varied.
    """

    folder: str = "ecg_mitbih"
    patient: Name = "100"
    donors: str = ""
    without: tuple[Name, ...] = ()
    abnormal: tuple[Literal["S", "V", "F"], ...] = ("V",)
    leads: tuple[str, ...] = ()
    minutes: float = protocols.MINUTES
    rest: Literal["", "N", "S", "V", "F", "Q"] = ""
    escapes: Literal["N", "S"] = "S"
    most: int = MOST
    clips: int = 2**14
    variation: Variation = field(default_factory=Variation)

    def __post_init__(self) -> None:
        if not self.abnormal or len(set(self.abnormal)) < len(self.abnormal):
            raise InputError(f"abnormal={self.abnormal}: name one class or more, each once")
        if not self.minutes > 0:
            raise InputError(f"minutes={self.minutes}: give more than zero")


def build(config: Config, *, split: str, seed: int) -> Clips:
    """One split; `seed` moves what training draws alone.

    Raises InputError where the record, its beats or donors are missing, ChannelError where the lead
    is, RecipeError where there is no such split.
    """
    if split not in SPLITS:
        raise RecipeError(f"ecg_warning has no split {split!r}{nearest(split, SPLITS)}")
    record, labels = patient(config), ("N", *config.abnormal)
    whole = heart(record, leads=config.leads, rest=config.rest, escapes=config.escapes)
    learning_s = 60 * config.minutes
    if split == "test":
        return synthesis.real(whole.at(~whole.before(learning_s)), labels)
    library = _library(config, record)
    middle_s = learning_s * (1 - protocols.VALID_PART)
    if split == "valid":
        late = whole.before(learning_s) & ~whole.before(middle_s)
        return synthesis.plain(_normal(whole.at(late), config, LEAST // 4), library, labels)
    own = _normal(whole.at(whole.before(middle_s)), config, LEAST)
    return synthesis.varied(own, library, labels, config.variation, count=config.clips, seed=seed)


def facts(config: Config) -> dict[str, float]:
    """How quick the patient's normal beats are, in the middle: see `ondes.ops.beats.suspect`."""
    whole = heart(patient(config), leads=config.leads, rest=config.rest, escapes=config.escapes)
    own = _normal(whole.at(whole.before(60 * config.minutes)), config, LEAST)
    return {"quickness": float(np.median(quickness(own.shapes)))}


def patient(config: Config) -> Record:
    """The patient's record, by its name in the folder or by its path."""
    path = Path(str(config.patient))
    if path.suffix == ".hea":
        return records.found(path.parent, [path.stem])[0]
    return records.found(located(config.folder, option="folder"), [config.patient])[0]


def _library(config: Config, own: Record) -> Library:
    """The filters of others."""
    if config.donors:
        library = kept(config.donors)
        for name in config.without:
            library = library.without(records.PERSONS.get(str(name), str(name)))
    else:
        library = learn(
            _others(config, own),
            labels=config.abnormal,
            leads=config.leads,
            rest=config.rest,
            escapes=config.escapes,
            most=config.most,
        )
    library = library.without(own.person)
    for label in config.abnormal:
        if not len(library.of(label)):
            raise InputError(
                f"no donor but {own.person} has filters to beats of class {label}: give others "
                "(data.options.donors or data.options.folder), or leave the class out "
                "(data.options.abnormal)"
            )
    return library


def _others(config: Config, own: Record) -> list[Record]:
    found = records.found(located(config.folder, option="folder"))
    left = {record.person for record in found if record.name in map(str, config.without)}
    return [record for record in found if record.person not in {own.person, *left}]


def _normal(own: Heart, config: Config, least: int) -> Heart:
    normal = own.of("N")
    if len(normal.peaks) < least:
        raise InputError(
            f"record {config.patient} has {len(normal.peaks)} normal beats in a part of its first "
            f"{config.minutes:g} minutes, of {len(np.unique(own.peaks))} marked: {least} are "
            "needed; give more minutes (data.options.minutes)"
        )
    return normal
