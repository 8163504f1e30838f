"""GoogLeNet and its successors: what their papers describe, in 2D and 1D."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ondes import models
from ondes.errors import RecipeError
from ondes.models import googlenet, inception_resnet_v2, inception_v3, inception_v4
from ondes.nn.auxiliary import AuxiliaryHeads
from ondes.nn.plans import Builder, Pool, Residual, Unit, along_time, fork
from ondes.nn.ragged import Ragged
from ondes.testing import clipmodels
from ondes.testing import models as framemodels

IMAGES = {"kind": "mel", "window_s": 0.02, "hop_s": 0.01, "bands": 32}
SMALL = [
    ("googlenet", {"width": 0.2}),
    ("googlenet", {"width": 0.2, "norm": False, "largest": 5}),
    ("googlenet", {"width": 0.1, "dims": 2, "front": IMAGES}),
    ("inception_v3", {"width": 0.1}),
    ("inception_v3", {"width": 0.05, "dims": 2, "front": IMAGES}),
    ("inception_v4", {"width": 0.1, "modules": [1, 1, 1]}),
    ("inception_v4", {"width": 0.1, "modules": [1, 1, 1], "dims": 2, "front": IMAGES}),
    ("inception_resnet_v2", {"width": 0.1, "modules": [1, 1, 2]}),
    ("inception_resnet_v2", {"width": 0.1, "modules": [1, 1, 2], "dims": 2, "front": IMAGES}),
]


def build(name, options, *, level):
    torch.manual_seed(1)
    return models.build(
        name, options, rate_hz=1000, channels=2, classes=("a", "b", "c"), level=level
    )


@pytest.mark.parametrize(("name", "options"), SMALL)
@pytest.mark.parametrize("level", ["frame", "clip"])
def test_they_pass_the_battery(name, options, level):
    net = build(name, options, level=level)
    battery = framemodels if level == "frame" else clipmodels
    for check in battery.CHECKS:
        if check is not battery.check_onnx:
            torch.manual_seed(0)
            check(copy.deepcopy(net).eval())


def test_all_kinds_of_layers_can_be_exported():
    options = {"width": 0.05, "modules": [1, 1, 1], "dims": 2, "front": IMAGES}
    clipmodels.check_onnx(build("inception_v4", options, level="clip").eval())


IMAGE_LEVELS = [  # channels and size after each level; 'same' padding, so ceil(size / stride)
    (googlenet, 224, [(512, 14), (528, 14), (1024, 7)]),  # table 1 of the paper
    (inception_v3, 299, [(768, 19), (2048, 10)]),
    (inception_v4, 299, [(384, 38), (1024, 19), (1536, 10)]),
    (inception_resnet_v2, 299, [(320, 38), (1088, 19), (1536, 10)]),
]


@pytest.mark.parametrize(("module", "size", "expected"), IMAGE_LEVELS)
def test_levels_have_the_channels_of_the_paper(module, size, expected):
    with torch.device("meta"):
        encoder = module.encoder(module.Config(dims=2), channels=3)
        levels = encoder(Ragged(torch.zeros(2, 3, size, size)))
    assert [(y.values.shape[1], y.values.shape[2]) for y in levels] == expected
    assert encoder.outputs == expected[-1][0]


@pytest.mark.parametrize("module", [inception_v3, inception_v4, inception_resnet_v2])
def test_kernels_of_signals_have_no_factors(module):
    found = {}
    for dims in (1, 2):
        with torch.device("meta"):
            encoder = module.encoder(module.Config(dims=dims), channels=3)
        convs = [m for m in encoder.modules() if isinstance(m, nn.Conv1d | nn.Conv2d)]
        found[dims] = [max(m.kernel_size) for m in convs]
        factors = sum(len(set(m.kernel_size)) > 1 for m in convs)
    assert set(found[1]) == set(found[2])
    assert len(found[2]) - len(found[1]) == factors / 2 > 0


def test_factors_are_merged_in_pairs_wherever_they_stand():
    pair = (Unit(5, (7, 1)), Unit(6, (1, 7)))
    side = fork((Unit(2, (1, 3)),), (Unit(4, (3, 1)),))
    plan = (Unit(3), *pair, *pair, fork((Pool("max"),), (*pair, side)), Residual((pair,), 0.5))
    seven = Unit(6, 7)
    inner = fork((Pool("max"),), (seven, Unit(6, 3)))
    assert along_time(plan) == (Unit(3), seven, seven, inner, Residual(((seven,),), 0.5))


def test_a_residual_adds_a_share_of_what_it_found():
    torch.manual_seed(0)
    plan = (Residual(((Unit(2),), (Unit(3), Unit(4, 3))), 0.17),)
    chain, outputs = Builder(dims=1, norm=False).chain(plan, 5)
    one, two, three, last = (m for m in chain.modules() if isinstance(m, nn.Conv1d))
    x = torch.randn(2, 5, 9)

    def found(conv, y):
        return F.conv1d(y, conv.weight, conv.bias, padding=conv.kernel_size[0] // 2)

    branches = [found(one, x).relu(), found(three, found(two, x).relu()).relu()]
    expected = (x + 0.17 * found(last, torch.cat(branches, 1))).relu()
    assert outputs == 5
    torch.testing.assert_close(chain(Ragged(x)).values, expected)


def test_scales_and_the_last_module_are_the_authors():
    with torch.device("meta"):
        config = inception_resnet_v2.Config()
        encoder = inception_resnet_v2.encoder(config, channels=1)
    scales = [m.scale for m in encoder.modules() if hasattr(m, "scale")]
    assert scales == [0.17] * 10 + [0.1] * 20 + [0.2] * 9 + [1.0]


@pytest.mark.parametrize(
    ("name", "options", "auxiliary"),
    [("googlenet", {"width": 0.1}, 2), ("inception_v3", {"width": 0.05}, 1)],
)
def test_auxiliary_heads_are_there_in_training_alone(name, options, auxiliary):
    net, x = build(name, options, level="clip"), torch.randn(3, 2, 300)
    assert [y.shape for y in net.train().heads(x)] == [(3, 3)] * (1 + auxiliary)
    assert len(net.eval().heads(x)) == 1
    without = build(name, {**options, "auxiliary": False}, level="clip")
    assert len(without.train().heads(x)) == 1


def test_an_auxiliary_head_looks_at_its_own_level():
    marks = [nn.Sequential() for _ in range(3)]
    heads = AuxiliaryHeads(marks[0], marks[1:])
    assert heads.train()(("early", "middle", "late")) == ("late", "early", "middle")


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("googlenet", {"width": 0}, "a number above 0"),
        ("googlenet", {"largest": 4}, "largest"),
        ("inception_v4", {"modules": [4, 0, 3]}, "at least one of each"),
        ("inception_resnet_v2", {"modules": [0, 1, 1]}, "at least one of each"),
    ],
)
def test_what_cannot_be_built_is_named(name, options, says):
    with pytest.raises(RecipeError, match=says):
        build(name, options, level="clip")
