"""Whether training waits for the generator: clips that it makes, and clips that networks learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import cast

import torch
from torch import nn
from torch.utils.data import default_collate

from benchmarks._page import table
from benchmarks._stopwatch import in_turns
from ondes import recipe
from ondes.protocols import Dataset, Task
from ondes.recipe import Recipe, build

RECIPES = (
    "tones/spec2map-big-augmented-48k",
    "tones/spec2map-big-augmented-24k",
    "tones/inception-time-big-lr1e-3",
    "tones/piano-tones",
)
SHIPPED = ("data.train.bank=fluidr3",)
HEAD = ("recipe", "rate, kHz", "made, clips/s", "learnt, clips/s", "made per learnt")
ABOUT = """
## Generator

Augmented clips of 2.73 s that one process makes in a second, drawn, mixed, and with the maps that
are learnt; and those that the network of the recipe learns in a second, in batches of {batch}, with
forward and backward pass and the optimiser's step. Seconds of processor time on one core each,
medians of {rounds} rounds in turns. Where more are made than learnt, one loader process beside the
training is enough.
""".strip()


def report(*, batch: int = 8, rounds: int = 7) -> str:
    """Time both for some recipes."""
    about = ABOUT.format(batch=batch, rounds=rounds)
    rows = (row(name, batch=batch, rounds=rounds) for name in RECIPES)
    return f"{about}\n\n{table(HEAD, rows)}"


def row(name: str, *, batch: int, rounds: int) -> list[str]:
    """A line of the table."""
    chosen = recipe.load(name, scale="laptop", overrides=SHIPPED)
    examples = build.dataset(chosen, "train")
    task = build.task(chosen, examples)
    made = maker(task, examples)
    calls = {
        "made": lambda: [next(made) for _ in range(batch)],
        "learnt": learner(chosen, task, [next(made) for _ in range(batch)]),
    }
    times = in_turns(calls, rounds=rounds)
    rates = [batch / times.median(call) for call in calls]
    ratio = times.ratio("learnt", to="made")
    return [name, f"{examples.rate_hz / 1000:g}", *(f"{r:.1f}" for r in rates), f"{ratio:.1f}"]


def maker(task: Task, examples: Dataset) -> Iterator[object]:
    """Clips one after the other, with what is to be learnt of them."""
    return (task.prepare(examples[index]) for index in count())


def learner(chosen: Recipe, task: Task, clips: list[object]) -> Callable[[], float]:
    """A step of training, at the precision of the recipe; it returns the loss."""
    model = cast(nn.Module, task.model).train()
    batch = default_collate(clips)
    optimiser = torch.optim.AdamW(model.parameters())
    halved = chosen.train.precision == "bf16"

    def step() -> float:
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=halved):
            loss = torch.stack(list(task.step(batch).losses.values())).sum()
        torch.autograd.backward(loss)
        optimiser.step()
        return float(loss.detach())

    return step
