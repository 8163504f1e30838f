"""An ultra-wideband radar: what it makes of ways there and back, its noise and its faults.

A pulse at a carrier comes back from each scatterer, later by twice its range over the speed of
light, and is sampled in range bins after conversion to baseband (Taylor, Ultra-wideband Radar
Technology, 2000): a scatterer at r gives amplitude p(bin - r) exp(-4 pi i r / wavelength).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondes.data.uwb.people import Array
from ondes.data.uwb.rooms import Paths
from ondes.errors import InputError
from ondes.ops.radar import LIGHT_MPS, Complex, Float

FINE = 32  # places between two bins at which the pulse is tabled
REACH = {"gauss": 1.6, "flat": 4.0}  # of pulses, in resolution cells to either side
Draw = np.random.Generator
Triple = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Radar:
    """A sensor.

    carrier_hz, bandwidth_hz: the band, 10 dB down at its edges for "gauss". pulse: "gauss", or
    "flat", a raised cosine's with side lobes. first_m, bin_m, n_bins: range bins.
    rate_hz: frames a second. place_m: where it hangs. beam_deg: between half powers, sidewards and
    up. yaw_deg, tilt_deg: where it looks. power_db: of an echo of 1 m^2 at 1 m over the noise of a
    sample. slope_db_per_m: of its gain over range.
    colour: share of each noise sample that is the sample before, over range and over frames.
    drone_db: slow noise over white noise. tones: how many interfere on average, and their levels
    over the noise in tone_db. drift_db: of the gain in a recording. jitter: of the phase from
    frame to frame, in radians. Of one recording to the next its power varies by spread_db, its
    range by spread_m and its yaw by spread_deg, as hanging it anew does.
    """

    carrier_hz: float = 7.29e9
    bandwidth_hz: float = 1.4e9
    pulse: Literal["gauss", "flat"] = "gauss"
    first_m: float = 0.3
    bin_m: float = 0.0514
    n_bins: int = 128
    rate_hz: float = 200.0
    place_m: Triple = (0.0, 0.0, 1.2)
    beam_deg: tuple[float, float] = (75.0, 70.0)
    yaw_deg: float = 0.0
    tilt_deg: float = 0.0
    power_db: float = 39.0
    slope_db_per_m: float = 0.0
    colour: tuple[float, float] = (0.2, 0.0)
    drone_db: float = -16.0
    tones: float = 0.1
    tone_db: tuple[float, float] = (-20.0, -8.0)
    drift_db: float = 0.3
    jitter: float = 0.002
    spread_db: float = 1.0
    spread_m: float = 0.01
    spread_deg: float = 3.0

    def __post_init__(self) -> None:
        least = min(self.carrier_hz, self.bandwidth_hz, self.bin_m, self.n_bins, self.rate_hz)
        if least <= 0 or not all(0 <= share < 1 for share in self.colour):
            raise InputError(
                f"{self} is no radar: frequencies, bins and rates are above zero, colours within "
                "[0, 1)"
            )


def paths(radar: Radar, places: Array, areas: Array, *, yaw_deg: float = 0.0) -> Paths:
    """Ways to places [part, time, 3] and back, by the radar equation and the beam."""
    away = places - np.array(radar.place_m)
    ranges = np.sqrt(np.square(away).sum(axis=-1))
    aside = np.degrees(np.arctan2(away[..., 1], away[..., 0])) - radar.yaw_deg - yaw_deg
    up = np.degrees(np.arcsin(np.clip(away[..., 2] / ranges, -1, 1))) - radar.tilt_deg
    sidewards, upwards = radar.beam_deg
    loss = np.square(aside / sidewards) + np.square(up / upwards)
    gain = np.maximum(np.exp(-4 * np.log(2) * loss), 1e-3)  # of power, there and back its square
    near = np.maximum(ranges, 0.3)
    slope = 10 ** (radar.slope_db_per_m * ranges / 20)
    amplitudes = np.sqrt(areas)[:, None] * gain * slope / np.square(near)
    return Paths(ranges.astype(np.float32), amplitudes.astype(np.float32))


def echoes(radar: Radar, ways: Paths) -> Complex:
    """Frames [bin, frame] without noise, of amplitude 1 at the peak of an echo of amplitude 1."""
    table, before = _pulse(radar)
    taps, n = table.shape[1], ways.ranges.shape[1]
    place = (ways.ranges.astype(np.float64) - radar.first_m) / radar.bin_m
    near = np.floor(place).astype(np.int64)
    fine = ((place - near) * FINE).astype(np.int64)
    phase = (-4 * np.pi * radar.carrier_hz / LIGHT_MPS) * ways.ranges.astype(np.float64)
    turned = np.exp(1j * np.mod(phase, 2 * np.pi).astype(np.float32)) * ways.amplitudes
    first = np.clip(near - before + taps, 0, radar.n_bins + taps)  # taps rows of margin
    cells = (first[..., None] + np.arange(taps)) * n + np.arange(n)[:, None]
    shape, found = table[fine], cells.ravel()
    size = (radar.n_bins + 2 * taps) * n
    halves = [
        np.bincount(found, (shape * part[..., None]).ravel(), size).reshape(-1, n)
        for part in (turned.real, turned.imag)
    ]
    frames = (halves[0] + 1j * halves[1]).astype(np.complex64)
    return frames[taps : taps + radar.n_bins]


def noise(radar: Radar, n: int, rng: Draw) -> Complex:
    """Noise [bin, frame] of power 1, coloured over range and over frames, with a slow part."""
    white = rng.standard_normal((2, radar.n_bins, n), dtype=np.float32)
    mixed = (white[0] + 1j * white[1]).astype(np.complex64) * np.float32(np.sqrt(0.5))
    for axis, share in enumerate(radar.colour):
        mixed = _smeared(mixed, share, axis)
    slow = rng.standard_normal((2, radar.n_bins, max(n // 40, 2)), dtype=np.float32)
    knots = np.linspace(0, slow.shape[-1] - 1.001, n)
    left = knots.astype(np.int64)
    after = (knots - left).astype(np.float32)
    drone = (slow[..., left] * (1 - after) + slow[..., left + 1] * after) / np.float32(np.sqrt(2))
    level = np.float32(10 ** (radar.drone_db / 20))
    result: Complex = mixed + level * (drone[0] + 1j * drone[1])
    return result


def interference(radar: Radar, n: int, rng: Draw) -> Complex:
    """Tones of other transmitters [bin, frame], on and off in bursts."""
    heard = np.zeros((radar.n_bins, n), np.complex64)
    bins, frames = np.arange(radar.n_bins)[:, None], np.arange(n)
    for _ in range(rng.poisson(radar.tones)):
        turns = rng.uniform(-0.4, 0.4) * bins + rng.uniform(-0.5, 0.5) * frames
        level = 10 ** (rng.uniform(*radar.tone_db) / 20)
        period, share = rng.uniform(20, n), rng.uniform(0.3, 1.0)
        on = np.mod(frames + rng.uniform(0, period), period) < share * period
        heard += (level * on * np.exp(2j * np.pi * turns)).astype(np.complex64)
    return heard


def faults(radar: Radar, n: int, rng: Draw) -> NDArray[np.complex64]:
    """What gain and phase do over the frames of a recording: factors [frame]."""
    steps = np.cumsum(rng.standard_normal(n))
    drift = (steps - steps.mean()) / max(float(np.abs(steps - steps.mean()).max()), 1e-9)
    gain = 10 ** (radar.drift_db * drift / 20)
    return np.asarray(gain * np.exp(1j * radar.jitter * rng.standard_normal(n)), np.complex64)


def heard(radar: Radar, ways: Paths, still: Paths, rng: Draw) -> Complex:
    """Frames [bin, frame] of a recording: echoes of what moves and of what does not, and noise.

    Ways to what stands still, `still`, are of one frame.
    """
    n = ways.ranges.shape[1]
    level = 10 ** ((radar.power_db + radar.spread_db * rng.standard_normal()) / 20)
    off = np.float32(radar.spread_m * rng.standard_normal())
    moving = echoes(radar, ways._replace(ranges=ways.ranges + off))
    standing = echoes(radar, still._replace(ranges=still.ranges + off))
    frames = (moving + standing) * np.float32(level) * faults(radar, n, rng)
    result: Complex = frames + noise(radar, n, rng) + interference(radar, n, rng)
    return result


def _smeared(x: Complex, share: float, axis: int) -> Complex:
    """Noise whose samples hold a share of the one before, at the same power."""
    if not share:
        return x
    mixed = x + np.float32(share) * np.roll(x, 1, axis=axis)
    return np.asarray(mixed / np.float32(np.sqrt(1 + share**2)), np.complex64)


@lru_cache(maxsize=8)
def _pulse(radar: Radar) -> tuple[Float, int]:
    """The pulse at FINE places between bins: [place, tap]; and how many taps lie before."""
    before = int(np.ceil(REACH[radar.pulse] * LIGHT_MPS / 2 / radar.bandwidth_hz / radar.bin_m))
    fine = (np.arange(FINE)[:, None] + 0.5) / FINE
    metres = (np.arange(-before, before + 2)[None] - fine) * radar.bin_m
    x = radar.bandwidth_hz * 2 * metres / LIGHT_MPS
    shape = _gauss(x) if radar.pulse == "gauss" else _flat(x)
    return shape.astype(np.float32), before


def _gauss(x: Array) -> Array:
    """Of a Gaussian spectrum that is 10 dB down at the edges of the band."""
    return np.asarray(np.exp(-np.square(np.pi * x) / (2 * np.log(10))))


def _flat(x: Array, roll: float = 0.25) -> Array:
    """Of a raised cosine spectrum."""
    below = 1 - np.square(2 * roll * x)
    safe = np.where(np.abs(below) < 1e-6, 1e-6, below)
    return np.asarray(np.sinc(x) * np.cos(np.pi * roll * x) / safe)
