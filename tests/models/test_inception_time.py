"""The published InceptionTime classifier, beside the thesis's detector in one file."""

import pytest
import torch

from ondes import models
from ondes.errors import RecipeError
from ondes.nn.inception_stage import Inception
from ondes.ops.convolve import fixed
from ondes.testing import check_model

IMAGES = {"dims": 2, "front": {"kind": "mel", "window_s": 0.02, "hop_s": 0.01, "bands": 16}}
CLASSES = ("a", "b", "c", "d", "e")


def build(options=None, *, channels=1, level="clip", classes=CLASSES):
    return models.build(
        "inception_time", options, rate_hz=1000, channels=channels, classes=classes, level=level
    )


@pytest.mark.parametrize(("channels", "count"), [(1, 388_997), (12, 457_605)])
def test_parameters_are_as_many_as_in_tsai(channels, count):
    """tsai.models.InceptionTime.InceptionTime(channels, 5), tsai 1.0.1."""
    assert sum(p.numel() for p in build(channels=channels).parameters()) == count


@pytest.mark.parametrize(
    ("options", "channels"),
    [
        ({}, 1),
        ({"depth": 4, "kernels": [8, 3], "dropout": 0.2}, 2),
        ({"depth": 2, "residual": False}, 3),
        ({**IMAGES, "depth": 3, "kernels": [5, 3]}, 1),
    ],
)
def test_clips_pass_the_battery(options, channels):
    torch.manual_seed(2)
    check_model(build({"filters": 4, **options}, channels=channels))


def test_by_rows_the_battery_passes_too():
    torch.manual_seed(2)
    with fixed("last"):
        check_model(build({"filters": 4, "depth": 3, "kernels": [9, 5]}, channels=2))


def test_by_rows_and_by_layers_logits_are_the_same():
    net, x = build(channels=3).eval(), torch.randn(2, 3, 200)
    found = []
    for way in ("direct", "last"):
        with fixed(way), torch.no_grad():
            found.append(net(x))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_shortcuts_go_around_three_modules():
    net = build({"depth": 8})
    stages = list(net.encoder.stages)
    assert [len(stage.blocks) for stage in stages] == [3, 3, 2]
    assert [stage.shortcut is None for stage in stages] == [False, False, True]
    assert sum(isinstance(module, Inception) for module in net.modules()) == 8
    assert net.encoder.field.back == 8 * 19


@pytest.mark.parametrize(
    ("options", "level", "says"),
    [
        ({"depth": 0}, "clip", "at least one module"),
        ({"kernels": []}, "clip", "at least one module"),
        ({"hop": 64}, "clip", "hop=64 is the detector's alone; a classifier has filters, dims"),
        ({"depth": 3}, "frame", "depth=3 is the classifier's alone; a detector has filters, size"),
    ],
)
def test_what_is_the_others_is_refused(options, level, says):
    with pytest.raises(RecipeError, match=says):
        build(options, level=level)
