"""A scene as SVG: its own colours in light and dark, in grey still told apart, a title for each."""

from collections.abc import Sequence
from html import escape
from math import dist

from ondes.draw.scene import CORNER, Box, Circle, Group, Line, Mark, Point, Polygon, Text, Thing

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
LIGHT = {
    "paper": ("#ffffff", "none"),
    "conv": ("#e98b7d", "#8f3226"),
    "pool": ("#d7dbe1", "#626a76"),
    "dense": ("#b9d2ee", "#2f5b8b"),
    "join": ("#ffffff", "#343c48"),
    "cell": ("#f3e7c6", "#846c2a"),
    "input": ("#eef1f5", "#626a76"),
    "circle": ("#ffffff", "#343c48"),
    "line": ("none", "#4a5462"),
    "head": ("#4a5462", "none"),
    "bracket": ("none", "#1b222d"),
    "ink": ("#171d27", "none"),
    "faint": ("#56606e", "none"),
}
"""Fill and stroke; a convolution is the darkest in grey, too."""

DARK = {
    "paper": ("#12161d", "none"),
    "conv": ("#8a392d", "#f0a698"),
    "pool": ("#454d59", "#a8b1bf"),
    "dense": ("#2b4f78", "#9cc2ec"),
    "join": ("#12161d", "#dde3ec"),
    "cell": ("#5b4c20", "#dcc686"),
    "input": ("#262d38", "#a8b1bf"),
    "circle": ("#12161d", "#dde3ec"),
    "line": ("none", "#a8b1bf"),
    "head": ("#a8b1bf", "none"),
    "bracket": ("none", "#f1f4f8"),
    "ink": ("#f1f4f8", "none"),
    "faint": ("#aab3c0", "none"),
}


def rendered(
    things: Sequence[Thing], *, width: float, height: float, title: str, about: str
) -> str:
    """Return an SVG document of such a size, with a title and a description for readers."""
    body = "\n".join(_thing(thing) for thing in things)
    size = f"{_number(width)} {_number(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(width)}" '
        f'height="{_number(height)}" viewBox="0 0 {size}" role="img" '
        f'aria-labelledby="title about" font-family="{escape(FONT)}">\n'
        f'<title id="title">{escape(title)}</title>\n<desc id="about">{escape(about)}</desc>\n'
        f"<style>\n{_rules(LIGHT)}\n.line, .bracket {{ stroke-linecap: round; "
        f"stroke-linejoin: round }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{_rules(DARK)}\n}}\n</style>\n"
        f'<rect class="paper" width="{_number(width)}" height="{_number(height)}"/>\n'
        f"{body}\n</svg>\n"
    )


def _rules(colours: dict[str, tuple[str, str]]) -> str:
    widths = {"line": "1.3", "bracket": "2"}
    return "\n".join(
        f".{name} {{ fill: {fill}; stroke: {stroke}"
        + (f"; stroke-width: {widths.get(name, '1.2')} }}" if stroke != "none" else " }")
        for name, (fill, stroke) in colours.items()
    )


def _thing(thing: Thing) -> str:
    if not isinstance(thing, Group):
        return _mark(thing)
    inside = "".join(_mark(mark) for mark in thing.marks)
    return f"<g><title>{escape(thing.title)}</title>{inside}</g>"


def _mark(mark: Mark) -> str:
    if isinstance(mark, Polygon):
        return f'<polygon class="{mark.style}" points="{_points(mark.points)}"/>'
    if isinstance(mark, Box):
        return (
            f'<rect class="{mark.style}" x="{_number(mark.x)}" y="{_number(mark.y)}" '
            f'width="{_number(mark.width)}" height="{_number(mark.height)}" '
            f'rx="{_number(mark.radius)}"/>'
        )
    if isinstance(mark, Circle):
        return (
            f'<circle class="{mark.style}" cx="{_number(mark.x)}" cy="{_number(mark.y)}" '
            f'r="{_number(mark.radius)}"/>'
        )
    return _line(mark) if isinstance(mark, Line) else _text(mark)


def _line(line: Line) -> str:
    parts = [f'<path class="{line.style}" d="{_path(line.points, line.style)}"/>']
    if line.arrow:
        points = _points(arrowhead(line.points))
        parts.append(f'<polygon class="head" points="{points}"/>')
    return "".join(parts)


def _text(text: Text) -> str:
    weight = ' font-weight="600"' if text.bold else ""
    return (
        f'<text class="{text.style}" x="{_number(text.x)}" y="{_number(text.y)}" '
        f'font-size="{_number(text.size)}" text-anchor="{text.anchor}"{weight}>'
        f"{escape(text.text)}</text>"
    )


def arrowhead(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the triangle at the end of a line."""
    (x0, y0), (x, y) = points[-2:]
    length = dist((x0, y0), (x, y)) or 1.0
    u, v = (x - x0) / length, (y - y0) / length
    back = (x - 6 * u, y - 6 * v)
    return (x, y), (back[0] - 3 * v, back[1] + 3 * u), (back[0] + 3 * v, back[1] - 3 * u)


def corners(points: Sequence[Point]) -> list[tuple[Point, Point, Point]]:
    """Return for each inner point where its rounding begins, the point, and where it ends."""
    found = []
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near = min(CORNER, dist(before, corner) / 2, dist(corner, after) / 2)
        found.append((_towards(corner, before, near), corner, _towards(corner, after, near)))
    return found


def _towards(start: Point, end: Point, length: float) -> Point:
    whole = dist(start, end) or 1.0
    share = length / whole
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _path(points: Sequence[Point], style: str) -> str:
    rounds = corners(points) if style == "line" else [(p, p, p) for p in points[1:-1]]
    parts = [f"M{_pair(points[0])}"]
    parts += [f"L{_pair(a)}Q{_pair(b)} {_pair(c)}" for a, b, c in rounds]
    return "".join((*parts, f"L{_pair(points[-1])}"))


def _points(points: Sequence[Point]) -> str:
    return " ".join(_pair(point) for point in points)


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
