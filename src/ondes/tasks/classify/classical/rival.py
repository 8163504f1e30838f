"""What all classical rivals have in common: how they are asked, and what they are learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, NotFiniteError, RateError
from ondes.protocols import ENDLESS, ClipDataset
from ondes.spec import ClipSpec
from ondes.tasks.classify.check import (
    check_learnable,
    check_samples,
    check_targets,
    targets,
)
from ondes.tasks.classify.reading import Reading, Target

Samples = NDArray[np.float32]
Scores = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Json = Mapping[str, Any]

HALF = 0.5
LARGEST = 1e36  # of a sample: sums of several are numbers still
SURE = 1e-12  # the least probability that becomes a logit


class Training(NamedTuple):
    """Clips float32 [channel, time] of any lengths, and y [clip, output]."""

    x: Sequence[Samples]
    y: Scores
    target: Target

    @property
    def classes(self) -> NDArray[np.int64]:
        """The class of each clip: the likeliest, where they are soft."""
        return np.asarray(self.y.argmax(1))

    @property
    def signs(self) -> Scores:
        """1 where an output holds and -1 where it does not, [clip, output]; numbers as they are."""
        if self.target == "number":
            return self.y
        if self.target == "tags":
            return np.where(self.y >= HALF, 1.0, -1.0)
        signs: Scores = 2 * np.eye(self.y.shape[1])[self.classes] - 1
        return signs


class Fitted(Protocol):
    """What a family makes of clips: it judges one, and lies in arrays and numbers."""

    def scores(self, x: Samples) -> Scores:
        """Return [output] for x [channel, time]."""

    def to_arrays(self) -> tuple[Arrays, Json]:
        """Return what ``from_arrays`` of its file makes it of again."""


@dataclass(frozen=True)
class Rival:
    """A classifier, tagger or regressor without a network; `evaluate` scores it like any other.

    name: of the family. spec: what it takes and gives. reading: how its answers are read.
    model: what was fitted. options: the numbers of the family that it was fitted with.
    """

    name: str
    spec: ClipSpec
    reading: Reading
    model: Fitted
    options: Json = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of its outputs."""
        return self.spec.outputs

    def scores(self, x: Samples) -> Scores:
        """Return float64 [output] for samples [channel, time], float32 or what becomes that.

        Probabilities of the classes, which add up to 1, or one for each tag; or the numbers.

        Raises:
            ChannelError, TooShortError, NotFiniteError, InputError: it cannot take these samples.
        """
        x = np.asarray(x, np.float32)
        check_samples(x, channels=self.spec.channels, least=self.spec.least)
        _check_values(x, f"a clip of shape {list(x.shape)}")
        return self.model.scores(x)

    def logits(self, x: Samples, *, rate_hz: float) -> Scores:
        """Return [output] from which `read` by a plain `Reading` makes `scores` again.

        Raises:
            RateError: the samples are of another rate; else as `scores`.
        """
        if rate_hz != self.spec.rate_hz:
            raise RateError(
                f"{self.name} was fitted to {self.spec.rate_hz:.10g} Hz and is given "
                f"{rate_hz:.10g} Hz: resample the clip"
            )
        scores = self.scores(x)
        if self.reading.kind == "number":
            return scores
        p = np.clip(scores, SURE, 1 - SURE)
        return np.asarray(np.log(p) if self.reading.kind == "class" else np.log(p / (1 - p)))

    def predict(self, x: Samples) -> str | tuple[str, ...] | tuple[float, ...]:
        """Return the likeliest class, all tags of half a chance or more, or the numbers."""
        scores = self.scores(x)
        if self.reading.kind == "class":
            return self.labels[int(scores.argmax())]
        if self.reading.kind == "number":
            return tuple(scores.tolist())
        return tuple(self.labels[k] for k in np.flatnonzero(scores >= HALF))

    def to_arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return arrays by name, and what JSON can hold; `from_arrays` takes both."""
        arrays, numbers = self.model.to_arrays()
        return dict(arrays), {
            "name": self.name,
            "spec": self.spec.to_dict(),
            "reading": self.reading.to_dict(),
            "options": dict(self.options),
            "model": dict(numbers),
        }


def training(clips: ClipDataset, target: Target, *, absent: bool = False) -> Training:
    """Return all clips of a data set at once; classes and tags may be `absent` among them or not.

    Raises:
        InputError: the data set is empty or endless, its targets are not of that kind, or there is
            nothing to tell apart.
        ChannelError, TooShortError: a clip has other channels than the rest, or no sample.
        NotFiniteError: a clip, or what is true of it, holds NaN or infinity.
    """
    if not 1 < len(clips) < ENDLESS:
        raise InputError(f"{len(clips)} clips to fit a rival to: give two or more, and not endless")
    y = targets(clips)
    check_targets(y, clips.labels, target, what="the training data")
    check_learnable(y, clips.labels, target, split="training", absent=absent)
    x = [np.ascontiguousarray(clips[i].x, np.float32) for i in range(len(clips))]
    for i, samples in enumerate(x):
        check_samples(samples, channels=clips.n_channels, what=f"clip {i}")
        _check_values(samples, f"clip {i}")
    return Training(x, y, target)


def _check_values(x: Samples, what: str) -> None:
    if not np.isfinite(x).all():
        raise NotFiniteError(f"{what} holds NaN or infinity: repair it or leave it out")
    if (peak := float(np.abs(x).max())) > LARGEST:
        raise InputError(
            f"{what} reaches {peak:.3g}, and classical rivals take up to {LARGEST:g}: divide all "
            "clips by the same number"
        )
