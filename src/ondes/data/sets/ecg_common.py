"""Single beats for one person's network: common beats of others, and their own first minutes.

After Kiranyaz, Ince and Gabbouj 2016: `train` are common beats (`ondes.data.ecg.common`) and
those of the first minutes of the record `patient`, whose last fifth is `valid`; `test` are all
beats of the rest of that record. A clip is [2, size]: the beat and its trio.

Of records that tell V from the rest alone (`rest: N`), common beats called N are those that come in
time and look like most; S, F and Q are drawn from those that tell them. Where there are fewer than
the paper's, all there are are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np

from ondes.data.clips import Clips, one_hot
from ondes.data.ecg import protocols, records
from ondes.data.ecg.common import COUNTS, Beats, beats_of, common, joined
from ondes.data.ecg.records import Name, Record
from ondes.data.places import located
from ondes.data.splits import Span
from ondes.errors import InputError, RecipeError, nearest
from ondes.io.beats import CLASSES
from ondes.ops.beats import RATE_HZ

ABOUT = "Single beats: common ones of other persons, and the first minutes of one's own."
LEVEL = "clip"
TESTS = ("test",)
LABELS = CLASSES


@dataclass(frozen=True, kw_only=True)
class Config:
    """Whose network it is to be, and which beats are common.

    folder: of the records, here or in $ONDES_DATA.
    patient: name of the record whose first minutes are learnt and whose rest is tested.
    common: records that common beats are drawn from; none given are those of 100 to 124 that are
        there and not paced. The patient's own is never one of them.
    counts: how many of each class are drawn.
    draw: another number draws other beats.
    minutes: of the patient's own.
    size: samples of a beat and of a trio, 64 or 128 in the paper.
    leads, rest, escapes: as of the set `ecg_warning`.
    """

    folder: str = "ecg_mitbih"
    patient: Name = "100"
    common: tuple[Name, ...] = ()
    counts: Mapping[str, int] = field(default_factory=lambda: dict(COUNTS))
    draw: int = 0
    minutes: float = protocols.MINUTES
    size: int = 64
    leads: tuple[str, ...] = ()
    rest: Literal["", "N", "S", "V", "F", "Q"] = ""
    escapes: Literal["N", "S"] = "S"

    def __post_init__(self) -> None:
        for label in self.counts:
            if label not in LABELS:
                raise InputError(f"counts: no class is called {label!r}{nearest(label, LABELS)}")


def build(config: Config, *, split: str, seed: int) -> Clips:  # noqa: ARG001 - `draw` draws
    """One split: train, valid or test.

    Raises InputError where records or beats are missing, LeakageError where the patient's person
    would give common beats.
    """
    if split not in protocols.Parts._fields:
        raise RecipeError(
            f"ecg_common has no split {split!r}{nearest(split, protocols.Parts._fields)}"
        )
    found = records.found(located(config.folder, option="folder"))
    patient, named = str(config.patient), tuple(map(str, config.common))
    sources = named or tuple(r.name for r in found if r.name in protocols.COMMON)
    parts = protocols.own_minutes(
        found,
        patient,
        minutes=config.minutes,
        common=tuple(name for name in sources if name != patient),
    )
    own = _beats(_of(found, patient), config)
    spans = [span for span in parts.part(split) if span.source == patient]
    several = [own.at(_inside(own, span)) for span in spans]
    if split == "train":
        given = [_beats(_of(found, name), config) for name in sources if name != patient]
        several.append(common(given, counts=config.counts, seed=config.draw))
    return _clips(joined(several))


def _beats(record: Record, config: Config) -> Beats:
    return _read(record, config.leads, config.rest, config.escapes, config.size)


@lru_cache(maxsize=64)
def _read(
    record: Record, leads: tuple[str, ...], rest: str, escapes: Literal["N", "S"], size: int
) -> Beats:
    return beats_of(record, leads=leads, rest=rest, escapes=escapes, size=size)


def _of(found: list[Record], name: str) -> Record:
    return next(record for record in found if record.name == name)


def _inside(own: Beats, span: Span) -> np.ndarray:
    return np.asarray((own.peaks >= span.start) & (own.peaks < span.stop))


def _clips(beats: Beats) -> Clips:
    people = zip(beats.person.tolist(), beats.peaks.tolist(), strict=True)
    return Clips(
        beats.x,
        one_hot(beats.label.tolist(), LABELS),
        labels=LABELS,
        rate_hz=RATE_HZ,
        groups=beats.person.tolist(),
        names=[f"{person} at sample {peak}" for person, peak in people],
        channels=2,
    )
