"""What sounds besides bursts: coloured noise of drifting level, hum, friction and spikes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.fft as sp
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Range = tuple[float, float]
CORNER_HZ = 10e3  # below it the noise is white
DB_PER_OCTAVE = 20 * np.log10(2)
HARMONICS, TABLE = 20, 2**14
SPIKE = (1, 10)  # samples


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """How loud what is.

    level: RMS of the noise, in volts or whatever unit the bursts are to have.
    level_db: every clip's level differs from it by so many dB, drawn between two values.
    drift_db, drift_s: within a clip the level wanders by plus and minus that much in that time.
    hum_db: of the hydraulics' hum to the noise's RMS, drawn between two values.
    hum_hz: its fundamental, drawn between two values; 19 harmonics follow it.
    friction: mean number of friction bursts in a clip; low, long and noisy, they are no events.
    friction_s, friction_hz: how long they last and about what frequency, drawn log-uniformly.
    friction_db: their RMS to the background's, drawn between two values.
    spike_db: peak of a spike of 1 to 10 samples to the background's RMS, between two values.
    """

    level: float = 0.01
    level_db: Range = (-6.0, 6.0)
    drift_db: float = 2.0
    drift_s: float = 0.005
    hum_db: Range = (-12.0, 0.0)
    hum_hz: Range = (100.0, 600.0)
    friction: float = 0.5
    friction_s: Range = (0.002, 0.01)
    friction_hz: Range = (10e3, 50e3)
    friction_db: Range = (0.0, 15.0)
    spike_db: Range = (6.0, 35.0)


def noise(n: int, tilt_db: float, *, rate_hz: float, rng: np.random.Generator) -> Samples:
    """Gaussian noise of RMS 1 whose power falls by `tilt_db` per octave above 10 kHz."""
    size = sp.next_fast_len(n, real=True)
    spectrum = sp.rfft(rng.standard_normal(size, dtype=np.float32))
    response = np.exp2(_octaves(size, rate_hz) * np.float32(-tilt_db / DB_PER_OCTAVE))
    level = np.sqrt(np.square(response).mean())
    coloured: Samples = sp.irfft(spectrum * (response / level), size)[:n]
    return coloured


def drift(n: int, config: Surroundings, *, rate_hz: float, rng: np.random.Generator) -> Samples:
    """Gains [n] that wander within `drift_db`, smooth on a scale of `drift_s`."""
    step = max(1, round(config.drift_s * rate_hz))
    knots_db = rng.uniform(-config.drift_db, config.drift_db, n // step + 2)
    position = np.arange(n, dtype=np.float32) / step
    gains_db = np.interp(position, np.arange(knots_db.size), knots_db).astype(np.float32)
    gains: Samples = np.exp2(gains_db * np.float32(1 / DB_PER_OCTAVE))
    return gains


class Hum:
    """A pump's tone and its harmonics, of RMS 1, the same whenever it is asked for a stretch."""

    def __init__(self, config: Surroundings, *, rate_hz: float, rng: np.random.Generator) -> None:
        self.frequency_hz = float(rng.uniform(*config.hum_hz))
        self.turns = self.frequency_hz / rate_hz  # per sample
        spectrum = np.zeros(TABLE // 2 + 1, np.complex128)
        order = np.arange(1, HARMONICS + 1)
        spectrum[order] = rng.random(HARMONICS) / order * np.exp(2j * np.pi * rng.random(HARMONICS))
        spectrum[1] += np.exp(2j * np.pi * rng.random())
        period = np.fft.irfft(spectrum)
        self._period = np.append(period, period[0]).astype(np.float32) / np.float32(period.std())

    def stretch(self, start: int, n: int) -> Samples:
        """Samples [start, start + n)."""
        turn = np.arange(start, start + n) * self.turns
        place = (turn % 1) * TABLE
        below = place.astype(np.int64)
        left, right = self._period[below], self._period[below + 1]
        return np.asarray(left + (place - below).astype(np.float32) * (right - left))


def friction(config: Surroundings, *, rate_hz: float, rng: np.random.Generator) -> Samples:
    """One friction burst of RMS 1: noise about a low frequency that swells and ebbs."""
    length_s, centre_hz = (
        float(np.exp(rng.uniform(*np.log(bounds))))
        for bounds in (config.friction_s, config.friction_hz)
    )
    n = max(2, round(length_s * rate_hz))
    size = sp.next_fast_len(n, real=True)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / rate_hz), 1.0) / centre_hz)
    spectrum = sp.rfft(rng.standard_normal(size, dtype=np.float32))
    x = sp.irfft(spectrum * np.exp(-2 * octaves**2).astype(np.float32), size)[:n]
    x *= np.sin(np.pi * (np.arange(n) + 0.5) / n).astype(np.float32) ** rng.uniform(0.5, 2)
    grown: Samples = x / np.float32(np.sqrt(np.square(x).mean()))
    return grown


def spike(rng: np.random.Generator) -> Samples:
    """One electrical spike of peak 1 and 1 to 10 samples: a block, an arch, a fall or a swing."""
    n = int(rng.integers(SPIKE[0], SPIKE[1] + 1))
    t = (np.arange(n) + 0.5) / n
    shapes = (np.ones(n), np.sin(np.pi * t), np.exp(-4 * t), np.exp(-2 * t) * np.cos(np.pi * n * t))
    x = shapes[rng.integers(len(shapes))] * rng.choice((-1, 1))
    return np.asarray(x / np.abs(x).max(), np.float32)


@cache
def _octaves(size: int, rate_hz: float) -> Samples:
    """How far each frequency of an FFT lies above the corner, in octaves."""
    frequency = np.fft.rfftfreq(size, 1 / rate_hz)
    octaves: Samples = np.log2(np.maximum(frequency / CORNER_HZ, 1)).astype(np.float32)
    return octaves
