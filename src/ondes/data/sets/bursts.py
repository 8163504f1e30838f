"""Acoustic emission bursts at 1.5625 MHz, simulated (thesis, 4.3): E5's data.

Bursts of two types of source, `fracture` (sharp, high, rich in S0) and `delamination` (slower,
lower, rich in A0), lie in coloured noise of drifting level with a hydraulic hum and friction; see
`ondes.data.emission` for the physics. An event begins with its first arrival, the first sample of
at least 5 % of the burst's peak, and ends after the last of at least 10 %: 252 samples on average.

Splits: `train` draws on 4,800 bursts, `valid` on 600 others, `test` on 1,200 more at 0 to 20 dB,
all in backgrounds of their own; `low` holds the test's at -10 to 0 dB, `transfer` bursts of
another plate, sensor and noise colour, `spikes` 1,000 electrical spikes and no burst. To ask for
one signal-to-noise ratio or overlap say `scenery=Scenery(snr_db=(5, 5), overlap=0.5)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ondes.data.emission import stream
from ondes.data.emission.burst import LABELS, Pool, Range, Setup
from ondes.data.emission.scenes import Scenery, Scenes
from ondes.errors import RecipeError, nearest

__all__ = ["ABOUT", "CLIPS", "LABELS", "TESTS", "Config", "build", "recording"]

ABOUT = "Simulated acoustic emission: bursts of two types in noise, hum, friction and spikes."
TESTS = ("test", "low", "transfer", "spikes")
CLIPS = {"train": 10**9, "valid": 200, "test": 300, "low": 300, "transfer": 300, "spikes": 100}
SEEDS = {s: 5_000_000 + k for k, s in enumerate(CLIPS) if s != "train"}
POOLS = {"train": 4800, "valid": 600, "test": 1200, "low": 1200, "transfer": 1200, "spikes": 2}
POOL_SEEDS = {"train": 71, "valid": 72, "test": 73, "low": 73, "transfer": 74, "spikes": 73}
SPIKES = 10  # a clip


@dataclass(frozen=True, kw_only=True)
class Config:
    """The plate and sensor, those of `transfer`, and what clips are made of.

    low_snr_db: in place of the scenery's ratio in `low`.
    p_spikes: probability of spikes in a clip of training; other splits have the scenery's.
    augmented: whether clips of training are augmented; those of other splits are as the scenery
    says.
    """

    rate_hz: float = 1_562_500.0
    setup: Setup = field(default_factory=Setup)
    elsewhere: Setup = field(
        default_factory=lambda: Setup(thickness_mm=8.0, resonance_hz=225e3, tilt_db=(-1.0, 0.5))
    )
    scenery: Scenery = field(default_factory=Scenery)
    low_snr_db: Range = (-10.0, 0.0)
    p_spikes: float = 0.5
    augmented: bool = True


def build(config: Config, *, split: str, seed: int) -> Scenes:
    """The clips of one split; `seed` moves those of training alone."""
    if split not in CLIPS:
        raise RecipeError(f"bursts has no split {split!r}{nearest(split, CLIPS)}")
    pool = Pool(
        config.elsewhere if split == "transfer" else config.setup,
        rate_hz=config.rate_hz,
        seed=POOL_SEEDS[split],
        size=POOLS[split],
    )
    return Scenes(pool, _scenery(config, split), seed=SEEDS.get(split, seed), length=CLIPS[split])


def recording(
    config: Config | None = None,
    *,
    seconds: float,
    seed: int = 0,
    block: int = 2**16,
) -> Iterator[stream.Block]:
    """A continuous recording with the bursts of `test`, block by block; see `stream.recording`."""
    config = config or Config()
    pool = Pool(config.setup, rate_hz=config.rate_hz, seed=POOL_SEEDS["test"], size=POOLS["test"])
    n_samples = round(seconds * config.rate_hz)
    return stream.recording(pool, config.scenery, n_samples=n_samples, seed=seed, block=block)


def _scenery(config: Config, split: str) -> Scenery:
    scenery = config.scenery
    if split == "train":
        return replace(scenery, p_spikes=config.p_spikes, augmented=config.augmented)
    if split == "low":
        return replace(scenery, snr_db=config.low_snr_db)
    if split == "spikes":
        return replace(
            scenery, fewest=0, most=0, p_spikes=1.0, fewest_spikes=SPIKES, most_spikes=SPIKES
        )
    return scenery
