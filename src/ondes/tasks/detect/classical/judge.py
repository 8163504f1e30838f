"""A classical detector as `ondes.tasks.detect.evaluate` scores any: beside a network, as it is."""

from dataclasses import dataclass, field

import numpy as np

from ondes.events import EventList
from ondes.protocols import Dataset
from ondes.spec import Spec
from ondes.tasks.detect.classical.ear import Ear
from ondes.tasks.detect.classical.front import Floats
from ondes.tasks.detect.classical.rule import Rule
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.score import Tolerances, evaluate

ANY = 1e-9  # a threshold below any score


@dataclass(frozen=True)
class Judge:
    """A rule at one rate, with frames of `hop` samples; a frame's probability is its event's score.

    Its scores are those of its events, to the sample.
    """

    rule: Rule
    rate_hz: float
    hop: int = 16
    tolerances: Tolerances = field(default_factory=Tolerances)

    @property
    def spec(self) -> Spec:
        """One channel, the rule's labels, frames of `hop`."""
        return Ear(self.rule, self.rate_hz, self.hop).spec

    @property
    def decoder(self) -> Decoder:
        """Reads an event wherever the probability is not zero."""
        return Decoder(high=(ANY,), frame=(ANY,))

    def events(self, x: Floats, *, rate_hz: float) -> EventList:
        """Return the events of a clip [channel, time]."""
        hearing = Ear(self.rule).hear(rate_hz=rate_hz, n_rows=len(x))
        return hearing.push(x) + hearing.finish()

    def probabilities(self, x: Floats, *, rate_hz: float) -> Floats:
        """Return the score of the event that a frame belongs to, or 0: [1, class, frame]."""
        grid, n_frames = self.spec.timebase, -(-x.shape[1] // self.hop)
        probs = np.zeros((1, len(self.rule.labels), n_frames), np.float32)
        events = self.events(x, rate_hz=rate_hz)
        firsts, stops = grid.frames_over(events.onset, events.offset)
        for event, first, stop in zip(events, firsts.tolist(), stops.tolist(), strict=True):
            row = probs[0, self.rule.labels.index(event.label), first:stop]
            np.maximum(row, max(event.score, 2 * ANY), out=row)
        return probs


def scores(
    rule: Rule, dataset: Dataset, *, hop: int = 16, tolerances: Tolerances | None = None
) -> dict[str, float]:
    """Return what `ondes.tasks.detect.evaluate` says of a rule, on frames of `hop` samples.

    Raises:
        ChannelError, InputError: the data set has several channels, or labels the rule has not.
    """
    judge = Judge(rule, dataset.rate_hz, hop, tolerances or Tolerances())
    return evaluate(judge, dataset)
