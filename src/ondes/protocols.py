"""What the rooms expect of each other, as types: hardly anything here runs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    runtime_checkable,
)

import numpy as np
from numpy.typing import NDArray

from ondes.events import EventList
from ondes.spec import ClipSpec, Spec, TranslatorSpec

if TYPE_CHECKING:
    from torch import Tensor

ENDLESS = 2**24
"""A data set this long is a generator: it is walked in order, as a shuffle would gain nothing."""

Level = Literal["frame", "clip", "pair"]
"""Whether a network gives one value per class and frame, one per class and clip, or, of pairs, a
signal for a signal."""


class Model(Protocol):
    """A network that judges frames, and knows no task."""

    @property
    def spec(self) -> Spec:
        """What it takes and gives."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return logits [batch, head, class, time // hop] for x [batch, channel, time]."""


class ClipModel(Protocol):
    """A network that judges clips as a whole, and knows no task.

    `lengths` int64 [batch] says how many samples of each clip are valid, the rest being padding
    with zeros at the end, which influences nothing; none means all.
    """

    @property
    def spec(self) -> ClipSpec:
        """What it takes and gives."""

    def __call__(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return logits [batch, output] for x [batch, channel, time]."""

    def heads(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return these logits and those of auxiliary heads, which serve training alone."""


class PairModel(Protocol):
    """Networks that turn one sensor's signals into another's, and know no task."""

    @property
    def spec(self) -> TranslatorSpec:
        """What it takes and gives."""

    def __call__(self, x: Tensor) -> Any:  # noqa: ANN401 - `ondes.nn.translator.Translation`
        """Return what is made of x [batch, channel, (bin,) time]."""


class Example(NamedTuple):
    """One training clip: x float32 [channel, time] and the events in it, counted from sample 0."""

    x: NDArray[np.float32]
    events: EventList


class Dataset(Protocol):
    """Examples by index, the same whenever and in whichever process they are asked for."""

    @property
    def rate_hz(self) -> float:
        """Sampling rate of all examples."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels that events may have, in the order of a model's classes."""

    @property
    def n_channels(self) -> int:
        """Channels of all examples."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Example: ...


class Clip(NamedTuple):
    """One clip and what is true of it: x float32 [channel, time], y float32 or float64 [output].

    y is one class's 1 among zeros (or shares of several, adding up to 1), or 0 to 1 for each tag,
    or the numbers to be found.
    """

    x: NDArray[np.float32]
    y: NDArray[np.floating]


class ClipDataset(Protocol):
    """Clips by index, the same whenever and in whichever process they are asked for."""

    @property
    def rate_hz(self) -> float:
        """Sampling rate of all clips."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, tags or numbers, in the order of y."""

    @property
    def n_channels(self) -> int:
        """Channels of all clips."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Clip: ...


class Sensor(NamedTuple):
    """What all signals of one side of a data set of pairs have in common."""

    rate_hz: float
    n_channels: int
    name: str = ""


class Pair(NamedTuple):
    """What two sensors made of the same stretch of time: float32 [channel, time] each.

    `source` is what a translator is given, `target` what it shall make of it. Both begin together
    and last equally long, to within a sample; rates, channels and units are their sensors' own.
    """

    source: NDArray[np.float32]
    target: NDArray[np.float32]


class PairDataset(Protocol):
    """Pairs by index, the same whenever and in whichever process they are asked for."""

    @property
    def source(self) -> Sensor:
        """What is translated."""

    @property
    def target(self) -> Sensor:
        """What it is translated into."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Pair: ...


@runtime_checkable
class Labelled(Protocol):
    """A data set of pairs that knows what was there, by which translations are judged.

    No translator learns from it.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of a clip's y."""

    def y_of(self, index: int, /) -> NDArray[np.float32] | None:
        """Return one class's 1 among zeros, or None where a pair is of no class."""


Examples = Dataset | ClipDataset | PairDataset
"""What a training walks through."""


class Told(NamedTuple):
    """What a data set tells of an example beside its events.

    `labels` are those that its annotations tell apart; `apart` is where nothing is scored.
    """

    name: str
    labels: tuple[str, ...]
    apart: EventList


@runtime_checkable
class Telling(Protocol):
    """A data set that tells more of its examples than their events."""

    def told(self, index: int, /) -> Told:
        """Return what is told of an example."""


def told(examples: Dataset | ClipDataset, index: int) -> Told:
    """Return what is told of an example: its number and all labels, where nothing is."""
    if isinstance(examples, Telling):
        return examples.told(index)
    return Told(str(index), examples.labels, EventList.empty(examples.rate_hz))


def true_of(clips: ClipDataset, index: int) -> NDArray[np.float32]:
    """Return what is true of a clip, its y; where a data set has `y_of`, without its samples."""
    y_of = getattr(clips, "y_of", None)
    known: NDArray[np.float32] = y_of(index) if y_of else clips[index].y
    return known


class Step(NamedTuple):
    """What a batch gives: loss terms, scalars to be added up, and numbers to log.

    `rows` are tensors with a row per example, of which a `Summing` task makes a validation's
    figures.
    """

    losses: dict[str, Tensor]
    logs: dict[str, float]
    rows: Mapping[str, Tensor] = MappingProxyType({})


class Phase(NamedTuple):
    """A stretch of training: which parameters move, by which loss terms, for how many steps.

    `parameters` are prefixes of parameter names, `terms` names of losses; empty means all.
    """

    name: str
    parameters: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    steps: int = 1


class Task(Protocol):
    """What is learnt: targets, losses and phases around a model.

    Its level says which kind of model it holds and which kind of example it prepares: `Model` and
    `Example` for frames, `ClipModel` and `Clip` for clips, `PairModel` and `Pair` for pairs.
    """

    LEVEL: ClassVar[Level]

    @property
    def model(self) -> Model | ClipModel | PairModel:
        """The model that learns."""

    def prepare(self, example: Any, /) -> Mapping[str, NDArray[Any]]:  # noqa: ANN401
        """Return the arrays of one example, without a batch axis; runs in loader workers."""

    def step(self, batch: dict[str, Tensor], /) -> Step:
        """Return the loss terms of a batch of prepared examples."""

    def phases(self) -> tuple[Phase, ...]:
        """Return the phases that training walks through, over and over."""


@runtime_checkable
class Meeting(Protocol):
    """A task that looks at its data before it learns, as for means and for what is missing."""

    def meet(self, train_set: Any, valid_set: Any, /) -> None:  # noqa: ANN401
        """Look at the examples to come; there may be none for validation."""


@runtime_checkable
class Summing(Protocol):
    """A task whose figures of a validation are no means over its batches, as areas under curves."""

    def summary(self, rows: Mapping[str, NDArray[Any]], /) -> dict[str, float]:
        """Return figures of the rows of all steps, one after the other."""
