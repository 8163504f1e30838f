"""`EventList`: what happens when, in exact samples; rides with a `Signal` on one time axis."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, RateError, nearest
from ondes.matching import Comparison, chains, compare, kinds, means, runs
from ondes.timebase import FloatArray, IntArray, Timebase, whole_samples

__all__ = ["Comparison", "Event", "EventList"]

BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.str_]
Columns = tuple[NDArray[Any], ...]
FOREVER = 2**62


class Event(NamedTuple):
    """One event over the samples [onset, offset); a score of NaN means none."""

    onset: int
    offset: int
    label: str
    channel: int = 0
    score: float = math.nan


Row = Event | tuple[int, int, str] | tuple[int, int, str, int] | tuple[int, int, str, int, float]
RowInSeconds = (
    tuple[float, float, str] | tuple[float, float, str, int] | tuple[float, float, str, int, float]
)


@dataclass(frozen=True, eq=False, repr=False)
class EventList:
    """Events in columns, ordered by (onset, offset, label, channel, score), immutable.

    `onset` < `offset` are samples at `rate_hz`, on the axis of `Signal.start`; `score` is NaN
    where there is none. The constructor takes the columns in any order of rows and copies them.

    Raises:
        InputError: the columns differ in length, or an offset does not follow its onset.
        RateError: the rate is not finite and above zero.

    >>> tones = EventList.of([(480, 960, "A4"), (0, 480, "C4")], rate_hz=48000)
    >>> tones.labels, tones.onset_s.tolist(), tones[0].label, len(tones[0.005:0.01])
    (('A4', 'C4'), [0.0, 0.01], 'C4', 1)
    """

    onset: IntArray
    offset: IntArray
    label: LabelArray
    channel: IntArray
    score: FloatArray
    rate_hz: float

    def __post_init__(self) -> None:
        names = ("onset", "offset", "label", "channel", "score")
        columns = (
            whole_samples(self.onset),
            whole_samples(self.offset),
            _texts(self.label),
            whole_samples(self.channel),
            np.asarray(self.score, dtype=np.float64),
        )
        _check(columns)
        order = np.lexsort(columns[::-1])
        for name, column in zip(names, columns, strict=True):
            ordered = column[order]
            ordered.setflags(write=False)
            object.__setattr__(self, name, ordered)
        object.__setattr__(self, "rate_hz", Timebase(self.rate_hz).rate_hz)

    @classmethod
    def of(cls, events: Iterable[Row], *, rate_hz: float) -> EventList:
        """Return a list of events or tuples (onset, offset, label[, channel[, score]])."""
        rows = [Event(*event) for event in events]
        columns = zip(*rows, strict=True) if rows else [()] * 5
        return _of_columns(map(np.array, columns), rate_hz)

    @classmethod
    def empty(cls, rate_hz: float) -> EventList:
        """Return a list of no events."""
        return cls.of([], rate_hz=rate_hz)

    @classmethod
    def from_seconds(cls, rows: Iterable[RowInSeconds], *, rate_hz: float) -> EventList:
        """Return a list of rows (onset, offset, label[, channel[, score]]), times in seconds.

        Times go to the nearest sample; an event too short for that lasts one sample.

        Raises:
            InputError: a time is not finite, or an offset does not follow its onset.
        """
        rows = list(rows)
        times = np.array([row[:2] for row in rows], dtype=np.float64).reshape(-1, 2)
        for bad in np.flatnonzero(times[:, 0] >= times[:, 1]):
            raise InputError(f"from_seconds row {bad} {rows[bad]}: offset must follow onset")
        samples = Timebase(rate_hz).samples(times).tolist()
        events = zip(samples, rows, strict=True)
        return cls.of(
            (Event(on, max(off, on + 1), *row[2:]) for (on, off), row in events), rate_hz=rate_hz
        )

    @classmethod
    def from_frames(
        cls,
        frames: BoolArray,
        timebase: Timebase,
        labels: Sequence[str],
        *,
        scores: NDArray[np.floating] | None = None,
        channel: int = 0,
    ) -> EventList:
        """Return the events of a map [label, frame]: each run of true frames becomes one.

        With `scores` [label, frame] the score of an event is the mean over its frames.

        Raises:
            InputError: the shapes do not fit.
        """
        frames = np.asarray(frames, dtype=np.bool_)
        scored = frames if scores is None else scores
        if frames.ndim != 2 or len(frames) != len(labels) or scored.shape != frames.shape:
            raise InputError(
                f"from_frames of {frames.shape}, {len(labels)} labels, scores {scored.shape}: give "
                "a map [label, frame], scores of its shape and one label for each row"
            )
        row, first, stop = runs(frames)
        score = np.full(len(row), math.nan) if scores is None else means(scores, row, first, stop)
        onset, offset = timebase.sample_of(first), timebase.sample_of(stop)
        label, where = _texts(labels)[row], np.full(len(row), channel)
        return cls(onset, offset, label, where, score, timebase.rate_hz)

    def to_frames(self, timebase: Timebase, labels: Sequence[str], n_frames: int) -> BoolArray:
        """Return the map [label, frame]: true where an event covers the centre of the frame.

        An event too short to cover a centre takes the frame that holds its middle, so none gets
        lost. A frame depends on the events and the grid alone: the map of a window is the window
        of the map. Channels are not told apart; filter(channel=...) does that.

        Raises:
            RateError: the timebase has another rate.
            InputError: a label is not among `labels`.
        """
        _check_rate(self, timebase.rate_hz, "to_frames")
        frames = np.zeros((len(labels), n_frames), dtype=np.bool_)
        edges = np.clip(timebase.frames_over(self.onset, self.offset), 0, n_frames)
        for row, first, stop in zip(_rows(self.label, labels), *edges.tolist(), strict=True):
            frames[row, first:stop] = True
        return frames

    @property
    def timebase(self) -> Timebase:
        """The map between samples and seconds."""
        return Timebase(self.rate_hz)

    @property
    def onset_s(self) -> FloatArray:
        """Onsets in seconds."""
        return self.timebase.seconds(self.onset)

    @property
    def offset_s(self) -> FloatArray:
        """Offsets in seconds."""
        return self.timebase.seconds(self.offset)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels that occur, sorted."""
        return tuple(np.unique(self.label).tolist())

    def __len__(self) -> int:
        return len(self.onset)

    def __iter__(self) -> Iterator[Event]:
        columns = (column.tolist() for column in _columns(self))
        return map(Event._make, zip(*columns, strict=True))

    @overload
    def __getitem__(self, key: int) -> Event: ...
    @overload
    def __getitem__(self, key: slice | BoolArray) -> EventList: ...
    def __getitem__(self, key: int | slice | BoolArray) -> Event | EventList:
        """Return by index an Event, by slice in seconds a crop, by boolean mask those events."""
        if isinstance(key, slice):
            return self.crop(*self.timebase.span(key, -FOREVER, FOREVER))
        if isinstance(key, (int, np.integer)):
            return Event._make(column[key].item() for column in _columns(self))
        mask = np.asarray(key)
        if mask.dtype != np.bool_ or mask.shape != self.onset.shape:
            raise InputError(
                f"events[{mask.dtype} array of shape {mask.shape}] of {len(self)} events: give an "
                "index, a slice in seconds, or one boolean per event"
            )
        return _of_columns((column[mask] for column in _columns(self)), self.rate_hz)

    def crop(self, start: int, stop: int) -> EventList:
        """Return the events that overlap the samples [start, stop), clipped to them."""
        if start > stop:
            raise InputError(f"crop({start}, {stop}): the stop must not precede the start")
        onset, offset = np.clip((self.onset, self.offset), start, stop)
        inside: BoolArray = onset < offset
        return replace(self[inside], onset=onset[inside], offset=offset[inside])

    def shift(self, samples: int) -> EventList:
        """Return the same events, later by `samples`."""
        return replace(self, onset=self.onset + samples, offset=self.offset + samples)

    def resample(self, rate_hz: float) -> EventList:
        """Return the same times at another rate: the nearest samples, each event at least one."""
        onset = self.timebase.rescale(self.onset, rate_hz)
        offset = np.maximum(self.timebase.rescale(self.offset, rate_hz), onset + 1)
        return replace(self, onset=onset, offset=offset, rate_hz=rate_hz)

    def __add__(self, other: EventList) -> EventList:
        """Join: the events of both."""
        if not isinstance(other, EventList):
            return NotImplemented
        return _join([self, other])

    @staticmethod
    def concatenate(lists: Sequence[EventList], lengths: Sequence[int]) -> EventList:
        """Return the events of signals laid end to end, as `Signal.concatenate` lays them.

        List i belongs to a signal of `lengths[i]` samples and counts from its first.

        Raises:
            InputError: there is not one length for each list, or an event reaches beyond it.
            RateError: the rates differ.
        """
        if not lists or len(lists) != len(lengths):
            raise InputError(
                f"EventList.concatenate of {len(lists)} lists and {len(lengths)} lengths: give at "
                "least one list, and a length for each"
            )
        for events, length in zip(lists, lengths, strict=True):
            _check_within(events, length)
        begins = accumulate(lengths, initial=0)
        return _join([e.shift(begin) for e, begin in zip(lists, begins, strict=False)])

    def filter(
        self,
        *,
        label: str | Collection[str] | None = None,
        channel: int | Collection[int] | None = None,
        min_score: float | None = None,
        min_s: float | None = None,
        max_s: float | None = None,
    ) -> EventList:
        """Return the events that meet every condition given, bounds included.

        `label` and `channel` name one or several, `min_s` and `max_s` bound the duration in
        seconds. An event without a score reaches no `min_score`.
        """
        one_label = [label] if isinstance(label, str) else label
        one_channel = [channel] if isinstance(channel, int) else channel
        duration_s = self.timebase.seconds(self.offset - self.onset)
        keep = np.ones(len(self), dtype=np.bool_)
        keep &= one_label is None or np.isin(self.label, list(one_label))
        keep &= one_channel is None or np.isin(self.channel, list(one_channel))
        keep &= min_score is None or self.score >= min_score
        keep &= min_s is None or duration_s >= min_s
        keep &= max_s is None or duration_s <= max_s
        return self[keep]

    def merge_gaps(self, gap_s: float) -> EventList:
        """Join events of one label and channel that overlap or lie at most `gap_s` seconds apart.

        The highest score of the parts stays. Raises InputError on a gap below zero.
        """
        gap = self.timebase.within(gap_s)
        if not len(self):
            return self
        order, first = chains(kinds(self.label, self.channel), self.onset, self.offset, gap)
        onset, offset, label, channel, score = (column[order] for column in _columns(self))
        offset, score = np.maximum.reduceat(offset, first), np.fmax.reduceat(score, first)
        onset, label, channel = onset[first], label[first], channel[first]
        return EventList(onset, offset, label, channel, score, self.rate_hz)

    @overload
    def split(self, by: Literal["label"] = "label") -> dict[str, EventList]: ...
    @overload
    def split(self, by: Literal["channel"]) -> dict[int, EventList]: ...
    def split(self, by: str = "label") -> dict[str, EventList] | dict[int, EventList]:
        """Return one list for each label, or each channel, that occurs, in order."""
        if by not in ("label", "channel"):
            raise InputError(f"split(by={by!r}): by is 'label' or 'channel'")
        values, which = np.unique(getattr(self, by), return_inverse=True)
        return {value: self[which == k] for k, value in enumerate(values.tolist())}

    def compare(
        self,
        found: EventList,
        *,
        onset_s: float = 0.05,
        offset_s: float | None = None,
        ratio: float = 0.0,
    ) -> Comparison:
        """Match `found` one to one with these events, the truth, as well as possible.

        A pair agrees in label and channel, its onsets differ by at most `onset_s` and, if
        `offset_s` is given, its offsets by at most the larger of `offset_s` and `ratio` times
        the true duration. The matching is a largest one, and of those one with the least sum of
        onset differences.
        """
        _check_rate(found, self.rate_hz, "compare")
        return compare(self, found, onset_s=onset_s, offset_s=offset_s, ratio=ratio)

    def __eq__(self, other: object) -> bool:
        """Compare by content: the rate and all events, no score equal to no score."""
        if not isinstance(other, EventList):
            return NotImplemented
        *mine, score = _columns(self)
        *others, other_score = _columns(other)
        return (
            self.rate_hz == other.rate_hz
            and all(map(np.array_equal, mine, others))
            and np.array_equal(score, other_score, equal_nan=True)
        )

    def __hash__(self) -> int:
        return hash((self.rate_hz, self.onset.tobytes(), self.offset.tobytes()))

    def __reduce__(self) -> tuple[type[EventList], tuple[object, ...]]:
        """Pickle through the constructor, so that a copy is read-only too."""
        return EventList, (*_columns(self), self.rate_hz)

    def __repr__(self) -> str:
        return f"<EventList: {len(self)} events, labels {self.labels}, at {self.rate_hz:.10g} Hz>"


