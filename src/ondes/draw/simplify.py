"""From steps to layers: circles beside their hexagons, arithmetic folded into boxes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ondes.draw import words
from ondes.draw.reach import Reach, Shape, Track, union
from ondes.draw.step import Kind, Step, Symbol, Traced


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A symbol of the drawing with its circles.

    Attributes:
        kind: input, conv, pool, dense, join, cell, or circle for one that stands alone.
        title, core: the upper and the lower line; of a circle nothing.
        before, after: circles that are applied before and after it, as (letter, name).
        name: of the module.
        inputs: places of the layers that feed it.
        shape: of its result, without the batch.
        parameters: their names.
        multiply_adds: for one item.
        reach: what a value sees along time; None for everything.
    """

    kind: Kind
    title: str
    core: str = ""
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    name: str = ""
    inputs: tuple[int, ...] = ()
    shape: Shape = ()
    parameters: frozenset[str] = frozenset()
    multiply_adds: int = 0
    reach: Reach | None = None


CONCAT = Symbol(kind="join", title="Concat")
Steps = dict[int, Step]
Module = tuple[str, str]  # path and class
GroupOf = Callable[[Step], Module | None]


def layers(traced: Traced, *, depth: int | None = None) -> tuple[list[Layer], list[int]]:
    """Return the layers of a network in the order of computation, and those that are its outputs.

    Modules of arithmetic become one box each; with `depth` so do all modules that lie deeper.
    """
    net = _Net(dict(enumerate(traced.steps)), list(traced.outputs))
    net.drop_dead()
    net.merge_extremes()
    net.merge_concats()
    net.absorb_scales()
    net.fold_poolings()
    net.fold(_arithmetic_of(net.steps.values()))
    net.fold_runs()
    if depth is not None:
        net.fold(lambda step: _module_at(step, depth))
    return net.layers()


