"""Backbones are the papers': as many parameters in 2D, on three channels and a thousand classes."""

import copy

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ondes import models
from ondes.errors import RecipeError
from ondes.models.spectral import MeanAndMax
from ondes.nn.heads import Head, mean_head
from ondes.nn.ragged import Ragged
from ondes.testing import check_model, clipmodels
from ondes.testing import models as frames

PLAIN = {"norm": False}
COUNTS = [  # LeCun et al. 1998, section II.B; the others by torchvision's table of weights
    ("lenet", {}, 1, 10, 61_706),
    ("alexnet", PLAIN, 3, 1000, 61_100_840),
    ("vgg", {**PLAIN, "layers": 11}, 3, 1000, 132_863_336),
    ("vgg", {**PLAIN, "layers": 13}, 3, 1000, 133_047_848),
    ("vgg", {**PLAIN, "layers": 16}, 3, 1000, 138_357_544),
    ("vgg", {**PLAIN, "layers": 19}, 3, 1000, 143_667_240),
    ("resnet", {"layers": 18}, 3, 1000, 11_689_512),
    ("resnet", {"layers": 34}, 3, 1000, 21_797_672),
    ("resnet", {"layers": 50}, 3, 1000, 25_557_032),
    ("resnet", {"layers": 101}, 3, 1000, 44_549_160),
    ("resnet", {"layers": 152}, 3, 1000, 60_192_808),
    ("resnext", {}, 3, 1000, 25_028_904),
    ("resnext", {"layers": 101, "path_width": 8}, 3, 1000, 88_791_336),
    ("resnext", {"layers": 101, "paths": 64}, 3, 1000, 83_455_272),
    ("googlenet", {}, 3, 1000, 13_004_888),
    ("googlenet", {"auxiliary": False}, 3, 1000, 6_624_904),
    # Caffe's copy of the paper's network, as counted in pull request 221 of NVIDIA/DIGITS
    ("googlenet", {**PLAIN, "largest": 5}, 3, 1000, 13_378_280),
    ("inception_v3", {}, 3, 1000, 27_161_264),
    ("inception_v3", {"auxiliary": False}, 3, 1000, 23_834_568),  # osmr/imgclsmob's own tests
    ("inception_v4", {}, 3, 1000, 42_679_816),  # likewise
    ("inception_resnet_v2", {}, 3, 1000, 55_843_464),  # likewise
    # Google's own efficientnet_builder_test, in google/automl
    ("efficientnet", {"size": "b0"}, 3, 1000, 5_288_548),
    ("efficientnet", {"size": "b1"}, 3, 1000, 7_794_184),
    ("efficientnet", {"size": "b2"}, 3, 1000, 9_109_994),
    ("efficientnet", {"size": "b3"}, 3, 1000, 12_233_232),
    ("efficientnet", {"size": "b4"}, 3, 1000, 19_341_616),
    ("efficientnet", {"size": "b5"}, 3, 1000, 30_389_784),
    ("efficientnet", {"size": "b6"}, 3, 1000, 43_040_704),
    ("efficientnet", {"size": "b7"}, 3, 1000, 66_347_960),
]


@pytest.mark.parametrize(("name", "options", "channels", "outputs", "count"), COUNTS)
def test_parameters_are_as_many_as_published(name, options, channels, outputs, count):
    module = models.ARCHITECTURES.find(name)
    config = module.Config(dims=2, **options)
    with torch.device("meta"):
        encoder = module.encoder(config, channels=channels)
        if hasattr(module, "head"):
            head = module.head(config, encoder=encoder, outputs=outputs)
        else:
            head = Head(mean_head(encoder.outputs, outputs, dropout=0))
    found = sum(p.numel() for part in (encoder, head) for p in part.parameters())
    assert found == count


@pytest.mark.parametrize(
    ("name", "options", "billions"),
    [  # torchvision's table of weights again, for 224 x 224; where its padding is 'same' as ours is
        ("vgg", {**PLAIN, "layers": 16}, 15.47),
        ("resnet", {"layers": 50}, 4.09),
        ("googlenet", {}, 1.50),
        ("efficientnet", {}, 0.39),
    ],
)
def test_multiply_adds_are_as_many_as_published(name, options, billions):
    module = models.ARCHITECTURES.find(name)
    with torch.device("meta"), torch.no_grad():
        encoder = module.encoder(module.Config(dims=2, **options), channels=3)
        with FlopCounterMode(display=False) as counter:
            encoder(Ragged(torch.zeros(1, 3, 224, 224)))
    heads = {"vgg": 512 * 49 * 4096 + 4096 * 4096 + 4096 * 1000}
    of_head = heads.get(name, encoder.outputs * 1000)
    assert (counter.get_total_flops() / 2 + of_head) / 1e9 == pytest.approx(billions, abs=0.006)


