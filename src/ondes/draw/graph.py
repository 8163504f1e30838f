"""A drawn network: its layers and totals, as SVG, PNG or a table."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ondes.draw import png, svg
from ondes.draw.layout import Places, written
from ondes.draw.nest import Run, nest
from ondes.draw.page import Page, page
from ondes.draw.reach import Reach, Shape
from ondes.draw.simplify import Layer
from ondes.errors import InputError
from ondes.io import atomic_write

SUFFIXES = (".svg", ".png")


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network as it is drawn.

    Attributes:
        name: of the network.
        layers: its symbols in the order of computation.
        outputs: places of the layers that are its outputs.
        ends: of each output the shape, without the batch, and what a value of it sees.
        sizes: numbers of values of all its parameters, by their names.
        note: what a reader must know of how it was traced; mostly nothing.
    """

    name: str
    layers: tuple[Layer, ...]
    outputs: tuple[int, ...]
    ends: tuple[tuple[Shape, Reach | None], ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def parameters(self) -> int:
        """Number of values that are learnt, whether drawn or not."""
        return sum(self.sizes.values())

    @property
    def unused(self) -> int:
        """Number of those that what is drawn does not need, as heads for training alone."""
        drawn = frozenset[str]().union(*(layer.parameters for layer in self.layers))
        return sum(size for name, size in self.sizes.items() if name not in drawn)

    @property
    def multiply_adds(self) -> int:
        """Number of products that are summed for one item, of convolutions and dense layers."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def receptive_field(self) -> int | None:
        """Samples along the last axis that a value of the output sees; None: all that are given."""
        sizes = [reach.size for _, reach in self.ends if reach is not None]
        return max(sizes) if sizes and len(sizes) == len(self.ends) else None

    @property
    def local_field(self) -> int | None:
        """The most that a value sees before anything sees all: what convolutions add up to."""
        reaches = [layer.reach.size for layer in self.layers if layer.reach is not None]
        return max(reaches, default=None)

    def parameters_of(self, layer: Layer) -> int:
        """Return the number of values that a layer has learnt."""
        return sum(self.sizes.get(name, 0) for name in layer.parameters)

    @cached_property
    def nested(self) -> Run:
        """The layers as sequences, branches and repetitions."""
        return nest(self.layers, self.outputs)

    def svg(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the drawing as an SVG document; with a path write it there, too."""
        drawn = self._page()
        text = svg.rendered(
            drawn.things,
            width=drawn.width,
            height=drawn.height,
            title=self.name,
            about=". ".join(self.facts()),
        )
        if path is not None:
            with atomic_write(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return text

    def png(self, path: str | os.PathLike[str] | None = None, *, scale: float = 2.0) -> bytes:
        """Return the drawing as a PNG file, `scale` pixels to a unit; with a path write it, too."""
        drawn = self._page()
        content = png.rendered(drawn.things, width=drawn.width, height=drawn.height, scale=scale)
        if path is not None:
            with atomic_write(path) as temporary:
                temporary.write_bytes(content)
        return content

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing in the format that the path's suffix names.

        Raises:
            InputError: it names none, or there is no such folder.
        """
        check_suffix(path)
        (self.svg if Path(path).suffix.lower() == ".svg" else self.png)(path)

    def facts(self) -> list[str]:
        """Return what is to be said of the whole, a line each."""
        inputs = [written(layer.shape) for layer in self.layers if layer.kind == "input"]
        lines = [
            f"{short(self.parameters)} parameters · {short(self.multiply_adds)} multiply-adds for "
            f"{' and '.join(inputs)} · {self._sees()}"
        ]
        if self.unused:
            lines.append(
                f"{short(self.unused)} of the parameters are not in use here: they serve training "
                "alone, or nothing"
            )
        return [*lines, self.note] if self.note else lines

    def summary(self) -> str:
        """Return a table: each layer's name, shape, parameters, multiply-adds and field."""
        rows = [HEADINGS, *(self._row(layer) for layer in self.layers)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(HEADINGS))]
        lines = [
            "  ".join(
                cell.ljust(wide) if k < 3 else cell.rjust(wide)
                for k, (cell, wide) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join((*lines, "", f"{self.name}: {self.facts()[0]}", *self.facts()[1:]))

    def rows(self) -> list[dict[str, object]]:
        """Return what `summary` says as plain values, a mapping for each layer."""
        return [
            {
                "name": layer.name,
                "layer": said(layer),
                "shape": list(layer.shape),
                "parameters": self.parameters_of(layer),
                "multiply_adds": layer.multiply_adds,
                "receptive_field": layer.reach.size if layer.reach else None,
                "inputs": [self.layers[place].name for place in layer.inputs],
            }
            for layer in self.layers
        ]

    def _sees(self) -> str:
        if self.receptive_field is not None:
            return f"an output sees {self.receptive_field:,} {self._unit(self.receptive_field)}"
        local = self.local_field or 1
        before = f", a value before that {local:,} {self._unit(local)}" if local > 1 else ""
        return f"an output sees everything{before}"

    def _unit(self, count: int = 0) -> str:
        inputs = [layer.shape for layer in self.layers if layer.kind == "input"]
        signals = all(len(shape) <= 2 for shape in inputs)
        samples = "sample" if count == 1 else "samples"
        return samples if signals else "along the last axis"

    def _row(self, layer: Layer) -> tuple[str, ...]:
        sees = f"{layer.reach.size:,}" if layer.reach else "all"
        counts = (f"{self.parameters_of(layer):,}", f"{layer.multiply_adds:,}")
        return (layer.name, said(layer), written(layer.shape), *counts, sees)

    def _page(self) -> Page:
        result = " and ".join(written(shape) for shape, _ in self.ends)
        places = Places(self.layers, self._said, result)
        return page(self.nested, places, title=self.name, lines=self.facts())

    def _said(self, places: Sequence[int]) -> str:
        """Return what is said of a symbol that stands for some layers."""
        chosen = [self.layers[place] for place in places]
        names = [layer.name for layer in chosen]
        heading = (
            names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)} of them)"
        )
        sees = [f"{layer.reach.size:,}" if layer.reach else "all" for layer in chosen]
        lines = [
            f"{heading}: {said(chosen[0])}",
            f"output {written(chosen[0].shape)}",
            f"{_span([f'{self.parameters_of(layer):,}' for layer in chosen])} parameters",
            f"{_span([f'{layer.multiply_adds:,}' for layer in chosen])} multiply-adds",
            f"sees {_span(sees)} {self._unit()}",
        ]
        return "\n".join(lines)


