"""What is said of a hit: where it begins and ends, what kind it is, and how sure that is."""

import numpy as np
import numpy.typing as npt

from ondes.events import Event
from ondes.ops.tape import Tape
from ondes.tasks.detect.classical import onset
from ondes.tasks.detect.classical.rule import Feature, Rule, samples
from ondes.tasks.detect.classical.trigger import Hit

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
FAINTEST = 1e-30  # a square below that of any sensor


class Reader:
    """Makes events of hits, by the numbers of a rule at one rate."""

    def __init__(self, rule: Rule, rate_hz: float) -> None:
        self._rule, self._rate_hz = rule, rate_hz
        self._before = samples(rule.before_s, rate_hz, default=256, least=8)
        self._after = samples(rule.after_s, rate_hz, default=64, least=8)
        self._span = samples(rule.span_s, rate_hz, default=256, least=8)
        self._peak_time = rule.peak_time(rate_hz)
        self._least = samples(rule.min_s, rate_hz, default=0)
        self._shift = round(rule.onset_shift_s * rate_hz)
        self._stretch = round(rule.offset_shift_s * rate_hz)

    @property
    def lead(self) -> int:
        """How many samples before its trigger an event may begin."""
        return self._before * self._rule.refine + max(0, -self._shift)

    @property
    def lag(self) -> int:
        """How many samples after its trigger an event may begin."""
        return self._after * self._rule.refine + max(0, self._shift)

    @property
    def past(self) -> int:
        """How many samples before a trigger matter for what is said of the hit."""
        return self.lead + self._before + self._sorts * self._span

    @property
    def future(self) -> int:
        """How many samples after a trigger matter, and after the end of the hit."""
        return max(self.lag + self._sorts * self._span, self._stretch, 0)

    @property
    def _sorts(self) -> bool:
        return len(self._rule.labels) > 1

    def read(self, tape: Tape, hit: Hit, *, row: int, level: float, after: int) -> Event | None:
        """Return the event of a hit, no part of it before `after`; None if it is too short.

        `level` is the mean square of the noise at its trigger, `tape` holds its row.
        """
        if hit.stop - hit.start < self._least:
            return None
        begin = self._refined(tape, hit) if self._rule.refine else hit.start
        begin = min(max(begin + self._shift, after), tape.stop - 1)
        end = min(max(hit.stop + self._stretch, begin + 1), tape.stop)
        peak = definition_peak(tape.read(hit.start, hit.stop)[0], self._peak_time)
        return Event(begin, end, self._label(tape, begin), row, self._score(peak, level))

    def _refined(self, tape: Tape, hit: Hit) -> int:
        first, stop = max(0, hit.start - self._before), min(tape.stop, hit.start + self._after)
        return first + onset.pick(tape.read(first, stop)[0], hit.start - first)

    def _label(self, tape: Tape, begin: int) -> str:
        rule = self._rule
        if rule.split_hz is None:
            return rule.labels[0]
        return rule.labels[int(self.frequency(tape, begin) >= rule.split_hz)]

    def frequency(self, tape: Tape, begin: int) -> float:
        """Return the centroid or peak of what an onset adds to the spectrum before it, in hertz."""
        hit, noise = (
            tape.read(first, first + self._span)[0] for first in (begin, begin - self._span)
        )
        return frequency(hit, noise, rate_hz=self._rate_hz, feature=self._rule.feature)

    def _score(self, peak: float, level: float) -> float:
        snr_db = 10 * np.log10((peak**2 + FAINTEST) / (level + FAINTEST))
        margin = self._rule.per_db * (snr_db - self._rule.half_db)
        return float(1 / (1 + np.exp(-margin)))


def definition_peak(x: Floats, peak_time: int) -> float:
    """Return the first peak of |x| that no higher one follows within `peak_time` samples.

    >>> definition_peak(np.array([1, 3, 0, -2, 0, 0, 0, 9], np.float32), 4)
    3.0
    """
    size = np.abs(x)
    highest = np.maximum.accumulate(size)
    records = np.flatnonzero(np.append(True, highest[1:] > highest[:-1]))
    lasting = np.append(np.diff(records) > peak_time, True)
    return float(size[records[np.argmax(lasting)]])


def frequency(x: Floats, noise: Floats, *, rate_hz: float, feature: Feature) -> float:
    """Return the spectral centroid or peak of `x` above that of `noise`, in hertz.

    >>> tone = np.sin(2 * np.pi * 0.125 * np.arange(256)).astype(np.float32)
    >>> frequency(tone, np.zeros(256, np.float32), rate_hz=8000, feature="peak")
    1000.0
    """
    power = np.maximum(_power(x) - _power(noise), 0)
    hertz = np.fft.rfftfreq(len(x), 1 / rate_hz)
    if feature == "peak":
        return float(hertz[np.argmax(power)])
    return float((power * hertz).sum() / max(power.sum(), FAINTEST))


def _power(x: Floats) -> Doubles:
    return np.square(np.abs(np.fft.rfft(x * np.hanning(len(x)))))
