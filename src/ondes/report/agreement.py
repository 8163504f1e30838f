"""Which events of several answers are one: those whose onsets lie near, whatever the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ondes.events import EventList
from ondes.timebase import IntArray

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Agreement:
    """Groups of events that are one: `group` [answer][event] names each event's group.

    `members` [group, answer] tells which answers hold it, `onset` [group] where it begins first.
    Groups are numbered by time.
    """

    group: tuple[IntArray, ...]
    members: Bools
    onset: IntArray

    @classmethod
    def of(cls, answers: Sequence[EventList], *, tolerance_s: float) -> Agreement:
        """Match the answers two by two, one to one; what is linked is one.

        Onsets differ by at most `tolerance_s` seconds, channels are equal, labels do not matter.

        >>> here = EventList.of([(0, 9, "a"), (50, 60, "a")], rate_hz=1000)
        >>> there = EventList.of([(2, 4, "b")], rate_hz=1000)
        >>> Agreement.of([here, there], tolerance_s=0.005).members.tolist()
        [[True, True], [True, False]]
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        sizes = [len(events) for events in answers]
        begins = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        links = [np.zeros((0, 2), np.int64)]
        for one, other in combinations(range(len(answers)), 2):
            pairs = _alike(answers[one]).compare(_alike(answers[other]), onset_s=tolerance_s).pairs
            links.append(pairs + begins[[one, other]])
        row, column = np.concatenate(links).T
        graph = coo_array((np.ones(len(row)), (row, column)), shape=(begins[-1], begins[-1]))
        count, group = connected_components(graph, directed=False)
        return cls._in_time(answers, group.astype(np.int64), count, begins)

    @classmethod
    def _in_time(
        cls, answers: Sequence[EventList], group: IntArray, count: int, begins: IntArray
    ) -> Agreement:
        onset = np.concatenate([events.onset for events in answers])
        first = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(first, group, onset)
        place = np.empty(count, np.int64)
        place[np.argsort(first, kind="stable")] = np.arange(count)
        groups = tuple(np.split(place[group], begins[1:-1]))
        members = np.zeros((count, len(answers)), np.bool_)
        for i, own in enumerate(groups):
            members[own, i] = True
        return cls(groups, members, np.sort(first))

    def sharing(self, answer: int, among: Sequence[int]) -> IntArray:
        """Return for each event of an answer how many of `among` hold it, itself included."""
        return np.asarray(self.members[self.group[answer]][:, list(among)].sum(axis=1))


def _alike(events: EventList) -> EventList:
    return replace(events, label=np.full(len(events), "event"))
