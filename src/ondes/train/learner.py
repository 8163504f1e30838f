"""What moves in a training: the model, an optimiser per phase and the weights' running mean.

Gradients are averaged over processes in one reduction, rather than by wrapping the model: a task
may hold several networks and train them in turn.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast, gather_object, send_to_device
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from ondes.errors import NotFiniteError
from ondes.protocols import Step, Summing, Task
from ondes.train.checkpoint import Weights, snapshot
from ondes.train.config import TrainConfig
from ondes.train.ema import Ema
from ondes.train.loader import Batch
from ondes.train.schedule import learning_rate
from ondes.train.stages import Stage, focus, stage_at, stages

Figures = dict[str, float]
Rows = NDArray[Any]


class Learner:
    """The moving parts of one training in one process, on the accelerator's device."""

    def __init__(self, task: Task, config: TrainConfig, accelerator: Accelerator) -> None:
        self._task, self._config, self._accelerator = task, config, accelerator
        self.model = cast("nn.Module", task.model).to(accelerator.device)
        for value in self.model.state_dict().values():
            broadcast(value)
        self._stages = [
            replace(stage, optimiser=accelerator.prepare_optimizer(stage.optimiser))
            for stage in stages(task.phases(), self.model, config)
        ]
        self._ema = Ema(self.model, config.ema) if config.ema else None
        self._unmoved = deepcopy([stage.optimiser.state_dict() for stage in self._stages])

    def learn(self, batches: Iterator[Batch], step: int, *, drops: int = 0) -> Figures:
        """Take optimiser step ``step``, counted from 0; return losses, logs, gradient norm.

        ``drops`` is how often schedule ``stages`` has lowered the learning rate.

        Raises:
            NotFiniteError: a loss or gradient is NaN or infinite; the weights were not moved.
        """
        stage, rate = stage_at(self._stages, step), learning_rate(self._config, step, drops)
        focus(stage, self._stages)
        self.model.train()
        stage.optimiser.zero_grad()
        parts = [self._pass(stage, next(batches), step) for _ in range(self._config.accumulate)]
        norm = self._settle(stage, step)
        for group in stage.optimiser.param_groups:
            group["lr"] = rate
        stage.optimiser.step()
        if self._ema:
            self._ema.update(self.model, step)
        return self._named(stage, {**mean(parts), "gradient_norm": norm, "lr": rate})

    @torch.no_grad()
    def judge(self, batches: Iterable[Batch]) -> Figures:
        """Return every loss and log as its mean over the examples of all processes.

        What a `Summing` task makes of all rows comes in its place. The running mean of the weights
        is judged where there is one; ``loss`` is all terms' sum.
        """
        self.model.eval()
        sums: dict[str, float] = defaultdict(float)
        rows: dict[str, list[Rows]] = defaultdict(list)
        with self._ema.swapped(self.model) if self._ema else nullcontext():
            for batch in batches:
                count = len(next(iter(batch.values())))
                sums["examples"] += count
                step = self._step(batch)
                for name, value in _figures(sum(step.losses.values()), step).items():
                    sums[name] += count * value
                for name, part in step.rows.items():
                    rows[name].append(part.cpu().numpy())
        return self._shares(sums) | self._summary(rows)

    def go_back(self, weights: Weights) -> None:
        """Go on from these weights with optimisers that remember nothing."""
        self.model.load_state_dict(weights)
        if self._ema:
            self._ema.load(weights)
        for stage, state in zip(self._stages, self._unmoved, strict=True):
            stage.optimiser.load_state_dict(deepcopy(state))

    def weights(self) -> Weights:
        """Copy the weights as they would be used: their running mean where there is one."""
        return snapshot(self._ema.weights if self._ema else self.model.state_dict())

    def parts(self) -> dict[str, Weights]:
        """Copy all weights that a checkpoint needs."""
        parts = {"model": snapshot(self.model.state_dict())}
        return parts | {"ema": snapshot(self._ema.weights)} if self._ema else parts

    def state(self) -> dict[str, Any]:
        """Return the states of the optimisers and of the loss scaling."""
        scaler = self._accelerator.scaler
        return {
            "optimisers": [stage.optimiser.state_dict() for stage in self._stages],
            "scaler": scaler.state_dict() if scaler else None,
        }

    def restore(self, parts: Mapping[str, Weights], state: Mapping[str, Any]) -> None:
        """Go on from what ``parts`` and ``state`` returned."""
        self.model.load_state_dict(parts["model"])
        if self._ema:
            self._ema.load(parts["ema"])
        for stage, saved in zip(self._stages, state["optimisers"], strict=True):
            stage.optimiser.load_state_dict(saved)
        if state["scaler"]:
            self._accelerator.scaler.load_state_dict(state["scaler"])

    def _pass(self, stage: Stage, batch: Batch, step: int) -> Figures:
        """Add the gradients of one part of a batch."""
        outcome = self._step(batch)
        loss = stage.loss(outcome)
        figures = _figures(loss, outcome)
        if not math.isfinite(figures["loss"]):
            raise NotFiniteError(_diverged(stage, step, f"the loss is {figures['loss']}", batch))
        self._accelerator.backward(loss)
        return figures

    def _step(self, batch: Batch) -> Step:
        with self._accelerator.autocast():
            return self._task.step(
                send_to_device(batch, self._accelerator.device, non_blocking=True)
            )

    def _settle(self, stage: Stage, step: int) -> float:
        """Average the gradients over processes and clip them; return their norm before that."""
        self._average(stage)
        self._accelerator.unscale_gradients(stage.optimiser)
        gradients = [value.grad for value in stage.parameters if value.grad is not None]
        norm = get_total_norm(gradients)
        if not norm.isfinite() and not self._accelerator.scaler:  # fp16 skips such a step itself
            raise NotFiniteError(_diverged(stage, step, f"the gradient's norm is {norm}", {}))
        if self._config.clip:
            clip_grads_with_norm_(stage.parameters, self._config.clip, norm)
        return float(norm)

    def _average(self, stage: Stage) -> None:
        """Give all processes the mean of their gradients and of their batch statistics."""
        if self._accelerator.num_processes == 1:
            return
        for parameter in stage.parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        shared = [cast("Tensor", parameter.grad) for parameter in stage.parameters]
        kept = self.model.state_dict()
        shared += [
            kept[name]
            for name, buffer in self.model.named_buffers()
            if name in kept and buffer.is_floating_point()
        ]
        flat = torch.cat([value.detach().reshape(-1) for value in shared])
        means = self._accelerator.reduce(flat, reduction="mean")
        for value, part in zip(shared, means.split([v.numel() for v in shared]), strict=True):
            value.detach().copy_(part.view_as(value))

    def _named(self, stage: Stage, figures: Figures) -> Figures:
        """Put the phase before each name where there are several."""
        prefix = f"{stage.phase.name}/" if len(self._stages) > 1 else ""
        return {f"{prefix}{name}": value for name, value in figures.items()}

    def _summary(self, rows: Mapping[str, list[Rows]]) -> Figures:
        if not isinstance(self._task, Summing):
            return {}
        mine = {name: np.concatenate(parts) for name, parts in rows.items()}
        shares = [share for share in gather_object([mine]) if share]
        if not shares:
            return {}
        whole = {name: np.concatenate([share[name] for share in shares]) for name in shares[0]}
        return self._task.summary(whole)

    def _shares(self, sums: Mapping[str, float]) -> Figures:
        total: dict[str, float] = defaultdict(float)
        for part in gather_object([dict(sums)]):
            for name, value in part.items():
                total[name] += value
        count = total.pop("examples")
        return {name: value / count for name, value in total.items()}


def mean(rows: Iterable[Figures]) -> Figures:
    """Return the mean of each figure over the rows that hold it.

    >>> mean([{"loss": 1.0}, {"loss": 3.0, "f1": 0.5}])
    {'loss': 2.0, 'f1': 0.5}
    """
    columns: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            columns[name].append(value)
    return {name: sum(values) / len(values) for name, values in columns.items()}


def _figures(loss: Tensor | float, step: Step) -> Figures:
    terms = {name: value.item() for name, value in step.losses.items()}
    return {"loss": torch.as_tensor(loss).item(), **terms, **step.logs}


def _diverged(stage: Stage, step: int, what: str, batch: Batch) -> str:
    broken = [
        name
        for name, value in batch.items()
        if value.is_floating_point() and not value.isfinite().all()
    ]
    cure = (
        f"its batch holds NaN or infinity in {broken}: mend the data set"
        if broken
        else "lower train.lr, or set train.clip to 1 or train.precision to no"
    )
    rate = stage.optimiser.param_groups[0]["lr"]
    return (
        f"step {step + 1}, phase {stage.phase.name!r}, learning rate {rate:g}: {what}; {cure}. "
        "The last checkpoint is from before and stays"
    )
