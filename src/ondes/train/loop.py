"""The one training loop: it walks through a task's phases, and says when to log, validate, save.

Accelerate carries devices, mixed precision, accumulation, many processes and the trackers.
"""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

from accelerate.utils import broadcast_object_list, gather_object
from safetensors.torch import save_file

from ondes.errors import RecipeError, nearest
from ondes.io.atomic import atomic_write
from ondes.protocols import Examples, Meeting, Task
from ondes.train import checkpoint, loader, seeds
from ondes.train.config import TrainConfig
from ondes.train.devices import accelerator, steady_kernels
from ondes.train.learner import Figures, Learner, mean
from ondes.train.logbook import Logbook

WEIGHTS = "weights.safetensors"

# What may differ between a training and its resume, and what of that decides the weights after all.
_FREE = {"steps", "patience", "workers", "log_every", "save_every", "save_every_s", "trackers"}
_DECISIVE = {"cosine": {"steps"}, "one-cycle": {"steps"}, "stages": {"steps", "patience"}}


class Progress(Protocol):
    """Called after every step with the latest figures and the seconds that are likely left."""

    def __call__(
        self, step: int, total: int, logs: Mapping[str, float], seconds_left: float
    ) -> None:
        """Show it."""


@dataclass(frozen=True)
class Result:
    """How a training ended.

    ``logs`` are the latest figures (validated ones begin with ``valid/``), ``best`` is the best
    value of ``config.monitor`` (NaN if never validated) and ``weights`` a safetensors file.
    """

    steps: int
    stopped: Literal["steps", "patience"]
    best_step: int
    best: float
    logs: Figures
    seconds: float
    weights: Path


def decisive(config: TrainConfig) -> dict[str, object]:
    """Return the settings that decide the weights, and so may not change in a resume."""
    free = _FREE - _DECISIVE.get(config.schedule, set())
    return {name: value for name, value in asdict(config).items() if name not in free}


