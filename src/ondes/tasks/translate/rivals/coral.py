"""CORAL (Sun et al. 2016): features of the new sensor are given the old one's covariance."""

from dataclasses import dataclass

import numpy as np
from torch import nn

from ondes.errors import InputError
from ondes.tasks.translate.rivals._given import Given, Scores
from ondes.tasks.translate.rivals._last import features, lacks, weights, with_last

ABOUT = """\
CORAL: features that the classifier finds in the new sensor's clips are brought to the mean and the
covariance of those in the old one's, before its last layer."""
LABELLED = False

__all__ = ["ABOUT", "LABELLED", "Options", "classifier", "lacks"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """ridge: added to both covariances, as a share of their mean variance."""

    ridge: float = 0.01

    def __post_init__(self) -> None:
        if self.ridge <= 0:
            raise InputError(f"coral(ridge={self.ridge}): give a number above 0")


def classifier(given: Given, options: Options, *, seed: int) -> nn.Module:  # noqa: ARG001
    """Return the classifier with a last layer for f -> (f - m) C^-1/2 C'^1/2 + m'."""
    new, old = (features(given.network, side) for side in (given.source, given.target))
    whiten, colour = _root(new, -0.5, options.ridge), _root(old, 0.5, options.ridge)
    turn = colour @ whiten
    weight, bias = weights(given.network)
    shift = old.mean(0) - turn @ new.mean(0)
    return with_last(given.network, weight @ turn, bias + weight @ shift)


def _root(found: Scores, power: float, ridge: float) -> Scores:
    """A power of the features' covariance, symmetric."""
    covariance = np.cov(found.T, bias=True).reshape(found.shape[1], -1)
    values, vectors = np.linalg.eigh(covariance)
    floor = max(ridge * float(values.mean()), np.finfo(float).tiny)
    return np.asarray((vectors * (values.clip(0) + floor) ** power) @ vectors.T)
