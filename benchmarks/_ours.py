"""A model of ondes among the systems that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._clips import Clips, Samples
from benchmarks._systems import Heard, Reading, on_grid
from ondes.events import EventList
from ondes.run.pipeline import Pipeline
from ondes.tasks.detect import decode
from ondes.timebase import Timebase


@dataclass(frozen=True)
class Ours:
    """A saved model, read with the decoder that it was saved with."""

    pipeline: Pipeline
    grid: Timebase

    @property
    def name(self) -> str:
        """Whose it is, and its name."""
        return f"ondes, {self.pipeline.card.name}"

    def hear(self, x: Samples) -> Heard:
        """Its probabilities, on the common grid and on its own."""
        probs = self.pipeline.probabilities(x[None], rate_hz=self.grid.rate_hz)
        own = self.pipeline.spec.timebase
        times_s = own.seconds(own.centre_of(np.arange(probs.shape[-1])))
        frames = self.grid.frames_in(x.size)
        return Heard(on_grid(probs, times_s, self.grid, frames), {"own": probs})

    def readings(self, valid: Clips, heard: Sequence[Heard]) -> list[Reading]:  # noqa: ARG002
        """The one there is, fitted to validation data when the model was made."""
        thresholds = self.pipeline.decoder.frames(len(self.pipeline.spec.classes))
        return [Reading("its own", thresholds[:, None], self._notes)]

    def _notes(self, heard: Heard) -> EventList:
        spec = self.pipeline.spec
        return decode(heard.output["own"], spec.timebase, spec.classes, self.pipeline.decoder)
