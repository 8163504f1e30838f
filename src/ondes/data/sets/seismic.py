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
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.data.places import located
from ondes.errors import FormatError, InputError, RecipeError, nearest
from ondes.events import EventList
from ondes.ops import augment
from ondes.ops.vary.spectrum import Shaping
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
    p_turn: that its horizontal components are those of a station turned by any angle.
    p_speed: that it is played between `speed` times as fast; events stay as long.
    p_ground: that the ground of another recording before its P is added, `ground_db` below it.
    p_second: that another earthquake is added, `second_db` below it, with its arrivals.
    augmented: whether these and `augmentation` are applied to clips of training.
    """

    folder: str = "seismic_ps"
    fold: int = 0
    n_samples: int = 3000
    event_s: float = 1.0
    components: int = 3
    crops: int = 4
    p_vertical: float = 0.2
    p_flip: float = 0.5
    p_turn: float = 0.5
    p_speed: float = 0.5
    speed: tuple[float, float] = (0.75, 1.33)
    p_ground: float = 0.5
    ground_db: tuple[float, float] = (0.0, 30.0)
    p_second: float = 0.3
    second_db: tuple[float, float] = (-12.0, 12.0)
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

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """The fewest and the most samples of a recording that a clip may be made of."""
        return _lengths(self.config, self.recordings, self.rate_hz)

    def __len__(self) -> int:
        return TRAIN_CLIPS if self.train else len(self.recordings) * self.config.crops

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        rng = np.random.default_rng((self.seed, index))
        if self.train:
            return self._varied(rng)
        recording = self.recordings[index % len(self.recordings)]
        return self._clip(recording, rng, self.config.n_samples)

    def _clip(self, recording: Recording, rng: np.random.Generator, length: int) -> Example:
        """A recording's clip of `length` samples, played at a speed at which it has `n_samples`."""
        n, start = self.config.n_samples, self._start(recording, rng, length)
        x = recording.x[-self.config.components :, start : start + length]
        if length != n:
            x = Shaping(length=n)(x)
        onsets = ((at - start) * n / length for at in (recording.p, recording.s))
        lasts = round(self.config.event_s * self.rate_hz)
        rows = [
            (round(at), round(at) + lasts, label) for at, label in zip(onsets, LABELS, strict=True)
        ]
        return Example(np.ascontiguousarray(x), EventList.of(rows, rate_hz=self.rate_hz).crop(0, n))

    def _start(self, recording: Recording, rng: np.random.Generator, length: int) -> int:
        """Where a clip begins: late enough for S to end in it, a second before P at the latest."""
        event = round(self.config.event_s * self.rate_hz)
        latest = min(recording.p - round(LEAD_S * self.rate_hz), recording.x.shape[1] - length)
        earliest = max(recording.s + event - length, 0)
        return int(rng.integers(min(earliest, latest), latest + 1))

    def _varied(self, rng: np.random.Generator) -> Example:
        """A clip of training, as `Config` says."""
        config = self.config
        x, events = self._clip(self._any(rng), rng, self._length(rng))
        if self._rolls(rng, config.p_second):
            second = self._clip(self._any(rng), rng, self._length(rng))
            x, events = _added(x, second.x, _drawn(rng, config.second_db)), events + second.events
        if self._rolls(rng, config.p_ground):
            x = _added(x, self._ground(rng), _drawn(rng, config.ground_db))
        if self._rolls(rng, config.p_turn):
            x = _turned(x, rng.uniform(0, 2 * np.pi))
        flipped, vertical = rng.random(2) < (config.p_flip, config.p_vertical)
        x = -x if flipped else x.copy()
        if vertical:
            x[:-1] = 0
        chain = augment.draw(rng, config.augmentation, channels=len(x))
        return Example(chain(x, self.rate_hz) if config.augmented else x, events)

    def _rolls(self, rng: np.random.Generator, chance: float) -> bool:
        """Whether something that happens by `chance` happens to a clip of training."""
        return self.config.augmented and rng.random() < chance

    def _any(self, rng: np.random.Generator) -> Recording:
        return self.recordings[int(rng.integers(len(self.recordings)))]

    def _length(self, rng: np.random.Generator) -> int:
        """How many samples of a recording a clip is made of."""
        config = self.config
        if not self._rolls(rng, config.p_speed):
            return config.n_samples
        factor = np.exp(rng.uniform(*np.log(config.speed)))
        return int(np.clip(round(config.n_samples * factor), *self._bounds))

    def _ground(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """What a station heard before an earthquake, there and back again where it is short."""
        recording, n = self._any(rng), self.config.n_samples
        quiet = recording.x[-self.config.components :, : recording.p - round(self.rate_hz)]
        return np.pad(quiet, ((0, 0), (0, max(0, n - quiet.shape[1]))), mode="reflect")[:, :n]


def _drawn(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(rng.uniform(*bounds))


def _added(
    x: NDArray[np.float32], other: NDArray[np.float32], below_db: float
) -> NDArray[np.float32]:
    """A clip with another `below_db` under it, as loud as it was; what it lacks stays empty."""
    powers = [np.square(part, dtype=np.float64).mean() for part in (x, other)]
    if not all(powers):
        return x
    mixed = x + other * np.float32(np.sqrt(powers[0] / powers[1]) * 10 ** (-below_db / 20))
    mixed[~x.any(axis=1)] = 0
    return np.asarray(mixed / np.sqrt(1 + 10 ** (-below_db / 10)), np.float32)


def _turned(x: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    """E and N as a station hears them whose north is elsewhere; the vertical one as it is."""
    if len(x) < 3:
        return x
    c, s = np.cos(angle), np.sin(angle)
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32) @ x
    return np.asarray(turned, np.float32)


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
    shortest, longest = _lengths(config, recordings, rate_hz)
    if not shortest <= config.n_samples <= longest:
        apart = max(recording.s - recording.p for recording in recordings)
        raise InputError(
            f"clips of {config.n_samples} samples from recordings of {longest} whose arrivals lie "
            f"up to {apart} apart; give data.options.n_samples of {shortest} to {longest}"
        )


def _lengths(config: Config, recordings: list[Recording], rate_hz: float) -> tuple[int, int]:
    """The shortest clip that holds both arrivals of every recording, and the longest there is."""
    apart = max(recording.s - recording.p for recording in recordings)
    return (
        apart + round((config.event_s + LEAD_S) * rate_hz),
        min(recording.x.shape[1] for recording in recordings),
    )
