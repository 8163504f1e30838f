"""How well a classifier, tagger or regressor does on a data set."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, NotFiniteError
from ondes.metrics import class_scores, number_scores, tag_scores
from ondes.protocols import ClipDataset
from ondes.spec import ClipSpec
from ondes.tasks.classify.check import check_fit
from ondes.tasks.classify.read import Doubles, fit_reading, read
from ondes.tasks.classify.reading import Reading


class Classifier(Protocol):
    """What can be scored: a task while it is trained, or a saved model as it is used."""

    @property
    def spec(self) -> ClipSpec:
        """What the network takes and gives."""

    @property
    def reading(self) -> Reading:
        """How its outputs are read."""

    def logits(self, x: NDArray[np.float32], *, rate_hz: float) -> Doubles:
        """Return the outputs [output] of a clip [channel, time]."""


class Answers(NamedTuple):
    """Outputs of a network and what is true, both [clip, output]."""

    logits: Doubles
    y: Doubles


def answers(classifier: Classifier, clips: ClipDataset) -> Answers:
    """Return what the network makes of each clip, and what is true of it.

    Raises:
        ChannelError, RateError: the data set has other channels, or another rate, than the network.
        InputError: it has no clip, or other labels than the network, or in another order.
        NotFiniteError: the network gives NaN or infinity.
    """
    check_fit(clips, classifier.spec)
    if not len(clips):
        raise InputError(f"the data set {clips!r} holds no clip; nothing can be scored on it")
    rows = list(_rows(classifier, clips))
    found = Answers(np.stack([row.logits for row in rows]), np.stack([row.y for row in rows]))
    if not np.isfinite(found.logits).all():
        place = int(np.argmin(np.isfinite(found.logits).all(1)))
        raise NotFiniteError(
            f"the network gives NaN or infinity for clip {place}: train it again, with a lower "
            "learning rate (train.lr)"
        )
    return found


def evaluate(classifier: Classifier, clips: ClipDataset) -> dict[str, float]:
    """Return the scores of a classifier, tagger or regressor on all clips; NaN is what has none.

    They are those of `ondes.metrics.class_scores`, `tag_scores` or `number_scores`, by the kind of
    its reading, and ``clips``: how many there were. Of mixed classes the greatest share is true.

    Raises:
        ChannelError, RateError, InputError, NotFiniteError: as `answers`.
    """
    found = answers(classifier, clips)
    return scores(found, classifier.reading, classifier.spec.outputs) | {"clips": len(clips)}


def scores(found: Answers, reading: Reading, names: tuple[str, ...]) -> dict[str, float]:
    """Return what `evaluate` says, of answers that are there already."""
    values = read(found.logits, reading)
    if reading.kind == "class":
        return class_scores(found.y.argmax(1), values)
    if reading.kind == "tags":
        truth = found.y >= 0.5
        return tag_scores(truth, values, names=names, thresholds=reading.thresholds)
    return number_scores(found.y, values, names=names)


def tuned(classifier: Classifier, clips: ClipDataset) -> Reading:
    """Return the reading that fits a data set best, from the classifier's own by `fit_reading`.

    Raises:
        ChannelError, RateError, InputError, NotFiniteError: as `answers`.
    """
    found = answers(classifier, clips)
    return fit_reading(found.logits, found.y, start=classifier.reading)


def _rows(classifier: Classifier, clips: ClipDataset) -> Iterator[Answers]:
    for index in range(len(clips)):
        clip = clips[index]
        logits = classifier.logits(clip.x, rate_hz=clips.rate_hz)
        yield Answers(np.asarray(logits, np.float64), np.asarray(clip.y, np.float64))
