"""`check_model` passes a sound network of clips and catches each planted fault by its words."""

import copy

import pytest
import torch
from torch import nn

from ondes.nn.checks import check_clips
from ondes.nn.layers import Conv, Norm
from ondes.nn.ragged import Ragged, ragged
from ondes.spec import ClipSpec
from ondes.testing import check_model
from ondes.testing.clipmodels import CHECKS, check_onnx


class Sound(nn.Module):
    """A small network that keeps every promise; faulty ones below change one thing each."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = Conv(1, 2, 6, 5, bias=False), Norm(1, 6)
        self.head, self.beside = nn.Linear(6, 3), nn.Linear(6, 3)
        self.drop = nn.Dropout(0.5)
        self.spec = ClipSpec(100, 2, ("a", "b", "c"), least=4)

    def forward(self, x, lengths=None):
        return self.heads(x, lengths)[0]

    def heads(self, x, lengths=None):
        batch = ragged(x, lengths)
        check_clips(batch, self.spec)
        y = self.drop(self.summed(self.inner(batch)))
        return (self.head(y), self.beside(y)) if self.training else (self.head(y),)

    def inner(self, x):
        y = self.norm(self.conv(x))
        return Ragged(torch.tanh(y.values), y.lengths)

    def summed(self, y):
        length = y.values.shape[-1] if y.lengths is None else y.lengths[:, None]
        return y.filled().sum(-1) / length


def test_a_sound_network_passes_and_stays_as_it_was():
    torch.manual_seed(3)
    net = Sound().train()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    state = torch.random.get_rng_state()
    check_model(net)
    assert net.training
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


class OneTooMany(Sound):
    def heads(self, x, lengths=None):
        return tuple(torch.cat([y, y[:, :1]], 1) for y in super().heads(x, lengths))


class LogOfSilence(Sound):
    def summed(self, y):
        return super().summed(y) + y.values.diff().abs().sum(-1).log()

    def inner(self, x):
        return self.conv(x)


class Memory(Sound):
    calls = 0

    def summed(self, y):
        self.calls += 1
        return super().summed(y) + self.calls


class AlwaysAuxiliary(Sound):
    def heads(self, x, lengths=None):
        return super().heads(x, lengths) * 2


class BatchStatistics(Sound):
    def summed(self, y):
        mean = super().summed(y)
        return mean - mean.mean(0)


class MeanOfPadding(Sound):
    def summed(self, y):
        return y.values.mean(-1)


class NoMask(Sound):
    def summed(self, y):
        return y.values.sum(-1) / 100


class PlainNorm(Sound):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6)

    def inner(self, x):
        y = self.conv(x)
        return Ragged(torch.tanh(self.norm(y.values)), y.lengths)


class LooksAtPadding(Sound):
    """Only in training, where the mean is over more than is valid."""

    def summed(self, y):
        return super().summed(y) + (0.01 * y.values[..., -1] if self.training else 0)


class UnsavedStatistics(Sound):
    config = None

    def __init__(self, config=None, *, rate_hz=100, channels=2, classes=()):
        super().__init__()
        self.register_buffer("level", torch.zeros(6), persistent=False)

    def summed(self, y):
        if self.training:
            self.level += 0.1
        return super().summed(y) + self.level


class Unused(Sound):
    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.ones(1))


class RootOfSilence(Sound):
    def inner(self, x):
        y = self.conv(x)
        return self.norm(Ragged(y.values.abs().sqrt(), y.lengths))


class NoChecks(Sound):
    def heads(self, x, lengths=None):
        y = self.drop(self.summed(self.inner(ragged(x, lengths))))
        return (self.head(y), self.beside(y)) if self.training else (self.head(y),)


class OtherWhenExported(Sound):
    def summed(self, y):
        return super().summed(y) + torch.compiler.is_compiling()


@pytest.mark.parametrize(
    ("faulty", "says"),
    [
        (OneTooMany, r"logits of shape \[2, 4\], not \[2, 3\]"),
        (LogOfSilence, "noise or silence give NaN"),
        (Memory, "a second call"),
        (AlwaysAuxiliary, "out of training, heads"),
        (BatchStatistics, "than its items one by one"),
        (MeanOfPadding, "than its items one by one"),
        (NoMask, "than its items one by one"),
        (PlainNorm, "more padding changes .* in training"),
        (LooksAtPadding, "in training"),
        (UnsavedStatistics, "neither a parameter nor a buffer"),
        (Unused, "no gradient reaches the parameter unused"),
        (RootOfSilence, "the gradient of .* is not finite"),
        (NoChecks, "a NaN raises no NotFiniteError"),
    ],
)
def test_a_planted_fault_is_caught(faulty, says):
    torch.manual_seed(0)
    net = faulty()
    with pytest.raises(AssertionError, match=says):
        check_all_but_export(net)


def check_all_but_export(net):
    for check in CHECKS:
        if check is not check_onnx:
            check(copy.deepcopy(net).eval())


def test_what_is_exported_is_compared():
    with pytest.raises(AssertionError, match="ONNX Runtime gives other logits"):
        check_onnx(OtherWhenExported().eval())
