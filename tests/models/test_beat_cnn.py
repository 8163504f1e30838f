"""The network of heartbeats is the papers', layer by layer, and a model like any other."""

import copy

import pytest
import torch
from torch import nn

from ondes import models
from ondes.errors import RecipeError
from ondes.nn.ragged import Ragged
from ondes.testing import check_model, clipmodels
from ondes.testing import models as frames

CLASSES = ("N", "S", "V", "F", "Q")
LONG = {"kernel": 15, "pool": 6}
WARNING = {"filters": (32, 16, 16), "kernel": 7, "pool": 3, "pooling": "max", "hidden": (32,)}


def build(options, *, channels=2, classes=CLASSES, level="clip"):
    torch.manual_seed(1)
    return models.build(
        "beat_cnn", options, rate_hz=128, channels=channels, classes=classes, level=level
    )


def lengths(net, samples):
    """Return how many entries each layer leaves of one beat, from convolution to convolution."""
    x, found = Ragged(torch.randn(1, net.spec.channels, samples)), []
    for stage in net.encoder.stages:
        for layer in stage:
            before, x = x, layer(x)
            if x.lengths is not before.lengths:
                found += x.lengths.tolist()
    return found


@pytest.mark.parametrize(
    ("options", "samples", "sizes"),
    [({}, 64, [56, 14, 6]), (LONG, 128, [114, 19, 5]), (WARNING, 128, [122, 40, 34, 11, 5])],
)
def test_layers_are_as_long_as_in_the_papers(options, samples, sizes):
    assert lengths(build(options), samples) == sizes


@pytest.mark.parametrize(
    ("options", "channels", "classes", "count"),
    [  # conv + conv + dense + dense, weights and biases
        ({}, 2, 5, (2 * 9 + 1) * 32 + (32 * 9 + 1) * 16 + 17 * 10 + 11 * 5),
        (LONG, 2, 5, (2 * 15 + 1) * 32 + (32 * 15 + 1) * 16 + 17 * 10 + 11 * 5),
        (WARNING, 1, 2, 8 * 32 + (32 * 7 + 1) * 16 + (16 * 7 + 1) * 16 + 17 * 32 + 33 * 2),
    ],
)
def test_parameters_are_as_many_as_by_hand(options, channels, classes, count):
    net = build(options, channels=channels, classes=CLASSES[:classes])
    assert sum(p.numel() for p in net.parameters()) == count


def reference(net, pool, pooled):
    """Return the network as torch's own layers, with the same weights."""
    convs = [m for m in net.modules() if isinstance(m, nn.Conv1d)]
    dense = [m for m in net.modules() if isinstance(m, nn.Linear)]
    layers = []
    for conv in convs:
        layers += [conv, nn.Tanh(), pool]
    layers[-1] = pooled
    return nn.Sequential(*layers, nn.Flatten(), dense[0], nn.Tanh(), dense[1])


@pytest.mark.parametrize(
    ("options", "samples", "pool", "pooled"),
    [
        ({}, 64, nn.AvgPool1d(4), nn.AvgPool1d(6)),
        (LONG, 128, nn.AvgPool1d(6), nn.AvgPool1d(5)),
        (WARNING, 128, nn.MaxPool1d(3), nn.MaxPool1d(5)),
    ],
)
def test_logits_are_those_of_plain_layers(options, samples, pool, pooled):
    net = build(options).double().eval()
    beats = torch.randn(3, 2, samples, dtype=torch.float64)
    torch.testing.assert_close(net(beats), reference(net, pool, pooled)(beats))


@pytest.mark.parametrize("level", ["frame", "clip"])
@pytest.mark.parametrize("options", [{}, WARNING, {"filters": (4,), "hidden": (), "kernel": 4}])
def test_it_passes_the_battery(options, level):
    net = build(options, level=level)
    checks = clipmodels.CHECKS if level == "clip" else frames.CHECKS
    for check in checks[:-1]:
        check(copy.deepcopy(net).eval())


def test_it_is_the_same_in_onnx_runtime():
    check_model(build({}))


def test_it_learns_in_seconds_to_tell_beats_apart():
    generator = torch.Generator().manual_seed(0)
    which = torch.arange(60) % 2
    width = torch.tensor([3.0, 9.0])[which, None]
    shape = torch.exp(-0.5 * ((torch.arange(64) - 32) / width) ** 2)
    noisy = torch.stack([shape, shape], 1) + 0.1 * torch.randn(60, 2, 64, generator=generator)
    net = build({}, classes=("N", "V"))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(40):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(noisy), which).backward()
        optimiser.step()
    assert (net(noisy).argmax(1) == which).all()


def test_what_makes_no_network_is_named():
    for options in ({"filters": ()}, {"kernel": 0}, {"hidden": (0,)}):
        with pytest.raises(RecipeError, match="1 or more for all"):
            build(options)
