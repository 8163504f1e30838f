"""`SignalTagger`: which of several tags a clip has, any number of them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from ondes.data.clips import classes_of, multi_hot
from ondes.errors import InputError
from ondes.estimators.clips import Recordings, clips
from ondes.estimators.learner import Learner

Tags = NDArray[Any] | Iterable[Collection[str]] | Iterable[Sequence[float]]
"""[clip, tag] of 0 and 1, as an array or in lists, or the names of each clip's tags."""


class SignalTagger(Learner):
    """Tell which tags a clip has; settings are those of `Learner`.

    Attributes:
        classes_: the tags: their names, or their places where y was an array.
        model_: the trained `ondes.run.classifier.Classifier`.
    """

    def fit(self, X: Recordings, y: Tags, groups: Iterable[Any] | None = None) -> Self:
        """Learn which tags clips have.

        Args:
            X: as of `SignalClassifier.fit`.
            y: 0 and 1 [clip, tag], or for each clip the names of its tags.
            groups: as of `SignalClassifier.fit`.

        Raises:
            InputError: a tag is there always or never, labels do not match, or clips do not fit.
            NotFiniteError: a sample is NaN or infinite.
        """
        recordings = self._signals(X)
        targets, self.classes_ = _targets(y)
        labels = [str(name) for name in self.classes_]
        learnt = clips(recordings, targets, labels=labels, groups=groups, of=X)
        return self._learn(learnt, target="tags", groups=groups)

    def predict_proba(self, X: Recordings) -> NDArray[np.float64]:
        """Return the probability of each tag, [clip, tag]."""
        return self._fitted().predict_proba(self._signals(X))

    def predict(self, X: Recordings) -> NDArray[np.int64]:
        """Return 1 where a tag reaches its threshold, which validation chose, [clip, tag]."""
        return np.asarray(self._fitted().predict(self._signals(X))).astype(np.int64)

    def score(self, X: Recordings, y: Tags) -> float:
        """Return the mean over the tags of their F1."""
        targets = _targets(y, known=[str(name) for name in self.classes_])[0]
        return float(f1_score(targets, self.predict(X), average="macro", zero_division=0))


def _targets(y: Tags, known: list[str] | None = None) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return targets [clip, tag] and the tags."""
    if y is None:
        raise InputError("SignalTagger requires y to be passed, but the target y is None")
    told = np.asarray(y) if hasattr(y, "__array__") else y
    if isinstance(told, np.ndarray) and told.dtype.kind in "biuf":
        return _marked(told)
    rows: list[Any] = list(told)
    for place, row in enumerate(rows):
        if isinstance(row, str) or not isinstance(row, Iterable):
            raise InputError(
                f"the tags of clip {place} are {row!r}: give a list of names, [{row!r}]"
            )
    every = [name for row in rows for name in row]
    if every and not any(isinstance(name, str) for name in every):
        return _marked(_table(rows))
    names = known or classes_of(map(str, every))
    return multi_hot([[str(name) for name in row] for row in rows], names), np.array(names)


def _marked(y: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[Any]]:
    if y.ndim != 2:
        raise InputError(f"y of shape {y.shape}: give [clip, tag], or names for each clip")
    return y.astype(np.float32), np.arange(y.shape[1])


def _table(rows: list[Any]) -> NDArray[np.float64]:
    try:
        return np.array(rows, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"y is neither 0 and 1 [clip, tag] nor names of tags, which are words: {error}"
        ) from error
