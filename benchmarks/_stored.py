"""Pairs that take long to simulate, kept in a file."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondes.data.sets.uwb_pairs import Radars
from ondes.io import atomic_write
from ondes.protocols import Pair, PairDataset

Samples = NDArray[np.float32]


class Stored:
    """The pairs of a simulation, read from `path`, an NPZ, which is made where there is none."""

    def __init__(self, pairs: Radars, path: Path) -> None:
        self.pairs, self.path = pairs, path
        self.source, self.target, self.labels = pairs.source, pairs.target, pairs.labels

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {len(self)}")
        return Pair(*(side[index].copy() for side in self.sides))

    def y_of(self, index: int) -> NDArray[np.float32]:
        """What was done, one 1 among zeros."""
        return self.pairs.y_of(index)

    @cached_property
    def sides(self) -> tuple[Samples, Samples]:
        """All sources and all targets, [pair, channel, time]."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            made = stacked(self.pairs)
            with atomic_write(self.path) as temporary, temporary.open("wb") as file:
                np.savez(file, source=made[0], target=made[1])
        with np.load(self.path, allow_pickle=False) as found:
            return found["source"], found["target"]


def stacked(pairs: PairDataset) -> tuple[Samples, Samples]:
    """All sources and all targets, [pair, channel, time]."""
    made = [pairs[k] for k in range(len(pairs))]
    return np.stack([pair.source for pair in made]), np.stack([pair.target for pair in made])
