"""Mixtures of isolated sounds with their exact event lists, drawn on the fly (thesis, 4.3).

Clip `index` of seed `seed` is the same whatever the number of workers or the order of asking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ondes.data.banks import Bank, Sound
from ondes.errors import InputError
from ondes.events import Event, EventList
from ondes.ops import augment
from ondes.protocols import Example

Samples = NDArray[np.float32]
Range = tuple[float, float]
INAUDIBLE_DB = 80.0
TRIES = 20  # to find a place where no event of the same label sounds
OCTAVES_PER_DB = math.log2(10) / 20


@dataclass(frozen=True, kw_only=True)
class Mixing:
    """What a mixture is made of.

    n_samples: length of a clip. fewest, most: number of events, drawn evenly.
    shortest_s, longest_s: an event that can be let go lasts a time drawn log-uniformly between
    them, at most until it is inaudible; one that cannot lasts until then.
    event_gain_db: the loudness of single events is spread by plus and minus that much.
    background_db: gain of the background, where there is one, drawn between two values.
    over_background_db: events are first brought to one RMS, so many dB above the background's
    in that clip, drawn between two values (negative: below it); None leaves them as recorded.
    transpose: probability that a sound is a neighbouring label's, up to `semitones` away,
    played at the speed that gives its pitch, and detuned by up to `cents`; where labels are no
    pitches, 0 semitones and some hundred cents play it faster and higher, or slower and lower.
    blend: probability that two recordings of one label sound as one event. Both make new
    timbres of old ones.
    release_db_per_s: how fast an event dies once it is let go, drawn log-uniformly between two
    values for whatever can be let go; None leaves it as measured.
    equalise_db: a smooth frequency response of plus and minus that much for the whole clip.
    augmented: whether `augmentation` is applied to the whole clip.
    """

    n_samples: int = 2**17
    fewest: int = 2
    most: int = 30
    shortest_s: float = 0.1
    longest_s: float = 1.0
    event_gain_db: float = 0.0
    background_db: Range = (0.0, 0.0)
    over_background_db: Range | None = None
    transpose: float = 0.0
    semitones: int = 3
    cents: float = 15.0
    blend: float = 0.0
    release_db_per_s: Range | None = None
    equalise_db: float = 0.0
    augmented: bool = True
    augmentation: augment.Config = field(default_factory=augment.Config)

    def __post_init__(self) -> None:
        if not 0 <= self.fewest <= self.most or self.n_samples < 1:
            raise InputError(
                f"a mixture of {self.fewest} to {self.most} events in {self.n_samples} samples"
                " cannot be made; give 0 <= fewest <= most and n_samples >= 1"
            )
        if not 0 < self.shortest_s <= self.longest_s:
            raise InputError(
                f"events of {self.shortest_s} to {self.longest_s} s cannot be drawn;"
                " give 0 < shortest_s <= longest_s"
            )
        if self.release_db_per_s and not 0 < self.release_db_per_s[0] <= self.release_db_per_s[1]:
            raise InputError(
                f"releases of {self.release_db_per_s} dB/s cannot be drawn; give two values"
                " above 0, the smaller one first"
            )


class Mixtures:
    """A data set of `length` mixtures of the sounds of `bank`, over a background where given.

    `labels` are those of the bank, or a longer list in the order of a model's classes.
    `backgrounds` are recordings float32 [time] at the bank's rate, no shorter than a clip.
    Examples hold float32 [1, n_samples] and the events in it.
    """

    n_channels = 1

    def __init__(
        self,
        bank: Bank,
        mixing: Mixing,
        *,
        seed: int,
        length: int,
        labels: Sequence[str] = (),
        backgrounds: Sequence[Samples] = (),
    ) -> None:
        self.mixing = mixing
        self.seed = seed
        self.length = length
        self.labels = tuple(labels) or bank.labels
        self.rate_hz = float(bank.rate_hz)
        self.backgrounds = tuple(backgrounds)
        self._sounds = [bank.of(label) for label in self.labels]
        self._present = [k for k, sounds in enumerate(self._sounds) if sounds]
        self._check()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < self.length:
            raise IndexError(f"mixture {index} of {self.length}")
        rng = np.random.default_rng((self.seed, index))
        x = self._background(rng)
        events = self._scatter(x, rng)
        x = _equalised(x, self.rate_hz, self.mixing.equalise_db, rng)[None]
        if self.mixing.augmented:
            x = augment.draw(rng, self.mixing.augmentation)(x, self.rate_hz)
        return Example(x, EventList.of(events, rate_hz=self.rate_hz))

    def _check(self) -> None:
        if not self._present:
            raise InputError(f"the bank holds no sound of the labels {', '.join(self.labels)}")
        for background in self.backgrounds:
            if background.size < self.mixing.n_samples:
                raise InputError(
                    f"a background of {background.size} samples is shorter than a clip of"
                    f" {self.mixing.n_samples}; leave it out or make shorter clips"
                )

    def _background(self, rng: np.random.Generator) -> Samples:
        n = self.mixing.n_samples
        if not self.backgrounds:
            return np.zeros(n, dtype=np.float32)
        recording = self.backgrounds[rng.integers(len(self.backgrounds))]
        start = rng.integers(recording.size - n + 1)
        gain = np.float32(10 ** (rng.uniform(*self.mixing.background_db) / 20))
        return recording[start : start + n] * gain

    def _scatter(self, x: Samples, rng: np.random.Generator) -> list[Event]:
        """Add events to `x` and return them; no two events of one label overlap."""
        events: list[Event] = []
        level = self._level(x, rng)
        for _ in range(rng.integers(self.mixing.fewest, self.mixing.most + 1)):
            k = self._present[rng.integers(len(self._present))]
            sound = self._sound(k, rng, level)
            for _ in range(TRIES):
                event = self._place(sound, self.labels[k], rng)
                if not any(_collide(event, other) for other in events):
                    add(x, sound, event, self.rate_hz)
                    events.append(event)
                    break
        return events

    def _place(self, sound: Sound, label: str, rng: np.random.Generator) -> Event:
        length = min(sound.audible, sound.samples.size)
        if 0 < sound.release_db_per_s < math.inf:
            seconds = _log_uniform((self.mixing.shortest_s, self.mixing.longest_s), rng)
            length = min(length, round(seconds * self.rate_hz))
        n = self.mixing.n_samples
        onset = int(rng.integers(max(n - length // 2, 1)))  # at least half of it is heard
        return Event(onset, min(onset + length, n), label)

    def _level(self, x: Samples, rng: np.random.Generator) -> float:
        """The RMS of events in a clip with the background `x`; 0 where they stay as recorded."""
        if self.mixing.over_background_db is None:
            return 0.0
        ratio_db = rng.uniform(*self.mixing.over_background_db)
        return rms(x) * float(10 ** (ratio_db / 20))

    def _sound(self, k: int, rng: np.random.Generator, level: float) -> Sound:
        sound = self._variant(k, rng)
        if rng.random() < self.mixing.blend:
            sound = _blend(sound, self._variant(k, rng), rng.uniform(0.2, 0.8))
        if level:
            sound = brought_to(sound, level)
        if self.mixing.release_db_per_s and 0 < sound.release_db_per_s < math.inf:
            sound = replace(sound, release_db_per_s=_log_uniform(self.mixing.release_db_per_s, rng))
        if not self.mixing.event_gain_db:
            return sound
        gain_db = rng.uniform(-self.mixing.event_gain_db, self.mixing.event_gain_db)
        return replace(sound, samples=sound.samples * np.float32(10 ** (gain_db / 20)))

    def _variant(self, k: int, rng: np.random.Generator) -> Sound:
        if rng.random() >= self.mixing.transpose:
            return _pick(self._sounds[k], rng)
        step = int(rng.integers(-self.mixing.semitones, self.mixing.semitones + 1))
        if not 0 <= k + step < len(self._sounds) or not self._sounds[k + step]:
            step = 0
        cents = rng.uniform(-self.mixing.cents, self.mixing.cents)
        return _play(_pick(self._sounds[k + step], rng), 2 ** ((cents / 100 - step) / 12))


def rms(x: Samples) -> float:
    """Root of the mean power; 0 of nothing."""
    return float(np.sqrt(np.square(x, dtype=np.float64).mean())) if x.size else 0.0


def brought_to(sound: Sound, level: float) -> Sound:
    """The sound with the RMS `level` over what is audible of it; silence stays silent."""
    own = rms(sound.samples[: sound.audible])
    return replace(sound, samples=sound.samples * np.float32(level / own if own else 1.0))


def add(x: Samples, sound: Sound, event: Event, rate_hz: float) -> None:
    """Add the sound to `x`, let go at the event's offset, after which it dies at its own rate."""
    length = event.offset - event.onset
    piece = sound.samples[: x.size - event.onset]
    x[event.onset : event.onset + min(length, piece.size)] += piece[:length]
    if piece.size <= length or math.isinf(sound.release_db_per_s):
        return
    octaves = sound.release_db_per_s / rate_hz * OCTAVES_PER_DB
    audible = int(INAUDIBLE_DB * OCTAVES_PER_DB / octaves) if octaves else piece.size
    tail = piece[length : length + audible]
    fade = np.exp2(np.arange(1, tail.size + 1, dtype=np.float32) * np.float32(-octaves))
    x[event.offset : event.offset + tail.size] += tail * fade


