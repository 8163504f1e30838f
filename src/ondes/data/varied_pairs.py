"""`VariedPairs`: endless varied pairs of maps, for training; both halves are varied alike.

A map is [bin, Doppler] of levels in tens of dB, as range-Doppler maps are given, with the Doppler
shift of 0 in the middle of an even number of cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, RecipeError
from ondes.protocols import Pair, PairDataset

LENGTH = 10**9
LOUDEST = 2.0  # of a tone of interference, times the floor's power
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Config:
    """How pairs are varied, each time anew.

    shift: bins by which both halves are moved, at most, up or down; what leaves on one side comes
        in on the other.
    p_mirror: chance that approaching and going are exchanged.
    p_mix: chance that a pair is mixed with another: the powers of both, `least_share` of the first
        or more.
    tones: how many tones of interference, lines along all bins, the source gets on average.
    apart: whether halves come from different pairs, as where nothing was recorded together; for
        what learns without pairs, as CycleGAN does.
    """

    shift: int = 0
    p_mirror: float = 0.0
    p_mix: float = 0.0
    least_share: float = 0.5
    tones: float = 0.0
    apart: bool = False

    def __post_init__(self) -> None:
        for name in ("p_mirror", "p_mix", "least_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"{name}={getattr(self, name)}: give 0 to 1")
        if min(self.shift, self.tones) < 0:
            raise RecipeError(f"shift={self.shift}, tones={self.tones}: give 0 or more")


class VariedPairs:
    """Pairs of `pairs`, each time varied anew by `config`; a training never sees one twice.

    Pass after pass visits each pair once, in an order of its own. What index i holds follows from
    `seed` and i alone. Raises InputError where there is nothing to vary.
    """

    def __init__(self, pairs: PairDataset, config: Config, *, seed: int) -> None:
        if len(pairs) < 1:
            raise InputError(f"VariedPairs({pairs!r}): there is no pair to vary; give one or more")
        if config.apart and len(pairs) < 2:
            raise InputError(f"VariedPairs({pairs!r}, apart): a single pair cannot be taken apart")
        self.pairs, self.config, self.seed = pairs, config, seed
        self.source, self.target = pairs.source, pairs.target

    @property
    def plain(self) -> PairDataset:
        """The pairs as they were recorded; these themselves, where halves are taken apart."""
        return self if self.config.apart else self.pairs

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Pair:
        if not 0 <= index < LENGTH:
            raise IndexError(f"varied pair {index} of {LENGTH}")
        config, rng = self.config, np.random.default_rng((self.seed, index))
        place = self._place(index)
        pair = self.pairs[place]
        if config.apart:
            other = (place + int(rng.integers(1, len(self.pairs)))) % len(self.pairs)
            pair = Pair(pair.source, self.pairs[other].target)
        halves = _moved(pair, config, rng)
        if rng.random() < config.p_mix:
            others = _moved(self.pairs[int(rng.integers(len(self.pairs)))], config, rng)
            share = float(rng.uniform(config.least_share, 1))
            halves = [mixed(one, other, share) for one, other in zip(halves, others, strict=True)]
        source, target = halves
        return Pair(_with_tones(source, config, rng), target)

    def _place(self, index: int) -> int:
        turn, member = divmod(index, len(self.pairs))
        return int(_permuted(len(self.pairs), self.seed, turn)[member])


def mixed(one: Floats, other: Floats, share: float) -> Floats:
    """Mix levels in tens of dB as powers: log10(share 10^x + (1 - share) 10^y).

    >>> mixed(np.float32([2.0]), np.float32([0.0]), 1.0)
    array([2.], dtype=float32)
    """
    powers = share * 10.0 ** one.astype(np.float64) + (1 - share) * 10.0 ** other.astype(np.float64)
    return np.log10(powers).astype(np.float32)


def mirrored(x: Floats) -> Floats:
    """Exchange positive and negative Doppler shifts [bin, Doppler]; the first cell has no other.

    >>> mirrored(np.float32([[9, 1, 2, 3]]))
    array([[9., 3., 2., 1.]], dtype=float32)
    """
    return np.concatenate([x[:, :1], x[:, :0:-1]], axis=1)


def _moved(pair: Pair, config: Config, rng: np.random.Generator) -> Sequence[Floats]:
    bins = int(rng.integers(-config.shift, config.shift + 1))
    mirror = rng.random() < config.p_mirror
    halves = [np.roll(x, bins, axis=0) for x in pair]
    return [mirrored(x) for x in halves] if mirror else halves


def _with_tones(x: Floats, config: Config, rng: np.random.Generator) -> Floats:
    if not config.tones:
        return x
    cells = x.shape[1]
    there = rng.random(cells) < config.tones / cells
    power = there * rng.random(cells) * LOUDEST * rng.random()
    noisy: Floats = np.log10(10.0**x + power).astype(np.float32)
    return noisy


@lru_cache(maxsize=4)
def _permuted(length: int, seed: int, turn: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, turn, length)).permutation(length)
