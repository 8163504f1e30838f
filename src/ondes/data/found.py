"""What labelled data of one's own hold, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ondes.data.clips import Doubles, Samples, Target, called, classes_of, multi_hot, numbers
from ondes.data.files import Files
from ondes.data.splits import Span
from ondes.errors import InputError
from ondes.protocols import ClipDataset


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How recordings are read.

    rate_hz: to which they are resampled; 0 keeps their own, which must then be one for all.
    mix: take the mean of the channels.
    files: what raw binary and NPY files do not say themselves.
    """

    rate_hz: float = 0.0
    mix: bool = False
    files: Files = field(default_factory=Files)


class Takes(ClipDataset, Protocol):
    """Clips of which some can be taken."""

    def take(self, places: Sequence[int], /) -> Takes:
        """The clips at these places."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a path holds: its clips, and what it says of how they are to be parted.

    `names` are what messages call them.
    `groups` are those that are told (`grouped`), else the recordings that clips were cut from.
    `folds` and `parts` are empty where nothing is said; `content` is a hash of each clip, `spans`
    tells where it was cut, `strata` its class.
    """

    clips: Takes
    names: tuple[str, ...]
    groups: tuple[str, ...]
    grouped: bool
    folds: tuple[str, ...]
    parts: tuple[str, ...]
    strata: tuple[str, ...]
    content: tuple[str, ...]
    spans: tuple[Span, ...]


def targets(
    words: Sequence[str],
    target: Target,
    labels: tuple[str, ...],
    *,
    clips: Sequence[str] = (),
) -> tuple[Samples | Doubles, tuple[str, ...]]:
    """What is true of clips with these labels, and the names of its columns.

    Raises InputError on a label that is empty, unknown or no number; `clips` are what it calls
    them, numbers without.

    >>> targets(["a;b", "b"], "tags", ())
    (array([[1., 1.],
           [0., 1.]], dtype=float32), ('a', 'b'))
    """
    if target == "number":
        y = numbers([_values(called(place, clips), word) for place, word in enumerate(words)])
        return y, labels or number_names(y.shape[1])
    split = [word.split(";") if target == "tags" else [word] for word in words]
    names = [[tag.strip() for tag in tags if tag.strip()] for tags in split]
    for place, tags in enumerate(names):
        if not tags and target == "class":
            raise InputError(f"{called(place, clips)} has no label: label it, or leave it out")
    known = labels or classes_of(tag for tags in names for tag in tags)
    return multi_hot(names, known, clips=clips), known


def number_names(count: int) -> tuple[str, ...]:
    """What numbers to be found are called that nobody named.

    >>> number_names(1), number_names(2)
    (('value',), ('value0', 'value1'))
    """
    return ("value",) if count == 1 else tuple(f"value{place}" for place in range(count))


def _values(clip: str, word: str) -> list[float]:
    try:
        return [float(part) for part in word.split(";")]
    except ValueError:
        raise InputError(
            f"{clip} is labelled {word!r}: with target number write numbers, separated by ;"
        ) from None
