"""Training steps and answers of any network that classifies: the same lines for all rivals.

It needs torch and numpy alone, as it runs in the rival's own environment too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 5
BATCH = 16
RATE = 1e-3

Make = Callable[[int, int], nn.Module]  # of channels and classes


class Job(NamedTuple):
    """One measurement: a batch [b, c, t] of noise, in bfloat16 or not, learnt from or answered."""

    shape: tuple[int, int, int]
    half: bool
    train: bool


def once(make: Make, job: Job) -> Callable[[], float]:
    """Return what does a job once and says its seconds.

    Seconds of the processor on one thread, of the clock on several.
    """
    x = torch.randn(job.shape, generator=torch.Generator().manual_seed(0))
    y = torch.arange(len(x)) % CLASSES
    net = make(x.shape[1], CLASSES).train(job.train)
    work = learner(net, x, y, half=job.half) if job.train else answerer(net, x, half=job.half)

    def timed() -> float:
        clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
        began = clock()
        work()
        return clock() - began

    return timed


def learner(net: nn.Module, x: Tensor, y: Tensor, *, half: bool) -> Callable[[], object]:
    """Return what takes one step of Adam."""
    optimiser = torch.optim.Adam(net.parameters(), RATE)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = net(x)
        optimiser.zero_grad()
        F.cross_entropy(logits.float(), y).backward()
        optimiser.step()

    return step


def answerer(net: nn.Module, x: Tensor, *, half: bool) -> Callable[[], object]:
    """Return what answers a batch."""

    def answer() -> Tensor:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits: Tensor = net(x)
        return logits

    return answer


def accuracy(make: Make, file: str, *, epochs: int, seed: int, half: bool) -> float:
    """Learn the training part of an .npz file and return the accuracy on its test part.

    Adam with a learning rate that falls to nothing along half a cosine.
    """
    data = np.load(file)
    x, y, x_test, y_test = (torch.from_numpy(data[k]) for k in ("x", "y", "x_test", "y_test"))
    torch.manual_seed(seed)
    net = make(x.shape[1], int(y.max()) + 1)
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for some in torch.split(torch.randperm(len(x)), BATCH):
            if len(some) > 1:
                with torch.autocast("cpu", torch.bfloat16, enabled=half):
                    logits = net(x[some])
                optimiser.zero_grad()
                F.cross_entropy(logits.float(), y[some]).backward()
                optimiser.step()
        schedule.step()
    found = answerer(net.eval(), x_test, half=half)().argmax(1)  # type: ignore[attr-defined]
    return float((found == y_test).double().mean())
