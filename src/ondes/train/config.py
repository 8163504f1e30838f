"""How to train: everything that the loop can be told, with its unit and range."""

import math
from dataclasses import dataclass
from typing import Literal

from ondes.errors import RecipeError

Optimiser = Literal["adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta"]
Schedule = Literal["constant", "linear", "cosine", "one-cycle", "step", "stages"]
Precision = Literal["no", "bf16", "fp16"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How to train. Counts are optimiser steps unless a unit is named.

    steps: how many optimiser steps the run takes.
    batch: examples per optimiser step, over all processes and accumulated parts together.
    accumulate: parts in which a process takes its share of a batch; more parts, less memory.
    optimiser: ``adam``, ``adamw``, ``sgd``, ``rmsprop``, ``adagrad`` or ``adadelta``.
    lr: the highest learning rate of the schedule; ``adadelta``'s own is 1.
    betas: of ``adam`` and ``adamw``, how much of their means of gradients and squares stays at
        each step, in [0, 1); translators and critics have (0.5, 0.999).
    weight_decay: L2 penalty (``adamw``: decoupled).
    momentum: of ``sgd``, in [0, 1); 0 for none.
    nesterov: whether the momentum of ``sgd`` is Nesterov's, who looks ahead.
    schedule: ``constant``; ``linear`` and ``cosine`` (to ``lr * lr_end``); ``one-cycle`` (Smith: up
        to ``lr``, then far down); ``step`` (times ``decay`` every ``decay_every`` steps);
        ``stages`` (times ``decay`` after ``patience`` validations without a better one, each
        time from the best weights on and without momentum, as Lee et al. 2017 trained SampleCNN;
        it ends where the last of ``stages`` runs out of patience).
    stages: how many learning rates ``stages`` goes through, 1 or more.
    warmup: steps of linear ramp up to ``lr`` (``one-cycle``: length of its rise, 0 for 30 %).
    hold: steps at ``lr`` before ``linear`` or ``cosine`` falls.
    lr_end: where ``linear`` or ``cosine`` ends, as a share of ``lr``.
    clip: largest norm of all gradients together; 0 for no limit.
    ema: decay of the running mean of the weights, which is then validated and kept; 0 for none.
    precision: ``no`` (float32), ``bf16`` (any device) or ``fp16`` (GPU alone).
    workers: loader processes, one thread each; 0 loads in the training process. The examples
        are the same for any number.
    device: ``auto`` takes a GPU where there is one; ``cpu`` does not.
    log_every: steps per row of the log.
    valid_every: steps between validations; 0 validates once, at the end.
    save_every, save_every_s: a checkpoint after that many steps or seconds, whichever is first;
        0 turns either off.
    monitor: the validation log (or loss) that says which weights are best, of equal ones those
        with the lowest loss.
    mode: whether the best is the ``min`` or the ``max``.
    patience: validations without a better one after which to stop; 0 never stops early.
    keep: whether the ``best`` or the ``last`` weights are the result.
    trackers: further Accelerate trackers beside TensorBoard, by name, as ``wandb``.

    Raises:
        RecipeError: for a value out of its range.

    >>> TrainConfig(steps=10, schedule="cosine", warmup=2).batch
    16
    """

    steps: int = 1000
    batch: int = 16
    accumulate: int = 1
    optimiser: Optimiser = "adam"
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    momentum: float = 0.9
    nesterov: bool = True
    schedule: Schedule = "constant"
    warmup: int = 0
    hold: int = 0
    lr_end: float = 0.0
    decay: float = 0.1
    decay_every: int = 0
    stages: int = 5
    clip: float = 0.0
    ema: float = 0.0
    precision: Precision = "no"
    workers: int = 0
    device: Literal["auto", "cpu"] = "auto"
    log_every: int = 50
    valid_every: int = 500
    save_every: int = 500
    save_every_s: float = 300.0
    monitor: str = "loss"
    mode: Literal["min", "max"] = "min"
    patience: int = 0
    keep: Literal["best", "last"] = "best"
    trackers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate", "log_every", "stages"):
            self._require(name, getattr(self, name) >= 1, "must be 1 or more")
        self._require("lr", 0 < self.lr < math.inf, "must be above 0 and finite")
        for name in _NOT_NEGATIVE:
            self._require(name, getattr(self, name) >= 0, "must be 0 or more")
        for name in ("momentum", "ema"):
            self._require(name, 0 <= getattr(self, name) < 1, "must lie in [0, 1)")
        self._require("betas", all(0 <= beta < 1 for beta in self.betas), "must lie in [0, 1)")
        if self.schedule == "stages":
            self._require("patience", self.patience >= 1, "must be 1 or more for schedule: stages")
        if self.schedule == "step":
            self._require(
                "decay_every", self.decay_every >= 1, "must be 1 or more for schedule: step"
            )

    def _require(self, name: str, holds: bool, rule: str) -> None:  # noqa: FBT001
        if not holds:
            raise RecipeError(f"{name}: {getattr(self, name)!r} {rule}")


_NOT_NEGATIVE = (
    "weight_decay",
    "warmup",
    "hold",
    "lr_end",
    "decay",
    "clip",
    "workers",
    "valid_every",
    "save_every",
    "save_every_s",
    "patience",
)
