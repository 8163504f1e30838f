"""Atrial fibrillation or not, in single clips of one lead: what translated leads are judged by.

The clips are those of `ecg_leads`, whose options are `leads`; persons stand in the same split as
there. A clip is AF where all of it lies in episodes `(AFIB` of the annotations, or, of a record
without annotations, where its header's diagnoses (`# Dx:`) name it; a clip that an episode ends or
begins in is neither and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ondes.data.clips import Clips, one_hot
from ondes.data.sets import ecg_leads

ABOUT = "Atrial fibrillation or not, in clips of one lead, persons held out as in ecg_leads."
LEVEL = "clip"
TESTS = ("test",)
LABELS = ecg_leads.RHYTHMS


@dataclass(frozen=True, kw_only=True)
class Config:
    """Which side is given, `source` (lead I) or `target` (lead II), of which pairs of leads."""

    side: Literal["source", "target"] = "target"
    leads: ecg_leads.Config = field(default_factory=ecg_leads.Config)


def build(config: Config, *, split: str, seed: int = 0) -> Clips:
    """One split: train, valid, test or all; raises what `ecg_leads` does."""
    pairs = ecg_leads.build(config.leads, split=split, seed=seed)
    told = pairs.told
    kept = [place for place, label in enumerate(told) if label]
    sensor = pairs.source if config.side == "source" else pairs.target
    return Clips(
        [getattr(pairs[place], config.side) for place in kept],
        one_hot([told[place] for place in kept], LABELS),
        labels=LABELS,
        rate_hz=sensor.rate_hz,
        groups=[pairs.groups[place] for place in kept],
        names=[pairs.names[place] for place in kept],
        channels=sensor.n_channels,
    )
