"""`check_task` passes a sound task and catches each planted fault, by its own words."""

import numpy as np
import pytest
import torch
from torch import nn

from ondes.events import EventList
from ondes.losses import bce
from ondes.protocols import Example, Phase, Step
from ondes.spec import Spec
from ondes.testing import check_task

SPEC = Spec(rate_hz=100, channels=1, classes=("a", "b"), hop=4, look_back=0, look_ahead=0)


class Bursts:
    """Noise that is louder where its events are."""

    rate_hz = 100.0
    labels = ("a", "b")
    n_channels = 1

    def __len__(self):
        return 6

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        x = rng.normal(size=(1, 80)).astype(np.float32)
        onset = int(rng.integers(0, 60))
        x[:, onset : onset + 20] *= 10
        events = EventList.of([(onset, onset + 20, "ab"[index % 2])], rate_hz=100)
        return Example(x, events)


class Loudness(nn.Module):
    spec = SPEC

    def __init__(self):
        super().__init__()
        self.scale = nn.Conv1d(1, 2, 1)

    def forward(self, x):
        level = x.abs().unfold(-1, 4, 4).mean(-1)
        return self.scale(level).unsqueeze(1)


class Sound:
    """Learns a frame map; faulty ones below change one thing each."""

    def __init__(self):
        torch.manual_seed(0)
        self.model = Loudness()

    def prepare(self, example):
        frame = example.events.to_frames(SPEC.timebase, SPEC.classes, example.x.shape[1] // 4)
        return {"x": example.x, "frame": frame.astype(np.uint8)}

    def step(self, batch):
        return Step({"frame": self.loss(self.model(batch["x"])[:, 0], batch["frame"])}, {"n": 4.0})

    def loss(self, logits, target):
        return bce(logits, target)

    def phases(self):
        return (Phase("all", parameters=("scale",), terms=("frame",)),)


def decode(probs):
    return EventList.from_frames(probs[0] >= 0.5, SPEC.timebase, SPEC.classes)


def test_a_sound_task_passes_and_stays_as_it_was():
    task = Sound()
    before = task.model.scale.weight.clone()
    check_task(task, Bursts(), decode=decode)
    assert torch.equal(before, task.model.scale.weight)
    assert task.model.scale.weight.grad is None


class Spoils(Sound):
    def prepare(self, example):
        example.x[:] = 0
        return super().prepare(example)


class Lists(Sound):
    def prepare(self, example):
        return {"x": example.x, "frame": [0, 1]}


class NotFinite(Sound):
    def prepare(self, example):
        return {**super().prepare(example), "frame": np.full((2, 20), np.nan)}


class Draws(Sound):
    def prepare(self, example):
        rng = np.random.default_rng()
        return {**super().prepare(example), "frame": rng.random((2, 20))}


class NoLoss(Sound):
    def step(self, batch):
        return Step({}, {})


class LossPerCell(Sound):
    def loss(self, logits, target):
        return (logits - target) ** 2


class InfiniteLoss(Sound):
    def loss(self, logits, target):
        return bce(logits, target) / 0


class LogsTensor(Sound):
    def step(self, batch):
        return super().step(batch)._replace(logs={"n": torch.ones(1)})


class Detached(Sound):
    def __init__(self):
        super().__init__()
        self.model.unused = nn.Linear(1, 1)


class InfiniteGradient(Sound):
    def loss(self, logits, target):
        return bce(logits, target) + (logits - logits).abs().sqrt().mean()


class FirstCountsMore(Sound):
    def loss(self, logits, target):
        return bce(logits[:1], target[:1]) + 0 * bce(logits, target)


class LearnsNoise(Sound):
    def loss(self, logits, target):
        return bce(logits, torch.rand_like(logits)) * 0 + logits.sum() * 0 + 1


class Climbs(Sound):
    def loss(self, logits, target):
        return -bce(logits, target).clamp(max=0.001) + 0 * logits.mean()


class UnknownParameters(Sound):
    def phases(self):
        return (Phase("all", parameters=("decoder",)),)


class UnknownTerm(Sound):
    def phases(self):
        return (Phase("all", terms=("onset",)),)


class NoSteps(Sound):
    def phases(self):
        return (Phase("all", steps=0),)


class NoPhases(Sound):
    def phases(self):
        return ()


class HearsPadding(Sound):
    def prepare(self, example):
        return {**super().prepare(example), "length": np.array(example.x.shape[1])}

    def loss(self, logits, target):
        return bce(logits.mean(-1), target.float().mean(-1))


@pytest.mark.parametrize(
    ("faulty", "says"),
    [
        (Spoils, "changes the samples"),
        (Lists, "frame is <class 'list'>, not an array"),
        (NotFinite, "frame is not finite"),
        (Draws, "frame differs the second time"),
        (NoLoss, "gives no loss"),
        (LossPerCell, r"shape \[4, 2, 20\], not \[\]"),
        (InfiniteLoss, "the loss frame is inf"),
        (LogsTensor, "the log n is <class 'torch.Tensor'>"),
        (Detached, "no gradient reaches the parameter unused.weight"),
        (InfiniteGradient, "gradient of scale.weight is not finite"),
        (FirstCountsMore, "changes by .* with the order"),
        (LearnsNoise, "bring the loss from 1 to 1 only"),
        (Climbs, "bring the loss from -0.001 to -0.001 only"),
        (UnknownParameters, "moves decoder, no parameter begins so"),
        (UnknownTerm, "takes onset, no loss of step"),
        (NoSteps, "has 0 steps"),
        (NoPhases, "there is no phase"),
        (HearsPadding, "the loss frame changes by .* where 37 zeros follow"),
    ],
)
def test_a_planted_fault_is_caught(faulty, says):
    with pytest.raises(AssertionError, match=says):
        check_task(faulty(), Bursts())


def test_a_decoder_that_loses_events_is_caught():
    def short(probs):
        return decode(probs).filter(max_s=0.1)

    with pytest.raises(AssertionError, match="target map decodes to 0 events that differ"):
        check_task(Sound(), Bursts(), decode=short)
