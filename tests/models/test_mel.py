"""Mel: what its front end promises, against closed forms, and its field with other options."""

import math

import numpy as np
import pytest
import torch

from ondes import models
from ondes.errors import RecipeError
from ondes.models.mel import Config, Front, Module
from ondes.ops.spectral import mel
from ondes.testing.models import check_batch, check_field, check_windows

RATE = 24_000
CLASSES = tuple(f"class {k}" for k in range(11))


def build(rate_hz=RATE, channels=1, classes=CLASSES, **options):
    torch.manual_seed(0)
    module = Module(Config(**options), rate_hz=rate_hz, channels=channels, classes=classes)
    return module.eval()


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("check", [check_batch, check_field, check_windows])
def test_other_options_pass_what_they_change_of_the_battery(check):
    options = {
        "width": 8,
        "planes": (4,),
        "bands": 20,
        "windows_s": (0.1, 0.05, 0.02),
        "hop_s": 0.0101,
        "dilations": (1, 3),
        "level_s": 0.2,
        "contrast_s": 0.1,
    }
    net = build(rate_hz=8000, channels=2, classes=("a",), **options)
    assert net.spec.hop == 81
    check(net)


def test_it_is_small_and_looks_a_few_seconds_around():
    net = build()
    assert 100_000 < sum(p.numel() for p in net.parameters()) < 300_000
    assert net.spec.timebase.seconds(net.spec.hop) == pytest.approx(0.0213, abs=1e-4)
    assert 1 < net.spec.timebase.seconds(net.spec.look_ahead) < 2.5


def test_it_is_found_by_name_and_scales_with_the_rate():
    fields = {
        rate: models.build("mel", rate_hz=rate, channels=1, classes=("a", "b")).spec
        for rate in (8000, 24_000, 96_000)
    }
    looks = [spec.timebase.seconds(spec.look_back) for spec in fields.values()]
    assert max(looks) < 1.1 * min(looks)


def spectra(front, x):
    padded = torch.nn.functional.pad(x, front.margins)
    cut = padded.unfold(-1, front.size, front.hop)
    return [spectrum(cut) for spectrum in front.spectra]


def views(front, x):
    return front(x, front.heard(x))


def test_bands_of_white_noise_hold_its_variance():
    front = Front(Config(), rate_hz=RATE)
    for bands in spectra(front, 0.3 * noise(1, 1, 20 * RATE)):
        inside = bands[0, 2:-2, 4:-4].mean(1)
        np.testing.assert_allclose(inside, 0.09, rtol=0.15)


def test_a_sine_is_loudest_in_its_band():
    front = Front(Config(), rate_hz=RATE)
    spacing = float(mel(np.array(RATE / 2))) / 65
    time = torch.arange(RATE) / RATE
    for band in (6, 20, 40, 60):
        hertz = 700 * (math.exp(spacing * (band + 1) / 1127) - 1)
        x = torch.sin(2 * math.pi * hertz * time)[None, None]
        for bands in spectra(front, x):
            assert (bands[0, :, 8:-8].argmax(0) == band).all()


def test_channels_add_up_in_power():
    front, x = Front(Config(), rate_hz=RATE), noise(1, 2, RATE)
    whole = spectra(front, x)
    parts = zip(spectra(front, x[:, :1]), spectra(front, x[:, 1:]), strict=True)
    for together, (one, other) in zip(whole, parts, strict=True):
        torch.testing.assert_close(together, one + other)


def test_gain_changes_nothing():
    net, x = build(), 0.1 * noise(1, 1, 3 * RATE)
    with torch.no_grad():
        torch.testing.assert_close(net(x), net(30 * x), atol=1e-3, rtol=1e-3)


def test_no_steady_colour_shows_in_the_contrast():
    x = noise(1, 1, 8 * RATE)
    coloured = torch.cumsum(x - x.mean(), -1)
    coloured -= torch.nn.functional.avg_pool1d(coloured, 1025, 1, 512)
    contrast = views(Front(Config(), rate_hz=RATE), coloured)[0, -1]
    inside = contrast[:, 60:-60]
    assert inside.mean(1).abs().max() < 0.02


def test_silence_shows_nothing():
    shown = views(Front(Config(), rate_hz=RATE), torch.zeros(1, 1, 2 * RATE))
    assert not shown.any()


def test_what_is_quiet_can_be_said():
    x = 1e-7 * noise(1, 1, RATE)
    assert not views(Front(Config(), rate_hz=RATE), x).any()
    assert views(Front(Config(quiet_db=-200.0), rate_hz=RATE), x).any()


@pytest.mark.parametrize("hop_s", [512 / RATE, 0.0173])
def test_silence_around_a_recording_changes_nothing(hop_s):
    net, x = build(hop_s=hop_s).double(), noise(1, 1, 3 * RATE).double()
    hop = net.spec.hop
    x = x[..., : x.shape[-1] // hop * hop]
    around = torch.nn.functional.pad(x, (150 * hop, 200 * hop))
    with torch.no_grad():
        torch.testing.assert_close(net(around)[..., 150:-200], net(x))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"windows_s": []}, "the longest first"),
        ({"windows_s": [0.01, 0.02]}, "the longest first"),
        ({"hop_s": 0.5}, "at most as long as the first window"),
        ({"hop_s": 0.0}, "a hop above 0"),
        ({"dropout": 1.0}, "less than 1"),
    ],
)
def test_what_cannot_be_built_is_named(options, says):
    with pytest.raises(RecipeError, match=says):
        models.build("mel", options, rate_hz=RATE, channels=1, classes=("a",))


def test_a_rate_too_low_for_its_hop_is_refused():
    with pytest.raises(RecipeError, match="no sample at 20 Hz"):
        build(rate_hz=20)
