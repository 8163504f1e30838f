"""Which part carried a label, where that is known by construction."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from ondes.errors import ChannelError, InputError, MissingExtraError, RateError
from ondes.signal import Signal
from ondes.tasks.explain import Subject, attribute, attribution

RATE_HZ, SAMPLES = 8000, 4000
BURST = slice(2000, 2500)


@pytest.fixture
def subject():
    """Two classes: how loud 1 kHz is, and how loud 3 kHz is."""
    t = torch.arange(64) / RATE_HZ
    rows = [torch.cos(2 * math.pi * hertz * t) * torch.hann_window(64) for hertz in (1000, 3000)]
    conv = nn.Conv1d(1, 2, 64, stride=5, bias=False)
    conv.weight.data = torch.stack(rows)[:, None]
    net = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    return Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=1.0, outputs=("low", "high"))


@pytest.fixture
def signal():
    """A burst of 1 kHz amid one of 3 kHz and silence."""
    t = np.arange(SAMPLES) / RATE_HZ
    x = np.zeros(SAMPLES)
    x[BURST] = np.sin(2 * np.pi * 1000 * t[BURST])
    x[:500] = np.sin(2 * np.pi * 3000 * t[:500])
    return Signal.of(x, rate_hz=RATE_HZ)


def test_the_burst_of_the_label_carries_it(subject, signal):
    for found in attribute(subject, signal, label="low"):
        assert found.values.shape == (SAMPLES,)
        spoke = np.add.reduceat(found.values, np.arange(0, SAMPLES, 100))
        assert spoke[19:26].sum() / np.abs(spoke).sum() > 0.85, found.way
        assert found.label == "low"


def test_integrated_gradients_add_up_to_the_logit(subject, signal):
    found = attribute(subject, signal, label="low", ways=("integrated-gradients",))[0]
    assert found.values.sum() == pytest.approx(found.logit, rel=0.02)  # without bias


def test_shuffled_weights_change_the_map_and_not_the_model(subject, signal):
    before = subject.model[0].weight.clone()
    found = attribute(subject, signal, label="low", ways=("occlusion",), seed=1)[0]
    assert -1 <= found.sanity < 0.99
    assert torch.equal(subject.model[0].weight, before)


def test_without_a_label_it_is_the_likeliest(subject, signal):
    assert attribute(subject, signal, ways=("occlusion",))[0].label in ("low", "high")


def test_bad_input(subject, signal, monkeypatch):
    with pytest.raises(InputError, match="did you mean 'low'"):
        attribute(subject, signal, label="lov")
    with pytest.raises(InputError, match="no method"):
        attribute(subject, signal, ways=("saliency",))
    with pytest.raises(RateError, match="resample"):
        attribute(subject, Signal.of(np.ones(4000), rate_hz=16_000))
    with pytest.raises(ChannelError, match="2 channels"):
        attribute(subject, Signal.of(np.ones((2, 4000)), rate_hz=RATE_HZ))
    with pytest.raises(InputError, match="no layer is called"):
        attribute(subject, signal, ways=("grad-cam",), layer="9")
    monkeypatch.setitem(__import__("sys").modules, "captum", None)
    with pytest.raises(MissingExtraError, match=r"ondes\[explain\]"):
        attribution.attribute(subject, signal)
