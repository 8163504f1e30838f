"""Beats of electrocardiograms, as N, S, V, F and Q of ANSI/AAMI EC57, or as beats alone.

The folder holds WFDB records with their annotations (.hea, .dat, .atr), as the data bases of
PhysioNet do (mitdb, svdb, incartdb, ...), or cuts of them (.npz). An event lasts `event_s` from the
annotated sample on, or up to the next beat. Between `[` and `]`, ventricular flutter, there are no
beats.

Three protocols say who is learnt from and who is judged: `one-out` tests one person, the `fold`-th
by name; `de-chazal` learns from DS1 and tests on DS2; `own-minutes` learns from others and from the
first minutes of the record `patient` and tests on the rest of it. `train` draws clips at random
places, `valid` cuts clips end to end, `test` holds whole stretches, `all` whole records.

A cut tells V from the rest alone, or no classes: `rest` says what its other beats count as. Signals
are in mV, neither filtered nor levelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ondes.data.ecg import protocols, records
from ondes.data.ecg.clips import Clips, Cutting, Stretches
from ondes.data.ecg.records import Name, Record
from ondes.data.places import located
from ondes.data.splits import Span, Valid
from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import beats

ABOUT = "Heart beats and their classes in ECGs, persons held out (MIT-BIH and others)."
LABELS = beats.CLASSES
TESTS = ("test",)

Protocol = Literal["one-out", "de-chazal", "own-minutes"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the records or several, here or in $ONDES_DATA, and what is taken of them.

    records: names of those that are used, as 100 or I01; none given is all.
    without: names of those that are not.
    classes: "aami" for N, S, V, F and Q, "beat" for one label, beat.
    rest: class of beats that a cut does not tell; "" refuses such records.
    escapes: class of supraventricular escape beats: S after EC57, N after de Chazal et al.
    event_s: length of an event.
    protocol: one-out with `fold`; de-chazal; own-minutes with `patient`, `minutes` and `common`,
        the records that are learnt from besides (none given is all of other persons).
    own: share of the clips of training that are of the patient's own minutes.
    valid: of one-out, by other persons ("group"), or by other records ("within").
    as_published: keep record 201 in DS1, though its person is tested as 202.
    cutting: clips, leads, rate, variations.
    """

    folder: str | tuple[str, ...] = "ecg_mitbih"
    records: tuple[Name, ...] = ()
    without: tuple[Name, ...] = ()
    classes: Literal["aami", "beat"] = "aami"
    rest: Literal["", "N", "S", "V", "F", "Q"] = ""
    escapes: Literal["N", "S"] = "S"
    event_s: float = 0.1
    protocol: Protocol = "one-out"
    fold: int = 0
    valid: Valid = "group"
    patient: Name = ""
    minutes: float = protocols.MINUTES
    common: tuple[Name, ...] = ()
    own: float = 0.5
    as_published: bool = False
    cutting: Cutting = field(default_factory=Cutting)

    def __post_init__(self) -> None:
        if self.protocol == "own-minutes" and self.patient == "":
            raise InputError(
                "the protocol own-minutes is about one record: name it (data.options.patient=208)"
            )
        if not 0 < self.own < 1:
            raise InputError(f"data.options.own={self.own}: give a share between 0 and 1")


def build(config: Config, *, split: str, seed: int) -> Stretches | Clips:
    """One split; `seed` moves the clips of training alone.

    Raises InputError where records are missing or a split is empty, RateError where rates differ,
    ChannelError where a lead is missing, LeakageError where the protocol would leak.
    """
    found = _records(config)
    spans = _spans(found, config, split)
    for span in spans:
        records.rows(next(r for r in found if r.name == span.source), config.cutting.leads)
    labels = LABELS if config.classes == "aami" else ("beat",)
    whole = Stretches(found, spans, config.cutting, _Truth(config), labels=labels)
    if split in ("test", "all"):
        return whole
    favoured = str(config.patient) if config.protocol == "own-minutes" else ""
    shares = {favoured: config.own} if favoured else {}
    return Clips(whole, seed=seed if split == "train" else None, shares=shares)


def facts(config: Config) -> dict[str, list[str]]:
    """For the card: the records that are learnt from as a whole, or chosen by."""
    parts = _parts(_records(config), config)
    learnt = {span.source for span in (*parts.train, *parts.valid)}
    return {"learnt": sorted(learnt - {str(config.patient)})}


@dataclass(frozen=True)
class _Truth:
    """The events of a record."""

    config: Config

    def __call__(self, record: Record) -> EventList:
        plain = self.config.classes == "beat"
        found = record.beats(rest="N" if plain else self.config.rest, escapes=self.config.escapes)
        length = max(1, round(self.config.event_s * record.rate_hz))
        after = np.append(found.onset[1:], found.onset[-1:] + length)
        offset = np.maximum(np.minimum(found.onset + length, after), found.onset + 1)
        label = np.full(len(found), "beat") if plain else found.label
        return replace(found, offset=offset, label=label)

    def labels(self, record: Record) -> tuple[str, ...]:
        """The classes that the annotations tell apart."""
        return () if self.config.classes == "beat" else record.classes()

    def apart(self, record: Record) -> EventList:
        """Ventricular flutter and fibrillation, which EC57 leaves out."""
        return beats.flutter(record.annotations())


def _records(config: Config) -> list[Record]:
    folders = [config.folder] if isinstance(config.folder, str) else config.folder
    left = tuple(map(str, config.without))
    places = [located(folder, option="folder") for folder in folders]
    return [r for r in records.gathered(places, config.records) if r.name not in left]


def _spans(found: list[Record], config: Config, split: str) -> tuple[Span, ...]:
    if split == "all":
        return tuple(Span(record.name, 0, record.n_samples) for record in found)
    return _parts(found, config).part(split)


def _parts(found: list[Record], config: Config) -> protocols.Parts:
    if config.protocol == "de-chazal":
        return protocols.de_chazal(found, as_published=config.as_published)
    if config.protocol == "own-minutes":
        return protocols.own_minutes(
            found,
            str(config.patient),
            minutes=config.minutes,
            common=tuple(map(str, config.common)),
        )
    return protocols.one_out(found, config.fold, valid=config.valid)
