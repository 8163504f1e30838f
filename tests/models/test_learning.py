"""Deep networks made small learn from little, and say out of training what they learnt in it."""

import math

import pytest
import torch
import torch.nn.functional as F

from ondes import models

RATE = 1000
TONES = torch.tensor([50.0, 120.0])


def clips(*, seed):
    """Return sixteen noisy tones of either pitch and random phase, [b, 1, t], and which it is."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.arange(16) % 2
    turns = TONES[which, None] * torch.arange(300) / RATE
    phase = torch.rand(16, 1, generator=generator)
    noise = torch.randn(16, 300, generator=generator)
    return (torch.sin(2 * math.pi * (turns + phase)) + 0.5 * noise)[:, None], which


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("googlenet", {"width": 0.1}),
        ("efficientnet", {"steps": -12}),
        ("sample_cnn", {"blocks": 4, "filters": 8, "block": "rese", "ratio": 1, "multi": True}),
    ],
)
def test_two_tones_are_told_apart(name, options):
    torch.manual_seed(0)
    net = models.build(
        name, options, rate_hz=RATE, channels=1, classes=("low", "high"), level="clip"
    )
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(45):
        x, which = clips(seed=step)
        losses = [F.cross_entropy(logits, which) for logits in net.train().heads(x)]
        optimiser.zero_grad()
        torch.autograd.backward(losses[0] + 0.3 * sum(losses[1:]))
        optimiser.step()
    x, which = clips(seed=1000)
    with torch.no_grad():
        found = net.eval()(x).argmax(1)
    assert (found == which).float().mean() > 0.9
