"""The phases of a task made concrete: parameters, terms and an optimiser for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from torch import Tensor, nn, optim

from ondes.errors import InputError, nearest
from ondes.protocols import Phase, Step
from ondes.train.config import TrainConfig


@dataclass(frozen=True, eq=False)
class Stage:
    """A phase with the parameters that it moves and the optimiser that moves them."""

    phase: Phase
    parameters: tuple[nn.Parameter, ...]
    optimiser: optim.Optimizer

    def loss(self, step: Step) -> Tensor:
        """Return the sum of this phase's terms, a scalar."""
        terms = self.phase.terms or tuple(step.losses)
        if missing := [name for name in terms if name not in step.losses]:
            raise InputError(
                f"phase {self.phase.name!r} asks for the loss {missing[0]!r}; the task gives "
                f"{sorted(step.losses)}{nearest(missing[0], step.losses)}"
            )
        return sum((step.losses[name] for name in terms[1:]), step.losses[terms[0]])


def stages(phases: Sequence[Phase], model: nn.Module, config: TrainConfig) -> tuple[Stage, ...]:
    """Return one stage per phase; parameters that are frozen now stay so.

    Raises:
        InputError: for no phase, a phase with no steps, or a prefix that fits no parameter.
    """
    if not phases:
        raise InputError("a task needs at least one phase; it gives none")
    return tuple(_stage(phase, model, config) for phase in phases)


def stage_at(stages: Sequence[Stage], step: int) -> Stage:
    """Return whose turn optimiser step ``step`` is: each phase for its steps, over and over."""
    ends = list(accumulate(stage.phase.steps for stage in stages))
    place = step % ends[-1]
    return next(stage for stage, end in zip(stages, ends, strict=True) if place < end)


def focus(stage: Stage, stages: Sequence[Stage]) -> None:
    """Let only the parameters of ``stage`` gather gradients."""
    for other in stages:
        for parameter in other.parameters:
            parameter.requires_grad_(False)  # noqa: FBT003 - torch's own name
    for parameter in stage.parameters:
        parameter.requires_grad_(True)  # noqa: FBT003


def _stage(phase: Phase, model: nn.Module, config: TrainConfig) -> Stage:
    if phase.steps < 1:
        raise InputError(f"phase {phase.name!r} has {phase.steps} steps; give it 1 or more")
    parameters = _parameters(phase, model)
    return Stage(phase, parameters, _optimiser(parameters, config))


def _parameters(phase: Phase, model: nn.Module) -> tuple[nn.Parameter, ...]:
    named = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    for prefix in phase.parameters or ("",):
        if not any(name.startswith(prefix) for name, _ in named):
            raise InputError(
                f"phase {phase.name!r} moves {prefix!r}, with which no trainable parameter's name "
                f"begins{nearest(prefix, [name for name, _ in named])}"
            )
    return tuple(value for name, value in named if name.startswith(phase.parameters or ("",)))


def _optimiser(parameters: Sequence[nn.Parameter], config: TrainConfig) -> optim.Optimizer:
    rate, decay = config.lr, config.weight_decay
    if config.optimiser == "sgd":
        pull = config.momentum
        ahead = config.nesterov and pull > 0
        return optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=pull, nesterov=ahead)
    if config.optimiser in _ADAMS:
        adam = _ADAMS[config.optimiser]
        return adam(parameters, lr=rate, betas=config.betas, weight_decay=decay)
    return _KINDS[config.optimiser](parameters, lr=rate, weight_decay=decay)


_ADAMS: dict[str, Callable[..., optim.Optimizer]] = {"adam": optim.Adam, "adamw": optim.AdamW}
_KINDS: dict[str, Callable[..., optim.Optimizer]] = {
    "rmsprop": optim.RMSprop,
    "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta,
}
