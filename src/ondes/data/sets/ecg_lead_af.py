"""Atrial fibrillation or not, in single clips of one lead: what translated leads are judged by.

The clips are those of `ecg_leads`, whose options are `leads`; persons stand in the same split as
there. A clip is AF where all of it lies in episodes `(AFIB` of the annotations, or, of a record
without annotations, where its header's diagnoses (`# Dx:`) name it; a clip that an episode ends or
begins in is neither and is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ondes.data.clips import Clips, one_hot
from ondes.data.places import located
from ondes.data.sets import ecg_leads
from ondes.io import read_events

ABOUT = "Atrial fibrillation or not, in clips of one lead, persons held out as in ecg_leads."
LEVEL = "clip"
TESTS = ("test",)
LABELS = ("other", "AF")
RHYTHM, DIAGNOSIS = "(AFIB", "164889003"
"""WFDB's word for atrial fibrillation, and SNOMED CT's."""
_DIAGNOSES = re.compile(r"^#\s*Dx:\s*(.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Which side is given, `source` (lead I) or `target` (lead II), of which pairs of leads."""

    side: Literal["source", "target"] = "target"
    leads: ecg_leads.Config = field(default_factory=ecg_leads.Config)


def build(config: Config, *, split: str, seed: int = 0) -> Clips:
    """One split: train, valid, test or all; raises what `ecg_leads` does."""
    pairs = ecg_leads.build(config.leads, split=split, seed=seed)
    headers = {
        path.stem: path
        for folder in config.leads.folders
        for path in located(folder, option="leads.folders").glob("*.hea")
    }
    told = [_label(headers, name, config.leads.seconds) for name in pairs.names]
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


def _label(headers: dict[str, Path], name: str, seconds: float) -> str:
    """The class of a clip, or nothing where it is both."""
    record, onset_s = name.rsplit(" at ", 1)
    path, start_s = headers[record], float(onset_s.removesuffix(" s"))
    if not path.with_suffix(".atr").exists():
        found = _DIAGNOSES.search(path.read_text(encoding="latin-1"))
        return LABELS[bool(found and DIAGNOSIS in found[1].split(","))]
    episodes = read_events(path.with_suffix(".atr")).filter(label=RHYTHM)
    start, stop = (round(at * episodes.rate_hz) for at in (start_s, start_s + seconds))
    inside = episodes.crop(start, stop)
    covered = int((inside.offset - inside.onset).sum())
    if 0 < covered < stop - start:
        return ""
    return LABELS[covered > 0]
