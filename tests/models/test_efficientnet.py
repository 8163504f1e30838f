"""EfficientNet: compound scaling, inverted bottlenecks, stochastic depth."""

import copy
from math import ceil

import pytest
import torch

from ondes import models
from ondes.errors import RecipeError
from ondes.models.efficientnet import SCALES, STAGES, Config, compound, encoder, rounded
from ondes.nn.layers import DropPath, Gate
from ondes.nn.ragged import Ragged
from ondes.testing import clipmodels
from ondes.testing import models as framemodels

IMAGES = {"kind": "mel", "window_s": 0.02, "hop_s": 0.01, "bands": 32}
SMALL = [{"steps": -12}, {"steps": -16, "dims": 2, "front": IMAGES}]


def build(options, *, level):
    torch.manual_seed(1)
    return models.build(
        "efficientnet", options, rate_hz=1000, channels=2, classes=("a", "b", "c"), level=level
    )


@pytest.mark.parametrize(
    ("options", "level"), [(SMALL[0], "frame"), (SMALL[0], "clip"), (SMALL[1], "clip")]
)
def test_it_passes_the_battery(options, level):
    net = build(options, level=level)
    battery = framemodels if level == "frame" else clipmodels
    for check in battery.CHECKS:
        if check is not battery.check_onnx or (level, options) == ("frame", SMALL[0]):
            torch.manual_seed(0)
            check(copy.deepcopy(net).eval())


def described(size, **options):
    with torch.device("meta"):
        return encoder(Config(size=size, **options), channels=3)


@pytest.mark.parametrize("size", SCALES)
def test_depth_scales_every_stage_by_itself(size):
    gates = [m for m in described(size).modules() if isinstance(m, Gate)]
    assert len(gates) == sum(ceil(SCALES[size].depth * stage.repeats) for stage in STAGES)


def test_b0_is_table_1():
    with torch.device("meta"):
        net = encoder(Config(dims=2), channels=3)
        levels = net(Ragged(torch.zeros(1, 3, 224, 224)))
    shapes = [(16, 112), (24, 56), (40, 28), (112, 14), (1280, 7)]
    assert [(y.values.shape[1], y.values.shape[3]) for y in levels] == shapes


@pytest.mark.parametrize(("steps", "size"), [(0, "b0"), (0.5, "b1"), (1, "b2"), (2, "b3")])
def test_steps_of_equation_3_are_the_first_sizes(steps, size):
    assert tuple(round(x, 1) for x in compound(steps)) == SCALES[size]


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [  # the widths of EfficientNet-B7's stages, and what the lower bound of nine tenths is for
        *[(n, 2.0, 2 * n) for n in (32, 16, 24, 40, 80, 112, 192, 320)],
        (40, 1.4, 56),
        (16, 1.4, 24),
        (24, 1.1, 24),
        (320, 0.01, 8),
    ],
)
def test_channels_are_rounded_to_eights(channels, width, expected):
    assert rounded(channels, width=width) == expected


def test_the_chance_to_leave_a_block_out_rises():
    chances = [m.p for m in described("b0").modules() if isinstance(m, DropPath)]
    assert len(chances) == 9  # of sixteen blocks, those with a shortcut
    assert chances == sorted(chances)
    assert chances[-1] == pytest.approx(0.2 * 14 / 16)


def test_detection_squeezes_within_a_context():
    whole = build({"steps": -12}, level="clip")
    limited = build({"steps": -12}, level="frame")
    assert {m.context for m in whole.modules() if isinstance(m, Gate)} == {None}
    assert {m.context for m in limited.modules() if isinstance(m, Gate)} == {models.CONTEXT}


def test_an_unknown_size_is_named():
    with pytest.raises(RecipeError, match="b0, b1"):
        Config(size="b8")
