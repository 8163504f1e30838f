"""Every architecture passes the public battery; the thesis's two are what it describes."""

import pytest
import torch
from torch import nn

from ondes import models
from ondes.errors import RecipeError
from ondes.nn.field import split_hop
from ondes.testing import check_model

CLASSES = ("C4", "C#4", "D4", "D#4")
TONES = tuple(f"tone {midi}" for midi in range(21, 106))


def build(name, options=None, *, rate_hz=24000, channels=1, classes=CLASSES):
    return models.build(name, options, rate_hz=rate_hz, channels=channels, classes=classes)


DETECTORS = [name for name in models.names() if hasattr(models.ARCHITECTURES.find(name), "Module")]


@pytest.mark.parametrize("name", DETECTORS)
def test_the_defaults_pass_the_battery(name):
    check_model(build(name))


@pytest.mark.parametrize(
    ("name", "options", "channels"),
    [
        ("inception_time", {"size": "big", "hop": 256, "filters": 4}, 2),
        ("inception_time", {"size": "middle", "hop": 16, "activation": "selu", "filters": 8}, 1),
        ("inception_time", {"hop": 1, "filters": 4, "first": (4, 7), "later": (2,)}, 3),
        ("spec2map", {"size": "big", "n_fft": 65, "hop": 13, "activation": "selu"}, 2),
    ],
)
def test_other_options_pass_it_too(name, options, channels):
    torch.manual_seed(6)  # a sample at the edge of a field may win no pooling's maximum by chance
    check_model(build(name, options, channels=channels))


@pytest.mark.parametrize("name", models.names())
def test_every_architecture_has_a_card(name):
    assert len(models.card(name).split()) > 10


def shapes(module: nn.Module, kind: type[nn.Module]) -> list[tuple[int, ...]]:
    return [tuple(m.weight.shape) for m in module.modules() if isinstance(m, kind)]


def test_inception_time_small_is_one_module():
    net = build("inception_time", rate_hz=48000, classes=TONES)
    convs = [(32, 1, 63), (32, 1, 127), (32, 1, 255), (32, 1, 1), (85, 128, 1)]
    assert shapes(net, nn.Conv1d) == convs
    assert (net.spec.hop, net.spec.look_back, net.spec.look_ahead) == (512, 127, 127)


def test_inception_time_big_has_two_more_with_bottlenecks():
    net = build("inception_time", {"size": "big"}, rate_hz=48000, channels=2, classes=TONES)
    later = [(32, 128, 1), (32, 32, 11), (32, 32, 21), (32, 32, 41), (32, 128, 1)]
    first = [(32, 2, 1), (32, 32, 63), (32, 32, 127), (32, 32, 255), (32, 2, 1)]
    assert shapes(net, nn.Conv1d) == [*first, *later, *later, (85, 128, 1)]
    assert net.spec.look_back == 127 + 20 * 8 + 20 * 64


@pytest.mark.parametrize(
    ("size", "hop", "pools"),
    [
        ("big", 512, (8, 8, 8)),
        ("big", 256, (4, 8, 8)),
        ("middle", 16, (4, 4)),
        ("small", 16, (16,)),
    ],
)
def test_the_pooling_multiplies_to_the_hop(size, hop, pools):
    net = build("inception_time", {"size": size, "hop": hop})
    assert tuple(block.pool for block in net.blocks) == pools == split_hop(hop, parts=len(pools))


def test_a_pooling_of_ones_own_is_kept():
    net = build("inception_time", {"size": "big", "hop": 512, "pools": [2, 4, 64]})
    assert [block.pool for block in net.blocks] == [2, 4, 64]


@pytest.mark.parametrize(
    ("size", "planes", "lines"),
    [
        ("small", [(1, 8), (8, 1)], [(513, 512), (512, 256), (256, 85)]),
        (
            "big",
            [(1, 8), (8, 8), (8, 8), (8, 1)],
            [(513, 512), (512, 256), (256, 128), (128, 85)],
        ),
    ],
)
def test_spec2map_has_the_layers_of_figures_4_5_and_4_6(size, planes, lines):
    net = build("spec2map", {"size": size}, rate_hz=48000, classes=TONES)
    assert shapes(net, nn.Conv2d) == [(o, i, 5, 5) for i, o in planes]
    assert shapes(net, nn.Conv1d) == [(o, i, 5) for i, o in lines]


def test_spec2map_sees_torchs_spectrogram_half_a_hop_on():
    net, x = build("spec2map"), torch.randn(2, 1, 4096)
    moved = nn.functional.pad(x[:, 0], (0, 128))[:, 128:]
    theirs = torch.stft(
        moved, 1024, 256, window=torch.hann_window(1024), return_complex=True, pad_mode="constant"
    )
    torch.testing.assert_close(net.magnitude(x)[:, 0, :, 2:-2], theirs[:, :, 2:14].abs())


@pytest.mark.parametrize("activation", ["mish", "selu"])
def test_inception_time_is_its_blocks_activated_and_pooled(activation):
    net = build("inception_time", {"activation": activation}).eval()
    (block,) = net.blocks
    x = torch.randn(1, 1, 2048)
    branches = [conv(x) for conv in block.convs]
    branches.append(block.beside(nn.functional.max_pool1d(x, 3, 1, 1)))
    function = {"mish": nn.functional.mish, "selu": nn.functional.selu}[activation]
    y = nn.functional.max_pool1d(function(block.norm(torch.cat(branches, 1))), 512)
    torch.testing.assert_close(net(x)[:, 0], net.head(y))


def test_weights_are_drawn_kaiming_uniform():
    net = build("spec2map", {"size": "big"})
    for layer in (*net.planes, *net.lines):
        fan_in = layer.weight[0].numel()
        assert layer.weight.abs().max().item() == pytest.approx((6 / fan_in) ** 0.5, rel=0.1)
        if layer is not net.lines[-1]:  # which begins in silence
            assert not layer.bias.any()


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("inception_tim", {}, "did you mean 'inception_time'"),
        ("inception_time", {"sise": "big"}, "no option 'sise'; did you mean 'size'"),
        ("inception_time", {"size": "huge"}, "size: .*'small', 'middle' or 'big'"),
        ("inception_time", {"hop": "a"}, "hop: .*integer"),
        ("inception_time", {"hop": 0}, "at least 1"),
        ("inception_time", {"size": "big", "pools": [8, 8, 9]}, r"such as \(8, 8, 8\)"),
        ("inception_time", {"pools": [8, 64]}, "give 1 numbers"),
        ("spec2map", {"hop": 1024}, "a window is longer than a hop"),
        ("spec2map", {"hop": 257}, "both are even or both odd"),
    ],
)
def test_what_cannot_be_built_is_named(name, options, says):
    with pytest.raises(RecipeError, match=says):
        build(name, options)
