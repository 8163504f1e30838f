"""Clips whose truth is plain to see, and small networks of clips."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from ondes.protocols import Clip
from ondes.spec import ClipSpec

RATE_HZ = 100.0
NAMES = ("low", "mid", "high")


class Tones:
    """Tones of three pitches in noise, of unequal lengths; what is true depends on the target."""

    rate_hz, labels, n_channels = RATE_HZ, NAMES, 1

    def __init__(self, target="class", *, count=12, equal=False):
        self.target, self.count, self.equal = target, count, equal

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        rng = np.random.default_rng([1, index])
        time = np.arange(64 if self.equal else int(rng.integers(40, 90)))
        kinds = self.kinds(index)
        x = 0.1 * rng.normal(size=len(time))
        x += sum(np.sin(2 * np.pi * (0.03, 0.1, 0.3)[k] * time) for k in kinds)
        return Clip(x[None].astype(np.float32), self.truth(kinds))

    def kinds(self, index):
        if self.target == "tags":
            return [k for k in range(3) if (index + 1) >> k & 1]
        return [index % 3]

    def truth(self, kinds):
        if self.target == "number":
            return np.array([100.0 + 5 * kinds[0], -3.0 * kinds[0], kinds[0]], np.float32)
        y = np.zeros(3, np.float32)
        y[kinds] = 1
        return y


class Net(nn.Module):
    """Convolution, rectifier, mean over the valid part; a second head while training."""

    def __init__(self, outputs=NAMES, *, auxiliary=False, least=9, channels=1):
        super().__init__()
        torch.manual_seed(4)
        self.spec = ClipSpec(RATE_HZ, channels, tuple(outputs), least)
        self.conv = nn.Conv1d(channels, 16, 9)
        self.dense = nn.Linear(16, len(outputs))
        self.beside = nn.Linear(16, len(outputs)) if auxiliary else None

    def forward(self, x, lengths=None):
        return self.heads(x, lengths)[0]

    def heads(self, x, lengths=None):
        y = self.conv(x).relu()
        lengths = torch.full((len(x),), x.shape[-1]) if lengths is None else lengths
        valid = torch.arange(y.shape[-1]) < (lengths - 8)[:, None]
        mean = (y * valid[:, None]).sum(-1) / valid.sum(-1, keepdim=True)
        heads = [self.dense, self.beside] if self.beside and self.training else [self.dense]
        return tuple(head(mean) for head in heads)


@pytest.fixture(scope="session")
def standin():
    """Stand-ins: `Tones`, `Net`, their rate and names."""
    return SimpleNamespace(Tones=Tones, Net=Net, NAMES=NAMES, RATE_HZ=RATE_HZ)
