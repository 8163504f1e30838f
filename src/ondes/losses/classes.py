"""Losses where one class of several is true: all take logits and targets [item, class].

A target is 1 for the true class and 0 for the others, or shares that add up to 1. A weight per
class counts an item as its classes weigh: the mean becomes a weighted one, so that classes of equal
weight weigh nothing at all and a class of weight 0 is left out.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.errors import InputError
from ondes.losses.cells import check_shapes, power


def cross_entropy(
    logits: Tensor, target: Tensor, *, smoothing: float = 0.0, weight: Tensor | None = None
) -> Tensor:
    """Return the categorical cross-entropy -sum_c y_c log p_c, the mean over items, as a scalar.

    Args:
        logits: [item, class]; p is their softmax.
        target: y [item, class], shares that add up to 1.
        smoothing: the share of y, from 0 to 1, that is spread evenly over all classes
            (Szegedy et al. 2016, section 7).
        weight: none, or one number per class, >= 0.

    Raises:
        InputError: the shapes differ, there are fewer than two classes, or `smoothing` leaves
            [0, 1].

    >>> cross_entropy(torch.zeros(1, 4), torch.eye(4)[:1])  # log 4
    tensor(1.3863)
    """
    _check(logits, target)
    if not 0 <= smoothing <= 1:
        raise InputError(f"cross_entropy(smoothing={smoothing}): must lie in [0, 1]")
    target = target.to(logits)
    weight = None if weight is None else weight.to(logits)
    total = F.cross_entropy(
        logits, target, weight=weight, label_smoothing=smoothing, reduction="sum"
    )
    return total / _count(target, weight)


def focal_classes(
    logits: Tensor, target: Tensor, *, gamma: float = 2.0, weight: Tensor | None = None
) -> Tensor:
    """Return the focal loss of classes, -sum_c y_c (1 - p_c)^gamma log p_c, the mean over items.

    Lin et al. 2017, eq. 4, with softmax for p; ``gamma=0`` is `cross_entropy`.

    Raises:
        InputError: the shapes differ, there are fewer than two classes, or `gamma` is negative.
    """
    _check(logits, target)
    if gamma < 0:
        raise InputError(f"focal_classes(gamma={gamma}): must be 0 or more")
    target = target.to(logits)
    log_p = F.log_softmax(logits, dim=-1)
    terms = -target * log_p
    if gamma:
        terms = terms * power(1 - log_p.exp(), gamma)
    return _mean_of(terms, target, weight)


def hinge_classes(logits: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return the multiclass hinge loss of Crammer and Singer (2001), the mean over items.

    An item costs max(0, 1 + max_{k != c} f_k - f_c) for its class c: nothing where its class leads
    all others by 1. Of shares of several classes it is the mean over these.

    Raises:
        InputError: the shapes differ, or there are fewer than two classes.
    """
    _check(logits, target)
    target = target.to(logits)
    best, second = logits.topk(2, dim=-1).values.unbind(-1)
    leads = torch.arange(logits.shape[-1], device=logits.device) == logits.argmax(-1, keepdim=True)
    rival = torch.where(leads, second[..., None], best[..., None])
    return _mean_of(target * (1 + rival - logits).clamp_min(0), target, weight)


def exponential_classes(logits: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Return the multiclass exponential loss (Zhu et al. 2009, SAMME), the mean over items.

    The mean of exp(-y f / K) for K classes, y being 1 for the true class and -1 / (K - 1) for each
    other one: `exponential` with beta = 1 / K. Of shares of several classes it is the mean
    over these.

    Raises:
        InputError: the shapes differ, or there are fewer than two classes.
    """
    _check(logits, target)
    target, n_classes = target.to(logits), logits.shape[-1]
    others = (logits.sum(-1, keepdim=True) - logits) / (n_classes - 1)
    return _mean_of(target * torch.exp((others - logits) / n_classes), target, weight)


def _mean_of(terms: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    weight = None if weight is None else weight.to(terms)
    weighed = terms if weight is None else terms * weight
    return weighed.sum() / _count(target, weight)


def _count(target: Tensor, weight: Tensor | None) -> Tensor:
    """Return how many items there are, as their classes weigh."""
    weighed = target if weight is None else target * weight
    return weighed.sum().clamp_min(torch.finfo(target.dtype).tiny)


def _check(logits: Tensor, target: Tensor) -> None:
    check_shapes(logits, target)
    if logits.ndim != 2 or logits.shape[-1] < 2:
        raise InputError(
            f"logits of shape {list(logits.shape)}: a loss of classes takes [item, class] and two "
            f"classes or more"
        )
