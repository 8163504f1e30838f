"""What every task must keep: `check_task` and its single checks."""

import copy
from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ondes.events import EventList
from ondes.protocols import Dataset, Examples, Meeting, Model, Task
from ondes.testing.require import require
from ondes.train.loader import stack

Batch = dict[str, Tensor]
Decode = Callable[[NDArray[np.float32]], EventList]

STEPS = 30
LEARNT = 0.01  # of the loss at first
ITEMS = 4
MORE = 37  # zeros that are added


def check_task(task: Task, dataset: Examples, *, decode: Decode | None = None) -> None:
    """Check that a task keeps the promises that the training loop rests on.

    Checked on the first examples of `dataset` are, in this order:

    1. ``prepare`` gives finite arrays, the same each time, and leaves the example alone;
    2. ``step`` gives finite scalar losses and finite gradients that reach every parameter of the
       model, and numbers to log;
    3. the order of items in a batch does not matter;
    4. the loss falls when one batch is learnt, by a hundredth in 30 steps of Adam at 1e-3;
    5. ``phases`` name parameters and losses that there are;
    6. where ``prepare`` gives a ``length``, zeros after the end of all items change no loss;
    7. where `decode` is given, the target map, taken for probabilities, decodes to events whose
       map is the target again, to the frame: nothing is lost between `EventList` and network.

    Args:
        task: a task around a freshly built model; it is copied and stays as it was.
        dataset: at least one example with events.
        decode: maps probabilities [head, class, frame] to events; see check 7.

    Raises:
        AssertionError: a promise is broken; the message says which and how.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        task = copy.deepcopy(task)
        if isinstance(task, Meeting):
            task.meet(dataset, None)
        check_prepare(task, dataset)
        batch = _batch(task, dataset)
        for check in (check_step, check_order, check_learning, check_phases, check_padding):
            check(copy.deepcopy(task), batch)
        if decode is not None:
            check_decode(task, cast(Dataset, dataset), decode)


def check_prepare(task: Task, dataset: Examples) -> None:
    """Check the arrays that ``prepare`` makes of an example."""
    example = dataset[0]
    own = [part for part in example if isinstance(part, np.ndarray)]
    before = [part.copy() for part in own]
    arrays, again = task.prepare(example), task.prepare(example)
    same = all(map(np.array_equal, before, own))
    require(same, "prepare changes the samples of its example")
    require(arrays, "prepare gives no array")
    for name, array in arrays.items():
        require(isinstance(array, np.ndarray), f"prepare: {name} is {type(array)}, not an array")
        numeric = array.dtype.kind in "fiub"
        require(numeric and np.isfinite(array).all(), f"prepare: {name} is not finite")
        require(np.array_equal(array, again[name]), f"prepare: {name} differs the second time")


def check_step(task: Task, batch: Batch) -> None:
    """Check losses, logs and gradients of one batch."""
    step = task.step(batch)
    require(step.losses, "step gives no loss")
    for name, loss in step.losses.items():
        require(loss.ndim == 0, f"step: the loss {name} has shape {list(loss.shape)}, not []")
        require(torch.isfinite(loss), f"step: the loss {name} is {loss.item()}")
    for name, value in step.logs.items():
        require(isinstance(value, int | float), f"step: the log {name} is {type(value)}")
    torch.autograd.backward(_total(step.losses))
    for name, parameter in _model(task).named_parameters():
        if parameter.requires_grad:
            require(parameter.grad is not None, f"no gradient reaches the parameter {name}")
            finite = parameter.grad is not None and torch.isfinite(parameter.grad).all()
            require(finite, f"the gradient of {name} is not finite")


def check_order(task: Task, batch: Batch) -> None:
    """Check that the losses are the same when the batch is turned round."""
    other = copy.deepcopy(task)
    losses, turned = task.step(batch).losses, other.step(_turned(batch)).losses
    for name, loss in losses.items():
        gap = abs(loss.item() - turned[name].item())
        require(
            gap <= 1e-4 * (1 + abs(loss.item())),
            f"the loss {name} changes by {gap:.2g} with the order of the batch",
        )


def check_learning(task: Task, batch: Batch) -> None:
    """Check that the loss falls when one batch is learnt."""
    optimiser = torch.optim.Adam(_model(task).parameters(), lr=1e-3)
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = _total(task.step(batch).losses)
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(loss.item())
    require(
        min(losses[STEPS // 2 :]) < losses[0] - LEARNT * abs(losses[0]),
        f"{STEPS} steps on one batch bring the loss from {losses[0]:.4g} to {losses[-1]:.4g} only",
    )


def check_phases(task: Task, batch: Batch) -> None:
    """Check that phases name parameters and losses that there are."""
    names = [name for name, _ in _model(task).named_parameters()]
    losses, phases = task.step(batch).losses, task.phases()
    require(phases, "there is no phase")
    for phase in phases:
        require(phase.steps >= 1, f"the phase {phase.name} has {phase.steps} steps")
        for prefix in phase.parameters:
            found = any(name.startswith(prefix) for name in names)
            require(found, f"the phase {phase.name} moves {prefix}, no parameter begins so")
        for term in phase.terms:
            require(term in losses, f"the phase {phase.name} takes {term}, no loss of step")


def check_padding(task: Task, batch: Batch) -> None:
    """Check that zeros after the end of all items change no loss."""
    if "length" not in batch:
        return
    _model(task).eval()
    padded = {**batch, "x": nn.functional.pad(batch["x"], (0, MORE))}
    losses, other = task.step(batch).losses, task.step(padded).losses
    for name, loss in losses.items():
        gap = abs(loss.item() - other[name].item())
        require(
            gap <= 1e-4 * (1 + abs(loss.item())),
            f"the loss {name} changes by {gap:.2g} where {MORE} zeros follow each item",
        )


def check_decode(task: Task, dataset: Dataset, decode: Decode) -> None:
    """Check that the target map, taken for probabilities, decodes to it, give or take a frame.

    Heads that tell onsets more finely than frames may move an end across a frame's centre.
    """
    spec = cast(Model, task.model).spec
    for index in range(min(ITEMS, len(dataset))):
        arrays = task.prepare(dataset[index])
        probs = np.stack([arrays[head] for head in spec.heads]).astype(np.float32)
        events, truth = decode(probs), probs[0] >= 0.5
        found = events.to_frames(spec.timebase, spec.classes, truth.shape[-1])
        wrong = int((truth & ~_widened(found)).sum() + (found & ~_widened(truth)).sum())
        require(
            wrong == 0,
            f"example {index}: the target map decodes to {len(events)} events that differ from "
            f"it in {wrong} of {truth.size} cells, by more than a frame",
        )


def _widened(frames: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the map with each run one frame longer at both ends."""
    padded = np.pad(frames, ((0, 0), (1, 1)))
    wide: NDArray[np.bool_] = padded[:, :-2] | frames | padded[:, 2:]
    return wide


def _batch(task: Task, dataset: Examples) -> Batch:
    return stack([task.prepare(dataset[i % len(dataset)]) for i in range(ITEMS)])


def _turned(batch: Batch) -> Batch:
    return {name: tensor.flip(0) for name, tensor in batch.items()}


def _total(losses: Mapping[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()


def _model(task: Task) -> nn.Module:
    return cast(nn.Module, task.model)
