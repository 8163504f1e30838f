"""The classifier's last layer, fitted anew to the few labelled clips."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ondes.errors import InputError
from ondes.tasks.translate.rivals._given import Given, Scores
from ondes.tasks.translate.rivals._last import features, lacks, weights, with_last

ABOUT = """\
The classifier's last layer is fitted to the few labelled clips of the new sensor, drawn towards
what it was (multinomial logistic regression)."""
LABELLED = True

__all__ = ["ABOUT", "LABELLED", "Options", "classifier", "lacks"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """ridge: weight of the squared change of all weights, against the mean log loss."""

    ridge: float = 0.01

    def __post_init__(self) -> None:
        if self.ridge <= 0:
            raise InputError(f"last-layer(ridge={self.ridge}): give a number above 0")


def classifier(given: Given, options: Options, *, seed: int) -> nn.Module:  # noqa: ARG001
    """Return the classifier with the last layer that fits best; the loss has one minimum."""
    assert given.few is not None
    assert given.few_y is not None
    weight, bias = weights(given.network)
    found = _fitted(features(given.network, given.few), given.few_y, weight, bias, options.ridge)
    return with_last(given.network, *found)


def _fitted(
    x: Scores, y: NDArray[np.float32], weight: Scores, bias: Scores, ridge: float
) -> tuple[Scores, Scores]:
    from scipy.optimize import minimize

    wide = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    start = np.concatenate([weight, bias[:, None]], axis=1)

    def cost(flat: Scores) -> tuple[float, Scores]:
        change = flat.reshape(start.shape) - start
        logits = wide @ flat.reshape(start.shape).T
        logits -= logits.max(1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        slope = (np.exp(logs) * y.sum(1, keepdims=True) - y).T @ wide / len(x) + 2 * ridge * change
        return float(-(y * logs).sum() / len(x) + ridge * np.square(change).sum()), slope.ravel()

    best = minimize(cost, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    found = np.asarray(best.x, np.float64).reshape(start.shape)
    return found[:, :-1], found[:, -1]