def _log_uniform(bounds: Range, rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(math.log(bounds[0]), math.log(bounds[1])))


def _pick(sounds: Sequence[Sound], rng: np.random.Generator) -> Sound:
    return sounds[int(rng.integers(len(sounds)))]


def _collide(a: Event, b: Event) -> bool:
    return a.label == b.label and a.onset < b.offset and b.onset < a.offset


def _play(sound: Sound, speed: float) -> Sound:
    """The sound at another speed, by linear interpolation; its release stays what it was."""
    position = np.arange(int((sound.samples.size - 1) / speed), dtype=np.float32) * speed
    below = position.astype(np.int64)
    share = position - below.astype(np.float32)
    left, right = sound.samples[below], sound.samples[below + 1]
    samples = left + share * (right - left)
    return replace(sound, samples=samples, audible=int(sound.audible / speed))


def _blend(a: Sound, b: Sound, share: float) -> Sound:
    """Two recordings as one event, as long as the shorter; `share` of the first."""
    length = min(a.samples.size, b.samples.size)
    weight = np.float32(share)
    mixed = weight * a.samples[:length] + (1 - weight) * b.samples[:length]
    return replace(a, samples=mixed, audible=min(a.audible, b.audible))


def _equalised(x: Samples, rate_hz: float, spread_db: float, rng: np.random.Generator) -> Samples:
    """Apply a frequency response drawn as one gain per octave."""
    if not spread_db:
        return x
    spectrum = np.fft.rfft(x)
    octaves = np.log2(np.linspace(1, rate_hz / 2, spectrum.size))
    gains_db = rng.uniform(-spread_db, spread_db, int(octaves[-1]) + 2)
    response = 10 ** (np.interp(octaves, np.arange(gains_db.size), gains_db) / 20)
    return np.fft.irfft(spectrum * response, x.size).astype(np.float32)
