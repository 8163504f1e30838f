"""Clips of stretches of records: at random places to learn from, end to end, or whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ondes.data.ecg.records import Record, loaded, one_rate, rows
from ondes.data.splits import Span
from ondes.events import EventList
from ondes.ops import augment
from ondes.protocols import Example
from ondes.timebase import Timebase

TRAIN_CLIPS = 10**9


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """How clips are cut from records, and varied in training.

    n_samples: length of a clip of training and validation.
    rate_hz: to which records are brought; 0 keeps their own, which must then be one for all.
    leads: names of the leads, in order, `MLII|II` the first of these that a record has; none given
        is each record's first.
    any_lead: whether a clip of training has any of the record's leads, drawn anew, where one lead
        is asked for.
    p_flip: probability that a clip of training is upside down.
    augmented: whether `augmentation` is applied to clips of training.
    """

    n_samples: int = 2**12
    rate_hz: float = 0.0
    leads: tuple[str, ...] = ()
    any_lead: bool = False
    p_flip: float = 0.0
    augmented: bool = False
    augmentation: augment.Config = field(
        default_factory=lambda: augment.Config(
            p_gain=0.5, p_noise=0.5, p_channel_swap=0.0, p_chorus=0.0, p_reverb=0.0
        )
    )


class Stretches:
    """Whole stretches of records, each with the events in it."""

    def __init__(
        self,
        records: Sequence[Record],
        spans: Sequence[Span],
        cutting: Cutting,
        events: Callable[[Record], EventList],
        *,
        labels: tuple[str, ...],
    ) -> None:
        self.records: Mapping[str, Record] = {record.name: record for record in records}
        self.spans, self.cutting, self.labels = tuple(spans), cutting, labels
        self.rate_hz = one_rate(records, cutting.rate_hz)
        self.n_channels = max(1, len(cutting.leads))
        self._events, self._told = events, dict[str, EventList]()

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(f"stretch {index} of {len(self)}")
        return self.cut(index, 0, self.length(index))

    def length(self, index: int) -> int:
        """Samples of a stretch, at the rate that is given out."""
        start, stop = self._edges(index)
        return stop - start

    def cut(self, index: int, start: int, stop: int, leads: Sequence[int] | None = None) -> Example:
        """The samples [start, stop) of a stretch, with the events in them."""
        record = self.records[self.spans[index].source]
        first, last = self._edges(index)
        begin, end = first + start, min(first + stop, last)
        x = loaded(record, self.cutting.rate_hz).samples[:, begin:end]
        chosen = rows(record, self.cutting.leads) if leads is None else list(leads)
        inside = self._of(record).crop(begin, end).shift(-begin)
        return Example(np.ascontiguousarray(x[chosen]), inside)

    def leads(self, index: int) -> int:
        """How many leads the record of a stretch has."""
        return len(self.records[self.spans[index].source].leads)

    def _of(self, record: Record) -> EventList:
        """The events of a record on channel 0, at the rate that is given out."""
        if record.name not in self._told:
            told = self._events(record)
            told = replace(told, channel=np.zeros(len(told), np.int64))
            same = told.rate_hz == self.rate_hz
            self._told[record.name] = told if same else told.resample(self.rate_hz)
        return self._told[record.name]

    def _edges(self, index: int) -> tuple[int, int]:
        span = self.spans[index]
        own = Timebase(self.records[span.source].rate_hz)
        return own.rescale(span.start, self.rate_hz), own.rescale(span.stop, self.rate_hz)


class Clips:
    """Clips of `n_samples`: at random places drawn by `seed`, longer stretches more often, else
    end to end. What is left behind the end of a stretch is silence.
    """

    def __init__(self, whole: Stretches, *, seed: int | None) -> None:
        self.whole, self.cutting, self.seed = whole, whole.cutting, seed
        self.rate_hz, self.n_channels, self.labels = whole.rate_hz, whole.n_channels, whole.labels
        size = self.cutting.n_samples
        self._stops = np.cumsum([-(-whole.length(k) // size) for k in range(len(whole))])

    def __len__(self) -> int:
        return int(self._stops[-1]) if self.seed is None else TRAIN_CLIPS

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        if self.seed is None:
            stretch = int(np.searchsorted(self._stops, index, side="right"))
            before = int(self._stops[stretch - 1]) if stretch else 0
            return self._padded(stretch, (index - before) * self.cutting.n_samples)
        return self._drawn(np.random.default_rng((self.seed, index)))

    def _drawn(self, rng: np.random.Generator) -> Example:
        place = int(rng.integers(self._stops[-1]))
        stretch = int(np.searchsorted(self._stops, place, side="right"))
        spare = max(self.whole.length(stretch) - self.cutting.n_samples, 0)
        start, lead = int(rng.integers(spare + 1)), int(rng.integers(self.whole.leads(stretch)))
        free = self.cutting.any_lead and self.n_channels == 1
        x, events = self._padded(stretch, start, [lead] if free else None)
        return Example(self._varied(x, rng), events)

    def _padded(self, stretch: int, start: int, leads: Sequence[int] | None = None) -> Example:
        x, events = self.whole.cut(stretch, start, start + self.cutting.n_samples, leads)
        clip = np.zeros((len(x), self.cutting.n_samples), np.float32)
        clip[:, : x.shape[1]] = x
        return Example(clip, events)

    def _varied(self, x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        if rng.random() < self.cutting.p_flip:
            x = -x
        if not self.cutting.augmented:
            return x
        chain = augment.draw(rng, self.cutting.augmentation, channels=len(x))
        return chain(x, self.rate_hz)
