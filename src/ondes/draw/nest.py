"""Find the shape of a network: sequences, branches that join again, and what is repeated."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from ondes.draw.simplify import Layer


@dataclass(frozen=True)
class Leaf:
    """One symbol, which stands for all these layers."""

    layers: tuple[int, ...]


@dataclass(frozen=True)
class Fork:
    """Branches side by side, from what is before to what comes after; an empty one is a shortcut.

    Attributes:
        gates: whether the empty branch is the main line: what is beside it scales it.
    """

    branches: tuple["Run", ...]
    gates: bool = False


@dataclass(frozen=True)
class Repeat:
    """A sequence that comes so many times, one after the other."""

    body: "Run"
    count: int


@dataclass(frozen=True)
class Tangle:
    """Layers in order of computation whose `links` are no branches that join again.

    Links run from place to place among the layers; -1 is what is before, ``len(layers)`` after.
    """

    layers: tuple[int, ...]
    links: tuple[tuple[int, int], ...]


Item = Leaf | Fork | Repeat | Tangle
Run = tuple[Item, ...]


def nest(layers: Sequence[Layer], outputs: Sequence[int]) -> Run:
    """Return a network as a nested sequence from its inputs to its outputs."""
    return repeated(_Finder(layers, outputs).whole(), layers)


class _Finder:
    """Places 0, 1, ... are the layers in order; -1 feeds the inputs, the last takes the outputs."""

    def __init__(self, layers: Sequence[Layer], outputs: Sequence[int]) -> None:
        self._layers = layers
        self._end = len(layers)
        self._feeds: dict[int, list[int]] = {place: [] for place in range(-1, self._end)}
        self._sources: dict[int, list[int]] = {self._end: list(outputs)}
        for place, layer in enumerate(layers):
            self._sources[place] = list(layer.inputs) or [-1]
        for place in range(self._end + 1):
            for source in self._sources[place]:
                self._feeds[source].append(place)
        for place in range(self._end):
            if not self._feeds[place]:
                self._feeds[place].append(self._end)
                self._sources[self._end].append(place)
        self._after = self._dominators()

    def whole(self) -> Run:
        """Return the sequence of all."""
        return self._out_of(-1, self._end)

    def _dominators(self) -> dict[int, int]:
        """Return for each place the nearest through which all ways to the end lead."""
        after = {self._end: self._end}
        for place in range(self._end - 1, -2, -1):
            meet = self._feeds[place][0]
            for other in self._feeds[place][1:]:
                meet = _meeting(meet, other, after)
            after[place] = meet
        return after

    def _out_of(self, place: int, stop: int) -> Run:
        """Return what lies between a place and a later one that all ways lead through."""
        meet = self._after[place]
        return (*self._branches(place, self._feeds[place], meet), *self._from(meet, stop))

    def _from(self, place: int, stop: int) -> Run:
        """Return a place and what follows, before `stop`."""
        items: list[Item] = []
        while place != stop:
            items.append(Leaf((place,)))
            meet = self._after[place]
            items += self._branches(place, self._feeds[place], meet)
            place = meet
        return tuple(items)

    def _branches(self, place: int, starts: Sequence[int], meet: int) -> Run:
        if list(starts) == [meet]:
            return ()
        empty = [start for start in starts if start == meet]
        parts = self._parts(place, [start for start in starts if start != meet], meet)
        branches = [self._branch(place, part, starts, meet) for part in parts]
        if not empty and len(branches) == 1:
            return branches[0]
        gates = meet < self._end and self._layers[meet].title == "Multiply" and len(starts) == 2
        return (Fork((*branches, *(() for _ in empty)), gates=gates),)

    def _branch(self, place: int, part: set[int], starts: Sequence[int], meet: int) -> Run:
        own = [start for start in starts if start in part]
        if self._open(place, part):
            return (self._tangle(place, part, meet),)
        if len(own) == 1:
            return self._from(own[0], meet)
        first = own[0]
        for other in own[1:]:
            first = _meeting(first, other, self._after)
        if first == meet:
            return (self._tangle(place, part, meet),)
        return (*self._branches(place, own, first), *self._from(first, meet))

    def _open(self, place: int, part: set[int]) -> bool:
        """Whether something else than `place` feeds a part from outside."""
        return any(set(self._sources[one]) - part - {place} for one in part)

    def _parts(self, place: int, starts: Sequence[int], meet: int) -> list[set[int]]:
        """Return what lies between two places, in parts that have no link with each other."""
        between: set[int] = set()
        waiting = list(starts)
        while waiting:
            one = waiting.pop()
            if one != meet and one not in between:
                between.add(one)
                waiting += self._feeds[one]
        parts: list[set[int]] = []
        for one in sorted(between):
            near = {*self._sources[one], *self._feeds[one]} - {place, meet}
            touching = [part for part in parts if part & near]
            parts = [part for part in parts if part not in touching]
            parts.append(set().union({one}, *touching))
        if meet < self._end and self._layers[meet].title == "Add":
            return sorted(parts, key=lambda part: (-len(part), min(part)))
        return sorted(parts, key=lambda part: self._order(part, meet))

    def _order(self, part: set[int], meet: int) -> tuple[int, int]:
        """Branches stand in the order in which they are put together; of sums the longest first."""
        places = [i for i, source in enumerate(self._sources[meet]) if source in part]
        return min(places, default=len(self._sources[meet])), min(part)

    def _tangle(self, place: int, part: set[int], meet: int) -> Tangle:
        order = sorted(part)
        number = {one: index for index, one in enumerate(order)}
        number |= {place: -1, meet: len(order)}
        links = [
            (number.get(source, -1), number[one])
            for one in (*order, meet)
            for source in self._sources[one]
            if one != meet or source in part
        ]
        return Tangle(tuple(order), tuple(dict.fromkeys(links)))


def _meeting(a: int, b: int, after: dict[int, int]) -> int:
    while a != b:
        a, b = (after[a], b) if a < b else (a, after[b])
    return a


def repeated(run: Run, layers: Sequence[Layer]) -> Run:
    """Put what comes several times in a row, drawn alike, into a `Repeat`; short ones first."""
    items = [_within(item, layers) for item in run]
    size = 1
    while size <= len(items) // 2:
        start = 0
        while start + 2 * size <= len(items):
            count = _times(items, start, size, layers)
            if count > 1:
                copies = [tuple(items[start + k * size :][:size]) for k in range(count)]
                items[start : start + count * size] = [Repeat(_laid(copies), count)]
            start += 1
        size += 1
    return tuple(items)


def _within(item: Item, layers: Sequence[Layer]) -> Item:
    if isinstance(item, Fork):
        return Fork(tuple(repeated(branch, layers) for branch in item.branches), item.gates)
    return item


def _times(items: Sequence[Item], start: int, size: int, layers: Sequence[Layer]) -> int:
    """Return how often what begins at `start` comes in a row; a fork stays with its join."""
    first = items[start : start + size]
    if isinstance(first[-1], Fork) or (size == 1 and isinstance(first[0], Repeat)):
        return 1
    wanted = [_key(item, layers) for item in first]
    count = 1
    while True:
        begin = start + count * size
        if [_key(item, layers) for item in items[begin : begin + size]] != wanted:
            return count
        count += 1


def _key(item: Item, layers: Sequence[Layer]) -> Hashable:
    """Return what two items that look alike have in common."""
    if isinstance(item, Leaf):
        one = layers[item.layers[0]]
        return (one.kind, one.title, one.core, one.before, one.after, one.shape)
    if isinstance(item, Fork):
        return tuple(tuple(_key(i, layers) for i in branch) for branch in item.branches)
    if isinstance(item, Repeat):
        return (item.count, *(_key(i, layers) for i in item.body))
    return (item.links, *(_key(Leaf((one,)), layers) for one in item.layers))


def _laid(copies: Sequence[Run]) -> Run:
    """Lay equal sequences over each other: every symbol stands for the layers of all."""
    return tuple(_merged(items) for items in zip(*copies, strict=True))


def _merged(items: Sequence[Item]) -> Item:
    first = items[0]
    if isinstance(first, Leaf):
        return Leaf(tuple(one for item in items for one in leaves((item,))))
    if isinstance(first, Fork):
        branches = zip(*(i.branches for i in items if isinstance(i, Fork)), strict=True)
        return Fork(tuple(_laid(same) for same in branches), first.gates)
    if isinstance(first, Repeat):
        return Repeat(_laid([i.body for i in items if isinstance(i, Repeat)]), first.count)
    return first


def leaves(run: Run) -> Iterator[int]:
    """Yield the layers of a sequence."""
    for item in run:
        if isinstance(item, Leaf | Tangle):
            yield from item.layers
        elif isinstance(item, Fork):
            for branch in item.branches:
                yield from leaves(branch)
        else:
            yield from leaves(item.body)
