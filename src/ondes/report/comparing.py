"""Several detectors' answers on one recording: what they share, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, cycle

import numpy as np

from ondes.errors import InputError
from ondes.events import Comparison, Event, EventList
from ondes.report import summary
from ondes.report.agreement import Agreement
from ondes.report.closeups import Moment
from ondes.report.source import Source
from ondes.timebase import Timebase

TRUTH = "truth"
MOST = 12  # moments shown
SHORT_S = 2.0  # a recording whose places are better told in milliseconds
LEAST_SAMPLES, MOST_SAMPLES = 1536, 2**17  # of a moment


@dataclass(frozen=True)
class Answer:
    """What one detector found in the recording; `card` says what it is."""

    name: str
    events: EventList
    card: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A detector's line in the table: how many of its events others have, how right they are."""

    name: str
    events: int
    shared: int
    some: int
    alone: int
    scores: Comparison | None = None
    labelled: Comparison | None = None

    @property
    def error(self) -> str:
        """Median distance of right onsets from the true ones."""
        pairs = self.scores.pairs if self.scores else np.zeros((0, 2), np.int64)
        if not self.scores or not len(pairs):
            return "–"
        late = self.scores.found.onset[pairs[:, 1]] - self.scores.truth.onset[pairs[:, 0]]
        seconds = float(np.median(np.abs(late))) / self.scores.truth.rate_hz
        return summary.length(seconds) if seconds else "0"


@dataclass(frozen=True)
class Difference:
    """A moment at which the answers differ: what each says."""

    moment: Moment
    when: str
    channel: str
    said: Sequence[Line]


@dataclass(frozen=True)
class Line:
    """One answer's events around a moment; `wrong` where the truth, if known, says otherwise.

    Without truth it is wrong to say nothing: some other answer heard an event.
    """

    name: str
    events: Sequence[Said]
    wrong: bool
    covered: bool  # an event of another moment goes on over this one

    @property
    def words(self) -> str:
        """Label and score of the event that is meant, or what is there in its place."""
        nothing = "within another" if self.covered else "nothing"
        return next((event.words for event in self.events if event.meant), nothing)


@dataclass(frozen=True)
class Said:
    """One answer's event within a moment, its place in shares of it.

    `meant` tells whether it is what the moment is about.
    """

    left: float
    width: float
    words: str
    meant: bool


