"""A classical detector as what hears the rows of a recording, one channel each."""

from dataclasses import dataclass

from ondes.spec import Spec
from ondes.tasks.detect.classical.features import Reader
from ondes.tasks.detect.classical.hearing import Hearing
from ondes.tasks.detect.classical.rule import Rule

ANY_HZ = 1.0  # the rate that the spec of a detector for any rate has


@dataclass(frozen=True)
class Ear:
    """A rule that hears every channel for itself, at whatever rate a recording has.

    `rate_hz` and `hop`, where known, are for its spec alone.
    """

    rule: Rule
    rate_hz: float | None = None
    hop: int = 1

    @property
    def spec(self) -> Spec:
        """One channel, the rule's labels, and how far a hit of no length is waited for."""
        rate_hz = self.rate_hz or ANY_HZ
        reader = Reader(self.rule, rate_hz)
        return Spec(
            rate_hz=rate_hz,
            channels=1,
            classes=self.rule.labels,
            hop=self.hop,
            look_back=reader.past,
            look_ahead=self.rule.gap(rate_hz) + reader.future,
        )

    def hear(self, *, rate_hz: float, n_rows: int, resample: bool = False) -> Hearing:  # noqa: ARG002
        """Return what hears the rows of one recording; no rate needs resampling."""
        return Hearing(self.rule, rate_hz=rate_hz, n_rows=n_rows)
