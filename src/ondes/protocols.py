"""What the rooms expect of each other, as types alone: nothing here runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.events import EventList
from ondes.spec import Spec

if TYPE_CHECKING:
    from torch import Tensor


class Model(Protocol):
    """A network: x [batch, channel, time] -> logits [batch, head, class, time // hop].

    Heads, classes and hop are those of `spec`. It knows no task.
    """

    spec: Spec

    def __call__(self, x: Tensor) -> Tensor: ...


class Example(NamedTuple):
    """One training clip: x float32 [channel, time] and the events in it, from sample 0."""

    x: NDArray[np.float32]
    events: EventList


class Dataset(Protocol):
    """Examples by index, the same whenever and wherever they are asked for."""

    rate_hz: float
    labels: tuple[str, ...]
    n_channels: int

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Example: ...


class Step(NamedTuple):
    """What one batch gives: loss terms to add up (scalars), and numbers to log."""

    losses: dict[str, Tensor]
    logs: dict[str, float]


class Phase(NamedTuple):
    """A stretch of training: which parameters move, by which loss terms, for how many steps.

    `parameters` are prefixes of parameter names and `terms` names of losses; empty means all.
    """

    name: str
    parameters: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    steps: int = 1


class Task(Protocol):
    """What is learnt: targets, losses and phases around a model."""

    model: Model

    def prepare(self, example: Example) -> dict[str, NDArray[np.generic]]:
        """Arrays of one example, without a batch axis; runs in the loader's workers."""

    def step(self, batch: Mapping[str, Tensor]) -> Step:
        """Loss terms of one batch of prepared examples."""

    def phases(self) -> tuple[Phase, ...]:
        """The phases the loop walks through, over and over."""


class SignalFormat(Protocol):
    """A module of `io/signals`: one file format for signals."""

    SUFFIXES: tuple[str, ...]


class EventFormat(Protocol):
    """A module of `io/events`: one file format for event lists."""

    SUFFIXES: tuple[str, ...]
    RESOLUTION_S: float

    def read(self, path: Path, *, rate_hz: float) -> EventList: ...
    def write(self, events: EventList, path: Path, *, file: str) -> None: ...
