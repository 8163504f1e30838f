"""A detector as EC57 scores it where it gives up: bad signal is a shutdown, and told as one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ondes.events import EventList
from ondes.run.card import Card
from ondes.run.monitor.checked import Checked
from ondes.run.monitor.quality import Quality
from ondes.run.pipeline import Pipeline
from ondes.run.source import Samples
from ondes.spec import Spec
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.score import Tolerances


@dataclass(frozen=True)
class Scored:
    """A pipeline, and what signal it does not judge.

    Args:
        pipeline: which.
        quality: what is bad.
        unit: of the samples.
    """

    pipeline: Pipeline
    quality: Quality
    unit: str = "mV"

    @property
    def spec(self) -> Spec:
        """The pipeline's own."""
        return self.pipeline.spec

    @property
    def decoder(self) -> Decoder:
        """The pipeline's own."""
        return self.pipeline.decoder

    @property
    def tolerances(self) -> Tolerances:
        """The pipeline's own."""
        return self.pipeline.tolerances

    @property
    def card(self) -> Card:
        """The pipeline's own."""
        return self.pipeline.card

    @property
    def shutdown(self) -> tuple[str, ...]:
        """The labels of shutdowns among its events."""
        return self.quality.labels

    def probabilities(self, x: Samples, *, rate_hz: float) -> NDArray[np.float32]:
        """Return the pipeline's own."""
        return self.pipeline.probabilities(x, rate_hz=rate_hz)

    def events(self, x: Samples, *, rate_hz: float) -> EventList:
        """Return the events of a clip, and shutdowns with the margin in which none is given."""
        found = Checked(self.pipeline, self.quality, self.unit).detect(x, rate_hz=rate_hz)
        shut = np.isin(found.label, self.shutdown)
        margin = found.timebase.samples(self.quality.margin_s) * shut
        onset = np.maximum(found.onset - margin, 0)
        return replace(found, onset=onset, offset=found.offset + margin)
