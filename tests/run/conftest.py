"""A network small enough to check by hand, and recordings for it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ondes.run.engine import Window
from ondes.run.pipeline import pack
from ondes.spec import Spec
from ondes.tasks.detect import Decoder, DetectTask

HOP, RATE_HZ = 8, 8000.0


class Toy(nn.Module):
    """Two convolutions that look further back than ahead, then a maximum per frame."""

    def __init__(self, *, channels=1, heads=2, accepts_hz=()):
        super().__init__()
        self.wide = nn.Conv1d(channels, 6, 21)
        self.narrow = nn.Conv1d(6, heads * 2, 5)
        self.heads = heads
        self.spec = Spec(
            rate_hz=RATE_HZ,
            channels=channels,
            classes=("a", "b"),
            hop=HOP,
            look_back=18,
            look_ahead=6,
            heads=("frame", "onset", "offset")[:heads],
            accepts_hz=accepts_hz,
        )

    def forward(self, x):
        y = torch.relu(self.wide(nn.functional.pad(x, (15, 5))))
        y = self.narrow(nn.functional.pad(y, (3, 1)))
        y = nn.functional.max_pool1d(y, HOP)
        return 4 * y.unflatten(1, (self.heads, 2))


def toy_pipeline(*, frames=None, decoder=None, **options):
    torch.manual_seed(0)
    task = DetectTask(Toy(**options), decoder=decoder or Decoder(median=3, gap_frames=1))
    made = pack(task, name="toy", model={"name": "toy", "options": {}})
    if frames is None:
        return made
    return replace(made, window=Window.of(made.spec, frames=frames))


@pytest.fixture
def pipeline():
    return toy_pipeline


@pytest.fixture(scope="session")
def noise():
    """Bursts of noise [2, 4001]."""
    rng = np.random.default_rng(1)
    level = np.repeat(rng.random((2, 41)) ** 2, 100, axis=1)[:, :4001]
    return (rng.normal(size=(2, 4001)) * level).astype(np.float32)
