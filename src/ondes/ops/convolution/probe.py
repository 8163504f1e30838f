"""Time kernels on noise of a job's shape."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from time import perf_counter, process_time

import torch
from torch import Tensor

from ondes.ops.convolution.blocks import Extremes, correlate, piece, same
from ondes.ops.convolution.job import Job
from ondes.ops.convolution.kernels import Direct, Kernel

ROUNDS = (2, 8)  # of the others, as many as fit the budget
BUDGET_S = 0.3
NEAR = 1.6  # kernels this much slower than the best on the first try are not tried again
MARGIN = 1.05  # a plainer kernel this little slower is preferred: noise shall not choose

Call = Callable[[], object]


def fastest(job: Job, kernels: Sequence[Kernel]) -> Kernel:
    """Return the first of the kernels that is as fast as any, forward and, if asked, backward.

    Each is timed in turns, on one thread or many as the caller has them; random states stay.
    """
    return kernels[quickest([call(job, kernel) for kernel in kernels])]


def quickest(calls: Sequence[Call]) -> int:
    """Return the place of the first of the calls that is as fast as any."""
    for warm in calls[:1]:
        warm()
    first = [_seconds(each) for each in calls]
    near = [i for i, seconds in enumerate(first) if seconds <= NEAR * min(first)]
    taken = {i: first[i] for i in near}
    rounds = int(BUDGET_S / sum(taken.values()))
    for _ in range(min(max(rounds, ROUNDS[0]), ROUNDS[1])):
        for i in near:
            taken[i] = min(taken[i], _seconds(calls[i]))
    best = min(taken.values())
    return next(i for i in near if taken[i] <= MARGIN * best)


def call(job: Job, kernel: Kernel) -> Call:
    """Return what does a job once."""
    x, weights = signals(job)
    if job.pool:
        found = Extremes(weights, kernel, size=job.pool)
        stop = job.time // job.pool * job.pool + found.after
        padded = piece(x[0], -found.before, stop)
        return lambda: _still(lambda: found(padded))
    (weight,) = weights
    padding = same(weight.shape[-1])
    halved = job.rounded and kernel == Direct()  # torch does that one, in the precision asked for

    def forward() -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=halved):
            return correlate(x, weight, kernel, padding=padding)

    if not job.slopes:
        return lambda: _still(forward)
    wanted = [t for t, name in ((x, "x"), (weight, "w")) if name in job.slopes]

    def forward_and_back() -> object:
        y = forward()
        return torch.autograd.grad(y, wanted, torch.ones_like(y))

    return forward_and_back


def signals(job: Job) -> tuple[Tensor, list[Tensor]]:
    """Return noise x [1, c, t] and weights [o, c / groups, k] of a job."""
    random = torch.Generator().manual_seed(0)

    def noise(*shape: int, name: str) -> Tensor:
        made = torch.randn(*shape, generator=random, dtype=getattr(torch, job.dtype))
        return made.requires_grad_(name in job.slopes)

    x = noise(1, job.channels * job.groups, job.time, name="x")
    outputs = job.outputs * job.groups // len(job.kernels)
    return x, [noise(outputs, job.channels, k, name="w") for k in job.kernels]


def _still(work: Call) -> object:
    with torch.no_grad():
        return work()


def _seconds(work: Call) -> float:
    """Return the seconds a call takes: the processor's, where they are counted finely enough.

    On one thread these are the same however busy the machine is with others.
    """
    alone = torch.get_num_threads() == 1 and sys.platform != "win32"
    clock = process_time if alone else perf_counter
    began = clock()
    work()
    return clock() - began
