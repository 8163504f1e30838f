"""Which tones are taken from which sound bank, and for which split.

The shipped banks are made for honest splits: whatever one split holds, no other does. FluidR3's
grand piano is trained on at other velocities than it is tested at; of MuseScore's bank only the
Splendid grand is used, because most of its other presets are FluidR3's own recordings. Its
forte layer (velocities from 108) is for validation, its mezzo-forte layer for tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ondes.errors import RecipeError, nearest

FLUID_R3 = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
MUSESCORE = Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3")
FLUID_LICENCE = "MIT, Copyright (c) 2000-2002, 2008 Frank Wen (FluidR3 GM)"
MUSESCORE_LICENCE = (
    "MIT, Copyright (c) 2018-2021 S. Christian Collins (MuseScore_General); "
    "Splendid grand piano samples: public domain (AKAI)"
)


@dataclass(frozen=True, kw_only=True)
class Take:
    """One General MIDI preset (0-127) of a sound bank at one velocity, and the split it is for."""

    preset: int
    velocity: int
    split: str = "train"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a tone bank is made; `codec` is "flac" or "vorbis", `quality` of the latter 0-1."""

    sf2: Path
    takes: tuple[Take, ...]
    licence: str
    rate_hz: int = 48_000
    codec: str = "vorbis"
    quality: float = 0.05


def _takes(preset: int, *velocities: int, split: str = "train") -> tuple[Take, ...]:
    return tuple(Take(preset=preset, velocity=velocity, split=split) for velocity in velocities)


GRAND_UNHEARD = _takes(0, 84, split="same_bank") + _takes(1, 84, split="same_bank")
# electric pianos, mallets, plucked and struck strings; not those that ring on when let go
OTHERS = (2, 3, 4, 5, 6, 7, 10, 11, 12, 15, 24, 26, 27, 28, 32, 33, 34, 45, 106, 108)

PLANS = {
    "fluidr3": Plan(
        sf2=FLUID_R3,
        takes=_takes(0, 50, 100, 118)
        + _takes(4, 96)
        + _takes(6, 96)
        + _takes(27, 96)
        + GRAND_UNHEARD,
        licence=FLUID_LICENCE,
    ),
    "musescore": Plan(
        sf2=MUSESCORE,
        takes=_takes(0, 115, split="valid") + _takes(0, 50, 90, split="test"),
        licence=MUSESCORE_LICENCE,
    ),
    "fluidr3-wide": Plan(
        sf2=FLUID_R3,
        takes=_takes(0, 30, 68, 76, 92, 100, 108, 116, 125)
        + _takes(1, 50, 100, 118)
        + tuple(take for preset in OTHERS for take in _takes(preset, 60, 112)),
        licence=FLUID_LICENCE,
        rate_hz=24_000,
        codec="flac",
    ),
}


def plan(name: str) -> Plan:
    """The plan of that name; RecipeError with the nearest name where there is none."""
    if name not in PLANS:
        raise RecipeError(f"no plan for a bank is called {name!r}{nearest(name, PLANS)}")
    return PLANS[name]
