"""A scene as PNG, drawn by Pillow: the shapes of the SVG in its light colours, no browser."""

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from ondes.draw.scene import Box, Circle, Group, Line, Mark, Point, Polygon, Text, Thing
from ondes.draw.scene import width as expected
from ondes.draw.svg import LIGHT, arrowhead, corners

FINER = 2  # drawn so many times as large, then made smaller, which smooths edges
LARGEST = 120e6  # pixels in memory, beyond which the drawing is not made finer
FACES = {
    False: ("Helvetica.ttf", "Arial.ttf", "LiberationSans-Regular.ttf", "DejaVuSans.ttf"),
    True: ("Helvetica-Bold.ttf", "arialbd.ttf", "LiberationSans-Bold.ttf", "DejaVuSans-Bold.ttf"),
}
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def rendered(things: Sequence[Thing], *, width: float, height: float, scale: float = 2.0) -> bytes:
    """Return a PNG file, `scale` pixels to a unit."""
    finer = FINER if width * height * (scale * FINER) ** 2 < LARGEST else 1
    size = round(width * scale), round(height * scale)
    image = Image.new("RGB", (size[0] * finer, size[1] * finer), LIGHT["paper"][0])
    painter = _Painter(image, scale * finer)
    for thing in things:
        for mark in thing.marks if isinstance(thing, Group) else (thing,):
            painter.draw(mark)
    file = BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(file, format="PNG")
    return file.getvalue()


class _Painter:
    def __init__(self, image: Image.Image, scale: float) -> None:
        self._draw = ImageDraw.Draw(image)
        self._scale = scale

    def draw(self, mark: Mark) -> None:
        if isinstance(mark, Text):
            self._text(mark)
        elif isinstance(mark, Line):
            self._line(mark)
        else:
            self._shape(mark)

    def _shape(self, mark: Polygon | Box | Circle) -> None:
        fill, stroke = LIGHT[mark.style]
        line = max(1, round(1.2 * self._scale))
        if isinstance(mark, Polygon):
            points = self._scaled(mark.points)
            self._draw.polygon(points, fill=fill)
            self._draw.line([*points, *points[:2]], fill=stroke, width=line, joint="curve")
        elif isinstance(mark, Box):
            ends = ((mark.x, mark.y), (mark.x + mark.width, mark.y + mark.height))
            self._draw.rounded_rectangle(
                self._scaled(ends), mark.radius * self._scale, fill, stroke, line
            )
        else:
            r = mark.radius
            ends = ((mark.x - r, mark.y - r), (mark.x + r, mark.y + r))
            self._draw.ellipse(self._scaled(ends), fill=fill, outline=stroke, width=line)

    def _line(self, line: Line) -> None:
        colour = LIGHT[line.style][1]
        points = _rounded(line.points) if line.style == "line" else list(line.points)
        width = max(1, round((1.3 if line.style == "line" else 2) * self._scale))
        self._draw.line(self._scaled(points), fill=colour, width=width, joint="curve")
        if line.arrow:
            self._draw.polygon(self._scaled(arrowhead(line.points)), fill=colour)

    def _text(self, text: Text) -> None:
        size = text.size * self._scale
        font = _font(text.bold, round(size))
        wanted = expected(text.text, size=size, bold=text.bold)
        if isinstance(font, ImageFont.FreeTypeFont) and font.getlength(text.text) > 1.08 * wanted:
            font = _font(text.bold, max(1, int(size * wanted / font.getlength(text.text))))
        place = (text.x * self._scale, text.y * self._scale)
        self._draw.text(
            place, text.text, fill=LIGHT[text.style][0], font=font, anchor=ANCHORS[text.anchor]
        )

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._scale, y * self._scale) for x, y in points]


def _rounded(points: Sequence[Point]) -> list[Point]:
    """Return a line's points with each corner as a short curve."""
    found = [points[0]]
    for start, corner, end in corners(points):
        for step in range(7):
            t = step / 6
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
            found.append(
                (
                    a * start[0] + b * corner[0] + c * end[0],
                    a * start[1] + b * corner[1] + c * end[1],
                )
            )
    return [*found, points[-1]]


@lru_cache(maxsize=64)
def _font(bold: bool, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:  # noqa: FBT001
    for name in FACES[bold]:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
