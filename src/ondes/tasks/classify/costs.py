"""Which losses there are for which target."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ondes import losses
from ondes.errors import InputError, nearest
from ondes.tasks.classify.reading import Target

LossName = Literal["cross-entropy", "bce", "focal", "mse", "l1", "huber", "exponential", "hinge"]


class Cost(NamedTuple):
    """A loss by name, with its numbers."""

    target: Target
    loss: LossName
    smoothing: float = 0.0
    gamma: float = 2.0
    beta: float = 1.0
    delta: float = 1.0


Function = Callable[[Cost, Tensor, Tensor, Tensor | None], Tensor]


def cost_of(cost: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    """Return the loss of logits and targets [clip, output] with a weight per output, a scalar.

    Of tags the weight is that of a cell where the tag is true, against 1 where it is not.
    """
    if weight is not None and cost.target == "tags":
        weight = 1 + (weight - 1) * y
    return COSTS[cost.target][cost.loss](cost, logits, y, weight)


def check_cost(cost: Cost) -> None:
    """Check the loss and its numbers.

    Raises:
        InputError: the target has no such loss, or a number is out of its range.
    """
    known = COSTS[cost.target]
    if cost.loss not in known:
        raise InputError(
            f"classify(target={cost.target!r}, loss={cost.loss!r}): choose one of "
            f"{', '.join(known)}{nearest(cost.loss, known)}"
        )
    if not 0 <= cost.smoothing <= 1 or cost.gamma < 0 or min(cost.beta, cost.delta) <= 0:
        raise InputError(
            f"classify(smoothing={cost.smoothing}, gamma={cost.gamma}, beta={cost.beta}, "
            f"delta={cost.delta}): smoothing must lie in [0, 1], gamma be 0 or more, the others "
            f"above 0"
        )
    if cost.smoothing and cost.loss not in ("cross-entropy", "bce"):
        raise InputError(
            f"classify(loss={cost.loss!r}, smoothing={cost.smoothing}): only cross-entropy and bce "
            f"smooth their targets"
        )


def _cross_entropy(cost: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.cross_entropy(logits, y, smoothing=cost.smoothing, weight=weight)


def _focal_classes(cost: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.focal_classes(logits, y, gamma=cost.gamma, weight=weight)


def _exponential_classes(cost: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.exponential_classes(cost.beta * logits, y, weight=weight)


def _hinge_classes(_: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.hinge_classes(logits, y, weight=weight)


def _mse_classes(_: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    rows = None if weight is None else (weight * y).sum(1, keepdim=True)
    return losses.mse(torch.softmax(logits, dim=1), y, weight=rows)


def _bce(cost: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    soft = y * (1 - cost.smoothing) + cost.smoothing / 2
    return losses.bce(logits, soft, weight=weight)


def _focal(cost: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.focal(logits, y, gamma=cost.gamma, weight=weight)


def _exponential(cost: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    signs = 2 * y - 1
    return losses.exponential(logits[..., None], signs[..., None], beta=cost.beta, weight=weight)


def _hinge(_: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.hinge(logits, 2 * y - 1, weight=weight)


def _mse_tags(_: Cost, logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.mse(torch.sigmoid(logits), y, weight=weight)


def _mse(_: Cost, outputs: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.mse(outputs, y, weight=weight)


def _l1(_: Cost, outputs: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.l1(outputs, y, weight=weight)


def _huber(cost: Cost, outputs: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    return losses.huber(outputs, y, delta=cost.delta, weight=weight)


COSTS: Mapping[Target, Mapping[LossName, Function]] = {
    "class": {
        "cross-entropy": _cross_entropy,
        "focal": _focal_classes,
        "mse": _mse_classes,
        "exponential": _exponential_classes,
        "hinge": _hinge_classes,
    },
    "tags": {
        "bce": _bce,
        "focal": _focal,
        "mse": _mse_tags,
        "exponential": _exponential,
        "hinge": _hinge,
    },
    "number": {"mse": _mse, "l1": _l1, "huber": _huber},
}
"""The losses of each target, its own first."""