SPECTRUM = {"kind": "mel", "bands": 16, "window_s": 0.01, "hop_s": 0.005}
SMALL = [
    ("lenet", {"width": 0.5, "front": {**SPECTRUM, "scale": "none"}}),
    ("alexnet", {"width": 0.05}),
    ("vgg", {"width": 0.03, "layers": 11, "norm": False}),
    ("resnet", {"width": 6}),
    ("resnet", {"width": 4, "layers": 50, "dims": 2, "front": {**SPECTRUM, "kind": "stft"}}),
    ("resnext", {"width": 4, "paths": 2, "path_width": 2, "activation": "mish"}),
    ("spectral", {"width": 4, "front": SPECTRUM}),
    ("spectral", {"width": 4, "dims": 1, "activation": "mish", "front": SPECTRUM}),
]
IMAGES = {"lenet", "alexnet", "vgg", "resnet", "resnext", "spectral"}


def build(name, options, level):
    torch.manual_seed(1)
    return models.build(
        name, options, rate_hz=8000, channels=2, classes=("a", "b", "c"), level=level
    )


@pytest.mark.parametrize("level", ["frame", "clip"])
@pytest.mark.parametrize(("name", "options"), SMALL)
def test_backbones_pass_the_battery(name, options, level):
    net = build(name, options, level)
    checks = clipmodels.CHECKS if level == "clip" else frames.CHECKS
    for check in checks[:-1]:
        check(copy.deepcopy(net).eval())


@pytest.mark.parametrize(
    ("name", "options", "level"),
    [
        ("lenet", {"dims": 2, "front": {**SPECTRUM, "scale": "clip"}}, "clip"),
        ("resnet", {"width": 4}, "clip"),
        ("spectral", {"width": 4, "front": {**SPECTRUM, "scale": "clip", "masks": 2}}, "clip"),
    ],
)
def test_backbones_are_the_same_in_onnx_runtime(name, options, level):
    check_model(build(name, options, level))


@pytest.mark.parametrize("name", sorted(IMAGES))
@pytest.mark.parametrize("scale", ["clip", "bands"])
def test_images_of_unequal_length_go_together(name, scale):
    options = {"dims": 2, "front": {**SPECTRUM, "scale": scale}}
    small = {
        "resnet": {"width": 4},
        "resnext": {"width": 4, "paths": 2},
        "spectral": {"width": 4},
    }
    net = build(name, {**options, **small.get(name, {"width": 0.05})}, "clip").double().eval()
    clipmodels.check_padding(net)
    clipmodels.check_padding_in_training(net)


def test_a_resnet_sees_435_samples():  # Araujo et al. 2019, "Computing receptive fields", table 1
    spec = build("resnet", {"width": 4}, "frame").spec
    assert (spec.hop, spec.receptive_field) == (32, 435)


def test_spectrals_frames_lie_two_to_the_blocks_windows_apart():
    options = {"width": 4, "blocks": 3, "front": SPECTRUM}
    assert build("spectral", options, "frame").spec.hop == 2**3 * 40


def test_spectral_judges_mean_and_maximum_over_time_of_mean_frequencies():
    net = build("spectral", {"width": 4, "blocks": 1, "front": SPECTRUM}, "clip").eval()
    judge = next(m for m in net.modules() if isinstance(m, MeanAndMax))
    x = torch.randn(2, 4, 5, 9)
    lines = [x[0].mean(1), x[1, :, :, :3].mean(1)]
    seen = torch.stack([torch.cat([line.mean(-1), line.amax(-1)]) for line in lines])
    torch.testing.assert_close(judge(Ragged(x, torch.tensor([9, 3]))), judge.dense(seen))


def test_initial_weights_may_be_chosen():
    net = build("resnet", {"width": 4, "init": "xavier-uniform"}, "clip")
    weight = net.encoder.stages[0][0][0].conv.weight
    bound = (6 / (7 * (2 + 4))) ** 0.5
    assert 0.8 * bound < weight.abs().max().item() <= bound


@pytest.mark.parametrize(
    ("name", "options", "level", "says"),
    [
        ("spec2map", {}, "clip", "judges frames, not clips; take one of .*resnet"),
        ("lenet", {}, "note", "give 'frame' or 'clip'"),
        ("resnet", {"front": {"knd": "mel"}}, "clip", "resnet.front has no option 'knd'.*'kind'"),
        ("resnet", {"front": {"kind": "mell"}}, "clip", "front.kind"),
        ("resnet", {"dims": 2}, "clip", 'give front.kind="mel" or "stft"'),
        ("resnet", {"layers": 20}, "clip", "layers"),
        ("resnet", {"width": 0}, "clip", "give 1 or more"),
        ("vgg", {"width": 0}, "clip", "a width above 0"),
        ("spectral", {"blocks": 0}, "clip", "give 1 or more"),
        ("spectral", {"dropout": 1.0}, "clip", "less than 1"),
        ("resnet", {"front": {"scale": "clip"}}, "frame", "looks at the whole clip"),
    ],
)
def test_what_cannot_be_built_is_named(name, options, level, says):
    with pytest.raises(RecipeError, match=says):
        build(name, options, level)


def test_levels_say_what_an_architecture_can_judge():
    assert models.levels("inception_time")[0] == "frame"
    assert models.levels("vgg") == ("frame", "clip")


def test_frames_begin_in_silence():
    net = build("resnet", {"width": 4}, "frame")
    assert (torch.sigmoid(net.head.bias) < 0.02).all()
