"""What the rooms expect of each other, as types alone: nothing here runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.events import EventList
from ondes.spec import Spec

if TYPE_CHECKING:
    from torch import Tensor


class Model(Protocol):
    """A network, which knows no task."""

    @property
    def spec(self) -> Spec:
        """What it takes and gives."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return logits [batch, head, class, time // hop] for x [batch, channel, time]."""


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


class Step(NamedTuple):
    """What a batch gives: loss terms, scalars to be added up, and numbers to log."""

    losses: dict[str, Tensor]
    logs: dict[str, float]


class Phase(NamedTuple):
    """A stretch of training: which parameters move, by which loss terms, for how many steps.

    `parameters` are prefixes of parameter names, `terms` names of losses; empty means all.
    """

    name: str
    parameters: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    steps: int = 1


class Task(Protocol):
    """What is learnt: targets, losses and phases around a model."""

    @property
    def model(self) -> Model:
        """The model that learns."""

    def prepare(self, example: Example, /) -> Mapping[str, NDArray[Any]]:
        """Return the arrays of one example, without a batch axis; runs in loader workers."""

    def step(self, batch: dict[str, Tensor], /) -> Step:
        """Return the loss terms of a batch of prepared examples."""

    def phases(self) -> tuple[Phase, ...]:
        """Return the phases that training walks through, over and over."""
