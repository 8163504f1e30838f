"""`SignalRegressor`: one number, or several, of a clip."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from ondes.data.clips import numbers
from ondes.errors import InputError
from ondes.estimators.clips import Recordings, clips
from ondes.estimators.learner import Learner


class SignalRegressor(RegressorMixin, Learner):  # type: ignore[misc] # scikit-learn has no types
    """Tell a number, or several, of a clip; settings are those of `Learner`.

    Attributes:
        model_: the trained `ondes.run.classifier.Classifier`.
    """

    def fit(self, X: Recordings, y: ArrayLike, groups: Iterable[Any] | None = None) -> Self:
        """Learn numbers of clips.

        Args:
            X: as of `SignalClassifier.fit`.
            y: [clip] or [clip, number], in any unit: training is on their deviations.
            groups: as of `SignalClassifier.fit`.

        Raises:
            InputError: a number is always the same, or clips do not fit.
            NotFiniteError: a number or a sample is NaN or infinite.
        """
        recordings = self._signals(X)
        if y is None:
            raise InputError("SignalRegressor requires y to be passed, but the target y is None")
        self._flat = np.asarray(y).ndim == 1
        targets = numbers(y)
        labels = [str(place) for place in range(targets.shape[1])]
        learnt = clips(recordings, targets, labels=labels, groups=groups, of=X)
        return self._learn(learnt, target="number", groups=groups)

    def __sklearn_tags__(self) -> Tags:
        """Say that y may be several numbers."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Recordings) -> NDArray[np.float64]:
        """Return the numbers of each clip, in the shape that y had."""
        values = np.asarray(self._fitted().predict(self._signals(X)), np.float64)
        return values[:, 0] if self._flat else values
