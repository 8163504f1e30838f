"""Threshold crossing with hit-definition, peak-definition and lockout times."""

from dataclasses import dataclass

from ondes.tasks.detect.classical.front import Plan, Stretch
from ondes.tasks.detect.classical.rule import Bools, Rule, samples


@dataclass(frozen=True, kw_only=True)
class Threshold(Rule):
    """Hits where the rectified signal crosses a threshold, as acoustic emission has it.

    A hit begins at the first crossing and ends at the last one that no other follows within the
    hit definition time; its peak is the first that none exceeds within the peak definition time
    (ASTM E1316, E2374).

    threshold: times the running noise level (RMS), or in the signal's unit; see `floating`.
    floating: whether the threshold follows the noise.
    noise_s: time constant of the running noise level; None is 16,384 samples.
    hdt_s: hit definition time; None is 128 samples.
    pdt_s: peak definition time; None is 64 samples.

    The other numbers are those of `Rule`, with events clipped from the noise level at 3 times it.

    Raises:
        InputError: a number is out of its range.

    >>> Threshold(threshold=0.1, floating=False, hdt_s=400e-6).hdt_s
    0.0004
    """

    threshold: float = 5.0
    floating: bool = True
    clip: float | None = 3.0
    noise_s: float | None = None
    hdt_s: float | None = None
    pdt_s: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("threshold", "noise_s", "hdt_s", "pdt_s"):
            self._require(name, lambda value: value > 0, "be above 0")

    def plan(self, rate_hz: float) -> Plan:
        """Return how samples are prepared: each against the noise level before it."""
        return Plan(
            rate_hz=rate_hz,
            n_fast=0,
            n_slow=samples(self.noise_s, rate_hz, default=16_384, least=1),
            low_hz=rate_hz / 256 if self.low_hz is None else self.low_hz,
            high_hz=self.high_hz,
            clip=self.clip,
            lagging=True,
        )

    def judged(self, stretch: Stretch) -> tuple[Bools, Bools]:
        """Return where the threshold is crossed, which begins and holds a hit."""
        level = stretch.slow if self.floating else 1.0
        crossed = stretch.fast > self.threshold**2 * level
        return crossed, crossed

    def gap(self, rate_hz: float) -> int:
        """Return the hit definition time in samples."""
        return samples(self.hdt_s, rate_hz, default=128, least=1)

    def peak_time(self, rate_hz: float) -> int:
        """Return the peak definition time in samples."""
        return samples(self.pdt_s, rate_hz, default=64, least=1)
