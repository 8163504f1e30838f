"""SampleCNN and the blocks and head of its successors."""

import copy

import pytest
import torch
from torch import nn

from ondes import models
from ondes.errors import RecipeError
from ondes.models.sample_cnn import Config, encoder, head
from ondes.nn.layers import Gate
from ondes.nn.ragged import Ragged
from ondes.testing import clipmodels
from ondes.testing import models as framemodels

IMAGES = {"kind": "mel", "window_s": 0.02, "hop_s": 0.01, "bands": 32}
BLOCKS = [
    {"block": "basic"},
    {"block": "se", "ratio": 0.5},
    {"block": "res", "convs": 1},
    {"block": "res", "multi": True},
    {"block": "rese", "multi": True},
    {"block": "rese", "dims": 2, "front": IMAGES},
]
NATIVE = 59_049
ONNX = (framemodels.check_onnx, clipmodels.check_onnx)


def build(options, *, level, blocks=3):
    torch.manual_seed(1)
    options = {"blocks": blocks, "filters": 8, **options}
    return models.build(
        "sample_cnn", options, rate_hz=1000, channels=2, classes=("a", "b", "c"), level=level
    )


@pytest.mark.parametrize("options", BLOCKS)
@pytest.mark.parametrize("level", ["frame", "clip"])
def test_every_block_passes_the_battery(options, level):
    net = build(options, level=level)
    battery = framemodels if level == "frame" else clipmodels
    for check in battery.CHECKS:
        if check not in ONNX or (level, options) == ("clip", BLOCKS[-2]):
            torch.manual_seed(0)
            check(copy.deepcopy(net).eval())


def parameters(**options):
    config = Config(**options)
    with torch.device("meta"):
        body = encoder(config, channels=1)
        parts = (body, head(config, encoder=body, outputs=50))
    return sum(p.numel() for part in parts for p in part.parameters())


def unit(inputs, outputs, kernel):
    """Return the parameters of a convolution without bias and its batch norm."""
    return inputs * outputs * kernel + 2 * outputs


WIDTHS = [128, 128, 256, 256, 256, 256, 256, 256, 512]  # of both papers
PAIRS = list(zip([128, *WIDTHS], WIDTHS, strict=False))
STEM = unit(1, 128, 3)
BASIC = STEM + sum(unit(i, o, 3) for i, o in PAIRS)
GATES = sum(2 * 16 * n * n + 17 * n for n in WIDTHS)
SHORTCUTS = unit(128, 256, 1) + unit(256, 512, 1)
RES_2 = STEM + sum(unit(i, o, 3) + unit(o, o, 3) for i, o in PAIRS) + SHORTCUTS
LAST = unit(512, 512, 1) + 512 * 50 + 50
MULTI = unit(1024, 1024, 1) + 1024 * 50 + 50


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, BASIC + LAST),
        ({"block": "se", "multi": True}, BASIC + GATES + MULTI),
        ({"block": "res", "convs": 1}, BASIC + SHORTCUTS + LAST),
        ({"block": "res", "multi": True}, RES_2 + MULTI),
        ({"block": "rese", "multi": True}, RES_2 + GATES + MULTI),
    ],
)
def test_parameters_are_those_of_the_description(options, expected):
    assert parameters(**options) == expected


def test_samplecnn_has_1_87_million_parameters():
    assert round(parameters() / 1e6, 2) == 1.87


def test_its_native_input_becomes_one_frame_and_any_length_goes():
    config = Config(filters=2)
    body = encoder(config, channels=1).eval()
    with torch.no_grad():
        levels = body(Ragged(torch.zeros(1, 1, NATIVE)))
        odd = body(Ragged(torch.zeros(1, 1, 1000)))
    assert [y.values.shape[-1] for y in levels] == [3**k for k in range(8, -1, -1)]
    assert [y.values.shape[-1] for y in odd] == [112, 38, 13, 5, 2, 1, 1, 1, 1]
    assert body.field.hop == NATIVE


@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_frames_are_powers_of_three_apart(blocks):
    assert build({}, level="frame", blocks=blocks).spec.hop == 3 ** (blocks + 1)


def test_the_native_input_sees_no_padding_but_of_inner_convolutions():
    """Of convolutions with stride and of maxima each entry has three samples to itself."""
    with torch.device("meta"):
        field = encoder(Config(blocks=2), channels=1).field
    assert (field.back, field.ahead, field.hop) == (3 + 9, 3 + 9, 27)


def test_the_multi_level_head_hears_the_peaks_of_three_levels():
    net = build({"multi": True}, level="clip").eval()
    levels = tuple(torch.randn(2, c, t) for c, t in ((8, 20), (8, 7), (32, 3)))
    dense, norm = (
        next(m for m in net.head.modules() if isinstance(m, kind))
        for kind in (nn.Conv1d, nn.BatchNorm1d)
    )
    last = next(m for m in net.head.modules() if isinstance(m, nn.Linear))
    peaks = torch.cat([y.amax(-1) for y in levels], 1)
    hidden = norm(peaks @ dense.weight[..., 0].T).relu()
    with torch.no_grad():
        (logits,) = net.head(tuple(Ragged(y) for y in levels))
    torch.testing.assert_close(logits, last(hidden))


def test_blocks_weigh_their_channels_as_far_as_told():
    for level, context in (("clip", None), ("frame", models.CONTEXT)):
        net = build({"block": "rese", "ratio": 16}, level=level)
        gates = [m for m in net.modules() if isinstance(m, Gate)]
        assert [(m.squeeze.out_channels, m.context) for m in gates] == [
            (16 * n, context) for n in (8, 8, 32)
        ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"blocks": 2, "multi": True}, "at least 3 blocks"),
        ({"blocks": 0}, "at least 1 blocks"),
        ({"filters": 0}, "one filter"),
        ({"block": "dense"}, "basic"),
    ],
)
def test_what_cannot_be_built_is_named(options, says):
    with pytest.raises(RecipeError, match=says):
        build(options, level="clip")