@dataclass(frozen=True)
class Comparing:
    """Answers on one recording, the truth last where it is known, and what they agree on."""

    source: Source
    answers: Sequence[Answer]
    truth: EventList | None
    tolerance_s: float
    onset_s: float
    agreement: Agreement

    @classmethod
    def of(
        cls,
        source: Source,
        answers: Sequence[Answer],
        truth: EventList | None,
        *,
        tolerance_s: float,
        onset_s: float,
    ) -> Comparing:
        """Match the answers; raises InputError unless there are two or more, all named apart."""
        names = [answer.name for answer in answers]
        if len(names) < 2 or len({*names, TRUTH}) <= len(names):
            raise InputError(f"a comparison of {names}: name at least two answers, all different")
        lists = [answer.events for answer in answers]
        if truth is not None:
            lists.append(truth)
        agreement = Agreement.of(lists, tolerance_s=tolerance_s)
        return cls(source, answers, truth, tolerance_s, onset_s, agreement)

    @property
    def named(self) -> list[tuple[str, EventList]]:
        """All lists with their names, the truth first."""
        found = [(answer.name, answer.events) for answer in self.answers]
        return found if self.truth is None else [(TRUTH, self.truth), *found]

    @property
    def places(self) -> list[int]:
        """Where in the agreement the lists of `named` stand."""
        found = list(range(len(self.answers)))
        return found if self.truth is None else [len(found), *found]

    def rows(self) -> list[Row]:
        """Return the table, one line for each answer."""
        return [self._row(i, answer) for i, answer in enumerate(self.answers)]

    def _row(self, place: int, answer: Answer) -> Row:
        sharing = self.agreement.sharing(place, range(len(self.answers)))
        count, all_ = len(answer.events), len(self.answers)
        shared, alone = int((sharing == all_).sum()), int((sharing == 1).sum())
        row = Row(
            name=answer.name, events=count, shared=shared, some=count - shared - alone, alone=alone
        )
        if self.truth is None:
            return row
        anything = _compare(_plain(self.truth), _plain(answer.events), self.onset_s)
        knows = set(self.truth.labels) & set(answer.events.labels)
        labelled = _compare(self.truth, answer.events, self.onset_s) if knows else None
        return Row(**{**vars(row), "scores": anything, "labelled": labelled})

    @property
    def shared(self) -> int:
        """Moments at which all detectors found an event."""
        return int(self._found.all(axis=1).sum())

    @property
    def moments(self) -> int:
        """Moments at which any detector found an event."""
        return int(self._found.any(axis=1).sum())

    @property
    def _found(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        return self.agreement.members[:, : len(self.answers)]

    def pairs(self) -> list[tuple[str, str, int, float]]:
        """Return for each two answers how many moments they share, and of all of theirs."""
        found, names = self._found.T, [answer.name for answer in self.answers]
        return [
            (names[i], names[j], int(both.sum()), both.sum() / max(int(either.sum()), 1))
            for i, j in combinations(range(len(names)), 2)
            for both, either in [(found[i] & found[j], found[i] | found[j])]
        ]

    def differing(self) -> list[int]:
        """Return groups at which the answers, and the truth, differ: some of each kind, by time.

        Of one kind those with the highest scores come first; none lies close by another one.
        """
        members = self.agreement.members
        open_ = np.flatnonzero(~members.all(axis=1)).tolist()
        kinds: dict[bytes, list[int]] = {}
        score = self._scores()
        for group in sorted(open_, key=lambda group: (-score[group], group)):
            kinds.setdefault(members[group].tobytes(), []).append(group)
        chosen: list[int] = []
        for kind in cycle(list(kinds.values())):
            chosen += self._apart(kind, chosen)
            if len(chosen) == MOST or not any(kinds.values()):
                return sorted(chosen)
        return []

    def _apart(self, kind: list[int], chosen: Sequence[int]) -> list[int]:
        """Take the next group of a kind that lies not close by a chosen one, if there is one."""
        onset = self.agreement.onset
        while kind:
            group = kind.pop(0)
            if not len(chosen) or np.abs(onset[group] - onset[chosen]).min() >= LEAST_SAMPLES:
                return [group]
        return []

    def _scores(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        best = np.zeros(len(self.agreement.members))
        for (_, events), place in zip(self.named, self.places, strict=True):
            np.maximum.at(best, self.agreement.group[place], np.nan_to_num(events.score))
        return best

    def moment(self, group: int) -> Moment:
        """Return the samples around a group."""
        spans = [
            (events.onset[mine], events.offset[mine], events.channel[mine])
            for (_, events), place in zip(self.named, self.places, strict=True)
            for mine in [self.agreement.group[place] == group]
        ]
        onset, offset, channel = (np.concatenate(column) for column in zip(*spans, strict=True))
        first, stop = int(onset.min()), int(offset.max())
        width = min(max(3 * (stop - first), LEAST_SAMPLES), MOST_SAMPLES)
        begin = max(first - min(width // 3, LEAST_SAMPLES), self.source.start)
        end = min(begin + width, self.source.start + self.source.n_samples)
        return Moment(begin - self.source.start, end - self.source.start, int(channel[0]))

    def difference(self, group: int, moment: Moment) -> Difference:
        """Return what each answer says at a moment."""
        start, channel = self.source.start, moment.channel
        members = self.agreement.members[group]
        expected = True if self.truth is None else bool(members[-1])
        first = int(self.agreement.onset[group])
        lines = []
        for (name, events), place in zip(self.named, self.places, strict=True):
            meant = self.agreement.group[place] == group
            near = (events.onset < moment.stop + start) & (events.offset > moment.start + start)
            near &= events.channel == channel
            said = [
                _said(events[i], moment, start, bool(meant[i]))
                for i in np.flatnonzero(near | meant).tolist()
            ]
            covered = bool((near & (events.onset <= first) & (events.offset > first)).any())
            lines.append(Line(name, said, bool(members[place]) != expected, covered))
        seconds = Timebase(self.source.rate_hz).seconds(first)
        when = _clock(seconds, self.source.rate_hz, short=self.source.duration_s < SHORT_S)
        return Difference(moment, when, self.source.channels[channel], lines)


def _said(event: Event, moment: Moment, start: int, meant: bool) -> Said:  # noqa: FBT001
    left, right = moment.share(event.onset - start), moment.share(event.offset - start)
    score = "" if np.isnan(event.score) else f" {event.score:.2f}"
    return Said(left, max(right - left, 0.004), event.label + score, meant)


def _plain(events: EventList) -> EventList:
    return EventList.of([event._replace(label="event") for event in events], rate_hz=events.rate_hz)


def _compare(truth: EventList, found: EventList, onset_s: float) -> Comparison:
    return truth.compare(found, onset_s=onset_s)


def _clock(seconds: float, rate_hz: float, *, short: bool) -> str:
    """Write a place in a recording to about a sample.

    >>> _clock(12.3456789, 1562500.0, short=False), _clock(0.0123456, 1562500.0, short=True)
    ('0:12.345679', '12.346 ms')
    """
    digits = min(max(int(np.ceil(np.log10(rate_hz) - 0.5)), 2), 6)
    if short:
        return f"{seconds * 1e3:.{max(digits - 3, 0)}f} ms"
    minutes, rest = divmod(round(seconds, digits), 60)
    return f"{int(minutes)}:{rest:0{digits + 3}.{digits}f}"
