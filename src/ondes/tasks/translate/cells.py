"""Where the cells of one sensor's maps lie on the other's: other bins, another band.

Two radars that differ in their range bins and in their carrier show the same motion at other cells
of a range-Doppler map, and the further off, the larger range and speed are. What is learnt from
pairs need not learn that, where the cells are brought together first.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError

Floats = NDArray[np.float32]
Axes = Literal["none", "bins", "both"]

SCALES = np.geomspace(0.5, 2.0, 141)  # a hundredth from one to the next
OFFSETS = 1 / 8  # of the bins, at most
GAIN = 0.01  # in correlation, from which on cells are moved


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Of each cell of the wanted sensor's maps the nearest one of the other's.

    Noise keeps its look, which means between cells would smooth away. Cells beyond the edge are
    those at the edge.

    Args:
        bins: of a map.
        scale, offset: bin k is bin scale k + offset of the other.
        stretch: Doppler cell k, counted from the middle one, is cell stretch k of the other.

    Raises:
        InputError: a number makes no sense.

    >>> Cells(bins=3, offset=1.0)(np.array([[1.0], [2.0], [3.0]], np.float32)).ravel()
    array([2., 3., 3.], dtype=float32)
    """

    bins: int
    scale: float = 1.0
    offset: float = 0.0
    stretch: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.scale, self.offset, self.stretch)
        if self.bins < 1 or not all(map(math.isfinite, numbers)) or min(numbers[::2]) <= 0:
            raise InputError(f"{self}: give 1 or more bins, finite numbers, and scales above 0")

    def __call__(self, x: Floats) -> Floats:
        """Move the cells of maps, one after the other, [map x bin, time]."""
        maps = x.reshape(-1, self.bins, x.shape[1])
        rows = _places(self.bins, _Line(self.scale, self.offset))
        cells = _places(x.shape[1], _Line(self.stretch), middle=x.shape[1] // 2)
        moved: Floats = maps[:, rows][:, :, cells].reshape(x.shape)
        return moved

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Cells":
        """Build cells from what `dataclasses.asdict` gives; InputError where it does not fit."""
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(f"Cells.from_dict({dict(values)}): {error}") from error


def fitted(
    sources: Sequence[Floats], targets: Sequence[Floats], *, bins: int, axes: Axes
) -> Cells | None:
    """Return the cells by which pairs of maps are most alike; none where they lie as they should.

    Of either axis alone, the highest level along the other one is compared: its mean correlation
    over pairs is the highest for the scale and the offset that are taken, and at least 0.01 above
    that of cells as they are.

    Args:
        sources, targets: maps [map x bin, time] of one size.
        bins: of a map.
        axes: "bins" alone, or "both", where time is Doppler shift, 0 in the middle.
    """
    source, target = (_profiles(side, bins, axis=2) for side in (sources, targets))
    far = max(1, round(OFFSETS * bins))
    offsets = np.arange(-2 * far, 2 * far + 1) / 2
    line = _best(source, target, [_Line(scale, offset) for scale in SCALES for offset in offsets])
    turn = _Line()
    if axes == "both":
        source, target = (_profiles(side, bins, axis=1) for side in (sources, targets))
        turn = _best(source, target, map(_Line, SCALES), middle=source.shape[1] // 2)
    if line == turn == _Line():
        return None
    return Cells(bins=bins, scale=line.scale, offset=line.offset, stretch=turn.scale)


class _Line(NamedTuple):
    """Where cell k lies: at scale k + offset, counted from some cell."""

    scale: float = 1.0
    offset: float = 0.0


def _places(many: int, line: _Line, *, middle: int = 0) -> NDArray[np.int64]:
    place = middle + line.scale * (np.arange(many) - middle) + line.offset
    places: NDArray[np.int64] = np.clip(np.rint(place), 0, many - 1).astype(np.int64)
    return places


def _profiles(maps: Sequence[Floats], bins: int, *, axis: int) -> NDArray[np.float64]:
    """Return the highest level along an axis, [map, cell]."""
    whole = np.concatenate([x.reshape(-1, bins, x.shape[1]) for x in maps])
    profiles: NDArray[np.float64] = whole.max(axis).astype(np.float64)
    return profiles


def _best(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    lines: Iterable[_Line],
    *,
    middle: int = 0,
) -> _Line:
    """Return the line by which profiles [map, cell] are most alike."""
    wanted = _standard(target)

    def alike(line: _Line) -> float:
        moved = source[:, _places(source.shape[1], line, middle=middle)]
        return float((_standard(moved) * wanted).sum(1).mean())

    found = max(lines, key=alike)
    line = _Line(float(found.scale), float(found.offset))
    return line if alike(line) > alike(_Line()) + GAIN else _Line()


def _standard(profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = profiles - profiles.mean(1, keepdims=True)
    size = np.linalg.norm(centred, axis=1, keepdims=True)
    standard: NDArray[np.float64] = centred / np.maximum(size, np.finfo(float).tiny)
    return standard
