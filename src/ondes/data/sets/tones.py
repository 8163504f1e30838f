"""Mixtures of 2-30 piano tones (thesis, 4.3): E2's data, from the shipped banks or others.

Splits: `train` and `same_bank` come from one make of bank, at other velocities and presets;
`valid` and `test` from another piano that training never hears, from different recordings of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ondes.data.banks import PITCHES, Bank
from ondes.data.mixtures import Mixing, Mixtures
from ondes.errors import RecipeError, nearest
from ondes.io.pitch import name

ABOUT = "Mixtures of 2-30 piano tones with exact onsets and offsets."
LABELS = tuple(name(pitch) for pitch in PITCHES)
CLIPS = {"train": 10**9, "valid": 200, "test": 300, "same_bank": 300}
TESTS = ("test", "same_bank")
SEEDS = {"valid": 1_000_001, "test": 1_000_002, "same_bank": 1_000_003}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Names of shipped banks, or folders of built ones: which is trained on, which holds the
    split `same_bank` of the same make, and which holds the unheard piano of `valid` and `test`.
    """

    bank: str = "fluidr3"
    same: str = "fluidr3"
    unheard: str = "musescore"
    rate_hz: int = 48_000
    mixing: Mixing = field(default_factory=Mixing)


def build(config: Config, *, split: str, seed: int) -> Mixtures:
    """The mixtures of one split; `seed` moves those of training alone."""
    if split not in CLIPS:
        raise RecipeError(f"tones has no split {split!r}{nearest(split, CLIPS)}")
    source = {"train": config.bank, "same_bank": config.same}.get(split, config.unheard)
    bank = Bank.open(source, rate_hz=config.rate_hz, split=split)
    return Mixtures(
        bank, config.mixing, seed=SEEDS.get(split, seed), length=CLIPS[split], labels=LABELS
    )
