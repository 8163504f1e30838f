"""Lay a nested network out: hexagons from top to bottom, branches side by side, brackets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ondes.draw.nest import Fork, Item, Leaf, Repeat, Run, Tangle
from ondes.draw.reach import Shape
from ondes.draw.scene import (
    Block,
    Box,
    Circle,
    Group,
    Line,
    Mark,
    Point,
    Text,
    Thing,
    hexagon,
    stacked,
    width,
)
from ondes.draw.simplify import Layer

HIGH = 42.0  # of a symbol
RADIUS = 10.5  # of a circle
GAP, LABELLED = 17.0, 28.0  # of a line between symbols, without and with a shape beside it
BUS = 13.0  # height in which lines spread to branches
APART = 20.0  # between branches
LANE = 11.0  # between lines beside a tangle
SHORTCUT = Block(width=8, height=0, axis=4, things=())
FLAT = 28.0  # of one with a single line


@dataclass(frozen=True)
class Places:
    """What laying out needs to know: layers, what is said of those of a symbol, what comes out."""

    layers: Sequence[Layer]
    say: Callable[[Sequence[int]], str]
    result: str = ""


@dataclass(frozen=True)
class Laid:
    """A block, the shape that leaves it, and the shape that was last written."""

    block: Block
    shape: Shape
    shown: Shape


def run(items: Run, places: Places, *, shape: Shape, shown: Shape, closed: bool = False) -> Laid:
    """Return items one below the other, each after a line; `closed` adds a line at the end."""
    blocks: list[Block] = []
    for before, item in zip((None, *items), items, strict=False):
        if shape:
            known = shape if isinstance(before, Fork) else shown
            blocks.append(_gap(shape, known, arrow=isinstance(item, Leaf)))
        laid = _item(item, places, shape=shape)
        blocks.append(laid.block)
        shape, shown = laid.shape, shown if isinstance(before, Fork) else laid.shown
    if closed and items:
        known = shape if isinstance(items[-1], Fork) else shown
        blocks.append(_gap(shape, known, arrow=False))
        shown = shape
    return Laid(stacked(blocks), shape, shown)


def _item(item: Item, places: Places, *, shape: Shape) -> Laid:
    if isinstance(item, Leaf):
        layer = places.layers[item.layers[0]]
        block = symbol(layer, places.say(item.layers))
        return Laid(block, layer.shape, shape)
    if isinstance(item, Fork):
        return _fork(item, places, shape)
    if isinstance(item, Repeat):
        return _repeat(item, places, shape)
    return _tangle(item, places, shape)


def written(shape: Shape) -> str:
    """Write a shape; axes of one entry between channels and time are left out.

    >>> written((64, 1, 512)), written((1, 16000)), written((10,))
    ('64×512', '1×16000', '10')
    """
    ends = (0, len(shape) - 1)
    return "×".join(str(n) for axis, n in enumerate(shape) if n != 1 or axis in ends)


def _gap(shape: Shape, shown: Shape, *, arrow: bool) -> Block:
    label = written(shape) if written(shape) != written(shown) else ""
    height = LABELLED if label else GAP
    things: list[Thing] = [Line(points=((0, 0), (0, height)), arrow=arrow)]
    if label:
        y = height / 2 + (1 if arrow else 4)
        things.append(Text(x=7, y=y, text=label, size=10.5, anchor="start", style="faint"))
    return Block(width=10 + width(label, size=10.5), height=height, axis=0, things=tuple(things))


def symbol(layer: Layer, title: str) -> Block:
    """Return a symbol with its circles on both sides."""
    high = _height(layer)
    if layer.kind == "circle":
        wide, marks = 0.0, []
    else:
        texts = (width(layer.title, size=12.5, bold=True), width(layer.core, size=11.5))
        slack = 36 if layer.kind in ("conv", "pool") else 24
        wide = max(74 if layer.kind == "join" else 104, *(text + slack for text in texts))
        marks = _body(layer, wide, high)
    left = _columns(layer.before)
    marks += _circles(layer.before, right=-4, high=high)
    if layer.kind == "circle":
        return _lone(layer, title)
    marks += _circles(layer.after, left=wide + 2, high=high)
    things = (Group(title=title, marks=tuple(marks)),)
    total = Block(width=wide + left + _columns(layer.after), height=high, axis=0, things=things)
    return Block(width=total.width, height=high, axis=left + wide / 2, things=total.at(left, 0))


def _height(layer: Layer) -> float:
    """Return the height of a symbol: less where it has one line and no two circles."""
    flat = layer.kind in ("join", "input") or (layer.kind == "cell" and not layer.core)
    return FLAT if flat and max(len(layer.before), len(layer.after)) < 2 else HIGH


def _body(layer: Layer, wide: float, high: float) -> list[Mark]:
    middle = wide / 2
    marks: list[Mark] = []
    if layer.kind == "conv" or layer.kind == "pool":
        marks.append(hexagon(x=0, y=0, width=wide, height=high, style=layer.kind))
    elif layer.kind != "circle":
        radius = high / 2 if layer.kind == "input" else 3.0
        marks.append(Box(x=0, y=0, width=wide, height=high, style=layer.kind, radius=radius))
    if layer.core:
        marks.append(Text(x=middle, y=18, text=layer.title, size=12.5, bold=True))
        marks.append(Text(x=middle, y=33.5, text=layer.core, size=11.5))
    else:
        marks.append(Text(x=middle, y=high / 2 + 4.5, text=layer.title, size=12.5, bold=True))
    return marks


def _columns(circles: Sequence[tuple[str, str]]) -> float:
    return -(-len(circles) // 2) * (2 * RADIUS + 1) + 3 if circles else 0.0


def _circles(
    circles: Sequence[tuple[str, str]],
    *,
    high: float,
    left: float | None = None,
    right: float | None = None,
) -> list[Mark]:
    """Return circles two above each other, the first that is applied on top."""
    columns = [circles[k : k + 2] for k in range(0, len(circles), 2)]
    begin = left if left is not None else (right or 0.0) - _columns(circles) + 4
    marks: list[Mark] = []
    for k, column in enumerate(columns):
        x = begin + RADIUS + k * (2 * RADIUS + 1)
        for j, (letter, _) in enumerate(column):
            y = high / 2 + (2 * j + 1 - len(column)) * RADIUS
            marks += circle(letter, x, y)
    return marks


def circle(letter: str, x: float, y: float) -> list[Mark]:
    """Return a circle with its letter."""
    size = 11.0 if len(letter) == 1 else 9.0
    text = Text(x=x, y=y + size * 0.36, text=letter, size=size, bold=True)
    return [Circle(x=x, y=y, radius=RADIUS), text]


def _lone(layer: Layer, title: str) -> Block:
    """Return circles that belong to no hexagon, one below the other on the line."""
    marks: list[Mark] = []
    for k, (letter, _) in enumerate(layer.after):
        marks += circle(letter, RADIUS, RADIUS + k * 2 * RADIUS)
    high = 2 * RADIUS * len(layer.after)
    things = (Group(title=title, marks=tuple(marks)),)
    return Block(width=2 * RADIUS, height=high, axis=RADIUS, things=things)


def _fork(fork: Fork, places: Places, shape: Shape) -> Laid:
    """Return branches side by side, spread from one line and brought together again."""
    laid = [run(one, places, shape=shape, shown=shape, closed=True) for one in fork.branches]
    blocks = [one.block if one.block.height else SHORTCUT for one in laid]
    if fork.gates and SHORTCUT in blocks:
        blocks.sort(key=lambda block: block.height > 0)
    high = max(block.height for block in blocks)
    lefts = [0.0]
    for block in blocks[:-1]:
        lefts.append(lefts[-1] + block.width + APART)
    axes = [left + block.axis for left, block in zip(lefts, blocks, strict=True)]
    axis = _main(fork, axes, blocks)
    things: list[Thing] = []
    for left, x, block in zip(lefts, axes, blocks, strict=True):
        things += _wired(axis, x, block.height, high)[0 if shape else 1 :]
        things += block.at(left, BUS)
    total = lefts[-1] + blocks[-1].width
    block = Block(width=total, height=high + 2 * BUS, axis=axis, things=tuple(things))
    changed = any(one.shape != shape for one in laid)
    return Laid(block, shape or laid[0].shape, () if changed else shape)


def _main(fork: Fork, axes: Sequence[float], blocks: Sequence[Block]) -> float:
    """Return where the line goes on: through the only body, beside a gate, or in the middle."""
    full = [x for x, block in zip(axes, blocks, strict=True) if block.height]
    if fork.gates and len(full) < len(axes):
        return axes[0]
    return full[0] if len(full) == 1 else (axes[0] + axes[-1]) / 2


def _wired(axis: float, x: float, height: float, high: float) -> list[Thing]:
    end = high + 2 * BUS
    if not height:
        return [Line(points=_bent((axis, 0), x, BUS / 2, end - BUS / 2, (axis, end)))]
    above = _bent((axis, 0), x, BUS / 2, BUS, None)
    below = _bent(None, x, BUS + height, end - BUS / 2, (axis, end))
    return [Line(points=above), Line(points=below)]


def _bent(
    start: Point | None, x: float, first: float, last: float, end: Point | None
) -> tuple[Point, ...]:
    """Return a line from `start` over x between two heights to `end`."""
    points = [start, (start[0], first)] if start else []
    points += [(x, first), (x, last)]
    points += [(end[0], last), end] if end else []
    return tuple(p for p, q in zip(points, [None, *points], strict=False) if p != q)


def _repeat(item: Repeat, places: Places, shape: Shape) -> Laid:
    laid = run(item.body, places, shape=shape, shown=shape)
    body, far = laid.block, 9.0
    count = f"×{item.count}"
    high, wide = body.height + 8, body.width + 2 * far
    room = max(0.0, body.axis + far + width(count, size=13, bold=True) + 10 - wide)
    things: list[Thing] = [*body.at(far, 0), *_brackets(wide, high)]
    x = wide + room
    things.append(Text(x=x, y=high + 14, text=count, size=13, bold=True, anchor="end"))
    things.append(Line(points=((body.axis + far, body.height), (body.axis + far, high + 18))))
    block = Block(width=wide + room, height=high + 18, axis=body.axis + far, things=tuple(things))
    return Laid(block, laid.shape, laid.shown)


def _brackets(wide: float, high: float) -> list[Thing]:
    return [
        Line(points=((x + inward, 3), (x, 3), (x, high), (x + inward, high)), style="bracket")
        for x, inward in ((1.0, 6.0), (wide - 1, -6.0))
    ]


def _tangle(item: Tangle, places: Places, shape: Shape) -> Laid:
    """Return layers in order of computation, with lines beside them for all but the next."""
    blocks = [symbol(places.layers[one], places.say((one,))) for one in item.layers]
    left = max(block.axis for block in blocks)
    right = max(block.width - block.axis for block in blocks)
    tops: list[float] = []
    y = 0.0
    things: list[Thing] = []
    for block in blocks:
        y += LABELLED
        tops.append(y)
        things += block.at(left - block.axis, y)
        y += block.height
    high = y + LABELLED
    ends = [0.0, *(top + block.height for top, block in zip(tops, blocks, strict=True))]
    begins = [*tops, high]
    far = 0
    for (source, target), lane in _lanes(item.links):
        a, b = ends[source + 1], begins[target]
        if lane < 0:
            things.append(Line(points=((left, a), (left, b)), arrow=target < len(blocks)))
            continue
        far = max(far, lane + 1)
        x = left + right + (lane + 1) * LANE
        points = ((left, a), (left, a + 7), (x, a + 7), (x, b - 12), (left, b - 12), (left, b))
        things.append(Line(points=points, arrow=target < len(blocks)))
    last = places.layers[item.layers[-1]].shape
    wide = left + right + (far + 1) * LANE
    return Laid(Block(width=wide, height=high, axis=left, things=tuple(things)), last, shape)


def _lanes(links: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
    """Give every link that is not to the next place a lane of its own over its length."""
    taken: list[int] = []
    found = []
    for source, target in sorted(links, key=lambda link: (link[0], link[1] - link[0])):
        if target == source + 1:
            found.append(((source, target), -1))
            continue
        lane = next((k for k, until in enumerate(taken) if until <= source), len(taken))
        taken[lane : lane + 1] = [target]
        found.append(((source, target), lane))
    return found
