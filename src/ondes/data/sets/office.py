"""Office sounds (DCASE 2016, task 2): scenes built from isolated events, with exact truth.

154 recordings of 11 classes (credits: G. Lafay, E. Benetos, M. Lagrange). The folder holds
`labels.csv`, `flac/` and `scene_annotation/`. Recordings are held out: of every five of a class
one is for `test`, one for `valid`; `fold` says which. `test` draws onsets at random; `annotated`
places the held-out recordings at the onsets of the set's own two-minute scenes, alone and over
each other. Where the originals have an office's background, noise stands for the room, of another
colour and with other swells in every scene; as in the originals, events lie -6 to 6 dB over it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondes.data.banks import Bank
from ondes.data.mixtures import Mixing, Mixtures, add, brought_to, rms
from ondes.data.places import located
from ondes.errors import InputError, RecipeError, nearest
from ondes.events import Event, EventList
from ondes.protocols import Example

ABOUT = "Scenes of real office sounds, 11 classes, recordings held out (DCASE 2016 task 2)."
CLIPS = {"train": 10**9, "valid": 200, "test": 200}
TESTS = ("test", "annotated")
SEEDS = {"valid": 3_000_001, "test": 3_000_002, "annotated": 3_000_003}
FOLDS = 5
SCENE_S = 120
ROOMS, ROOM_S = 8, 30
ROOM_RMS = 0.003
TILT_DB = (0.0, 6.0)  # per octave: from white over pink to brown
SWELL_DB, SWELL_S = 3.0, 4.0
RENAMED = {"keys": "keysDrop"}  # the annotations' word for the recordings'


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set, here or in $ONDES_DATA; its 44.1 kHz are brought to `rate_hz`.

    `fold`, 0 to 4, says which recordings are held out.
    """

    folder: str = "events_office"
    rate_hz: int = 24_000
    fold: int = 0
    mixing: Mixing = field(
        default_factory=lambda: Mixing(
            n_samples=2**18,
            fewest=1,
            most=5,
            event_gain_db=3.0,
            background_db=(-12.0, 12.0),
            over_background_db=(-6.0, 6.0),
            augmented=False,
        )
    )

    def __post_init__(self) -> None:
        if not 0 <= self.fold < FOLDS:
            raise InputError(f"office has no fold {self.fold}; give 0 to {FOLDS - 1}")


def build(config: Config, *, split: str, seed: int) -> Mixtures | Scenes:
    """One split; `seed` moves the mixtures of training alone."""
    if split not in (*CLIPS, "annotated"):
        raise RecipeError(f"office has no split {split!r}{nearest(split, [*CLIPS, 'annotated'])}")
    folder = located(config.folder, option="folder")
    bank = _bank(folder, config)
    labels = sorted(bank.labels)
    if split == "annotated":
        return Scenes(bank.of_split("test"), folder, labels=labels)
    own = SEEDS.get(split, seed)
    n_samples = max(ROOM_S * config.rate_hz, config.mixing.n_samples)
    return Mixtures(
        bank.of_split(split),
        config.mixing,
        seed=own,
        length=CLIPS[split],
        labels=labels,
        backgrounds=[_room(n_samples, config.rate_hz, (own, k)) for k in range(ROOMS)],
    )


class Scenes:
    """Held-out recordings at the annotated onsets of each scene, in a room's noise."""

    n_channels = 1

    def __init__(self, bank: Bank, folder: Path, *, labels: list[str]) -> None:
        self.bank = bank
        self.labels = tuple(labels)
        self.rate_hz = float(bank.rate_hz)
        self._scenes = [_annotation(p) for p in sorted(folder.glob("scene_annotation/*.txt"))]

    def __len__(self) -> int:
        return len(self._scenes)

    def __getitem__(self, index: int) -> Example:
        ratio_db, rows = self._scenes[index]
        rng = np.random.default_rng((SEEDS["annotated"], index))
        x = _room(SCENE_S * self.bank.rate_hz, self.bank.rate_hz, (SEEDS["annotated"], index, 0))
        level = rms(x) * 10 ** (ratio_db / 20)
        events = []
        for onset_s, label in rows:
            sounds = self.bank.of(label)
            sound = brought_to(sounds[rng.integers(len(sounds))], level)
            onset = round(onset_s * self.rate_hz)
            event = Event(onset, min(onset + sound.samples.size, x.size), label)
            add(x, sound, event, self.rate_hz)
            events.append(event)
        return Example(x[None], EventList.of(events, rate_hz=self.rate_hz))


def _bank(folder: Path, config: Config) -> Bank:
    table = folder / "labels.csv"
    if not table.exists():
        raise InputError(f"no {table}; give the folder of the office set (data.options.folder)")
    with table.open(newline="") as lines:
        files = [(folder / "flac" / row["file"], row["label"]) for row in csv.DictReader(lines)]
    return Bank.of_recordings(files, rate_hz=config.rate_hz, held_out=FOLDS, fold=config.fold)


def _annotation(path: Path) -> tuple[float, list[tuple[float, str]]]:
    """How far events lie over the background, in dB, and the onset and label of each."""
    ratio = re.search(r"_ebr_(-?\d+)_", path.name)
    if ratio is None:
        raise InputError(f"{path}: its name does not tell the ratio to the background, as _ebr_6_")
    rows = (line.split("\t") for line in path.read_text().splitlines() if line)
    return float(ratio[1]), [(float(onset), RENAMED.get(label, label)) for onset, _, label in rows]


def _room(n_samples: int, rate_hz: int, seed: tuple[int, ...]) -> NDArray[np.float32]:
    """Noise whose power falls by so many dB an octave, and which swells and ebbs."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(n_samples, 1 / rate_hz), 20.0))
    spectrum *= 10 ** (-rng.uniform(*TILT_DB) * octaves / 20)
    noise = np.fft.irfft(spectrum, n_samples) * _swells(n_samples, rate_hz, rng)
    room: NDArray[np.float32] = (noise * (ROOM_RMS / noise.std())).astype(np.float32)
    return room


def _swells(n_samples: int, rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    knots = np.arange(0, n_samples + SWELL_S * rate_hz, SWELL_S * rate_hz)
    gains_db = rng.uniform(-SWELL_DB, SWELL_DB, knots.size)
    gains: NDArray[np.float64] = 10 ** (np.interp(np.arange(n_samples), knots, gains_db) / 20)
    return gains
