"""Office sounds (DCASE 2016, task 2): scenes built from isolated events, with exact truth.

154 recordings of 11 classes (credits: G. Lafay, E. Benetos, M. Lagrange). The folder holds
`labels.csv`, `flac/` and `scene_annotation/`. Recordings are held out: of every five of a class
one is for `test`, one for `valid`. `test` draws onsets at random; `annotated` places the held-out
recordings at the onsets of the set's own two-minute scenes. Pink noise stands for the room.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondes.data.banks import Bank
from ondes.data.mixtures import Mixing, Mixtures, add
from ondes.errors import InputError, RecipeError, nearest
from ondes.events import Event, EventList
from ondes.protocols import Example

ABOUT = "Scenes of real office sounds, 11 classes, recordings held out (DCASE 2016 task 2)."
CLIPS = {"train": 10**9, "valid": 200, "test": 200}
TESTS = ("test", "annotated")
SEEDS = {"valid": 3_000_001, "test": 3_000_002, "annotated": 3_000_003}
SCENE_S = 120
ROOM_S = 60
ROOM_RMS = 0.003
RENAMED = {"keys": "keysDrop"}  # the annotations' word for the recordings'


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set; clips are cut at `rate_hz`, to which its 44.1 kHz are brought."""

    folder: str = "events_office"
    rate_hz: int = 24_000
    mixing: Mixing = field(
        default_factory=lambda: Mixing(
            n_samples=2**17, fewest=1, most=6, event_gain_db=6.0, background_db=(-12.0, 12.0)
        )
    )


def build(config: Config, *, split: str, seed: int) -> Mixtures | Scenes:
    """One split; `seed` moves the mixtures of training alone."""
    if split not in (*CLIPS, "annotated"):
        raise RecipeError(f"office has no split {split!r}{nearest(split, [*CLIPS, 'annotated'])}")
    bank = _bank(Path(config.folder), config.rate_hz)
    room = _pink(ROOM_S * config.rate_hz, SEEDS.get(split, seed))
    if split == "annotated":
        return Scenes(bank.of_split("test"), Path(config.folder), labels=sorted(bank.labels))
    return Mixtures(
        bank.of_split(split),
        config.mixing,
        seed=SEEDS.get(split, seed),
        length=CLIPS[split],
        labels=sorted(bank.labels),
        backgrounds=[room],
    )


class Scenes:
    """Held-out recordings at the annotated onsets of each scene, in a room's noise."""

    n_channels = 1

    def __init__(self, bank: Bank, folder: Path, *, labels: list[str]) -> None:
        self.bank = bank
        self.labels = tuple(labels)
        self.rate_hz = float(bank.rate_hz)
        self._scores = [_annotation(p) for p in sorted(folder.glob("scene_annotation/*.txt"))]

    def __len__(self) -> int:
        return len(self._scores)

    def __getitem__(self, index: int) -> Example:
        rng = np.random.default_rng((SEEDS["annotated"], index))
        x = _pink(SCENE_S * self.bank.rate_hz, SEEDS["annotated"] + index)
        events = []
        for onset_s, label in self._scores[index]:
            sounds = self.bank.of(label)
            sound = sounds[rng.integers(len(sounds))]
            onset = round(onset_s * self.rate_hz)
            event = Event(onset, min(onset + sound.samples.size, x.size), label)
            add(x, sound, event, self.rate_hz)
            events.append(event)
        return Example(x[None], EventList.of(events, rate_hz=self.rate_hz))


def _bank(folder: Path, rate_hz: int) -> Bank:
    table = folder / "labels.csv"
    if not table.exists():
        raise InputError(f"no {table}; give the folder of the office set (data.options.folder)")
    with table.open(newline="") as lines:
        files = [(folder / "flac" / row["file"], row["label"]) for row in csv.DictReader(lines)]
    return Bank.of_recordings(files, rate_hz=rate_hz)


def _annotation(path: Path) -> list[tuple[float, str]]:
    rows = (line.split("\t") for line in path.read_text().splitlines() if line)
    return [(float(onset_s), RENAMED.get(label, label)) for onset_s, _, label in rows]


def _pink(n_samples: int, seed: int) -> NDArray[np.float32]:
    """Noise whose power falls by 3 dB an octave."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 1))
    noise = np.fft.irfft(spectrum, n_samples)
    pink: NDArray[np.float32] = (noise * (ROOM_RMS / noise.std())).astype(np.float32)
    return pink
