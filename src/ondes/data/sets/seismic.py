"""Northern Californian earthquakes at 100 Hz with an analyst's P and S arrivals (NCEDC, PhaseNet).

The folder holds `waveforms.npz`: `x` [recording, component, time] of components E, N and Z, the
samples `p` and `s` of the arrivals, `fs`, and `id`, network_station_time. P always stands at the
same sample there, so every clip is cut at a shift of its own; both arrivals lie in it. An event
is the second that follows an arrival.

Stations are held out: of every five, in the order of their names, one is for `test`, one for
`valid`; `fold` says which. Stations with one component have the vertical one alone: E and N are
zeros then. Each recording is freed of its components' means and brought to an RMS of 1 over those
that it has: counts and gains differ by orders of magnitude between stations.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.data.places import located
from ondes.errors import FormatError, InputError, RecipeError, nearest
from ondes.events import EventList
from ondes.ops import augment
from ondes.protocols import Example

ABOUT = "Real earthquakes with an analyst's P and S arrivals, stations held out."
LABELS = ("P", "S")
TESTS = ("test",)
PLACES = {"train": (0, 1, 2), "valid": (3,), "test": (4,)}
SEEDS = {"valid": 6_000_001, "test": 6_000_002}
TRAIN_CLIPS = 10**9
FOLDS = 5
LEAD_S = 1.0  # before P, at least


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set, here or in $ONDES_DATA; `fold`, 0 to 4, says which stations test.

    n_samples: length of a clip. event_s: of an event, from its arrival on.
    components: 3, or 1 for the vertical one alone.
    crops: clips of `valid` and `test` from each recording, each at its own shift.
    p_vertical: probability that a clip of training loses E and N. p_flip: that it is upside down.
    augmented: whether `augmentation` is applied to clips of training.
    """

    folder: str = "seismic_ps"
    fold: int = 0
    n_samples: int = 3000
    event_s: float = 1.0
    components: int = 3
    crops: int = 4
    p_vertical: float = 0.2
    p_flip: float = 0.5
    augmented: bool = True
    augmentation: augment.Config = field(
        default_factory=lambda: augment.Config(
            p_gain=0.5, p_noise=0.5, p_channel_swap=0.0, p_chorus=0.0, p_reverb=0.0
        )
    )

    def __post_init__(self) -> None:
        if not 0 <= self.fold < FOLDS or self.components not in (1, 3) or self.crops < 1:
            raise InputError(
                f"seismic has no fold {self.fold} of {self.components} components in {self.crops} "
                f"crops; give a fold of 0 to {FOLDS - 1}, 1 or 3 components and a crop or more"
            )


class Recording(NamedTuple):
    """samples float32 [3, time] of RMS 1, and the samples of both arrivals."""

    x: NDArray[np.float32]
    p: int
    s: int
    station: str


class Clips:
    """Clips of recordings: any number of random ones, or `crops` of each in turn."""

    labels = LABELS

    def __init__(
        self, recordings: list[Recording], config: Config, *, rate_hz: float, seed: int, train: bool
    ) -> None:
        self.recordings, self.config, self.rate_hz = recordings, config, rate_hz
        self.seed, self.train = seed, train
        self.n_channels = config.components

    def __len__(self) -> int:
        return TRAIN_CLIPS if self.train else len(self.recordings) * self.config.crops

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        rng = np.random.default_rng((self.seed, index))
        place = int(rng.integers(len(self.recordings))) if self.train else index
        recording = self.recordings[place % len(self.recordings)]
        start = self._start(recording, rng)
        stop = start + self.config.n_samples
        x = recording.x[-self.config.components :, start:stop]
        if self.train:
            x = self._varied(x, rng)
        return Example(
            np.ascontiguousarray(x), self._events(recording).crop(start, stop).shift(-start)
        )

    def _start(self, recording: Recording, rng: np.random.Generator) -> int:
        """Where a clip begins: late enough for S to end in it, a second before P at the latest."""
        n, length = self.config.n_samples, round(self.config.event_s * self.rate_hz)
        latest = min(recording.p - round(LEAD_S * self.rate_hz), recording.x.shape[1] - n)
        earliest = max(recording.s + length - n, 0)
        return int(rng.integers(min(earliest, latest), latest + 1))

    def _events(self, recording: Recording) -> EventList:
        length = round(self.config.event_s * self.rate_hz)
        onsets = zip((recording.p, recording.s), LABELS, strict=True)
        return EventList.of(
            [(onset, onset + length, label) for onset, label in onsets], rate_hz=self.rate_hz
        )

    def _varied(self, x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        flipped, vertical = rng.random(2) < (self.config.p_flip, self.config.p_vertical)
        x = -x if flipped else x.copy()
        if vertical:
            x[:-1] = 0
        chain = augment.draw(rng, self.config.augmentation, channels=len(x))
        return chain(x, self.rate_hz) if self.config.augmented else x


def build(config: Config, *, split: str, seed: int) -> Clips:
    """The clips of one split; `seed` moves those of training alone.

    Raises InputError where the folder or its file is missing, or clips are longer than recordings
    or too short for both arrivals; FormatError where the file holds something else.
    """
    if split not in PLACES:
        raise RecipeError(f"seismic has no split {split!r}{nearest(split, PLACES)}")
    path = located(config.folder, option="folder") / "waveforms.npz"
    if not path.exists():
        raise InputError(f"no {path}; give the folder of the set (data.options.folder)")
    rate_hz, recordings = _read(path)
    _check(config, recordings, rate_hz)
    stations = sorted({recording.station for recording in recordings})
    chosen = {s for k, s in enumerate(stations) if (k + config.fold) % FOLDS in PLACES[split]}
    return Clips(
        [recording for recording in recordings if recording.station in chosen],
        config,
        rate_hz=rate_hz,
        seed=SEEDS.get(split, seed),
        train=split == "train",
    )


@lru_cache(maxsize=1)
def _read(path: Path) -> tuple[float, list[Recording]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            x, p, s, names = (file[key] for key in ("x", "p", "s", "id"))
            rate_hz = float(file["fs"])
        columns = zip(x, p.tolist(), s.tolist(), names.tolist(), strict=True)
        recordings = [Recording(_levelled(w), p, s, n.rpartition("_")[0]) for w, p, s, n in columns]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path} is damaged or something else ({error}); get it again") from error
    return rate_hz, recordings


def _levelled(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    """Components without their means, at an RMS of 1 over those that are not empty."""
    x = wave - wave.mean(axis=1, dtype=np.float64, keepdims=True)
    power = np.square(x).mean(axis=1)
    x *= 1 / np.sqrt(power[power > 0].mean()) if power.any() else 0
    x[power == 0] = 0
    return np.asarray(x, np.float32)


def _check(config: Config, recordings: list[Recording], rate_hz: float) -> None:
    length = min(recording.x.shape[1] for recording in recordings)
    apart = max(recording.s - recording.p for recording in recordings)
    least = apart + round((config.event_s + LEAD_S) * rate_hz)
    if not least <= config.n_samples <= length:
        raise InputError(
            f"clips of {config.n_samples} samples from recordings of {length} whose arrivals lie up"
            f" to {apart} apart; give data.options.n_samples of {least} to {length}"
        )