class _Net:
    """Steps by number, rewritten in place; an input always has a smaller number."""

    def __init__(self, steps: Steps, outputs: list[int]) -> None:
        self.steps = steps
        self.outputs = outputs

    def users(self) -> dict[int, list[int]]:
        """Return the steps that each one feeds."""
        found: dict[int, list[int]] = {place: [] for place in self.steps}
        for place, step in self.steps.items():
            for source in step.inputs:
                found[source].append(place)
        return found

    def drop_dead(self) -> None:
        """Leave out what no output depends on."""
        alive = set(self.outputs)
        for place in sorted(self.steps, reverse=True):
            if place in alive:
                alive.update(self.steps[place].inputs)
        kept = {p for p, step in self.steps.items() if p in alive or step.symbol.kind == "input"}
        self.steps = {place: self.steps[place] for place in sorted(kept)}

    def merge_extremes(self) -> None:
        """See an activation and a max-pooling where it is taken of windows' extremes alone."""
        for place, step in list(self.steps.items()):
            sides = [self.steps[i] for i in step.inputs] if step.symbol.title == "Maximum" else []
            if len(sides) != 2 or any(side.symbol.kind != "circle" for side in sides):
                continue
            pools = [self.steps[i] for side in sides for i in side.inputs]
            if [p.symbol.title for p in pools] != ["min", "max"] or pools[0].inputs != pools[
                1
            ].inputs:
                continue
            source = self.steps[pools[0].inputs[0]]
            circle = replace(
                sides[1], inputs=pools[0].inputs, shape=source.shape, reach=source.reach
            )
            self.steps[step.inputs[1]] = circle
            self.steps[place] = replace(
                step, symbol=pools[1].symbol, inputs=(step.inputs[1],), reach=pools[1].reach
            )
        self.drop_dead()

    def merge_concats(self) -> None:
        """See one concatenation along channels where one is put into another alone."""
        users = self.users()
        for place, step in list(self.steps.items()):
            if step.symbol != CONCAT:
                continue
            inputs: list[int] = []
            for source in step.inputs:
                inner = self.steps[source]
                alone = users[source] == [place] and source not in self.outputs
                same = inner.symbol == CONCAT and inner.shape[1:] == step.shape[1:]
                inputs += inner.inputs if alone and same else [source]
            if len(set(inputs)) == len(inputs):
                self.steps[place] = replace(step, inputs=tuple(inputs))
        self.drop_dead()

    def absorb_scales(self) -> None:
        """See arithmetic by constants right after a pooling, in its module, as a part of it."""
        for place, step in list(self.steps.items()):
            if step.symbol.kind != "cell" or len(step.inputs) != 1:
                continue
            pool = self.steps[step.inputs[0]]
            if pool.symbol.kind == "pool" and pool.modules == step.modules:
                self.steps[place] = replace(step, symbol=pool.symbol, inputs=pool.inputs)
        self.drop_dead()

    def fold_poolings(self) -> None:
        """See one pooling where a module is known to be one."""
        for module, members in self._groups(_pooling).items():
            core = "×".join(str(n) for n in self.steps[max(members)].shape[1:])
            sign = Symbol(kind="pool", title=words.POOLINGS[module[1]], core=f"to {core}")
            self._fold(members, path=module[0], sign=sign)

    def fold(self, group_of: GroupOf) -> None:
        """Make one box of all steps of a group, named by path and class, where it has one end."""
        for (path, kind), members in self._groups(group_of).items():
            if len(members) > 1:
                inside = [self.steps[place] for place in sorted(members)]
                sign = Symbol(kind="cell", title=kind, core=_described(inside))
                self._fold(members, path=path, sign=sign)

    def _groups(self, group_of: GroupOf) -> dict[Module, set[int]]:
        groups: dict[Module, set[int]] = {}
        for place, step in self.steps.items():
            group = group_of(step)
            if group is not None and step.symbol.kind != "input":
                groups.setdefault(group, set()).add(place)
        return groups

    def _fold(self, members: set[int], *, path: str, sign: Symbol) -> None:
        users = self.users()
        ends = [p for p in members if p in self.outputs or set(users[p]) - members]
        if len(ends) != 1 or self._leaves_and_returns(members):
            return
        inside = [self.steps[place] for place in sorted(members)]
        outer = dict.fromkeys(i for step in inside for i in step.inputs if i not in members)
        box = replace(
            self.steps[ends[0]],
            symbol=sign,
            name=path,
            inputs=tuple(outer),
            parameters=frozenset[str]().union(*(step.parameters for step in inside)),
            multiply_adds=sum(step.multiply_adds for step in inside),
        )
        for place in members - {ends[0]}:
            del self.steps[place]
        self.steps[ends[0]] = box

    def _leaves_and_returns(self, members: set[int]) -> bool:
        """Whether something outside depends on the group and the group on it."""
        tainted: set[int] = set()
        for place, step in self.steps.items():
            if place in members:
                if tainted.intersection(step.inputs):
                    return True
            elif any(i in members or i in tainted for i in step.inputs):
                tainted.add(place)
        return False

    def fold_runs(self) -> None:
        """Make one box of each run of arithmetic in one module."""
        run: dict[int, int] = {}
        for place, step in self.steps.items():
            if step.symbol.kind != "cell":
                continue
            homes = {run.get(i) for i in step.inputs}
            home = homes.pop() if len(homes) == 1 else None
            same = home is not None and self.steps[home].modules == step.modules
            run[place] = home if home is not None and same else place
        groups: dict[int, set[int]] = {}
        for place, home in run.items():
            groups.setdefault(home, set()).add(place)
        for members in groups.values():
            if len(members) > 1:
                inside = [self.steps[place] for place in sorted(members)]
                sign = Symbol(kind="cell", title=_chain(inside))
                self._fold(members, path=inside[-1].name, sign=sign)

    def layers(self) -> tuple[list[Layer], list[int]]:
        """Put circles beside what they follow or precede, and number what is left."""
        users = self.users()
        home, drawn = _homes(self.steps, users, self.outputs), {}
        for place, step in self.steps.items():
            if home[place] == place:
                drawn[place] = _layer(step)
        for place, step in self.steps.items():
            at = home[place]
            if at != place:
                drawn[at] = _with_circle(drawn[at], step, leads=place < at)
        order = {place: index for index, place in enumerate(drawn)}
        done = [
            replace(layer, inputs=tuple(order[home[i]] for i in layer.inputs))
            for layer in drawn.values()
        ]
        return done, [order[home[place]] for place in self.outputs]


