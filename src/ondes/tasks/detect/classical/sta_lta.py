"""Short-time over long-time average, the trigger of seismology."""

from dataclasses import dataclass
from typing import Literal

from ondes.errors import InputError
from ondes.tasks.detect.classical.front import Plan, Stretch
from ondes.tasks.detect.classical.rule import Bools, Rule, samples


@dataclass(frozen=True, kw_only=True)
class StaLta(Rule):
    """Hits from where the ratio of two running means of squares exceeds `on` to below `off`.

    M. Withers et al., "A comparison of select trigger algorithms for automated global seismic
    phase and event detection", BSSA 88 (1998).

    kind: ``recursive`` means, or ``classic`` ones over sliding windows.
    sta_s: the short time; None is 48 samples.
    lta_s: the long time; None is 8,192 samples.
    on, off: the ratios that begin a hit and that end it.

    The other numbers are those of `Rule`.

    Raises:
        InputError: a number is out of its range.

    >>> StaLta(sta_s=0.5, lta_s=10.0, on=3.5).off
    2.0
    """

    kind: Literal["recursive", "classic"] = "recursive"
    sta_s: float | None = None
    lta_s: float | None = None
    on: float = 4.0
    off: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("sta_s", "lta_s", "on", "off"):
            self._require(name, lambda value: value > 0, "be above 0")
        kinds = ("recursive", "classic")
        self._require("kind", lambda kind: kind in kinds, "be recursive or classic")
        if self.off > self.on:
            raise InputError(f"StaLta(on={self.on}, off={self.off}): off must not exceed on")

    def plan(self, rate_hz: float) -> Plan:
        """Return how samples are prepared: both means of their squares."""
        return Plan(
            rate_hz=rate_hz,
            n_fast=samples(self.sta_s, rate_hz, default=48, least=1),
            n_slow=samples(self.lta_s, rate_hz, default=8_192, least=1),
            low_hz=rate_hz / 256 if self.low_hz is None else self.low_hz,
            high_hz=self.high_hz,
            clip=self.clip,
            kind=self.kind,
        )

    def judged(self, stretch: Stretch) -> tuple[Bools, Bools]:
        """Return where the ratio exceeds `on`, and where `off`."""
        on, hold = (stretch.fast > ratio * stretch.slow for ratio in (self.on, self.off))
        return on, hold

    def gap(self, rate_hz: float) -> int:  # noqa: ARG002 - as `Threshold` has it
        """Return 1: one sample below `off` ends a hit."""
        return 1

    def peak_time(self, rate_hz: float) -> int:
        """Return as many samples as a hit may have: its peak may lie anywhere."""
        return samples(self.longest_s, rate_hz, default=2**16, least=1)
