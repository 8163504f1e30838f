"""Learning rates against torch's schedulers."""

import pytest
import torch
from torch.optim import lr_scheduler

from ondes.errors import RecipeError
from ondes.train.config import TrainConfig
from ondes.train.schedule import learning_rate

STEPS = 50


def torch_rates(make, steps=STEPS):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4, momentum=0.9)
    scheduler = make(optimiser)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("options", "make"),
    [
        ({"schedule": "constant"}, lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
        (
            {"schedule": "cosine", "lr_end": 0.1},
            lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.04),
        ),
        (
            {"schedule": "linear", "lr_end": 0.1},
            lambda o: lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=STEPS),
        ),
        (
            {"schedule": "linear", "hold": 25},  # pix2pix: half of it even, then down to 0
            lambda o: lr_scheduler.LambdaLR(o, lambda n: 1 - max(0, n - 25) / 25),
        ),
        (
            {"schedule": "step", "decay": 0.5, "decay_every": 7},
            lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.5),
        ),
        (
            {"schedule": "one-cycle"},
            lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.4, total_steps=STEPS),
        ),
        (
            {"schedule": "one-cycle", "warmup": 5},
            lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.4, total_steps=STEPS, pct_start=0.1),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Detected call")
def test_it_is_torchs(options, make):
    config = TrainConfig(steps=STEPS, lr=0.4, **options)
    rates = [learning_rate(config, step) for step in range(STEPS)]
    assert rates == pytest.approx(torch_rates(make), rel=1e-6)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "step"])
def test_a_warm_up_rises_evenly_and_then_the_schedule_begins(schedule):
    config = TrainConfig(steps=40, lr=0.4, schedule=schedule, warmup=10, decay_every=5)
    bare = TrainConfig(steps=30, lr=0.4, schedule=schedule, decay_every=5)
    rates = [learning_rate(config, step) for step in range(40)]
    assert rates[:10] == pytest.approx([0.04 * n for n in range(1, 11)])
    assert rates[10:] == pytest.approx([learning_rate(bare, step) for step in range(30)])


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "one-cycle"])
@pytest.mark.parametrize("warmup", [0, 1, 5])
def test_the_shortest_trainings_have_a_rate(steps, schedule, warmup):
    config = TrainConfig(steps=steps, lr=0.4, schedule=schedule, warmup=warmup)
    assert all(0 < learning_rate(config, step) <= 0.4 for step in range(steps))


@pytest.mark.parametrize("betas", [(1.0, 0.9), (-0.1, 0.9)])
def test_betas_are_shares(betas):
    with pytest.raises(RecipeError, match="betas"):
        TrainConfig(betas=betas)


def test_a_rate_that_is_held_falls_afterwards():
    config = TrainConfig(steps=20, lr=1.0, schedule="cosine", hold=10)
    bare = TrainConfig(steps=10, lr=1.0, schedule="cosine")
    rates = [learning_rate(config, step) for step in range(20)]
    assert rates == [1.0] * 10 + [learning_rate(bare, step) for step in range(10)]
