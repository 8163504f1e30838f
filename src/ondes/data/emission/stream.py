"""A long recording of acoustic emission, made as it is asked for: memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ondes.data.emission import background
from ondes.data.emission.background import Hum
from ondes.data.emission.burst import N_FFT, Pool, Samples
from ondes.data.emission.scenes import Scenery, amplitude, foreground, rms
from ondes.errors import InputError
from ondes.events import Event, EventList

FADE = 4096  # samples in which the noise of one tile passes into the next one's


class Block(NamedTuple):
    """Samples [start, start + n) as float32 [1, n], and the events that begin in them.

    Events count from the recording's first sample; one may end in a later block.
    """

    start: int
    x: Samples
    events: EventList


def recording(
    pool: Pool, scenery: Scenery, *, n_samples: int, seed: int, block: int
) -> Iterator[Block]:
    """Yield a continuous recording in blocks of `block` samples, the last one shorter.

    It has one hum and one colour of noise; every stretch of `scenery.n_samples` has the bursts,
    friction and spikes of a clip. The same seed gives the same recording, whatever the block.
    Raises InputError for a block or length below one.
    """
    if block < 1 or n_samples < 1:
        raise InputError(f"recording of {n_samples} samples in blocks of {block}; give 1 or more")
    return _cut(_tiles(pool, scenery, n_samples, seed), n_samples, block, pool.rate_hz)


def _cut(tiles: Iterator[Block], n_samples: int, block: int, rate_hz: float) -> Iterator[Block]:
    held, events = np.zeros(0, np.float32), EventList.empty(rate_hz)
    for start in range(0, n_samples, block):
        stop = min(start + block, n_samples)
        pieces, size = [held], held.size
        while size < stop - start:
            tile = next(tiles)
            pieces.append(tile.x)
            size += tile.x.size
            events += tile.events
        joined = np.concatenate(pieces)
        x, held = joined[: stop - start], joined[stop - start :]
        begun = events.onset < stop
        yield Block(start, x[None], events[begun].crop(0, n_samples))
        events = events[~begun]


def _tiles(pool: Pool, scenery: Scenery, n_samples: int, seed: int) -> Iterator[Block]:
    """Yield stretches of `scenery.n_samples` as [time], each drawn by a generator of its own."""
    n, rate_hz = scenery.n_samples, pool.rate_hz
    after = max(N_FFT, round(scenery.around.friction_s[1] * rate_hz))
    ringing = np.zeros(after, np.float32)
    taken: list[Event] = []
    for number, quiet in enumerate(_backgrounds(pool, scenery, n_samples, seed)):
        rng = np.random.default_rng((seed, 2, number))
        front = foreground(pool, scenery, rng, level=rms(quiet), after=after, taken=taken)
        sounding = front.bursts + front.others
        sounding[:after] += ringing
        ringing = sounding[n:]
        events = [one.event for one in front.placed]
        listed = EventList.of(events, rate_hz=rate_hz)
        yield Block(number * n, quiet + sounding[:n], listed.shift(number * n))
        taken = [Event(e.onset - n, e.offset - n, e.label) for e in events if e.offset > n]


def _backgrounds(pool: Pool, scenery: Scenery, n_samples: int, seed: int) -> Iterator[Samples]:
    """Yield noise and hum; the noise of one stretch passes into the next one's at even power."""
    n, rate_hz, around = scenery.n_samples, pool.rate_hz, scenery.around
    rng = np.random.default_rng((seed, 0))
    hum = Hum(around, rate_hz=rate_hz, rng=rng)
    volume = np.float32(around.level) * amplitude(around.level_db, rng)
    hum_volume = volume * amplitude(around.hum_db, rng)
    tilt_db = float(rng.uniform(*pool.setup.tilt_db))
    fade = np.sin(np.linspace(0, np.pi / 2, min(FADE, n), dtype=np.float32))
    ending = np.zeros(0, np.float32)
    for start in range(0, n_samples, n):
        rng = np.random.default_rng((seed, 1, start // n))
        noise = background.noise(n + fade.size, tilt_db, rate_hz=rate_hz, rng=rng)
        noise *= volume * background.drift(noise.size, around, rate_hz=rate_hz, rng=rng)
        if ending.size:
            noise[: fade.size] = noise[: fade.size] * fade + ending * fade[::-1]
        ending = noise[n:]
        yield noise[:n] + hum_volume * hum.stretch(start, n)
