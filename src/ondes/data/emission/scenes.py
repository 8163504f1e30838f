"""Clips of acoustic emission: bursts of known strength on a background, with their event list.

Clip `index` of seed `seed` is the same whatever the number of workers or the order of asking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.data.emission import background
from ondes.data.emission.background import Hum, Surroundings
from ondes.data.emission.burst import LABELS, Burst, Pool, Range, Samples
from ondes.errors import InputError
from ondes.events import Event, EventList
from ondes.ops import augment
from ondes.protocols import Example

TRIES = 20  # to find a place where no burst of the same type sounds


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """What a clip is made of.

    n_samples: length of a clip. fewest, most: number of bursts, drawn evenly.
    snr_db: each burst's RMS from onset to offset over that of the clip's background (noise and
    hum; not friction and spikes), drawn evenly between two values.
    overlap: None: bursts lie anywhere, those of one type apart; a share from 0 to 1: they come
    in pairs of unlike type, the second begins while that share of the first is still to come.
    p_spikes: probability that there are spikes in a clip. fewest_spikes, most_spikes: how many
    there are then.
    around: what sounds besides bursts.
    augmented: whether `augmentation` is applied to the whole clip; it moves no event. By default
    it is the thesis's gain and reverb, with enough of the direct sound to stay the louder.
    """

    n_samples: int = 2**16
    fewest: int = 1
    most: int = 10
    snr_db: Range = (0.0, 20.0)
    overlap: float | None = None
    p_spikes: float = 0.0
    fewest_spikes: int = 1
    most_spikes: int = 10
    around: Surroundings = field(default_factory=Surroundings)
    augmented: bool = False
    augmentation: augment.Config = field(
        default_factory=lambda: augment.Config(
            p_noise=0.0, p_channel_swap=0.0, p_chorus=0.0, dry=(0.25, 1.0)
        )
    )

    def __post_init__(self) -> None:
        if not 0 <= self.fewest <= self.most or self.n_samples < 1:
            raise InputError(
                f"a clip of {self.fewest} to {self.most} bursts in {self.n_samples} samples"
                " cannot be made; give 0 <= fewest <= most and n_samples >= 1"
            )
        if self.overlap is not None and not 0 <= self.overlap <= 1:
            raise InputError(f"bursts cannot overlap by {self.overlap:g}; give a share of 0 to 1")
        if not 0 <= self.fewest_spikes <= self.most_spikes:
            raise InputError(
                f"{self.fewest_spikes} to {self.most_spikes} spikes cannot be drawn;"
                " give 0 <= fewest_spikes <= most_spikes"
            )


class Scene(NamedTuple):
    """One clip and what it was made of, before any augmentation.

    x: float32 [time], the sum of all. background: float32 [time], noise and hum alone.
    bursts: float32 [time], the bursts alone. events: their list, and snr_db: one for each of it.
    spikes: int64, the first samples of spikes. frictions: int64 [n, 2], where friction sounds.
    """

    x: Samples
    background: Samples
    bursts: Samples
    events: EventList
    snr_db: NDArray[np.float64]
    spikes: NDArray[np.int64]
    frictions: NDArray[np.int64]


class Placed(NamedTuple):
    """A burst in a clip: its first sample's place, which may lie before the clip."""

    burst: Burst
    event: Event
    start: int
    snr_db: float


class Foreground(NamedTuple):
    """What sounds before a background: bursts, and the sum of friction and spikes, [time] each."""

    bursts: Samples
    others: Samples
    placed: list[Placed]
    spikes: NDArray[np.int64]
    frictions: NDArray[np.int64]


class Scenes:
    """A data set of `length` clips, whose bursts come from a pool; examples are [1, n_samples]."""

    n_channels = 1
    labels = LABELS

    def __init__(self, pool: Pool, scenery: Scenery, *, seed: int, length: int) -> None:
        self.pool, self.scenery, self.seed, self.length = pool, scenery, seed, length
        self.rate_hz = float(pool.rate_hz)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        rng = self._rng(index)
        scene = draw(self.pool, self.scenery, rng)
        x = scene.x[None]
        if self.scenery.augmented:
            x = augment.draw(rng, self.scenery.augmentation)(x, self.rate_hz)
        return Example(x, scene.events)

    def scene(self, index: int) -> Scene:
        """What clip `index` was made of."""
        return draw(self.pool, self.scenery, self._rng(index))

    def _rng(self, index: int) -> np.random.Generator:
        if not 0 <= index < self.length:
            raise IndexError(f"clip {index} of {self.length}")
        return np.random.default_rng((self.seed, index))


def draw(pool: Pool, scenery: Scenery, rng: np.random.Generator) -> Scene:
    """Draw one scene with bursts of the pool."""
    n, around, rate_hz = scenery.n_samples, scenery.around, pool.rate_hz
    quiet = background.noise(n, rng.uniform(*pool.setup.tilt_db), rate_hz=rate_hz, rng=rng)
    quiet *= background.drift(n, around, rate_hz=rate_hz, rng=rng)
    quiet += amplitude(around.hum_db, rng) * Hum(around, rate_hz=rate_hz, rng=rng).stretch(0, n)
    quiet *= np.float32(around.level) * amplitude(around.level_db, rng)
    front = foreground(pool, scenery, rng, level=rms(quiet))
    x = quiet + front.bursts + front.others
    events = EventList.of([one.event for one in front.placed], rate_hz=rate_hz)
    snr_db = np.array([one.snr_db for one in front.placed])
    return Scene(x, quiet, front.bursts, events, snr_db, front.spikes, front.frictions)


