"""What brings raw signals to what a translator takes, and its results to the wanted sensor's."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, nearest
from ondes.ops.resample import Resampler
from ondes.protocols import Pair
from ondes.tasks.translate.cells import Cells

Floats = NDArray[np.float32]
Values = TypeVar("Values", bound=Any)  # arrays or tensors
Scaling = Literal["shared", "each", "none"]

TAIL = 0.001  # share of training's values beyond the scale, on either side


@dataclass(frozen=True, kw_only=True)
class Side:
    """How one sensor's values are scaled: to (x - floor - centre) / spread, mostly within +-1.

    floor: whether each item's own median, its noise floor, is taken off.
    level: the median floor of training, which results get again.
    centre, spread: in the sensor's units, over the floor where that is taken off.

    Raises:
        InputError: a number is not finite, or `spread` is not above 0.
    """

    floor: bool = False
    level: float = 0.0
    centre: float = 0.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.level, self.centre, self.spread))) or self.spread <= 0:
            raise InputError(f"{self}: numbers must be finite, and the spread above 0")

    def into(self, x: Floats) -> Floats:
        """Scale an item [..., time].

        >>> Side(centre=1.0, spread=2.0).into(np.array([[1.0, 5.0]], np.float32))
        array([[0., 2.]], dtype=float32)
        """
        floor = np.median(x) if self.floor else 0.0
        return ((x - (floor + self.centre)) / self.spread).astype(np.float32)

    def out_of(self, y: Values) -> Values:
        """Return scaled values, an array's or a tensor's, in the sensor's units."""
        unscaled: Values = y * self.spread + (self.centre + self.level)
        return unscaled


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Both sides of a translator, fitted to training, saved with the model.

    cells: where those of the source's maps are brought first, if they are; see `fitted`.

    >>> Reading.from_dict(Reading().to_dict()) == Reading()
    True
    """

    source: Side = Side()
    target: Side = Side()
    cells: Cells | None = None

    def into(self, x: Floats) -> Floats:
        """Return an item of the source, [channel, time], as a translator takes it."""
        return self.source.into(x if self.cells is None else self.cells(x))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` brings it back unchanged."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Reading":
        """Build a reading from `to_dict`'s mapping; InputError where a name or number is wrong."""
        _check_names("Reading", values, [field.name for field in fields(cls)])
        cells = values.get("cells")
        sides = {name: side for name, side in values.items() if name != "cells"}
        for side in sides.values():
            _check_names("Side", side, [field.name for field in fields(Side)])
        return cls(
            **{name: Side(**side) for name, side in sides.items()},
            cells=None if cells is None else Cells.from_dict(cells),
        )


def fitted(
    sources: Sequence[Floats],
    targets: Sequence[Floats],
    *,
    scaling: Scaling,
    floor: bool,
    maps: bool,
) -> Reading:
    """Return the reading of pairs: quantiles of both sides' values.

    Of maps the range from the 0.1 % to the 99.9 % quantile becomes -1 to 1. Of signals, which
    swing about a rest, the median becomes 0 and all but 0.2 % lie within +-1.

    Args:
        sources, targets: items of training.
        scaling: ``each`` side by its own values, both by those of the target (``shared``: sensors
            of one unit keep what differs between them), or ``none``.
        floor: whether each item's median is taken off.
        maps: whether items are maps.

    >>> noise = [np.linspace(-1, 3, 1001, dtype=np.float32)[None]]
    >>> side = fitted(noise, noise, scaling="each", floor=False, maps=True).target
    >>> round(side.centre, 3), round(side.spread, 3)
    (1.0, 1.996)
    """
    target = _side(targets, floor=floor, maps=maps, scaled=scaling != "none")
    source = _side(sources, floor=floor, maps=maps, scaled=scaling == "each")
    if scaling == "shared":
        source = Side(floor=floor, level=source.level, centre=target.centre, spread=target.spread)
    return Reading(source=source, target=target)


def even(pair: Pair, source_hz: float, rate_hz: float) -> Pair:
    """Return a pair whose source, at `source_hz`, is brought to the target's rate.

    Both are then cut to the shorter one, by a sample at most; at one rate a pair stays as it is.

    >>> pair = Pair(np.ones((1, 100), np.float32), np.ones((1, 50), np.float32))
    >>> even(pair, 200, 100).source.shape
    (1, 50)
    """
    if source_hz == rate_hz:
        return pair
    source = Resampler(source_hz, rate_hz)(pair.source)
    shared = min(source.shape[1], pair.target.shape[1])
    return Pair(source[:, :shared], pair.target[:, :shared])


def _side(items: Sequence[Floats], *, floor: bool, maps: bool, scaled: bool) -> Side:
    floors = [float(np.median(item)) for item in items] if floor else [0.0] * len(items)
    level = float(np.median(floors))
    if not scaled:
        return Side(floor=floor, level=level)
    values = np.concatenate([(x - f).ravel() for x, f in zip(items, floors, strict=True)])
    if maps:
        low, high = (float(np.quantile(values, share)) for share in (TAIL, 1 - TAIL))
        centre, spread = (high + low) / 2, (high - low) / 2
    else:
        centre = float(np.median(values))
        spread = float(np.quantile(np.abs(values - centre), 1 - 2 * TAIL))
    if spread <= 0:
        raise InputError(
            f"{len(items)} items whose values hardly differ: there is no scale to learn by; look "
            "at the sensor, or say scaling: none"
        )
    return Side(floor=floor, level=level, centre=centre, spread=spread)


def _check_names(kind: str, values: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in values:
        if name not in known:
            raise InputError(f"{kind} has no {name!r}{nearest(name, known)}")
