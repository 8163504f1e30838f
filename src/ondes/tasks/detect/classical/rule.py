"""What all classical detectors have in common: one frozen, JSON-able record of numbers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ondes.errors import InputError
from ondes.tasks.detect.classical.front import Plan, Stretch
from ondes.timebase import Timebase

Bools = npt.NDArray[np.bool_]

Feature = Literal["centroid", "peak"]


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """How hits are placed, sorted and scored, whatever starts them.

    Times are in seconds and frequencies in hertz; None stands for a number of samples, or a part
    of the rate, so that the defaults mean something at every rate.

    low_hz: high-pass (Butterworth, second order) at this frequency before all else; None is a
        256th of the rate, 0 leaves it out.
    high_hz: low-pass likewise; None leaves it out.
    clip: squares above (clip * noise level)^2 count as that much for the running noise level, so
        that events do not hide those after them; None lets them count in full.
    hlt_s: hit lockout time: after the end of a hit nothing begins; None is 0.
    longest_s: a hit that goes on is ended here, so that memory has a bound; None is 65,536 samples.
    min_s: shorter hits are dropped; None is 0.
    refine: place onsets at the least AIC (Maeda 1985) in a window around the trigger.
    before_s, after_s: that window; None is 256 and 64 samples.
    onset_shift_s, offset_shift_s: added to all onsets, all offsets.
    labels: one, or two told apart at `split_hz`: below it the first, from it on the second.
    feature: what is compared with `split_hz`: the spectral centroid or the peak frequency.
    span_s: how much of a hit its spectrum is of, from the onset; None is 256 samples.
    half_db, per_db: the score is sigmoid(per_db * (snr - half_db)); snr is the peak over the noise
        level in decibels.

    Raises:
        InputError: a number is out of its range.
    """

    low_hz: float | None = None
    high_hz: float | None = None
    clip: float | None = None
    hlt_s: float | None = None
    longest_s: float | None = None
    min_s: float | None = None
    refine: bool = False
    before_s: float | None = None
    after_s: float | None = None
    onset_shift_s: float = 0.0
    offset_shift_s: float = 0.0
    labels: tuple[str, ...] = ("event",)
    split_hz: float | None = None
    feature: Feature = "centroid"
    span_s: float | None = None
    half_db: float = 14.0
    per_db: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        for name in ("low_hz", "hlt_s", "min_s"):
            self._require(name, lambda value: value >= 0, "be 0 or more")
        for name in ("high_hz", "longest_s", "before_s", "after_s", "span_s", "per_db"):
            self._require(name, lambda value: value > 0, "be above 0")
        self._require("clip", lambda value: value >= 1, "be 1 or more")
        self._require("feature", lambda value: value in ("centroid", "peak"), "be centroid or peak")
        self._require("labels", lambda value: len(set(value)) == len(value) in (1, 2), "be 1 or 2")
        if (self.split_hz is None) != (len(self.labels) == 1):
            raise InputError(
                f"{type(self).__name__}(labels={self.labels}, split_hz={self.split_hz}): two "
                "labels need a frequency between them, one label none"
            )

    @abstractmethod
    def plan(self, rate_hz: float) -> Plan:
        """Return how samples are prepared."""

    @abstractmethod
    def judged(self, stretch: Stretch) -> tuple[Bools, Bools]:
        """Return which samples [row, time] may begin a hit, and which hold one."""

    @abstractmethod
    def gap(self, rate_hz: float) -> int:
        """Return how many samples that do not hold end a hit."""

    @abstractmethod
    def peak_time(self, rate_hz: float) -> int:
        """Return within how many samples a higher peak must follow to take its place."""

    def _require(self, name: str, holds: Callable[[Any], bool], rule: str) -> None:
        value = getattr(self, name)
        if value is not None and not holds(value):
            raise InputError(f"{type(self).__name__}({name}={value!r}): {name} must {rule}")


def samples(seconds: float | None, rate_hz: float, *, default: int, least: int = 0) -> int:
    """Return a time in samples, at least `least`; `default` samples where it is None.

    >>> samples(0.01, 8000, default=64), samples(None, 8000, default=64)
    (80, 64)
    """
    return default if seconds is None else max(least, Timebase(rate_hz).samples(seconds))
