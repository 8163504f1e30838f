"""Two sensors of which one is a known function of the other, and small games between them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from ondes.data.pairs import Pairs
from ondes.nn.critic import Config as Critic
from ondes.nn.game import Config
from ondes.protocols import Sensor
from ondes.recipe.pairs import game_for
from ondes.spec import ClipSpec
from ondes.tasks.translate.task import TranslateTask

RATE_HZ = 50.0
TIME = 40


def old_and_new(count, rows, *, seed=0):
    """The old sensor's items, and the new one's: half as large, 3 higher, and noisy."""
    rng = np.random.default_rng(seed)
    old = 2 * rng.normal(size=(count, rows, TIME)).astype(np.float32)
    noise = 0.02 * rng.normal(size=old.shape).astype(np.float32)
    return old, (old / 2 + 3 + noise).astype(np.float32)


class Labelled(Pairs):
    """Pairs of which it is known whether the old sensor's item is above 0 on the whole."""

    labels = ("below", "above")

    def y_of(self, index):
        return np.eye(2, dtype=np.float32)[int(self[index].target.mean() > 0)]


def toy(count=12, rows=2, *, seed=0):
    old, new = old_and_new(count, rows, seed=seed)
    sensors = {"source": Sensor(RATE_HZ, rows, "new"), "target": Sensor(RATE_HZ, rows, "old")}
    return Labelled(list(new), list(old), **sensors)


class Sign(nn.Module):
    """A classifier of the old sensor's items by their mean, and what it sees on its way."""

    def __init__(self, rows=2, rate_hz=RATE_HZ):
        super().__init__()
        self.spec = ClipSpec(rate_hz, rows, ("below", "above"), 1)
        self.gain = nn.Parameter(torch.tensor(20.0))

    def forward(self, x):
        return self.seen(x)[1]

    def seen(self, x):
        mean = self.gain * x.mean((1, 2))
        return (x,), torch.stack([-mean, mean], dim=1)


@pytest.fixture
def kit():
    """Return what makes items, pairs and classifiers."""
    return SimpleNamespace(old_and_new=old_and_new, toy=toy, Sign=Sign)


@pytest.fixture
def pairs():
    return toy()


@pytest.fixture
def maps():
    return toy(rows=16)


@pytest.fixture
def task():
    """Return what makes a task around a small game for pairs."""

    def made(pairs, name="residual", *, maps=0, both=True, conditional=False, net=None, **options):
        torch.manual_seed(0)
        config = Config(both=both, conditional=conditional, maps=maps, critic=Critic(width=4))
        small = {"width": 4, "depth": 3, "dropout": 0.0} | (net or {})
        return TranslateTask(game_for(pairs, name, small, config), **options)

    return made
