"""The whole drawing: a head, the network in columns, and what the signs mean."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log

from ondes.draw.layout import LABELLED, RADIUS, Laid, Places, circle, run
from ondes.draw.nest import Fork, Run
from ondes.draw.reach import Shape
from ondes.draw.scene import Block, Line, Text, Thing, stacked, width
from ondes.draw.simplify import Layer

MARGIN = 28.0
GUTTER = 52.0
LEAST = 400.0  # width of a page
MOST = 14  # columns
LOW = 720.0  # height up to which one will do
WANTED = 1.3  # width of the network over its height


@dataclass(frozen=True, kw_only=True)
class Page:
    """A drawing and its size."""

    things: tuple[Thing, ...]
    width: float
    height: float


def page(items: Run, places: Places, *, title: str, lines: Sequence[str]) -> Page:
    """Return the page of a network: title, `lines` of facts, the network, its signs."""
    body = _columns(items, places)
    wide = max(LEAST, body.width, width(title, size=20, bold=True))
    blocks = (_head(title, lines, wide), body, _signs(places.layers, wide))
    things: list[Thing] = []
    y = MARGIN
    for block in blocks:
        x = MARGIN + ((wide - block.width) / 2 if block is body else 0)
        things += block.at(x, y)
        y += block.height + 18
    return Page(things=tuple(things), width=wide + 2 * MARGIN, height=y - 18 + MARGIN)


def _head(title: str, lines: Sequence[str], wide: float) -> Block:
    things: list[Thing] = [Text(x=0, y=17, text=title, size=20, bold=True, anchor="start")]
    y = 22.0
    for line in lines:
        for part in _wrapped(line, wide, size=12.5):
            y += 17
            things.append(Text(x=0, y=y, text=part, size=12.5, anchor="start", style="faint"))
    return Block(width=wide, height=y + 6, axis=0, things=tuple(things))


def _wrapped(line: str, wide: float, *, size: float) -> list[str]:
    """Break a line between words where it is too long."""
    lines = [""]
    for word in line.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size=size) <= wide or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _columns(items: Run, places: Places) -> Block:
    """Return a network in the number of columns that makes the page best to look at."""
    units = _units(items)
    heights = [run(unit, places, shape=(1,), shown=(1,)).block.height for unit in units]
    most = MOST if sum(heights) > LOW else 1
    choices = {_split(heights, count) for count in range(1, most + 1)}
    pages = [_side_by_side(_cut(units, choice), places) for choice in choices]
    least = min(block.width * block.height for block in pages)

    def ugliness(block: Block) -> float:
        waste = log(block.width * block.height / least)
        return abs(log(block.width / block.height / WANTED)) + waste

    return min(pages, key=lambda block: (ugliness(block), block.width))


def _units(items: Run) -> list[Run]:
    """Return what stays in one column: branches with the layer that joins them."""
    units: list[Run] = []
    for before, item in zip((None, *items), items, strict=False):
        if isinstance(before, Fork):
            units[-1] = (*units[-1], item)
        else:
            units.append((item,))
    return units


def _split(heights: Sequence[float], count: int) -> tuple[int, ...]:
    """Return where columns begin so that the highest of at most `count` is as low as can be."""
    low, high = max(heights), sum(heights)
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(heights, middle)) < count else (middle, high)
    return _filled(heights, high)


def _filled(heights: Sequence[float], limit: float) -> tuple[int, ...]:
    cuts: list[int] = []
    y = 0.0
    for k, height in enumerate(heights):
        if k and y + height > limit:
            cuts.append(k)
            y = 0.0
        y += height
    return tuple(cuts)


def _cut(units: Sequence[Run], cuts: Sequence[int]) -> list[Run]:
    pairs = zip((0, *cuts), (*cuts, len(units)), strict=True)
    return [tuple(item for unit in units[a:b] for item in unit) for a, b in pairs]


def _side_by_side(columns: Sequence[Run], places: Places) -> Block:
    things: list[Thing] = []
    shape: Shape = ()
    shown: Shape = ()
    x, high, ends = 0.0, 0.0, []
    for k, items in enumerate(columns):
        laid = run(items, places, shape=shape, shown=shown)
        laid = _last(laid, places.result) if k == len(columns) - 1 else laid
        shape, shown = laid.shape, laid.shown
        things += laid.block.at(x, 0)
        ends.append((x + laid.block.axis, laid.block.height, x + laid.block.width))
        x += laid.block.width + GUTTER
        high = max(high, laid.block.height)
    for (a, bottom, right), (b, _, _) in pairwise(ends):
        middle = right + GUTTER / 2
        points = (
            (a, bottom),
            (a, bottom + 14),
            (middle, bottom + 14),
            (middle, -10),
            (b, -10),
            (b, 0),
        )
        things.append(Line(points=points))
    block = Block(width=x - GUTTER, height=high + 26, axis=0, things=tuple(things))
    return replace(block, things=block.at(0, 12))


def _last(laid: Laid, text: str) -> Laid:
    """Let the network end in an arrow and the shape of what it gives."""
    half = width(text, size=11.5, bold=True) / 2
    things = (
        Line(points=((half, 0), (half, LABELLED - 4)), arrow=True),
        Text(x=half, y=LABELLED + 9, text=text, size=11.5, bold=True),
    )
    end = Block(width=2 * half, height=LABELLED + 14, axis=half, things=things)
    return Laid(stacked([laid.block, end]), laid.shape, laid.shape)


def _signs(layers: Iterable[Layer], wide: float) -> Block:
    """Explain the letters and signs that occur, in rows."""
    rows = list(layers)
    letters: dict[str, str] = {}
    for letter, name in sorted({c for layer in rows for c in (*layer.before, *layer.after)}):
        letters[letter] = f"{letters[letter]}, {name}" if letter in letters else name
    things: list[Thing] = []
    x, y = 0.0, 14.0
    for letter, name in letters.items():
        step = 2 * RADIUS + 6 + width(name, size=11.5) + 18
        if x and x + step > wide:
            x, y = 0.0, y + 27
        things += circle(letter, x + RADIUS, y)
        text = Text(x=x + 2 * RADIUS + 6, y=y + 4, text=name, size=11.5, anchor="start")
        things.append(text)
        x += step
    y += 24 if letters else 0
    for line in _explained(rows):
        for part in _wrapped(line, wide, size=10.5):
            things.append(Text(x=0, y=y, text=part, size=10.5, anchor="start", style="faint"))
            y += 14
    return Block(width=wide, height=y - 8, axis=0, things=tuple(things))


def _explained(layers: Sequence[Layer]) -> list[str]:
    cores = [layer.core.split(" ") for layer in layers if layer.kind in ("conv", "pool")]
    words = [word for core in cores for word in core[1:]]
    said = []
    if cores:
        said.append("a hexagon says what it is above and its core below")
    if any(word.startswith("/") for word in words):
        said.append("/2 stride")
    if any(word.startswith("d") for word in words):
        said.append("d2 dilation")
    if any(len(circles) > 1 for layer in layers for circles in (layer.before, layer.after)):
        said.append("of two circles the upper one comes first")
    said.append("a shape (channels × … × time) stands where it changes")
    return ["; ".join(said)]
