"""The pictures: valid, accessible, readable in light, dark and grey; nothing lies on anything."""

from io import BytesIO
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from ondes.draw import network
from ondes.draw.graph import Graph
from ondes.draw.nest import leaves, nest
from ondes.draw.scene import Box, Circle, Group, Polygon
from ondes.draw.simplify import Layer
from ondes.draw.svg import DARK, LIGHT
from ondes.errors import InputError
from ondes.models import build

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def graph():
    net = build("inception_time", {"size": "big"}, rate_hz=24_000, channels=1, classes=("a", "b"))
    return network(net, (1, 1, 4096), name="a <b> & c")


def test_an_svg_says_what_everything_is(graph):
    root = ET.fromstring(graph.svg())
    assert root.find(f"{SVG}title").text == "a <b> & c"
    assert "parameters" in root.find(f"{SVG}desc").text
    groups = root.findall(f"{SVG}g")
    assert len(groups) == len(graph.layers)
    said = [group.find(f"{SVG}title").text for group in groups]
    assert any("conv 32 255" in text and "8,160 parameters" in text for text in said)
    hexagons = [p for p in root.iter(f"{SVG}polygon") if p.get("class") in ("conv", "pool")]
    assert len(hexagons) == sum(layer.kind in ("conv", "pool") for layer in graph.layers)


def test_a_png_is_the_same_picture(graph):
    picture = Image.open(BytesIO(graph.png(scale=1.0)))
    root = ET.fromstring(graph.svg())
    wanted = (float(root.get("width")), float(root.get("height")))
    assert picture.size == pytest.approx(wanted, abs=1)
    colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    red = tuple(int(LIGHT["conv"][0][k : k + 2], 16) for k in (1, 3, 5))
    assert {red, (255, 255, 255)} <= colours


def test_files_are_written_by_their_suffix(graph, tmp_path):
    graph.write(tmp_path / "net.svg")
    graph.write(tmp_path / "net.PNG")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == graph.svg()
    with Image.open(tmp_path / "net.PNG") as picture:
        assert picture.format == "PNG"
    with pytest.raises(InputError, match=r"\.pdf is none of .*\.svg"):
        graph.write(tmp_path / "net.pdf")
    with pytest.raises(InputError, match="make the folder"):
        graph.write(tmp_path / "nowhere" / "net.svg")


def luminance(colour):
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_texts_and_lines_stand_out(colours):
    paper = colours["paper"][0]
    for style in ("conv", "pool", "dense", "join", "cell", "input", "circle", "paper"):
        assert contrast(colours["ink"][0], colours[style][0]) >= 4.5
    assert contrast(colours["faint"][0], paper) >= 4.5
    for style in ("line", "bracket", "conv", "pool", "dense", "cell"):
        assert contrast(colours[style][1], paper) >= 3


def test_convolutions_and_poolings_differ_in_grey():
    assert luminance(LIGHT["pool"][0]) - luminance(LIGHT["conv"][0]) > 0.2


def extent(group):
    """Return the rectangle that a symbol covers."""
    xs, ys = [], []
    for mark in group.marks:
        if isinstance(mark, Polygon):
            xs += [x for x, _ in mark.points]
            ys += [y for _, y in mark.points]
        elif isinstance(mark, Box):
            xs += [mark.x, mark.x + mark.width]
            ys += [mark.y, mark.y + mark.height]
        elif isinstance(mark, Circle):
            xs += [mark.x - mark.radius, mark.x + mark.radius]
            ys += [mark.y - mark.radius, mark.y + mark.radius]
    return min(xs), min(ys), max(xs), max(ys)


def assert_apart(page):
    groups = [extent(thing) for thing in page.things if isinstance(thing, Group)]
    for a, b in combinations(groups, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for x0, y0, x1, y1 in groups:
        assert 0 <= x0 < x1 <= page.width
        assert 0 <= y0 < y1 <= page.height


def test_no_symbol_lies_on_another(graph):
    assert_apart(graph._page())


@st.composite
def graphs(draw):
    """Any network at all: every layer takes from some of those before."""
    layers = [Layer(kind="input", title="input", shape=(1, 8))]
    for place in range(1, draw(st.integers(2, 14))):
        inputs = draw(st.lists(st.integers(0, place - 1), min_size=1, max_size=3, unique=True))
        kind = "conv" if len(inputs) == 1 else "join"
        circles = (("B", "batch norm"), ("R", "ReLU"), ("D", "dropout"))[: draw(st.integers(0, 3))]
        shape = (draw(st.sampled_from((4, 8))), 8)
        layers.append(
            Layer(kind=kind, title=kind, after=circles, inputs=tuple(inputs), shape=shape)
        )
    used = {source for layer in layers for source in layer.inputs}
    outputs = [place for place in range(len(layers)) if place not in used]
    return Graph(name="any", layers=tuple(layers), outputs=tuple(outputs), ends=(((1,), None),))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_any_graph_is_drawn_whole(graph):
    assert sorted(leaves(nest(graph.layers, graph.outputs))) == list(range(len(graph.layers)))
    assert_apart(graph._page())
    ET.fromstring(graph.svg())


def test_long_networks_are_wrapped_into_columns():
    parts = [nn.Conv1d(1 + k, 2 + k, 3, padding=1) for k in range(60)]
    page = network(nn.Sequential(*parts), (1, 1, 32))._page()
    assert 0.4 < page.width / page.height < 2.5
    assert_apart(page)


def test_the_table_adds_up(graph):
    rows = graph.rows()
    assert sum(row["parameters"] for row in rows) == graph.parameters
    assert sum(row["multiply_adds"] for row in rows) == graph.multiply_adds
    lines = graph.summary().splitlines()
    assert lines[0].split() == ["name", "layer", "output", "parameters", "multiply-adds", "sees"]
    assert len(lines) == len(rows) + 3
    assert torch.Size(rows[-1]["shape"])[-1] == 8