def _columns(events: EventList) -> Columns:
    return events.onset, events.offset, events.label, events.channel, events.score


def _of_columns(columns: Iterable[NDArray[Any]], rate_hz: float) -> EventList:
    onset, offset, label, channel, score = columns
    return EventList(onset, offset, label, channel, score, rate_hz)


def _texts(labels: Sequence[str] | LabelArray) -> LabelArray:
    array = np.asarray(labels)
    if array.size and array.dtype.kind != "U":
        raise InputError(f"labels of type {array.dtype}: give strings")
    return array.astype(np.str_, copy=False)


def _check(columns: Columns) -> None:
    shapes = [column.shape for column in columns]
    if len(shapes[0]) != 1 or len(set(shapes)) != 1:
        raise InputError(f"EventList of columns with shapes {shapes}: give one value per event")
    onset, offset, *_ = columns
    for bad in np.flatnonzero(onset >= offset):
        span = f"[{onset[bad]}, {offset[bad]})"
        raise InputError(f"EventList row {bad} over samples {span}: offset must follow onset")


def _check_within(events: EventList, length: int) -> None:
    if len(events) and not 0 <= events.onset[0] <= events.offset.max() <= length:
        raise InputError(
            f"EventList.concatenate: events reach beyond the samples [0, {length}) of their "
            f"signal; shift() them to count from its start, or crop(0, {length})"
        )


def _check_rate(events: EventList, rate_hz: float, call: str) -> None:
    if events.rate_hz != rate_hz:
        raise RateError(
            f"{call} of events at {events.rate_hz:.10g} Hz with {rate_hz:.10g} Hz: bring both to "
            f"one rate, events with resample({rate_hz:.10g})"
        )


def _join(lists: Sequence[EventList]) -> EventList:
    rate_hz = lists[0].rate_hz
    for events in lists:
        _check_rate(events, rate_hz, "joining")
    columns = zip(*map(_columns, lists), strict=True)
    return _of_columns(map(np.concatenate, columns), rate_hz)


def _rows(label: LabelArray, labels: Sequence[str]) -> list[int]:
    """Return the row of each event's label in a map of `labels`."""
    names, rows = label.tolist(), {name: row for row, name in enumerate(labels)}
    for name in set(names) - set(rows):
        raise InputError(
            f"to_frames: the label {name!r} is not among the {len(rows)} of the map; "
            f"filter(label=...) leaves events out{nearest(name, rows)}"
        )
    return [rows[name] for name in names]
