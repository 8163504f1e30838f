"""Some examples of a data set, which is in all else as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ondes.protocols import (
    ClipDataset,
    Dataset,
    Examples,
    Labelled,
    PairDataset,
    Sensor,
    Told,
    told,
)

Seen = Callable[[int], None]  # is told the number of an example


def chosen(examples: Examples, places: Sequence[int], *, seen: Seen | None = None) -> Examples:
    """Return the examples at these places; `seen` is told which is asked for."""
    if not hasattr(examples, "source"):
        return _Judged(examples, places, seen)
    return (_Labelled if isinstance(examples, Labelled) else _Pairs)(examples, places, seen)


@dataclass(frozen=True)
class _Some:
    examples: Examples
    places: Sequence[int]
    seen: Seen | None

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int, /) -> Any:  # noqa: ANN401 - Example, Clip or Pair, as these
        if not 0 <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        if self.seen:
            self.seen(index)
        return self.examples[self.places[index]]


class _Judged(_Some):
    """Examples or clips."""

    examples: Dataset | ClipDataset

    @property
    def rate_hz(self) -> float:
        return self.examples.rate_hz

    @property
    def labels(self) -> tuple[str, ...]:
        return self.examples.labels

    @property
    def n_channels(self) -> int:
        return self.examples.n_channels

    def told(self, index: int) -> Told:
        return told(self.examples, self.places[index])


class _Pairs(_Some):
    examples: PairDataset

    @property
    def source(self) -> Sensor:
        return self.examples.source

    @property
    def target(self) -> Sensor:
        return self.examples.target


class _Labelled(_Pairs):
    """Pairs of which is known what was there."""

    @property
    def labels(self) -> tuple[str, ...]:
        return cast("Labelled", self.examples).labels

    def y_of(self, index: int) -> NDArray[np.float32] | None:
        return cast("Labelled", self.examples).y_of(self.places[index])
