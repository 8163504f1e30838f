"""`check_model` passes a sound network and catches each planted fault, by its own words."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ondes.nn.checks import check_input
from ondes.nn.conv import SameConv1d
from ondes.nn.field import Field
from ondes.spec import Spec
from ondes.testing import check_model

HOP = 4


class Sound(nn.Module):
    """A small network that keeps every promise; faulty ones below change one thing each."""

    look_back = 2
    look_ahead = 3
    classes = ("a", "b")
    step = 1

    def __init__(self) -> None:
        super().__init__()
        self.conv = SameConv1d(2, 6, 6)
        self.head = nn.Conv1d(6, len(self.classes), HOP, stride=HOP)
        self.spec = Spec(
            rate_hz=100,
            channels=2,
            classes=self.classes,
            hop=HOP,
            look_back=self.look_back,
            look_ahead=self.look_ahead,
            step=self.step,
        )

    def forward(self, x):
        check_input(x, self.spec)
        return self.answer(x)

    def answer(self, x):
        return self.head(torch.tanh(self.inner(self.conv(x)))).unsqueeze(1)

    def inner(self, y):
        return y


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


def test_the_sound_network_declares_what_it_sees():
    assert Field().same(6).layer(stride=HOP) == (Sound.look_back, Sound.look_ahead, HOP)


class NoSpec(Sound):
    def __init__(self):
        super().__init__()
        self.spec = "none"


class OneFrameTooMany(Sound):
    def answer(self, x):
        return super().answer(F.pad(x, (0, HOP)))


class NoHeadAxis(Sound):
    def answer(self, x):
        return super().answer(x).squeeze(1)


class NotFinite(Sound):
    def answer(self, x):
        return super().answer(x) / 0


class LogOfSilence(Sound):
    def answer(self, x):
        return super().answer(x.abs().log())


class RootOfSilence(Sound):
    def __init__(self):
        super().__init__()
        self.conv = SameConv1d(2, 6, 6, bias=False)

    def inner(self, y):
        return y.square().sqrt()


class BatchStatistics(Sound):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6, affine=False, track_running_stats=False)

    def inner(self, y):
        return self.norm(y)


class Memory(Sound):
    """Moves its statistics in evaluation too."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(1))

    def inner(self, y):
        self.mean = 0.9 * self.mean + 0.1 * y.mean()
        return y - self.mean


class AlwaysDropout(Sound):
    def inner(self, y):
        return F.dropout(y, training=True)


class Built(Sound):
    """Is built from a config, so a second one can be."""

    def __init__(self, config=None, *, rate_hz=100, channels=2, classes=("a", "b")):
        super().__init__()
        self.config = config


class UnsavedStatistics(Built):
    mean = 0.0

    def inner(self, y):
        if self.training:
            self.mean = float(y.mean())
        return y - self.mean


class UnsavedDraw(Built):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.scale = torch.rand(1)

    def inner(self, y):
        return y * self.scale.to(y)


class LookBackTooSmall(Sound):
    look_back = 1


class LookAheadTooSmall(Sound):
    look_ahead = 2


class LookBackTooLarge(Sound):
    look_back = 3


class LookAheadTooLarge(Sound):
    look_ahead = 7


class ClipLevel(Sound):
    """Divides by the level of the whole clip, which hides from no window but from a stream."""

    def inner(self, y):
        return y / (1e-3 + y.abs().mean(-1, keepdim=True))


class Clock(Sound):
    """Tells the time since the clip began."""

    def inner(self, y):
        return y + torch.arange(y.shape[-1]).to(y) / 10


class EveryOtherFrame(Sound):
    """Works on a grid of two frames, so that a window from an odd frame on differs."""

    def inner(self, y):
        return y + torch.arange(y.shape[-1]).to(y) // HOP % 2


class InPairs(EveryOtherFrame):
    """Declares it."""

    step = 2


def test_a_network_may_work_on_groups_of_frames():
    check_model(InPairs())


class UnusedParameter(Sound):
    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.ones(3))


class DeadParameter(Sound):
    """Has a bias before a batch norm, which takes it out again."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6)

    def inner(self, y):
        return self.norm(y)


class NothingToTrain(Sound):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)


class InfiniteGradient(Sound):
    def inner(self, y):
        return y + (y - y).abs().sqrt()


class NoChecks(Sound):
    def forward(self, x):
        return self.answer(x)


class WrongError(Sound):
    def forward(self, x):
        if x.isnan().any():
            raise RuntimeError("not finite")
        return super().forward(x)


class FixedLength(Sound):
    """Loops over frames in Python, which no export can follow for other lengths."""

    def inner(self, y):
        return torch.cat([y[..., i : i + 1] for i in range(y.shape[-1])], -1)


class OtherWhenExported(Sound):
    def inner(self, y):
        return 2 * y if torch.compiler.is_compiling() else y


@pytest.mark.parametrize(
    ("faulty", "says"),
    [
        (NoSpec, "not an ondes.Spec"),
        (OneFrameTooMany, r"4 samples give logits of shape \[2, 1, 2, 2\], not \[2, 1, 2, 1\]"),
        (NoHeadAxis, r"not \[2, 1, 2, 1\]"),
        (NotFinite, "noise or silence give NaN"),
        (LogOfSilence, "noise or silence give NaN"),
        (RootOfSilence, "gradient of conv.weight is not finite"),
        (BatchStatistics, "other logits than its items one by one"),
        (Memory, "a second call"),
        (AlwaysDropout, "a second call"),
        (UnsavedStatistics, "neither a parameter nor a buffer"),
        (UnsavedDraw, "neither a parameter nor a buffer"),
        (LookBackTooSmall, "look_back is declared too small"),
        (LookAheadTooSmall, "look_ahead is declared too small"),
        (LookBackTooLarge, "as 3, 3, but frames depend on 2, 3"),
        (LookAheadTooLarge, "as 2, 7, but frames depend on 2, 3"),
        (ClipLevel, "declared too small"),
        (Clock, "a window around the groups of frames 2 to 2, .* other logits"),
        (EveryOtherFrame, "a window around the groups of frames 3 to 6, .* other logits"),
        (UnusedParameter, "no gradient reaches the parameter unused"),
        (DeadParameter, "gradient of conv.bias is zero"),
        (NothingToTrain, "no parameter to train"),
        (InfiniteGradient, "gradient of conv.weight is not finite"),
        (NoChecks, "a NaN raises no NotFiniteError"),
        (WrongError, "a NaN raises RuntimeError, not NotFiniteError"),
        (FixedLength, "cannot be exported for signals of any length"),
        (OtherWhenExported, "ONNX Runtime gives other logits"),
    ],
)
def test_a_planted_fault_is_caught(faulty, says):
    torch.manual_seed(0)
    with pytest.raises(AssertionError, match=says):
        check_model(faulty())
