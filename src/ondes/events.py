"""`EventList`: what happens when, in exact samples; rides with a `Signal` on one time axis."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, cast, overload

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, RateError, nearest
from ondes.matching import best_matching, pairs_within
from ondes.signal import span_of
from ondes.timebase import FloatArray, IntArray, Timebase, as_samples

BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.str_]


class Event(NamedTuple):
    """One event over the samples [onset, offset); a score of NaN means none."""

    onset: int
    offset: int
    label: str
    channel: int = 0
    score: float = math.nan


@dataclass(frozen=True, eq=False)
class EventList:
    """Events in columns, ordered by (onset, offset, label, channel, score), immutable.

    `onset` < `offset` are absolute samples at `rate_hz`, on the axis of `Signal.start`; `score`
    is NaN where there is none. The columns may come in any order; raises InputError when they
    do not fit together or an event does not end after it begins.

    >>> takes = EventList.of([(480, 960, "A4"), (0, 480, "C4")], rate_hz=48000)
    >>> takes.labels, takes.onset_s.tolist(), takes[0].label
    (('A4', 'C4'), [0.0, 0.01], 'C4')
    """

    onset: IntArray
    offset: IntArray
    label: LabelArray
    channel: IntArray
    score: FloatArray
    rate_hz: float

    def __post_init__(self) -> None:
        Timebase(self.rate_hz)
        columns = {
            "onset": as_samples(self.onset),
            "offset": as_samples(self.offset),
            "label": np.asarray(self.label, dtype=np.str_),
            "channel": as_samples(self.channel),
            "score": np.asarray(self.score, dtype=np.float64),
        }
        _check_columns(columns["onset"], columns["offset"], [c.shape for c in columns.values()])
        order = np.lexsort(tuple(columns[key] for key in reversed(columns)))
        for key, column in columns.items():
            ordered = column[order]
            ordered.setflags(write=False)
            object.__setattr__(self, key, ordered)

    @classmethod
    def of(
        cls, events: Iterable[Event | tuple[int, int, str] | tuple[int, int, str, int]
        | tuple[int, int, str, int, float]], *, rate_hz: float
    ) -> EventList:
        """List of events or plain tuples (onset, offset, label[, channel[, score]]) in samples."""
        rows = [Event(*event) for event in events]
        if not rows:
            return cls.empty(rate_hz)
        onset, offset, label, channel, score = zip(*rows, strict=True)
        return cls(
            np.array(onset), np.array(offset), np.array(label), np.array(channel),
            np.array(score, dtype=np.float64), rate_hz,
        )

    @classmethod
    def from_seconds(
        cls, rows: Iterable[tuple[float, float, str] | tuple[float, float, str, int]
        | tuple[float, float, str, int, float]], *, rate_hz: float
    ) -> EventList:
        """List of rows (onset, offset, label[, channel[, score]]) in seconds.

        Times go to the nearest sample; an event shorter than that lasts one sample.
        """
        rows = list(rows)
        times = np.array([row[:2] for row in rows], dtype=np.float64).reshape(-1, 2)
        if (bad := np.flatnonzero(~(times[:, 0] < times[:, 1]))).size:
            raise InputError(f"from_seconds row {bad[0]} {rows[bad[0]]}: offset must follow onset")
        onset, offset = Timebase(rate_hz).samples(times).T
        offset = np.maximum(offset, onset + 1)
        return cls.of(
            (Event(int(a), int(b), *row[2:]) for a, b, row in zip(onset, offset, rows, strict=True)),
            rate_hz=rate_hz,
        )

    @classmethod
    def empty(cls, rate_hz: float) -> EventList:
        none = np.zeros(0, dtype=np.int64)
        return cls(none, none, np.zeros(0, dtype=np.str_), none, np.zeros(0), rate_hz)

    @property
    def timebase(self) -> Timebase:
        return Timebase(self.rate_hz)

    @property
    def onset_s(self) -> FloatArray:
        return self.timebase.seconds(self.onset)

    @property
    def offset_s(self) -> FloatArray:
        return self.timebase.seconds(self.offset)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels that occur, sorted."""
        return tuple(np.unique(self.label).tolist())

    def __len__(self) -> int:
        return len(self.onset)

    def __iter__(self) -> Iterator[Event]:
        columns = (self.onset, self.offset, self.label, self.channel, self.score)
        return map(Event._make, zip(*(column.tolist() for column in columns), strict=True))

    @overload
    def __getitem__(self, key: int) -> Event: ...
    @overload
    def __getitem__(self, key: slice | BoolArray) -> EventList: ...
    def __getitem__(self, key: int | slice | BoolArray) -> Event | EventList:
        """An index gives an Event, a slice in seconds a crop, a boolean mask those events."""
        if isinstance(key, (int, np.integer)):
            return Event(
                int(self.onset[key]), int(self.offset[key]), str(self.label[key]),
                int(self.channel[key]), float(self.score[key]),
            )
        if isinstance(key, slice):
            end = int(self.offset.max(initial=0))
            begin = int(self.onset.min(initial=0))
            return self.crop(*span_of(key, self.timebase, begin, end))
        mask = np.asarray(key)
        if mask.dtype != np.bool_ or mask.shape != self.onset.shape:
            raise InputError(
                f"events[{mask.dtype} {mask.shape}] of {len(self)} events: give an index, a slice "
                "in seconds or one boolean per event"
            )
        return self._take(mask)

    def _take(self, which: BoolArray | IntArray) -> EventList:
        return EventList(
            self.onset[which], self.offset[which], self.label[which], self.channel[which],
            self.score[which], self.rate_hz,
        )

    def crop(self, start: int, stop: int) -> EventList:
        """Events that overlap samples [start, stop), clipped to them."""
        clipped = np.clip(self.onset, start, stop), np.clip(self.offset, start, stop)
        inside = clipped[0] < clipped[1]
        return EventList(
            clipped[0][inside], clipped[1][inside], self.label[inside], self.channel[inside],
            self.score[inside], self.rate_hz,
        )

    def shift(self, samples: int) -> EventList:
        """All events later by `samples`."""
        return replace(self, onset=self.onset + samples, offset=self.offset + samples)

    def resample(self, rate_hz: float) -> EventList:
        """The same times at another rate: the nearest samples, each event at least one long."""
        onset = self.timebase.rescale(self.onset, rate_hz)
        offset = self.timebase.rescale(self.offset, rate_hz)
        return replace(
            self, onset=onset, offset=np.maximum(offset, onset + 1), rate_hz=rate_hz
        )

    def __add__(self, other: EventList) -> EventList:
        """Join: the events of both."""
        if not isinstance(other, EventList):
            return NotImplemented
        return _joined([self, other])

    @staticmethod
    def concatenate(
        lists: Sequence[EventList], lengths: Sequence[int], starts: Sequence[int] | None = None
    ) -> EventList:
        """Events of signals laid end to end, the counterpart of `Signal.concatenate`.

        List i belongs to a signal of `lengths[i]` samples from position `starts[i]` (default 0).
        Raises InputError if an event reaches beyond its signal.
        """
        starts = [0] * len(lists) if starts is None else starts
        if not lists or not len(lists) == len(lengths) == len(starts):
            raise InputError(
                f"EventList.concatenate of {len(lists)} lists, {len(lengths)} lengths and "
                f"{len(starts)} starts: give one length (and start) for each of at least one list"
            )
        ends = np.cumsum([starts[0], *lengths]).tolist()
        for events, start, length in zip(lists, starts, lengths, strict=True):
            if len(events) and not start <= events.onset[0] <= events.offset.max() <= start + length:
                raise InputError(
                    f"EventList.concatenate: events reach beyond their signal over samples "
                    f"[{start}, {start + length}); crop() them first"
                )
        moved = [e.shift(end - s) for e, end, s in zip(lists, ends, starts, strict=False)]
        return _joined(moved)

    def filter(
        self,
        *,
        label: str | Collection[str] | None = None,
        channel: int | Collection[int] | None = None,
        min_score: float | None = None,
        min_s: float | None = None,
        max_s: float | None = None,
    ) -> EventList:
        """Events that meet every condition given; ends are included.

        `label` and `channel` name one or several; `min_s` and `max_s` bound the duration in
        seconds. An event without a score does not reach any `min_score`.
        """
        keep = np.ones(len(self), dtype=np.bool_)
        if label is not None:
            keep &= np.isin(self.label, [label] if isinstance(label, str) else list(label))
        if channel is not None:
            keep &= np.isin(self.channel, [channel] if isinstance(channel, int) else list(channel))
        if min_score is not None:
            keep &= self.score >= min_score
        duration_s = self.timebase.seconds(self.offset - self.onset)
        if min_s is not None:
            keep &= duration_s >= min_s
        if max_s is not None:
            keep &= duration_s <= max_s
        return self._take(keep)

    def merge_gaps(self, gap_s: float) -> EventList:
        """Events of one label and channel that overlap or lie at most `gap_s` apart become one.

        Its score is the highest of its parts.
        """
        if not len(self):
            return self
        gap = self.timebase.samples(gap_s)
        order = np.lexsort((self.onset, self.channel, self.label))
        group, onset, offset = _groups(self), self.onset, self.offset
        lift = group[order] * (int(offset.max() - onset.min()) + gap + 1)
        reach = np.maximum.accumulate(offset[order] + lift)
        is_first = np.append(True, onset[order][1:] + lift[1:] > reach[:-1] + gap)
        first = np.flatnonzero(is_first)
        return EventList(
            onset[order][first],
            np.maximum.reduceat(offset[order], first),
            self.label[order][first],
            self.channel[order][first],
            np.fmax.reduceat(self.score[order], first),
            self.rate_hz,
        )

    @overload
    def split(self, by: Literal["label"] = "label") -> dict[str, EventList]: ...
    @overload
    def split(self, by: Literal["channel"]) -> dict[int, EventList]: ...
    def split(
        self, by: Literal["label", "channel"] = "label"
    ) -> dict[str, EventList] | dict[int, EventList]:
        """One list for each label or channel that occurs, in their order."""
        if by not in ("label", "channel"):
            raise InputError(f"split(by={by!r}): by is 'label' or 'channel'")
        values, which = np.unique(getattr(self, by), return_inverse=True)
        return {value: self._take(which == i) for i, value in enumerate(values.tolist())}

    def compare(
        self,
        found: EventList,
        *,
        onset_s: float = 0.05,
        offset_s: float | None = None,
        ratio: float = 0.0,
    ) -> Comparison:
        """Match `found` one to one with these events, the truth, as well as can be.

        A pair agrees in label and channel, its onsets differ by at most `onset_s` seconds and,
        where `offset_s` is given, its offsets by at most the larger of `offset_s` and `ratio`
        times the true duration. The matching is a largest one, and among those one with the
        least total onset difference.
        """
        _check_same_rate([self, found], "compare")
        both = _joined_columns(self, found)
        group = both
        reach = self.timebase.samples(onset_s)
        span = int(max(self.offset.max(initial=0), found.offset.max(initial=0))) - int(
            min(self.onset.min(initial=0), found.onset.min(initial=0))
        )
        lift = group * (span + reach + 1)
        pairs = pairs_within(
            self.onset + lift[: len(self)], found.onset + lift[len(self) :], reach
        )
        truth, other = pairs.T
        if offset_s is not None:
            allowed = np.maximum(offset_s, ratio * self.timebase.seconds(self.offset - self.onset))
            gap_s = self.timebase.seconds(np.abs(self.offset[truth] - found.offset[other]))
            pairs = pairs[gap_s <= allowed[truth]]
            truth, other = pairs.T
        cost = np.abs(self.onset[truth] - found.onset[other])
        return Comparison(self, found, best_matching(pairs, cost))

    def to_frames(self, timebase: Timebase, labels: Sequence[str], n_frames: int) -> BoolArray:
        """Frame map [label, frame]: true where an event covers the centre of the frame.

        An event too short to cover any centre takes the frame that holds its middle, so none is
        lost. A frame depends on the events and the grid alone: the map of a window is the window
        of the map. Channels are not told apart. Raises RateError when `timebase` has another
        rate, InputError on an event whose label is not among `labels`.
        """
        if timebase.rate_hz != self.rate_hz:
            raise RateError(
                f"to_frames at {timebase.rate_hz:g} Hz of events at {self.rate_hz:g} Hz: "
                f"resample({timebase.rate_hz:g}) them first"
            )
        rows = _rows_of(self.label, labels)
        first = _ceil(self.onset - timebase.centre_of(0), timebase.hop)
        stop = _ceil(self.offset - timebase.centre_of(0), timebase.hop)
        middle = timebase.frame_of((self.onset + self.offset) // 2)
        first = np.where(first < stop, first, middle)
        stop = np.maximum(stop, first + 1)
        frames = np.zeros((len(labels), n_frames), dtype=np.bool_)
        begin, end = np.clip(first, 0, n_frames), np.clip(stop, 0, n_frames)
        for row, a, b in zip(rows.tolist(), begin.tolist(), end.tolist(), strict=True):
            frames[row, a:b] = True
        return frames

    @classmethod
    def from_frames(
        cls,
        frames: NDArray[np.bool_],
        timebase: Timebase,
        labels: Sequence[str],
        *,
        scores: NDArray[np.floating] | None = None,
        channel: int = 0,
    ) -> EventList:
        """Events from a frame map [label, frame]: each run of true frames becomes one.

        With `scores` [label, frame] an event's score is the mean over its frames.
        """
        frames = np.asarray(frames, dtype=np.bool_)
        if frames.ndim != 2 or len(frames) != len(labels):
            raise InputError(
                f"from_frames of {frames.shape} with {len(labels)} labels: give [label, frame]"
            )
        edges = np.diff(np.pad(frames, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        row, first = np.nonzero(edges == 1)
        _, stop = np.nonzero(edges == -1)
        score = np.full(len(row), math.nan)
        if scores is not None and len(row):
            padded = np.pad(np.asarray(scores, dtype=np.float64), ((0, 0), (0, 1)))
            bounds = np.stack([first, stop], axis=1) + row[:, None] * padded.shape[1]
            score = np.add.reduceat(padded.ravel(), bounds.ravel())[::2] / (stop - first)
        return cls(
            timebase.sample_of(first), timebase.sample_of(stop),
            np.asarray(labels, dtype=np.str_)[row], np.full(len(row), channel), score,
            timebase.rate_hz,
        )

    def __eq__(self, other: object) -> bool:
        """Same rate and events; no score equals no score."""
        if not isinstance(other, EventList):
            return NotImplemented
        return (
            self.rate_hz == other.rate_hz
            and np.array_equal(self.onset, other.onset)
            and np.array_equal(self.offset, other.offset)
            and np.array_equal(self.label, other.label)
            and np.array_equal(self.channel, other.channel)
            and np.array_equal(self.score, other.score, equal_nan=True)
        )

    def __repr__(self) -> str:
        return f"<EventList of {len(self)} events, {len(self.labels)} labels, {self.rate_hz:g} Hz>"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Truth and found events, matched one to one: `pairs` [n, 2] indexes (truth, found)."""

    truth: EventList
    found: EventList
    pairs: IntArray

    @property
    def missed(self) -> EventList:
        """True events that were not found."""
        return self.truth[~np.isin(np.arange(len(self.truth)), self.pairs[:, 0])]

    @property
    def extra(self) -> EventList:
        """Found events that are not true."""
        return self.found[~np.isin(np.arange(len(self.found)), self.pairs[:, 1])]

    @property
    def precision(self) -> float:
        """Share of the found events that are true; NaN if none was found."""
        return _share(len(self.pairs), len(self.found))

    @property
    def recall(self) -> float:
        """Share of the true events that were found; NaN if there are none."""
        return _share(len(self.pairs), len(self.truth))

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN if there was nothing and nothing found."""
        return _share(2 * len(self.pairs), len(self.truth) + len(self.found))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _ceil(numerator: IntArray, denominator: int) -> IntArray:
    return -(-numerator // denominator)


def _groups(events: EventList) -> IntArray:
    return _joined_columns(events, EventList.empty(events.rate_hz))


def _joined_columns(a: EventList, b: EventList) -> IntArray:
    """Group number of each event of `a`, then of `b`: equal for equal label and channel."""
    _, label = np.unique(np.concatenate([a.label, b.label]), return_inverse=True)
    kinds, channel = np.unique(np.concatenate([a.channel, b.channel]), return_inverse=True)
    return cast(IntArray, label * max(len(kinds), 1) + channel)


def _rows_of(label: LabelArray, labels: Sequence[str]) -> IntArray:
    present, which = np.unique(label, return_inverse=True)
    rows = {name: row for row, name in enumerate(labels)}
    for name in present.tolist():
        if name not in rows:
            raise InputError(
                f"to_frames: event label {name!r} is not among the {len(rows)} labels"
                f"{nearest(name, rows)} (filter(label=...) leaves others out)"
            )
    return np.array([rows[name] for name in present.tolist()], dtype=np.int64)[which]


def _check_columns(onset: IntArray, offset: IntArray, shapes: list[tuple[int, ...]]) -> None:
    if onset.ndim != 1 or len(set(shapes)) != 1:
        raise InputError(f"EventList with columns of shapes {shapes}: give one value per event")
    if (bad := np.flatnonzero(onset >= offset)).size:
        i = bad[0]
        raise InputError(
            f"EventList row {i} over samples [{onset[i]}, {offset[i]}): offset must follow onset"
        )


def _check_same_rate(lists: Sequence[EventList], call: str) -> None:
    for other in lists[1:]:
        if other.rate_hz != lists[0].rate_hz:
            raise RateError(
                f"{call} of events at {lists[0].rate_hz:g} and {other.rate_hz:g} Hz: "
                f"bring both to one rate with resample({lists[0].rate_hz:g})"
            )


def _joined(lists: Sequence[EventList]) -> EventList:
    _check_same_rate(lists, "a + b")
    return EventList(
        np.concatenate([e.onset for e in lists]),
        np.concatenate([e.offset for e in lists]),
        np.concatenate([e.label for e in lists]),
        np.concatenate([e.channel for e in lists]),
        np.concatenate([e.score for e in lists]),
        lists[0].rate_hz,
    )
