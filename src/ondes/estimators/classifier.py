"""`SignalClassifier`: which of several classes a clip is."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ondes.data.clips import one_hot
from ondes.errors import InputError
from ondes.estimators.clips import Recordings, clips
from ondes.estimators.learner import Learner


class SignalClassifier(ClassifierMixin, Learner):  # type: ignore[misc] # scikit-learn has no types
    """Tell which of several classes a clip is; settings are those of `Learner`.

    Attributes:
        classes_: what y held, sorted.
        model_: the trained `ondes.run.classifier.Classifier`.

    >>> beat = np.sin(np.arange(64) * np.linspace(0.3, 0.9, 20)[:, None])  # faster and faster
    >>> net = SignalClassifier("sample-cnn", options={"blocks": 2, "filters": 8}, epochs=20)
    >>> net.fit(beat, ["slow"] * 10 + ["fast"] * 10).predict(beat[[0, -1]]).tolist()
    ['slow', 'fast']
    """

    def fit(
        self, X: Recordings, y: NDArray[Any] | Iterable[Any], groups: Iterable[Any] | None = None
    ) -> Self:
        """Learn which classes clips are.

        Args:
            X: [clip, time] or [clip, channel, time], or a sequence of Signals, files or arrays
                [channel, time], of any lengths.
            y: the class of each clip.
            groups: of each clip - a speaker, a person, a session -, none of which is then both
                learnt from and validated by.

        Raises:
            InputError: there is one class only, labels do not match, or clips do not fit.
            NotFiniteError: a sample is NaN or infinite.
        """
        recordings = self._signals(X)
        names = self._names(y)
        labels = [str(name) for name in self.classes_]
        targets = one_hot(names, labels)
        learnt = clips(recordings, targets, labels=labels, groups=groups, of=X)
        self._learn(learnt, target="class", groups=groups)
        return self

    def predict_proba(self, X: Recordings) -> NDArray[np.float64]:
        """Return the probability of each class, [clip, class], in the order of ``classes_``."""
        return self._fitted().predict_proba(self._signals(X))

    def predict(self, X: Recordings) -> NDArray[Any]:
        """Return the likeliest class of each clip."""
        best = self.predict_proba(X).argmax(axis=1)
        found: NDArray[Any] = self.classes_[best]
        return found

    def _names(self, y: NDArray[Any] | Iterable[Any]) -> list[str]:
        if y is None:
            raise InputError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        values = column_or_1d(np.asarray(y), warn=True)
        check_classification_targets(values)
        self.classes_ = np.unique(values)
        if len(self.classes_) < 2:
            raise InputError(
                f"all clips are of one class, {str(self.classes_[0])!r}: give two or more classes"
            )
        return [str(value) for value in values.tolist()]
