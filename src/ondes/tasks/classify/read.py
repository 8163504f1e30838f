"""From a network's outputs to probabilities, choices and numbers; and how that is fitted."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import InputError, NotFiniteError
from ondes.tasks.classify.reading import Reading

Doubles = NDArray[np.float64]

TEMPERATURES = (1 / 50, 50.0)
DOUBT = 0.5  # standard deviation of the log of a temperature that no clip has yet spoken about
LEVELS = 1 / (1 + np.exp(-np.linspace(-7, 7, 281)))  # thresholds that are tried
PRIOR_CLIPS = 5  # a tag true of this many is drawn half-way to the threshold of all together


def read(logits: ArrayLike, reading: Reading) -> Doubles:
    """Return probabilities, or numbers in their own unit, [clip, output] of outputs like these.

    Raises:
        InputError: the outputs have another shape than [clip, output], or the reading is for
            another number of them.

    >>> read([[0.0, np.log(3)]], Reading(kind="class")).round(2)
    array([[0.25, 0.75]])
    >>> read([[2.0]], Reading(kind="number", mean=(20.0,), std=(5.0,)))
    array([[30.]])
    """
    values = np.asarray(logits, np.float64)
    _check(values, reading)
    if reading.kind == "number":
        return np.asarray(values * reading.std + reading.mean, np.float64)
    scaled = values / reading.temperature
    return softmax(scaled) if reading.kind == "class" else sigmoid(scaled)


def choose(
    scores: Sequence[float] | Doubles, names: Sequence[str], reading: Reading
) -> tuple[str, ...]:
    """Return the names that a clip's scores [output] choose, likeliest first.

    Of classes the likeliest (of equals the first), of tags all that reach their thresholds, of
    numbers none.

    >>> choose([0.2, 0.9, 0.6], ("a", "b", "c"), Reading(kind="tags"))
    ('b', 'c')
    """
    if reading.kind == "number":
        return ()
    values = np.asarray(scores)
    order = np.argsort(-values, kind="stable")
    if reading.kind == "class":
        return (names[int(order[0])],)
    thresholds = np.broadcast_to(reading.thresholds, values.shape)
    return tuple(names[k] for k in order.tolist() if values[k] >= thresholds[k])


def fit_reading(logits: ArrayLike, y: ArrayLike, *, start: Reading) -> Reading:
    """Return the reading that fits outputs of validation clips best.

    Of classes and tags a temperature: the likeliest one, given that before any clip its logarithm
    is 0 to within `DOUBT`, so that a few clips that are all right make no answer certain. Of tags
    further thresholds, one each, of the highest F1; those of rare tags are drawn towards the
    common one. Of numbers nothing: `start` has their mean and standard deviation from training.

    Args:
        logits: [clip, output], what the network gives; an ensemble's are logarithms of mean
            probabilities, or log odds.
        y: [clip, output], what is true, as in `Clip`.
        start: the kind, and for numbers mean and std.

    Raises:
        InputError: the shapes differ, there is no clip, or the reading does not fit them.
        NotFiniteError: an output is NaN or infinite.
    """
    values, true = np.asarray(logits, np.float64), np.asarray(y, np.float64)
    _check(values, start)
    if values.shape != true.shape or not len(values):
        raise InputError(
            f"fit_reading of outputs {list(values.shape)} and targets {list(true.shape)}: give "
            f"the same [clip, output] for both, and one clip or more"
        )
    if not np.isfinite(values).all():
        raise NotFiniteError(
            "fit_reading: the network gives NaN or infinity: train it again, with a lower learning "
            "rate (train.lr)"
        )
    if start.kind == "number":
        return start
    reading = replace(start, temperature=_temperature(values, true, start))
    if start.kind == "class":
        return reading
    return replace(reading, thresholds=_thresholds(read(values, reading), true >= 0.5))


def softmax(logits: Doubles) -> Doubles:
    """Return shares over the last axis that add up to 1."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def sigmoid(logits: Doubles) -> Doubles:
    """Return 1 / (1 + exp(-x)), which neither side makes overflow."""
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1, small) / (1 + small))


def _check(values: Doubles, reading: Reading) -> None:
    sizes = {len(reading.thresholds), len(reading.mean), len(reading.std)} - {1}
    if values.ndim != 2 or not sizes <= {values.shape[1]}:
        raise InputError(
            f"outputs of shape {list(values.shape)} with a reading for {sizes or 'any number'}; "
            f"give [clip, output], as many as it was fitted to"
        )


def _temperature(values: Doubles, true: Doubles, start: Reading) -> float:
    from scipy.optimize import minimize_scalar

    def cost(log: float) -> float:
        scaled = values / np.exp(log)
        logs = _log_softmax(scaled) if start.kind == "class" else -_softplus(-scaled)
        missed = 0.0 if start.kind == "class" else ((1 - true) * _softplus(scaled)).sum()
        return float(missed - (true * logs).sum() + (log / DOUBT) ** 2 / 2)

    bounds = tuple(np.log(TEMPERATURES))
    return float(np.exp(minimize_scalar(cost, bounds=bounds, method="bounded").x))


def _log_softmax(logits: Doubles) -> Doubles:
    shifted = logits - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def _softplus(x: Doubles) -> Doubles:
    return np.logaddexp(0, x)


def _thresholds(probs: Doubles, true: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return per tag the threshold with the highest F1, of the mixture of its clips and all."""
    found = probs >= LEVELS[:, None, None]  # [level, clip, tag]
    right, wrong = (found & true).sum(1), (found != true).sum(1)
    share = PRIOR_CLIPS / max(1, int(true.sum()))
    right_all, wrong_all = (share * both.sum(1, keepdims=True) for both in (right, wrong))
    whole = 2 * (right + right_all) + wrong + wrong_all
    f1 = 2 * (right + right_all) / np.maximum(whole, 1e-12)
    return tuple(_middle(column) for column in f1.T)


def _middle(f1: Doubles) -> float:
    """Return the middle of the first run of levels with the highest F1."""
    best = int(f1.argmax())
    stop = best + int(np.argmin(np.append(f1[best:] >= f1[best] - 1e-12, False)))
    return float(LEVELS[(best + stop - 1) // 2])
