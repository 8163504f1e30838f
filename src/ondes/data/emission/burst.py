"""One burst: a source, two dispersive modes on several ways through a plate, a resonant sensor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.data.emission import lamb
from ondes.errors import InputError

Samples = NDArray[np.float32]
Spectrum = NDArray[np.complex128]
Range = tuple[float, float]
N_FFT = 4096
BEFORE = 96  # samples before the fastest wave; what bends around the end is nothing
ONSET, OFFSET, FAINT = 0.05, 0.1, 0.002  # of the peak


class Kind(NamedTuple):
    """What a type of source draws from: all but the last are drawn log-uniformly.

    `s0` is the share of S0 in the amplitude, the rest is A0: in-plane sources feed the one,
    out-of-plane sources the other.
    """

    rise_s: Range
    frequency_hz: Range
    decay_s: Range
    s0: Range


KINDS = {
    "fracture": Kind((0.5e-6, 3e-6), (140e3, 330e3), (36e-6, 90e-6), (0.5, 0.95)),
    "delamination": Kind((5e-6, 18e-6), (60e3, 140e3), (42e-6, 95e-6), (0.0, 0.1)),
}
LABELS = tuple(KINDS)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A plate with its sensor.

    thickness_mm, material: of the plate; `aluminium` or `steel`.
    distance_m: from source to sensor, drawn between two values.
    resonance_hz, spread: of the sensor, each burst's own by plus and minus that share.
    quality: Q of the resonance, drawn between two values.
    echoes: at most so many reflections, on ways up to three times as long, follow.
    tilt_db: colour of the noise: its power falls by so many dB per octave above 10 kHz, drawn
    between two values; negative: rises.
    """

    thickness_mm: float = 4.0
    material: str = "steel"
    distance_m: Range = (0.04, 0.2)
    resonance_hz: float = 150e3
    spread: float = 0.1
    quality: Range = (2.0, 5.0)
    echoes: int = 3
    tilt_db: Range = (2.0, 4.0)

    def __post_init__(self) -> None:
        lamb.material(self.material)
        if min(self.thickness_mm, self.distance_m[0], self.resonance_hz, self.quality[0]) <= 0:
            raise InputError(
                f"no sensor of {self.resonance_hz:.10g} Hz at {self.distance_m} m on a plate of "
                f"{self.thickness_mm:g} mm; thickness, distance, resonance and quality are above 0"
            )


class Burst(NamedTuple):
    """A burst of peak 1 at the sensor: samples float32 [time] from where it can be told from 0.

    It lasts from `onset`, the first sample of at least 5 % of the peak, which is the first
    arrival, to `offset`, after the last sample of at least 10 %.
    """

    samples: Samples
    onset: int
    offset: int
    label: str

    @property
    def length(self) -> int:
        """How long it lasts, in samples."""
        return self.offset - self.onset


def simulate(label: str, setup: Setup, *, rate_hz: float, rng: np.random.Generator) -> Burst:
    """Draw a burst of a type, as the sensor gives it.

    >>> burst = simulate("fracture", Setup(), rate_hz=1_562_500, rng=np.random.default_rng(0))
    >>> float(abs(burst.samples).max()), 50 < burst.length < 1000
    (1.0, True)
    """
    kind = KINDS[label]
    spectrum = np.fft.rfft(_source(kind, rate_hz, rng), N_FFT)
    spectrum *= _sensor(setup, rate_hz, rng) * _ways(kind, setup, rate_hz, rng)
    x = np.fft.irfft(spectrum, N_FFT)
    x *= rng.choice((-1, 1)) / np.abs(x).max()
    return _trimmed(x, label)


class Pool:
    """`size` bursts that belong to a seed, the types in turn; each is simulated when first asked.

    Nothing but the setup, the seed and the index tells what a burst is like.
    """

    def __init__(self, setup: Setup, *, rate_hz: float, seed: int, size: int) -> None:
        self.setup, self.rate_hz, self.seed, self.size = setup, rate_hz, seed, size
        self._known: dict[int, Burst] = {}

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Burst:
        if not 0 <= index < self.size:
            raise IndexError(f"burst {index} of {self.size}")
        if index not in self._known:
            rng = np.random.default_rng((self.seed, index))
            label = LABELS[index % len(LABELS)]
            self._known[index] = simulate(label, self.setup, rate_hz=self.rate_hz, rng=rng)
        return self._known[index]

    def draw(self, rng: np.random.Generator, *, label: str | None = None) -> Burst:
        """Any burst, or any of a type."""
        step = len(LABELS)
        place = int(rng.integers(self.size // step))
        kind = int(rng.integers(step)) if label is None else LABELS.index(label)
        return self[place * step + kind]


def _source(kind: Kind, rate_hz: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A force that rises and dies away while it swings."""
    rise, frequency, decay = (_log_uniform(bounds, rng) for bounds in kind[:3])
    t = np.arange(N_FFT) / rate_hz
    envelope = (1 - np.exp(-t / rise)) * np.exp(-t / decay)
    return np.asarray(envelope * np.sin(2 * np.pi * frequency * t))


def _sensor(setup: Setup, rate_hz: float, rng: np.random.Generator) -> Spectrum:
    """A damped oscillator's velocity: it falls to both sides of the resonance."""
    own = setup.resonance_hz * (1 + setup.spread * rng.uniform(-1, 1))
    ratio = _frequencies(rate_hz) / own
    swing = 1j * ratio / rng.uniform(*setup.quality)
    return np.asarray(swing / (1 - ratio**2 + swing))


def _ways(kind: Kind, setup: Setup, rate_hz: float, rng: np.random.Generator) -> Spectrum:
    """The plate's response: both modes, straight and by echoes, without the fastest one's delay."""
    steel = lamb.material(setup.material)
    k = lamb.wavenumbers(n=N_FFT, rate_hz=rate_hz, thickness_m=setup.thickness_mm / 1000, of=steel)
    distance = rng.uniform(*setup.distance_m)
    delay = distance / steel.plate - BEFORE / rate_hz
    s0 = rng.uniform(*kind.s0)
    response = np.zeros(k.shape[1], np.complex128)
    for number in range(1 + int(rng.integers(setup.echoes + 1))):
        way = distance * (rng.uniform(1.2, 3.0) if number else 1.0)
        loss = rng.uniform(-0.5, 0.5) if number else 1.0
        modes = np.exp(-1j * way * k) * [[1 - s0], [s0]]
        response += loss * np.sqrt(distance / way) * modes.sum(axis=0)
    late = np.exp(2j * np.pi * delay * _frequencies(rate_hz))
    return np.asarray(response * late)


@cache
def _frequencies(rate_hz: float) -> NDArray[np.float64]:
    return np.linspace(0, rate_hz / 2, N_FFT // 2 + 1)


def _trimmed(x: NDArray[np.float64], label: str) -> Burst:
    heard, loud, lasting = (np.flatnonzero(abs(x) >= part) for part in (FAINT, ONSET, OFFSET))
    first, stop = int(heard[0]), int(heard[-1]) + 1
    samples = x[first:stop].astype(np.float32)
    samples.setflags(write=False)
    return Burst(samples, int(loud[0]) - first, int(lasting[-1]) + 1 - first, label)


def _log_uniform(bounds: Range, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))
