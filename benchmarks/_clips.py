"""The clips that systems are compared on: those that `piano-tones` is scored on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondes import recipe
from ondes.events import EventList
from ondes.protocols import Dataset
from ondes.recipe import build
from ondes.timebase import Timebase

RECIPE = "tones/piano-tones"
BANK = "fluidr3"  # shipped, of the make that is trained on
FRAME_S = 512 / 48_000

Samples = NDArray[np.float32]
Map = NDArray[np.bool_]


@dataclass(frozen=True)
class Clips:
    """Clips float32 [time] at one rate, the events in each, and the frames they are scored on."""

    x: tuple[Samples, ...]
    truth: tuple[EventList, ...]
    labels: tuple[str, ...]
    grid: Timebase

    @classmethod
    def of(cls, split: str, n: int) -> Clips:
        """The first n clips of a split of the tones, or all where it has fewer."""
        source = dataset(split)
        examples = [source[i] for i in range(min(n, len(source)))]
        return cls(
            tuple(example.x[0] for example in examples),
            tuple(example.events for example in examples),
            tuple(source.labels),
            Timebase(source.rate_hz, hop=round(FRAME_S * source.rate_hz)),
        )

    @property
    def n_frames(self) -> int:
        """Frames of a clip."""
        return self.grid.frames_in(self.x[0].size)

    def maps(self) -> Map:
        """The true frame maps of all clips end to end, [label, frame]."""
        maps = [events.to_frames(self.grid, self.labels, self.n_frames) for events in self.truth]
        return np.concatenate(maps, axis=1)


def dataset(split: str, *overrides: str) -> Dataset:
    """A split of the tones as the recipe of `piano-tones` has it, with overrides for the recipe."""
    return build.dataset(recipe.load(RECIPE, overrides=overrides), split)
