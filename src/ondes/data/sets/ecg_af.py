"""Episodes of atrial fibrillation in electrocardiograms, with their onsets and offsets.

The folder holds WFDB records whose annotations mark changes of rhythm, as CPSC 2021 and PhysioNet's
afdb, ltafdb and mitdb do. An event is an episode under WFDB's word for its rhythm, `(AFIB`; other
rhythms are what is left. Persons are held out: the `fold`-th is tested, `valid` says who validates.

`train` draws clips at random places, `valid` cuts clips end to end, `test` and `all` hold whole
records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ondes.data.ecg import protocols, records, rhythm
from ondes.data.ecg.clips import Clips, Cutting, Stretches
from ondes.data.ecg.records import Name, Record
from ondes.data.places import located
from ondes.data.splits import Span, Valid
from ondes.errors import InputError
from ondes.events import EventList
from ondes.protocols import Example

ABOUT = "Episodes of atrial fibrillation in two-lead ECGs, persons held out (CPSC 2021)."
TESTS = ("test",)
FEWEST = 5  # beats that have a rhythm


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the records, here or in $ONDES_DATA; `fold` says whose are tested.

    records: names of those that are used; none given is all.
    rhythms: WFDB's words for those that are found, a class each.
    valid: by other persons ("group"), or by other records of those that are learnt from ("within").
    free: folders of further records, known to be free of these rhythms but where their annotations
        say else; all of them are learnt from, none is tested.
    p_free: share of the clips of training that are theirs.
    p_retimed: how likely the beats of a clip of training are put into a rhythm that is drawn anew,
        regular or fibrillation's, see `ondes.data.ecg.rhythm`; for one rhythm, `(AFIB`.
    p_ectopic: how likely a regular stretch of these has early beats.
    cutting: clips, leads, rate, variations.
    """

    folder: str = "ecg_af"
    records: tuple[Name, ...] = ()
    rhythms: tuple[str, ...] = ("(AFIB",)
    fold: int = 0
    valid: Valid = "group"
    free: tuple[str, ...] = ()
    p_free: float = 0.5
    p_retimed: float = 0.0
    p_ectopic: float = 0.0
    cutting: Cutting = field(
        default_factory=lambda: Cutting(n_samples=2**14, leads=("I|MLII|ECG1", "II|V5|V1|ECG2"))
    )

    def __post_init__(self) -> None:
        if not 0 <= self.p_free < 1:
            raise InputError(f"data.options.p_free={self.p_free}: give a share from 0 to below 1")


def build(config: Config, *, split: str, seed: int) -> Stretches | Clips:
    """One split; `seed` moves the clips of training alone.

    Raises InputError where records are missing or a split is empty, RateError where rates differ,
    ChannelError where a lead is missing.
    """
    found = records.found(located(config.folder, option="folder"), config.records)
    free = _free(config, found) if split == "train" else []
    for record in (*found, *free):
        records.rows(record, config.cutting.leads)
    whole = Stretches(
        (*found, *free),
        (*_spans(found, config, split), *_whole(free)),
        config.cutting,
        _Truth(config.rhythms),
        labels=config.rhythms,
    )
    if split in ("test", "all"):
        return whole
    change = _Retimed(whole, config.p_retimed, config.p_ectopic) if config.p_retimed else None
    return Clips(
        whole, seed=seed if split == "train" else None, shares=_shares(free, config), change=change
    )


def facts(config: Config) -> dict[str, list[str]]:
    """For the card: the records that are learnt from, or chosen by."""
    found = records.found(located(config.folder, option="folder"), config.records)
    parts = protocols.one_out(found, config.fold, valid=config.valid)
    learnt = {span.source for span in (*parts.train, *parts.valid)}
    return {"learnt": sorted({*learnt, *(record.name for record in _free(config, found))})}


@dataclass(frozen=True)
class _Retimed:
    """Clips whose beats come at other times."""

    whole: Stretches
    p: float
    p_ectopic: float

    def __call__(
        self, clip: Example, stretch: int, start: int, rng: np.random.Generator
    ) -> Example:
        """The clip in a rhythm of its own, or as it was."""
        if rng.random() >= self.p:
            return clip
        span, rate_hz = self.whole.spans[stretch], self.whole.rate_hz
        onset = self.whole.records[span.source].beats(rest="N").resample(rate_hz).onset
        inside = onset[(onset >= start) & (onset < start + clip.x.shape[1])] - start
        if len(inside) < FEWEST:
            return clip
        return rhythm.rewritten(
            clip.x,
            inside,
            rng,
            rate_hz=rate_hz,
            label=self.whole.labels[0],
            p_ectopic=self.p_ectopic,
        )


@dataclass(frozen=True)
class _Truth:
    """The episodes of a record."""

    rhythms: tuple[str, ...]

    def __call__(self, record: Record) -> EventList:
        return record.annotations().filter(label=self.rhythms)

    def labels(self, record: Record) -> tuple[str, ...]:  # noqa: ARG002 - the same of all
        """The rhythms."""
        return self.rhythms

    def apart(self, record: Record) -> EventList:
        """Nothing."""
        return EventList.empty(record.rate_hz)


def _free(config: Config, found: Sequence[Record]) -> list[Record]:
    """The further records; raises InputError where one is called as another."""
    if not config.free:
        return []
    more = records.gathered([located(folder, option="free") for folder in config.free])
    for record in more:
        if record.name in {other.name for other in found}:
            raise InputError(
                f"data.options.free holds a record {record.name!r} as data.options.folder does: "
                "leave one of these folders out, or name records (data.options.records)"
            )
    return more


def _shares(free: Sequence[Record], config: Config) -> dict[str, float]:
    """How many of the clips drawn are of each further record, by their lengths."""
    seconds = {record.name: record.n_samples / record.rate_hz for record in free}
    whole = sum(seconds.values())
    return {name: config.p_free * own / whole for name, own in seconds.items()}


def _whole(found: Sequence[Record]) -> tuple[Span, ...]:
    return tuple(Span(record.name, 0, record.n_samples) for record in found)


def _spans(found: list[Record], config: Config, split: str) -> tuple[Span, ...]:
    if split == "all":
        return _whole(found)
    return protocols.one_out(found, config.fold, valid=config.valid).part(split)
