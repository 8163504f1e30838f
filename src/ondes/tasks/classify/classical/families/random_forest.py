"""A random forest on spectral features: fast, robust, and hard to beat with few clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.tasks.classify.classical.features import Plan, features, plan
from ondes.tasks.classify.classical.rival import HALF, Arrays, Json, Samples, Scores, Training

ABOUT = "A random forest (Breiman 2001) on statistics of spectrum, level and shape."


@dataclass(frozen=True, kw_only=True)
class Options:
    """trees: how many. balanced: whether rare classes and tags weigh as much as frequent ones.

    Raises InputError for no tree.
    """

    trees: int = 300
    balanced: bool = False

    def __post_init__(self) -> None:
        if self.trees < 1:
            raise InputError(f"random-forest with trees={self.trees}: give 1 or more")


class Trees(NamedTuple):
    """All trees' nodes in a row; a leaf leads to itself.

    first int32 [tree]: where each tree begins. below, above int32 [node]: where to go if the
    feature int32 [node] is at most the threshold float64 [node], or above it. values [node,
    output]: what the clips of training that came by hold on average; numbers are float64. depth of
    the deepest.
    """

    first: NDArray[np.int32]
    below: NDArray[np.int32]
    above: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Scores
    values: Samples | Scores
    depth: int

    def __call__(self, found: Samples) -> Scores:
        """Return [output], the mean over all trees, for features [feature]."""
        node = self.first
        for _ in range(self.depth):
            low = found[self.feature[node]] <= self.threshold[node]
            node = np.where(low, self.below[node], self.above[node])
        return np.asarray(self.values[node].mean(0, dtype=np.float64))


@dataclass(frozen=True)
class RandomForest:
    """How clips are looked at, and the trees."""

    plan: Plan
    trees: Trees

    def scores(self, x: Samples) -> Scores:
        """Return shares of the trees' votes, or mean numbers, [output] for x [channel, time]."""
        return self.trees(features(x, self.plan))

    def to_arrays(self) -> tuple[Arrays, Json]:
        """Return its arrays and numbers."""
        arrays = self.trees._asdict()
        depth = arrays.pop("depth")
        return arrays, {"plan": asdict(self.plan), "depth": depth}


def fit(train: Training, options: Options, *, rate_hz: float, seed: int) -> RandomForest:  # noqa: ARG001 - as all families have it
    """Grow the trees."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    chosen = plan(train.x)
    found = np.stack([features(x, chosen) for x in train.x])
    if train.target == "number":
        forest = RandomForestRegressor(options.trees, max_features=1 / 3, random_state=seed)
    else:
        weight = "balanced_subsample" if options.balanced else None
        forest = RandomForestClassifier(options.trees, class_weight=weight, random_state=seed)
    forest.fit(found, _wanted(train))
    return RandomForest(chosen, _trees(forest, train))


def from_arrays(arrays: Arrays, numbers: dict[str, Any]) -> RandomForest:
    """Return what `RandomForest.to_arrays` took apart."""
    values = numbers["plan"]
    chosen = Plan(values["n_fft"], tuple(values["edges"]), values["floor"])
    return RandomForest(chosen, Trees(**arrays, depth=numbers["depth"]))


def least(model: RandomForest) -> int:  # noqa: ARG001 - as all families have it
    """Return how many samples a clip must have: 2."""
    return 2


def _wanted(train: Training) -> NDArray[Any]:
    """What scikit-learn is to learn: classes, [clip, tag] of 0 and 1, or numbers."""
    if train.target == "class":
        return train.classes
    wanted = train.y if train.target == "number" else (train.y >= HALF).astype(int)
    return wanted[:, 0] if wanted.shape[1] == 1 else wanted


def _trees(forest: Any, train: Training) -> Trees:  # noqa: ANN401 - of scikit-learn, which has no types
    """Return the trees of a forest as arrays."""
    trees = [one.tree_ for one in forest.estimators_]
    first = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]
    feature = np.concatenate([tree.feature for tree in trees])
    own = np.arange(len(feature))
    leaf = feature < 0
    below, above = (
        np.where(leaf, own, np.concatenate(parts)).astype(np.int32)
        for parts in (
            [tree.children_left + k for tree, k in zip(trees, first, strict=True)],
            [tree.children_right + k for tree, k in zip(trees, first, strict=True)],
        )
    )
    return Trees(
        first.astype(np.int32),
        below,
        above,
        np.where(leaf, 0, feature).astype(np.int32),
        np.concatenate([tree.threshold for tree in trees]),
        _values(np.concatenate([tree.value for tree in trees]), forest, train),
        max(tree.max_depth for tree in trees),
    )


def _values(votes: Scores, forest: Any, train: Training) -> Samples | Scores:  # noqa: ANN401 - as above
    """Return [node, output] of scikit-learn's [node, output, class]."""
    if train.target == "number":
        return votes[:, :, 0]
    shares = votes / votes.sum(-1, keepdims=True)
    values = np.zeros((len(votes), train.y.shape[1]), np.float32)
    if train.target == "class":
        values[:, forest.classes_] = shares[:, 0]
        return values
    known: Sequence[NDArray[Any]] = forest.classes_ if votes.shape[1] > 1 else [forest.classes_]
    for tag, classes in enumerate(known):
        held = np.flatnonzero(classes == 1)
        values[:, tag] = shares[:, tag, held].sum(-1)
    return values
