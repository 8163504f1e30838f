"""What all classical rivals have in common: how they are asked, and what they are learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, InputError, NotFiniteError, TooShortError
from ondes.protocols import ClipDataset
from ondes.spec import ClipSpec

Samples = NDArray[np.float32]
Scores = NDArray[np.float64]
Target = Literal["class", "tags", "number"]
Arrays = Mapping[str, NDArray[Any]]
Json = Mapping[str, Any]

TARGETS: tuple[Target, ...] = ("class", "tags", "number")
HALF = 0.5


class Training(NamedTuple):
    """Clips float32 [channel, time] of any lengths, and y float32 [clip, output]."""

    x: Sequence[Samples]
    y: NDArray[np.float32]
    target: Target

    @property
    def classes(self) -> NDArray[np.int64]:
        """The class of each clip: the likeliest, where they are soft."""
        return np.asarray(self.y.argmax(1))

    @property
    def signs(self) -> Scores:
        """1 where an output holds and -1 where it does not, [clip, output]; numbers as they are."""
        if self.target == "number":
            return self.y.astype(np.float64)
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
    """A classifier without a network, for clips of one rate and number of channels.

    name: of the family. spec: what it takes and gives. target: "class", "tags" or "number".
    model: what was fitted. options: the numbers of the family that it was fitted with.
    """

    name: str
    spec: ClipSpec
    target: Target
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
        return self.model.scores(self._taken(x))

    def scores_of(self, clips: Sequence[Samples]) -> Scores:
        """Return [clip, output]: `scores` of one clip after the other."""
        return np.stack([self.scores(x) for x in clips])

    def predict(self, x: Samples) -> str | tuple[str, ...] | tuple[float, ...]:
        """Return the likeliest class, all tags of half a chance or more, or the numbers."""
        scores = self.scores(x)
        if self.target == "class":
            return self.labels[int(scores.argmax())]
        if self.target == "number":
            return tuple(scores.tolist())
        return tuple(self.labels[k] for k in np.flatnonzero(scores >= HALF))

    def to_arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return arrays by name, and what JSON can hold; `from_arrays` takes both."""
        arrays, numbers = self.model.to_arrays()
        return dict(arrays), {
            "name": self.name,
            "spec": self.spec.to_dict(),
            "target": self.target,
            "options": dict(self.options),
            "model": dict(numbers),
        }

    def _taken(self, x: Samples) -> Samples:
        x = np.asarray(x, np.float32)
        call = f"{self.name}.scores(samples of shape {x.shape})"
        if x.ndim != 2:
            raise InputError(f"{call}: give one clip as [channel, time]")
        if len(x) != self.spec.channels:
            raise ChannelError(f"{call}: it was fitted to clips of {self.spec.channels} channels")
        if x.shape[1] < self.spec.least:
            raise TooShortError(f"{call}: it takes {self.spec.least} samples or more")
        if not np.isfinite(x).all():
            raise NotFiniteError(f"{call}: they hold NaN or infinity; cut these out or repair them")
        return x


def training(clips: ClipDataset, target: Target) -> Training:
    """Return all clips of a data set at once.

    Raises:
        InputError: there is no clip, fewer than two classes, or the target is unknown.
        NotFiniteError: a clip, or what is true of it, holds NaN or infinity.
    """
    if target not in TARGETS:
        raise InputError(f"target={target!r}: give one of {', '.join(TARGETS)}")
    if len(clips) < 2:
        raise InputError(f"{len(clips)} clips to learn from: give two or more")
    pairs = [clips[i] for i in range(len(clips))]
    found = Training(
        [np.ascontiguousarray(clip.x, np.float32) for clip in pairs],
        np.stack([np.asarray(clip.y, np.float32) for clip in pairs]),
        target,
    )
    for i, (x, y) in enumerate(zip(found.x, found.y, strict=True)):
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise NotFiniteError(f"clip {i} holds NaN or infinity: leave it out or repair it")
    if target == "class" and len(set(found.classes.tolist())) < 2:
        only = clips.labels[int(found.classes[0])]
        raise InputError(f"all {len(clips)} clips are {only!r}: give clips of another class too")
    return found
