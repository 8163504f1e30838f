"""Episodes of atrial fibrillation in electrocardiograms, with their onsets and offsets.

The folder holds WFDB records whose annotations mark changes of rhythm, as CPSC 2021 and PhysioNet's
afdb, ltafdb and mitdb do. An event is an episode under WFDB's word for its rhythm, `(AFIB`; other
rhythms are what is left. Persons are held out: the `fold`-th is tested, `valid` says who validates.

`train` draws clips at random places, `valid` cuts clips end to end, `test` and `all` hold whole
records.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ondes.data.ecg import protocols, records, rhythm
from ondes.data.ecg.clips import Clips, Cutting, Stretches
from ondes.data.ecg.records import Name, Record
from ondes.data.places import located
from ondes.data.splits import Span, Valid
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
    p_retimed: how likely the beats of a clip of training are put into a rhythm that is drawn anew,
        regular or fibrillation's, see `ondes.data.ecg.rhythm`; for one rhythm, `(AFIB`.
    cutting: clips, leads, rate, variations.
    """

    folder: str = "ecg_af"
    records: tuple[Name, ...] = ()
    rhythms: tuple[str, ...] = ("(AFIB",)
    fold: int = 0
    valid: Valid = "group"
    p_retimed: float = 0.0
    cutting: Cutting = field(
        default_factory=lambda: Cutting(n_samples=2**14, leads=("I|MLII|ECG1", "II|V5|V1|ECG2"))
    )


def build(config: Config, *, split: str, seed: int) -> Stretches | Clips:
    """One split; `seed` moves the clips of training alone.

    Raises InputError where records are missing or a split is empty, RateError where rates differ,
    ChannelError where a lead is missing.
    """
    found = records.found(located(config.folder, option="folder"), config.records)
    for record in found:
        records.rows(record, config.cutting.leads)
    whole = Stretches(
        found,
        _spans(found, config, split),
        config.cutting,
        _Truth(config.rhythms),
        labels=config.rhythms,
    )
    if split in ("test", "all"):
        return whole
    change = _Retimed(whole, config.p_retimed) if config.p_retimed else None
    return Clips(whole, seed=seed if split == "train" else None, change=change)


@dataclass(frozen=True)
class _Retimed:
    """Clips whose beats come at other times."""

    whole: Stretches
    p: float

    def __call__(
        self, clip: Example, stretch: int, start: int, rng: np.random.Generator
    ) -> Example:
        """The clip in a rhythm of its own, or as it was."""
        if rng.random() >= self.p:
            return clip
        span, rate_hz = self.whole.spans[stretch], self.whole.rate_hz
        onset = self.whole.records[span.source].beats().resample(rate_hz).onset
        inside = onset[(onset >= start) & (onset < start + clip.x.shape[1])] - start
        if len(inside) < FEWEST:
            return clip
        return rhythm.rewritten(clip.x, inside, rng, rate_hz=rate_hz, label=self.whole.labels[0])


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


def _spans(found: list[Record], config: Config, split: str) -> tuple[Span, ...]:
    if split == "all":
        return tuple(Span(record.name, 0, record.n_samples) for record in found)
    return protocols.one_out(found, config.fold, valid=config.valid).part(split)