def _homes(steps: Steps, users: dict[int, list[int]], outputs: Sequence[int]) -> dict[int, int]:
    """Return at which step each is drawn: circles at what feeds them alone, or they feed alone."""
    home = {place: place for place in steps}

    def alone(place: int) -> bool:
        return len(users[place]) == 1 and place not in outputs

    for place, step in steps.items():
        if step.symbol.kind == "circle" and len(step.inputs) == 1 and alone(step.inputs[0]):
            at = home[step.inputs[0]]
            if steps[at].symbol.kind not in ("input", "circle"):
                home[place] = at
    for place in sorted(steps, reverse=True):
        step = steps[place]
        if step.symbol.kind == "circle" and home[place] == place and alone(place):
            at = home[users[place][0]]
            if at >= place and len(steps[at].inputs) == 1 and steps[at].symbol.kind != "circle":
                home[place] = at
    return home


def _layer(step: Step) -> Layer:
    sign = step.symbol
    circle = ((sign.title, sign.core),) if sign.kind == "circle" else ()
    return Layer(
        kind=sign.kind,
        title="" if circle else sign.title,
        core="" if circle else sign.core,
        after=circle,
        name=step.name,
        inputs=step.inputs,
        shape=step.shape,
        parameters=step.parameters,
        multiply_adds=step.multiply_adds,
        reach=step.reach,
    )


def _with_circle(layer: Layer, step: Step, *, leads: bool) -> Layer:
    letter = (step.symbol.title, step.symbol.core)
    parameters = layer.parameters | step.parameters
    if leads:
        first = layer.before == ()
        return replace(
            layer,
            before=(*layer.before, letter),
            inputs=step.inputs if first else layer.inputs,
            parameters=parameters,
        )
    both = union([_still(layer.reach), _still(step.reach)])
    return replace(
        layer,
        after=(*layer.after, letter),
        parameters=parameters,
        reach=both.reach if both else None,
    )


def _still(reach: Reach | None) -> Track:
    return Track(0, reach)


def _module_at(step: Step, depth: int) -> Module | None:
    return step.modules[depth] if len(step.modules) > depth else None


def _pooling(step: Step) -> Module | None:
    known = step.modules and step.modules[-1][1] in words.POOLINGS
    return step.modules[-1] if known else None


def _arithmetic_of(steps: Iterable[Step]) -> GroupOf:
    """Return what finds the outermost module around a step that is mostly arithmetic."""
    arithmetic: Counter[Module] = Counter()
    symbols: Counter[Module] = Counter()
    for step in steps:
        counter = arithmetic if step.symbol.kind == "cell" else symbols
        counter.update(set(step.modules[1:]))
    mostly = {m for m, n in arithmetic.items() if n >= 3 and n >= symbols[m]}

    def group_of(step: Step) -> Module | None:
        return next((module for module in step.modules[1:] if module in mostly), None)

    return group_of


def _described(steps: Sequence[Step]) -> str:
    """Name up to three of the things that are done inside a box."""
    done = {word for step in steps for word in _spoken(step)}
    return " · ".join([word for word in words.NOTABLE if word in done][:3])


def _spoken(step: Step) -> list[str]:
    if step.symbol.kind == "conv":
        return ["conv"]
    if step.symbol.kind == "cell":
        return [*step.symbol.title.split(" · "), *step.symbol.core.split(" · ")]
    return [step.symbol.title]


def _chain(steps: Sequence[Step]) -> str:
    titles = list(dict.fromkeys(step.symbol.title for step in steps))
    chosen = [title for title in titles if title[0] not in words.SIGNS] or titles
    return " · ".join(chosen[:3]) + (" …" if len(chosen) > 3 else "")
