"""MiniRocket: some ten thousand convolution features, and one ridge regression on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ondes.errors import InputError
from ondes.tasks.classify.classical.kernels import KERNELS, Layer, layers
from ondes.tasks.classify.classical.rival import Arrays, Json, Samples, Scores, Training
from ondes.tasks.classify.reading import Target

ABOUT = "MiniRocket (Dempster et al. 2021): random convolution features and a ridge regression."

ALPHAS = np.logspace(-3, 3, 10)
SHARPNESS = np.geomspace(0.1, 30, 60)


@dataclass(frozen=True, kw_only=True)
class Options:
    """features: how many, of which whole multiples of 84 are made.

    Raises InputError for less than 84.
    """

    features: int = 10_000

    def __post_init__(self) -> None:
        if self.features < len(KERNELS):
            raise InputError(f"minirocket with features={self.features}: give 84 or more")


class Ridge(NamedTuple):
    """A linear map: features @ weights + offset, [output], and what it means.

    sharpness: of the probabilities made of it; it is fitted to what each clip of training gets
    from the others. mean and std of numbers.
    """

    weights: Samples
    offset: Scores
    sharpness: float
    mean: Scores
    std: Scores


@dataclass(frozen=True)
class MiniRocket:
    """Layers of features and the ridge on top."""

    layers: tuple[Layer, ...]
    ridge: Ridge
    target: Target

    def features(self, x: Samples) -> Samples:
        """Return [feature] of x [channel, time]."""
        return np.concatenate([layer(x) for layer in self.layers])

    def scores(self, x: Samples) -> Scores:
        """Return probabilities, or numbers, [output] of x [channel, time]."""
        raw = self.features(x).astype(np.float64) @ self.ridge.weights + self.ridge.offset
        if self.target == "number":
            numbers: Scores = raw * self.ridge.std + self.ridge.mean
            return numbers
        return probabilities(raw * self.ridge.sharpness, self.target)

    def to_arrays(self) -> tuple[Arrays, Json]:
        """Return its arrays and numbers."""
        arrays = {
            "channels": np.stack([layer.channels for layer in self.layers]),
            "biases": np.concatenate([layer.biases.ravel() for layer in self.layers]),
            "weights": self.ridge.weights,
            "offset": self.ridge.offset,
            "mean": self.ridge.mean,
            "std": self.ridge.std,
        }
        numbers = {
            "dilations": [layer.dilation for layer in self.layers],
            "features": [layer.biases.shape[1] for layer in self.layers],
            "sharpness": self.ridge.sharpness,
            "target": self.target,
        }
        return arrays, numbers


def fit(train: Training, options: Options, *, rate_hz: float, seed: int) -> MiniRocket:  # noqa: ARG001 - as all families have it
    """Fit features and ridge to clips."""
    made = layers(train.x, features=options.features, rng=np.random.default_rng(seed))
    features = np.stack([np.concatenate([layer(x) for layer in made]) for x in train.x])
    return MiniRocket(made, _ridge(features, train), train.target)


def from_arrays(arrays: Arrays, numbers: dict[str, Any]) -> MiniRocket:
    """Return what `MiniRocket.to_arrays` took apart."""
    ends = np.cumsum([len(KERNELS) * n for n in numbers["features"]])
    parts = np.split(arrays["biases"], ends[:-1])
    made = tuple(
        Layer(dilation, channels, biases.reshape(len(KERNELS), -1), inside=(i + 1) % 2)
        for i, (dilation, channels, biases) in enumerate(
            zip(numbers["dilations"], arrays["channels"], parts, strict=True)
        )
    )
    ridge = Ridge(
        arrays["weights"], arrays["offset"], numbers["sharpness"], arrays["mean"], arrays["std"]
    )
    return MiniRocket(made, ridge, numbers["target"])


def least(model: MiniRocket) -> int:  # noqa: ARG001 - as all families have it
    """Return how many samples a clip must have: 1, the kernels are followed by silence."""
    return 1


def probabilities(raw: Scores, target: Target) -> Scores:
    """Return raw [..., output] as probabilities: of one class among all, or of each tag.

    >>> probabilities(np.array([1.0, 1.0]), "class")
    array([0.5, 0.5])
    """
    if target == "tags":
        return np.asarray(1 / (1 + np.exp(-2 * raw)))
    shares = np.exp(raw - raw.max(-1, keepdims=True))
    return np.asarray(shares / shares.sum(-1, keepdims=True))


def _ridge(features: Samples, train: Training) -> Ridge:
    """Fit a ridge regression to standardised features; its strength by leaving one clip out."""
    from sklearn.linear_model import RidgeCV

    mean, std = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    std[std == 0] = 1
    wanted = train.signs
    scale = wanted.std(0) if train.target == "number" else np.ones(wanted.shape[1])
    scale[scale == 0] = 1
    centre = wanted.mean(0) if train.target == "number" else np.zeros(wanted.shape[1])
    wanted = (wanted - centre) / scale
    fitted = RidgeCV(ALPHAS, scoring="neg_mean_squared_error", store_cv_results=True)
    fitted.fit((features - mean) / std, wanted)
    best = int(np.flatnonzero(fitted.alpha_ == ALPHAS)[0])
    left_out = fitted.cv_results_.reshape(len(wanted), -1, len(ALPHAS))[:, :, best]
    weights = (np.atleast_2d(fitted.coef_) / std).T
    offset = np.atleast_1d(fitted.intercept_) - mean @ weights
    return Ridge(weights.astype(np.float32), offset, _sharpness(left_out, train), centre, scale)


def _sharpness(left_out: Scores, train: Training) -> float:
    """Return the factor at which probabilities fit clips that were left out best.

    As if, beside the clips, each output had been seen to hold once (Platt 1999): where all is
    right, probabilities stay short of 1.
    """
    if train.target == "number":
        return 1.0
    n, outputs = left_out.shape
    others = outputs - 1 if train.target == "class" else 1
    rest = 1 / (n + others + 1)
    held = np.where(train.signs > 0, 1 - others * rest, rest)

    def surprise(factor: float) -> float:
        p = np.clip(probabilities(left_out * factor, train.target), 1e-12, 1 - 1e-12)
        other = (1 - held) * np.log(1 - p) if train.target == "tags" else 0
        return float(-(held * np.log(p) + other).mean())

    return float(min(SHARPNESS, key=surprise))
