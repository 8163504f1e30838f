"""A drawing before it is SVG or PNG: shapes with a style each, in units of a pixel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Point = tuple[float, float]
Style = Literal[
    "conv", "pool", "dense", "join", "cell", "input", "circle", "line", "bracket", "ink", "faint"
]
Anchor = Literal["start", "middle", "end"]
CORNER = 7.0


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """A closed outline, filled."""

    points: tuple[Point, ...]
    style: Style


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle with round corners, filled."""

    x: float
    y: float
    width: float
    height: float
    style: Style
    radius: float = 3.0


@dataclass(frozen=True, kw_only=True)
class Circle:
    """A filled circle."""

    x: float
    y: float
    radius: float
    style: Style = "circle"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points, its corners rounded; with an arrow's head at the end or not."""

    points: tuple[Point, ...]
    style: Style = "line"
    arrow: bool = False


@dataclass(frozen=True, kw_only=True)
class Text:
    """A line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float = 12.0
    bold: bool = False
    anchor: Anchor = "middle"
    style: Style = "ink"


Mark = Polygon | Box | Circle | Line | Text


@dataclass(frozen=True, kw_only=True)
class Group:
    """What belongs together, with what is said of it when it is pointed at."""

    title: str
    marks: tuple[Mark, ...]


Thing = Mark | Group


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of the drawing from (0, 0) on; its line enters at (axis, 0), leaves below."""

    width: float
    height: float
    axis: float
    things: tuple[Thing, ...]

    def at(self, x: float, y: float) -> tuple[Thing, ...]:
        """Return its things, moved."""
        return tuple(moved(thing, x, y) for thing in self.things)


def moved(thing: Thing, x: float, y: float) -> Thing:
    """Return a thing at another place."""
    if isinstance(thing, Group):
        marks = tuple(_moved(mark, x, y) for mark in thing.marks)
        return replace(thing, marks=marks)
    return _moved(thing, x, y)


def _moved(mark: Mark, x: float, y: float) -> Mark:
    if isinstance(mark, Polygon | Line):
        return replace(mark, points=tuple((a + x, b + y) for a, b in mark.points))
    return replace(mark, x=mark.x + x, y=mark.y + y)


def hexagon(*, x: float, y: float, width: float, height: float, style: Style) -> Polygon:
    """Return a prolonged hexagon, with its tips at the left and the right."""
    tip = height / 3
    left, right, below = x + width, x, y + height
    middle = y + height / 2
    above = ((right, middle), (right + tip, y), (left - tip, y))
    points = (*above, (left, middle), (left - tip, below), (right + tip, below))
    return Polygon(points=points, style=style)


def stacked(blocks: Sequence[Block]) -> Block:
    """Return blocks one below the other, on one line."""
    left = max((b.axis for b in blocks), default=0.0)
    right = max((b.width - b.axis for b in blocks), default=0.0)
    things: list[Thing] = []
    y = 0.0
    for block in blocks:
        things += block.at(left - block.axis, y)
        y += block.height
    return Block(width=left + right, height=y, axis=left, things=tuple(things))


# Widths of Helvetica's characters in thousandths of its size; the same as Arial's.
_WIDTHS = {
    **dict.fromkeys("ijl'|", 222),
    **dict.fromkeys(" .,:;/ft!I[]·()-", 278),
    **dict.fromkeys("r", 333),
    **dict.fromkeys("ckszvxyJ", 500),
    **dict.fromkeys("ABEKPSVXY&", 667),
    **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("mM", 833),
    **dict.fromkeys("W…—", 1000),
    **dict.fromkeys("FTZ", 611),
    **dict.fromkeys("×+−÷=<>≤", 584),
}


def width(text: str, *, size: float = 12.0, bold: bool = False) -> float:
    """Return about how wide a text is.

    >>> round(width("conv 64"), 1)
    42.0
    """
    total = sum(_WIDTHS.get(letter, 556) for letter in text)
    return total * size / 1000 * (1.06 if bold else 1.0)