HEADINGS = ("name", "layer", "output", "parameters", "multiply-adds", "sees")


def check_suffix(path: str | os.PathLike[str]) -> None:
    """Raise `InputError` where a path names no format that can be drawn."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"cannot draw {os.fspath(path)}: {suffix or 'no suffix'} is none of the formats "
            f"{', '.join(SUFFIXES)}; name the file net.svg, which any browser shows and prints"
        )


def said(layer: Layer) -> str:
    """Say what a layer is, as ``conv 64 7×7 /2, batch norm, ReLU``.

    >>> said(Layer(kind="conv", title="conv 64", core="3", after=(("R", "ReLU"),)))
    'conv 64 3, ReLU'
    """
    own = " ".join(filter(None, (layer.title, layer.core)))
    circles = [name for _, name in layer.before], [name for _, name in layer.after]
    return ", ".join(filter(None, (*circles[0], own, *circles[1])))


def short(number: int) -> str:
    """Write a large number with three digits.

    >>> short(25_557_032), short(4_089_284_608), short(512)
    ('25.6 M', '4.09 G', '512')
    """
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return (
                f"{number / size:.3g} {unit}"
                if number < 999.5 * size
                else f"{number / size:.0f} {unit}"
            )
    return str(number)


def _span(values: Sequence[str]) -> str:
    different = list(dict.fromkeys(values))
    if len(different) <= 4:
        return ", ".join(different)
    return f"{', '.join(different[:2])}, …, {different[-1]}"