def foreground(
    pool: Pool,
    scenery: Scenery,
    rng: np.random.Generator,
    *,
    level: float,
    after: int | None = None,
    taken: Sequence[Event] = (),
) -> Foreground:
    """Draw what sounds before a background whose RMS is `level`.

    Everything lies within `n_samples`, at least by half; with `after` everything begins there,
    and so many more samples follow for it to end. Bursts keep clear of `taken` as of each other.
    """
    whole = after is not None
    room = np.zeros((2, scenery.n_samples + (after or 0)), np.float32)
    placed = _place(pool, scenery, rng, whole=whole, taken=taken)
    for one in placed:
        add(room[0], one.burst.samples * _gain(one, level), one.start)
    frictions = _add_friction(room[1], level, scenery, rng, rate_hz=pool.rate_hz, whole=whole)
    spikes = _add_spikes(room[1], level, scenery, rng)
    return Foreground(room[0], room[1], placed, spikes, frictions)


def _place(
    pool: Pool, scenery: Scenery, rng: np.random.Generator, *, whole: bool, taken: Sequence[Event]
) -> list[Placed]:
    """Draw bursts, their strengths and places, sorted as an event list; half of each is heard."""
    placed: list[Placed] = []
    for number in range(int(rng.integers(scenery.fewest, scenery.most + 1))):
        first = placed[-1].event if placed and number % 2 else None
        paired = first is not None and scenery.overlap is not None
        burst = pool.draw(rng, label=_other(placed[-1]) if paired else None)
        for _ in range(TRIES):
            onset = int(rng.integers(max(scenery.n_samples - burst.length // 2, 1)))
            if first is not None and scenery.overlap is not None:
                onset = first.offset - round(scenery.overlap * (first.offset - first.onset))
            stop = onset + burst.length
            end = stop if whole else min(stop, scenery.n_samples)
            event = Event(onset, end, burst.label)
            others = (*taken, *(one.event for one in placed))
            if onset < end and not any(_collide(event, other) for other in others):
                snr_db = float(rng.uniform(*scenery.snr_db))
                placed.append(Placed(burst, event, onset - burst.onset, snr_db))
                break
    return sorted(placed, key=lambda one: one.event[:4])


def add(x: Samples, piece: Samples, start: int) -> None:
    """Add what of the piece lies in `x` when it begins at sample `start` of it."""
    first, stop = max(start, 0), min(start + piece.size, x.size)
    if first < stop:
        x[first:stop] += piece[first - start : stop - start]


def rms(x: Samples) -> float:
    """Root of the mean power."""
    return float(np.sqrt(np.square(x, dtype=np.float64).mean()))


def amplitude(bounds_db: Range, rng: np.random.Generator) -> np.float32:
    """A factor drawn evenly in dB."""
    return np.float32(10 ** (rng.uniform(*bounds_db) / 20))


def _gain(one: Placed, level: float) -> np.float32:
    """What brings a burst's RMS from onset to offset to its ratio over the level."""
    own = rms(one.burst.samples[one.burst.onset : one.burst.offset])
    return np.float32(level / own * 10 ** (one.snr_db / 20))


def _add_friction(
    x: Samples,
    level: float,
    scenery: Scenery,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    whole: bool,
) -> NDArray[np.int64]:
    """Add friction bursts of any number and return where they sound."""
    spans = []
    for _ in range(rng.poisson(scenery.around.friction)):
        piece = background.friction(scenery.around, rate_hz=rate_hz, rng=rng)
        piece *= amplitude(scenery.around.friction_db, rng) * np.float32(level)
        start = int(rng.integers(scenery.n_samples)) - (0 if whole else piece.size // 2)
        add(x, piece, start)
        spans.append((max(start, 0), min(start + piece.size, x.size)))
    return np.array(spans, np.int64).reshape(-1, 2)


def _add_spikes(
    x: Samples, level: float, scenery: Scenery, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Add spikes where there are any and return their first samples."""
    if rng.random() >= scenery.p_spikes:
        return np.zeros(0, np.int64)
    number = int(rng.integers(scenery.fewest_spikes, scenery.most_spikes + 1))
    places = np.sort(rng.integers(scenery.n_samples, size=number))
    for start in places.tolist():
        factor = amplitude(scenery.around.spike_db, rng) * np.float32(level)
        add(x, background.spike(rng) * factor, start)
    return places


def _collide(a: Event, b: Event) -> bool:
    return a.label == b.label and a.onset < b.offset and b.onset < a.offset


def _other(one: Placed) -> str:
    return LABELS[1 - LABELS.index(one.event.label)]
