"""What a watch counts, and what it says of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

SHORTEST_S, LONGEST_S = 1e-6, 1e4
STEP = 1.02  # times as long is each bin of a histogram as the one before


class Durations:
    """How long things took, in memory that does not grow: a histogram in steps of two percent.

    >>> durations = Durations()
    >>> for ms in range(1, 101): durations.add(ms / 1000)
    >>> 0.099 <= durations.quantile(0.99) <= 0.101
    True
    """

    def __init__(self) -> None:
        self._counts = np.zeros(self._bin(LONGEST_S) + 2, np.int64)

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[self._bin(min(max(seconds, SHORTEST_S), LONGEST_S))] += 1

    def quantile(self, share: float) -> float:
        """Return what this share of them did not exceed, up to a step; NaN when there are none."""
        total = int(self._counts.sum())
        if not total:
            return math.nan
        upto = int(np.searchsorted(np.cumsum(self._counts), math.ceil(share * total)))
        return SHORTEST_S * STEP**upto

    @staticmethod
    def _bin(seconds: float) -> int:
        return math.ceil(math.log(seconds / SHORTEST_S) / math.log(STEP) - 1e-9)


@dataclass
class Counts:
    """A watch in numbers, so far or when it is over.

    samples: heard, per channel. dropped and other missing samples are not among them.
    seconds: of signal, which is `samples` at `rate_hz`.
    drops: samples, per channel, that arrived and found the buffer full.
    gaps: breaks in the stream, whatever the reason; missing: samples, per channel, known to lack
        there, those dropped too.
    lag_s, max_lag_s: signal that had arrived and was not yet heard, now and at most.
    latency_p50_s, latency_p99_s, latency_max_s: time from the arrival of the last sample of a
        block to the moment at which all events that it brings are known, over all blocks.
    events: found. alarms: raised. clipped: samples that stay at full scale, over all channels.
    not_finite: samples left out since one channel was NaN, infinite or absurd. cut_off: times
        that the stream ended within a sample. reconnects: times that a lost sender came back. busy:
        share of the time in which the hearing thread worked.
    """

    rate_hz: float
    channels: int
    samples: int = 0
    seconds: float = 0.0
    drops: int = 0
    gaps: int = 0
    missing: int = 0
    events: int = 0
    alarms: int = 0
    lag_s: float = 0.0
    max_lag_s: float = 0.0
    latency_p50_s: float = math.nan
    latency_p99_s: float = math.nan
    latency_max_s: float = math.nan
    clipped: int = 0
    not_finite: int = 0
    cut_off: int = 0
    reconnects: int = 0
    incoming_hz: float | None = None
    busy: float = 0.0
    position: int = 0

    def document(self) -> dict[str, object]:
        """Return the numbers by their names."""
        return asdict(self)

    def line(self) -> str:
        """Return what a person wants to see every second."""
        troubles = {
            "alarms": self.alarms,
            "dropped": self.drops,
            "gaps": self.gaps,
            "clipped": self.clipped,
            "not finite": self.not_finite,
            "reconnects": self.reconnects,
        }
        said = "".join(f", {_counted(number, name)}" for name, number in troubles.items() if number)
        p99 = "" if math.isnan(self.latency_p99_s) else f", p99 {1e3 * self.latency_p99_s:.1f} ms"
        return (
            f"{self.seconds:.1f} s heard, {self.events} events, {1e3 * self.lag_s:.0f} ms behind "
            f"(at most {1e3 * self.max_lag_s:.0f}){p99}{said}"
        )


def _counted(number: int, plural: str) -> str:
    return f"{number} {plural.removesuffix('s') if number == 1 else plural}"