def fit(
    task: Task,
    train_set: Examples,
    valid_set: Examples | None,
    config: TrainConfig,
    out: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Train ``task.model``, which afterwards holds the result and is in eval mode.

    ``out`` receives ``weights.safetensors``, ``log.jsonl``, ``tensorboard/`` and ``checkpoints/``.
    With ``resume`` the training in ``out`` goes on from its last checkpoint, or begins if there is
    none; its weights are bit for bit those of a training that nothing interrupted, given the same
    machine, processes and threads. Every process of ``accelerate launch`` or ``torchrun`` makes
    this call; batch norm then sees its process's part of a batch.

    Raises:
        InputError: ``out`` holds a training and ``resume`` is off; the batch cannot be dealt to
            the processes; a phase names what the task does not have.
        RecipeError: the training in ``out`` began otherwise; the config asks what cannot be.
        NotFiniteError: a loss or gradient became NaN or infinite; the last checkpoint stays.
    """
    if isinstance(task, Meeting):
        task.meet(train_set, valid_set)
    run = _Run(task, config, out, seed)
    run.begin(valid_set, resume=resume)
    with run.logged(), steady_kernels():
        batches = run.training_batches(train_set)
        while not run.done:
            run.advance(batches)
            if valid_set is not None and run.due(config.valid_every):
                run.validate(valid_set)
            if run.due(config.save_every) or run.overdue():
                run.save()
            if progress:
                progress(run.state.step, config.steps, run.state.logs, run.seconds_left)
    return run.finish()


@dataclass
class _State:
    """How far a training has come."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.nan
    best_step: int = 0
    best_loss: float = math.nan
    stale: int = 0
    drops: int = 0
    logs: Figures = field(default_factory=dict)


class _Run:
    """One training in one process: how far it is, and the cadence of logs and checkpoints."""

    def __init__(self, task: Task, config: TrainConfig, out: Path, seed: int) -> None:
        self.task, self.config, self.out, self.seed = task, config, out, seed
        self.accelerator = accelerator(config, out)
        self.share = loader.Share(
            process=self.accelerator.process_index, processes=self.accelerator.num_processes
        )
        self.part = loader.part_of(config, self.share)
        self.learner = Learner(task, config, self.accelerator)
        self.state = _State()
        self.best: checkpoint.Weights = {}
        self.window: list[Figures] = []

    @property
    def done(self) -> bool:
        return self.state.step >= self.config.steps or self._stopped_early

    @property
    def _stopped_early(self) -> bool:
        return 0 < self.config.patience <= self.state.stale

    @property
    def _stages_left(self) -> bool:
        return self.config.schedule == "stages" and self.state.drops + 1 < self.config.stages

    @property
    def seconds_left(self) -> float:
        return self.state.seconds / self.state.step * (self.config.steps - self.state.step)

    def due(self, every: int) -> bool:
        """Whether ``every`` steps have come round; the end is always such a moment."""
        return self.done or (every > 0 and self.state.step % every == 0)

    def overdue(self) -> bool:
        """Whether ``save_every_s`` have passed since a checkpoint, by the first process's clock."""
        late = 0 < self.config.save_every_s <= time.monotonic() - self.saved_at
        return bool(broadcast_object_list([late])[0])

    def begin(self, valid_set: Examples | None, *, resume: bool) -> None:
        """Take up the last checkpoint, or prepare an empty folder; rehearse a validation."""
        if valid_set is not None:
            self._monitored(self.learner.judge(islice(self._validation_batches(valid_set), 1)))
        elif self.config.patience:
            raise RecipeError("train.patience needs validation data to stop early; there is none")
        newest = checkpoint.begun(self.out, resume=resume)
        self.out.mkdir(parents=True, exist_ok=True)
        seeds.seed_all(self.seed, self.share.process)
        if newest:
            self._restore(newest)

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Keep the log open and the clock running within the block."""
        self.saved_at = time.monotonic()
        self.began_at = self.saved_at - self.state.seconds
        self.log = Logbook(self.accelerator, self.out, step=self.state.step)
        try:
            yield
        finally:
            self.log.close()

    def training_batches(self, examples: Examples) -> Iterator[loader.Batch]:
        order = loader.Order(length=len(examples), seed=self.seed)
        places = loader.training_places(order, self.config, self.share, start=self.state.step)
        return self._batches(examples, places, stream=0)

    def advance(self, batches: Iterator[loader.Batch]) -> None:
        """Take one optimiser step, and log the mean of the last ones when it is time."""
        self.window.append(self.learner.learn(batches, self.state.step, drops=self.state.drops))
        self.state.step += 1
        self.state.seconds = time.monotonic() - self.began_at
        if self.due(self.config.log_every):
            self._log("train", mean(gather_object([mean(self.window)])))
            self.window = []

    def validate(self, examples: Examples) -> None:
        """Judge the weights, and keep them if they are the best so far."""
        figures = self.learner.judge(self._validation_batches(examples))
        self._log("valid", figures)
        state, value = self.state, self._monitored(figures)
        gain = state.best - value if self.config.mode == "min" else value - state.best
        better = gain > 0 or (math.isnan(state.best) and math.isfinite(value))
        state.stale = 0 if better else state.stale + 1
        if better or (gain == 0 and figures["loss"] < state.best_loss):
            state.best, state.best_step, state.best_loss = value, state.step, figures["loss"]
            self.best = self.learner.weights()
        if self._stopped_early and self._stages_left and self.best:
            state.drops, state.stale = state.drops + 1, 0
            self.learner.go_back(self.best)

    def save(self) -> None:
        """Write a checkpoint: whole, or not at all."""
        own = {"random": seeds.states(), "window": self.window}
        state = {
            **self._origin(),
            "progress": asdict(self.state),
            "processes": gather_object([own]),
            **self.learner.state(),
        }
        parts = self.learner.parts() | ({"best": self.best} if self.best else {})
        if self.accelerator.is_main_process:
            checkpoint.save(checkpoint.folder_in(self.out), self.state.step, parts, state)
        self.saved_at = time.monotonic()

    def finish(self) -> Result:
        """Give the model its final weights and write them."""
        state, path = self.state, self.out / WEIGHTS
        weights = self.best if self.config.keep == "best" and self.best else self.learner.weights()
        self.learner.model.load_state_dict(weights)
        self.learner.model.eval()
        if self.accelerator.is_main_process:
            with atomic_write(path) as temporary:
                save_file(weights, temporary)
        self.accelerator.wait_for_everyone()
        return Result(
            steps=state.step,
            stopped="patience" if self._stopped_early else "steps",
            best_step=state.best_step,
            best=state.best,
            logs=state.logs,
            seconds=state.seconds,
            weights=path,
        )

    def _restore(self, newest: Path) -> None:
        parts, state = checkpoint.load(newest)
        checkpoint.refuse_change(newest, before=state, now=self._origin())
        self.learner.restore(parts, state)
        self.best = parts.get("best", {})
        self.state = _State(**state["progress"])
        own = state["processes"][self.share.process]
        self.window = own["window"]
        seeds.restore(own["random"])

    def _origin(self) -> dict[str, object]:
        """Return what decides the weights, and so may not change in a resume."""
        return {
            **decisive(self.config),
            "seed": self.seed,
            "number of processes": self.share.processes,
        }

    def _validation_batches(self, examples: Examples) -> Iterator[loader.Batch]:
        places = loader.validation_places(len(examples), self.part, self.share)
        return self._batches(examples, places, stream=1)

    def _batches(
        self, examples: Examples, places: Iterable[list[loader.Place]], *, stream: int
    ) -> Iterator[loader.Batch]:
        seed, workers = (self.seed, stream), self.config.workers
        return loader.batches(self.task, examples, places, seed=seed, workers=workers)

    def _monitored(self, figures: Figures) -> float:
        name = self.config.monitor
        if name not in figures:
            raise RecipeError(
                f"train.monitor: {name!r} is none of the validation's figures {sorted(figures)}"
                f"{nearest(name, figures)}"
            )
        return figures[name]

    def _log(self, split: str, figures: Figures) -> None:
        prefix = "" if split == "train" else f"{split}/"
        self.state.logs |= {f"{prefix}{name}": value for name, value in figures.items()}
        self.log.write(self.state.step, split, self.state.seconds, figures)
