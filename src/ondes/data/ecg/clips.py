"""Clips of stretches of records: at random places to learn from, end to end, or whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.data.ecg.artefacts import Artefacts, disturbed
from ondes.data.ecg.records import Record, loaded, one_rate, rows
from ondes.data.splits import Span
from ondes.errors import InputError
from ondes.events import EventList
from ondes.ops import vary
from ondes.ops.resample import PASS_BAND
from ondes.protocols import Example, Told
from ondes.timebase import Timebase

TRAIN_CLIPS = 10**9
MOVING = ("p_crop", "p_stretch", "p_warp", "p_speed", "p_shift", "p_mixup", "n_samples")


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """How clips are cut from records, and varied in training.

    n_samples: length of a clip of training and validation.
    rate_hz: to which records are brought; 0 keeps their own, which must then be one for all.
    pass_band: part of half the lower rate that the filter for this keeps whole; what a model has
        (its option of that name) is what it will hear.
    leads: names of the leads, in order, `MLII|II` the first of these that a record has; none given
        is each record's first.
    any_lead: whether a clip of training has any of the record's leads, drawn anew, where one lead
        is asked for.
    speed: between which factors clips of training are played, slower or faster, beats with them.
    vary: what else becomes of clips of training; nothing that moves time.
    artefacts: bursts of noise that are added to them.

    Raises InputError where a speed is none, or `vary` moves time.
    """

    n_samples: int = 2**12
    rate_hz: float = 0.0
    pass_band: float = PASS_BAND
    leads: tuple[str, ...] = ()
    any_lead: bool = False
    speed: tuple[float, float] = (1.0, 1.0)
    vary: vary.Config = field(default_factory=vary.Config)
    artefacts: Artefacts = field(default_factory=Artefacts)

    def __post_init__(self) -> None:
        if not 0 < self.speed[0] <= self.speed[1]:
            raise InputError(
                f"cutting.speed={self.speed}: give two factors above 0, the smaller one first"
            )
        moving = [name for name in MOVING if getattr(self.vary, name)]
        if moving:
            raise InputError(
                f"cutting.vary.{moving[0]} would move beats away from where they are annotated: "
                "leave it out; cutting.speed plays clips faster with their beats"
            )


class Truth(Protocol):
    """What is true of records: their events, and what their annotations say about these."""

    def __call__(self, record: Record, /) -> EventList:
        """Return the events."""

    def labels(self, record: Record, /) -> tuple[str, ...]:
        """Return those labels that the annotations tell apart."""

    def apart(self, record: Record, /) -> EventList:
        """Return where nothing is scored."""


Change = Callable[[Example, int, int, np.random.Generator], Example]
"""Makes another clip of one that begins at a sample of a stretch."""


class Stretches:
    """Whole stretches of records, each with the events in it."""

    def __init__(
        self,
        records: Sequence[Record],
        spans: Sequence[Span],
        cutting: Cutting,
        truth: Truth,
        *,
        labels: tuple[str, ...],
    ) -> None:
        self.records: Mapping[str, Record] = {record.name: record for record in records}
        self.spans, self.cutting, self.labels = tuple(spans), cutting, labels
        self.rate_hz = one_rate(records, cutting.rate_hz)
        self.n_channels = max(1, len(cutting.leads))
        self._truth, self._known = truth, dict[str, EventList]()

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
        whole = loaded(record, self.cutting.rate_hz, self.cutting.pass_band)
        x = whole.samples[:, begin:end]
        chosen = rows(record, self.cutting.leads) if leads is None else list(leads)
        inside = self._of(record).crop(begin, end).shift(-begin)
        return Example(np.ascontiguousarray(x[chosen]), inside)

    def leads(self, index: int) -> int:
        """How many leads the record of a stretch has."""
        return len(self.records[self.spans[index].source].leads)

    def told(self, index: int) -> Told:
        """What a record is called, what its annotations tell, and where nothing is scored."""
        record = self.records[self.spans[index].source]
        apart = self._at_rate(self._truth.apart(record))
        first, last = self._edges(index)
        inside = apart.crop(first, last).shift(-first)
        return Told(record.name, self._truth.labels(record), inside)

    def _of(self, record: Record) -> EventList:
        """The events of a record on channel 0, at the rate that is given out."""
        if record.name not in self._known:
            self._known[record.name] = self._at_rate(self._truth(record))
        return self._known[record.name]

    def _at_rate(self, events: EventList) -> EventList:
        plain = replace(events, channel=np.zeros(len(events), np.int64))
        return plain if plain.rate_hz == self.rate_hz else plain.resample(self.rate_hz)

    def _edges(self, index: int) -> tuple[int, int]:
        span = self.spans[index]
        own = Timebase(self.records[span.source].rate_hz)
        return own.rescale(span.start, self.rate_hz), own.rescale(span.stop, self.rate_hz)


class Clips:
    """Clips of `n_samples`: at random places drawn by `seed`, longer stretches more often, else
    end to end. What is left behind the end of a stretch is silence. `shares` says of some records
    how many of the clips drawn are theirs; `change` is what becomes of those first.
    """

    def __init__(
        self,
        whole: Stretches,
        *,
        seed: int | None,
        shares: Mapping[str, float] = MappingProxyType({}),
        change: Change | None = None,
    ) -> None:
        self.change = change
        self.whole, self.cutting, self.seed = whole, whole.cutting, seed
        self.rate_hz, self.n_channels, self.labels = whole.rate_hz, whole.n_channels, whole.labels
        size = self.cutting.n_samples
        clips = np.array([-(-whole.length(k) // size) for k in range(len(whole))])
        self._stops = np.cumsum(clips)
        self._chances = np.cumsum(_shared(clips, [span.source for span in whole.spans], shares))

    def __len__(self) -> int:
        return int(self._stops[-1]) if self.seed is None else TRAIN_CLIPS

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        if self.seed is None:
            return self._padded(*self._place(index))
        return self._drawn(np.random.default_rng((self.seed, index)))

    def told(self, index: int) -> Told:
        """What is told of a clip of validation: a part of what is told of its record."""
        stretch, start = self._place(index)
        about = self.whole.told(stretch)
        inside = about.apart.crop(start, start + self.cutting.n_samples).shift(-start)
        return Told(f"{about.name} from sample {start}", about.labels, inside)

    def _place(self, index: int) -> tuple[int, int]:
        """The stretch of a clip of validation, and where in it the clip begins."""
        stretch = int(np.searchsorted(self._stops, index, side="right"))
        before = int(self._stops[stretch - 1]) if stretch else 0
        return stretch, (index - before) * self.cutting.n_samples

    def _drawn(self, rng: np.random.Generator) -> Example:
        place = rng.random() * self._chances[-1]
        stretch = int(np.searchsorted(self._chances, place, side="right"))
        size = round(self.cutting.n_samples * np.exp(rng.uniform(*np.log(self.cutting.speed))))
        spare = max(self.whole.length(stretch) - size, 0)
        start, lead = int(rng.integers(spare + 1)), int(rng.integers(self.whole.leads(stretch)))
        free = self.cutting.any_lead and self.n_channels == 1
        example = self._padded(stretch, start, [lead] if free else None, size=size)
        if self.change is not None:
            example = self.change(example, stretch, start, rng)
        x, events = self._played(example)
        chain = vary.draw(rng, self.cutting.vary, channels=len(x))
        x = disturbed(x, rng, self.cutting.artefacts, rate_hz=self.rate_hz)
        return Example(chain(x, self.rate_hz), events)

    def _padded(
        self,
        stretch: int,
        start: int,
        leads: Sequence[int] | None = None,
        *,
        size: int | None = None,
    ) -> Example:
        n_samples = size or self.cutting.n_samples
        x, events = self.whole.cut(stretch, start, start + n_samples, leads)
        clip = np.zeros((len(x), n_samples), np.float32)
        clip[:, : x.shape[1]] = x
        return Example(clip, events)

    def _played(self, example: Example) -> Example:
        """Bring a clip to its length, its events with it."""
        x, events = example
        size, n_samples = x.shape[1], self.cutting.n_samples
        if size == n_samples:
            return example
        told = replace(events, rate_hz=self.rate_hz * size / n_samples).resample(self.rate_hz)
        return Example(vary.speed(x, size / n_samples), told.crop(0, n_samples))


def _shared(
    clips: NDArray[np.int64], sources: Sequence[str], shares: Mapping[str, float]
) -> NDArray[np.float64]:
    """Weights of stretches by how many clips they hold, but of some records by their shares.

    >>> _shared(np.array([1, 3, 2]), ["a", "a", "b"], {"b": 0.5})
    array([1., 3., 4.])
    """
    weights = clips.astype(np.float64)
    free = np.array([source not in shares for source in sources])
    rest = weights[free].sum()
    for source, share in shares.items():
        mine = np.array([source == other for other in sources])
        if rest and mine.any():
            weights[mine] *= share / (1 - sum(shares.values())) * rest / weights[mine].sum()
    return weights
