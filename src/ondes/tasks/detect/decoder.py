"""What turns frame probabilities into events: one frozen, JSON-able record of fitted numbers."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ondes.errors import InputError, nearest

FEATURES = ("mean", "top", "onset", "frames")


@dataclass(frozen=True, kw_only=True)
class Decoder:
    """How events are read from probabilities; fitted on validation data, saved with the model.

    A run of frames at or above ``low = low_ratio * high`` is an event if one of its frames reaches
    ``high`` or if an onset peak begins it. Onset peaks place the beginning, and cut a run in two
    where a class is struck again while it sounds. Probabilities outside a recording are 0.

    high: per class (or one for all), in (0, 1): the probability that makes a run an event.
    low_ratio: in (0, 1]: the run's extent is where the probability is at least this part of it.
    frame: per class (or one for all), in (0, 1): thresholds of the frame map; events do not use it.
    median: frames of the median filter on the active map, odd, up to 255; 1 filters nothing.
    min_frames: shorter events are dropped.
    gap_frames: shorter or equal gaps between events of a class are closed, unless an onset peak
        stands at their end.
    onset: in (0, 1]: the onset probability from which a peak begins an event.
    restart: in (0, 1]: the onset probability from which a peak cuts an event that sounds already.
    offset: in (0, 1]: the offset probability from which a peak places an end.
    attach: frames that may lie between a peak and the run that it begins, or the end it places.
    reach: frames to either side over which a peak is the highest and its centroid is taken.
    onset_shift, offset_shift: frames (fractions too) added to every onset, every offset.
    weights, bias: the score is sigmoid(bias + weights . features), features being `FEATURES`:
        log odds of the mean frame probability, of the highest one and of the onset peak, and the
        log of the length in frames (Platt 1999). The default is the mean frame probability.
    min_score: in [0, 1]: events with a lower score are dropped.
    exclusive: whether a channel holds one event at a time, as hearts one beat: the classes'
        probabilities are summed, head by head, up to 1, events are read from that (so `high` is
        one number), and each is of the class that has most of its frames' probability.

    Raises:
        InputError: a number is out of its range.

    >>> Decoder(high=(0.4,), low_ratio=0.5).lows(3)
    array([0.2, 0.2, 0.2], dtype=float32)
    """

    high: tuple[float, ...] = (0.5,)
    low_ratio: float = 1.0
    frame: tuple[float, ...] = (0.5,)
    median: int = 1
    min_frames: int = 1
    gap_frames: int = 0
    onset: float = 0.5
    restart: float = 0.5
    offset: float = 0.5
    attach: int = 2
    reach: int = 2
    onset_shift: float = 0.0
    offset_shift: float = 0.0
    weights: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    bias: float = 0.0
    min_score: float = 0.0
    exclusive: bool = False

    def __post_init__(self) -> None:
        for name in ("high", "frame"):
            values = getattr(self, name)
            self._require(name, len(values) > 0 and all(0 < v < 1 for v in values), "lie in (0, 1)")
        for name in ("low_ratio", "onset", "restart", "offset"):
            self._require(name, 0 < getattr(self, name) <= 1, "lie in (0, 1]")
        self._require("min_score", 0 <= self.min_score <= 1, "lie in [0, 1]")
        self._require(
            "median", self.median % 2 == 1 and 1 <= self.median <= 255, "be odd, 1 to 255"
        )
        for name in ("min_frames", "reach"):
            self._require(name, getattr(self, name) >= 1, "be 1 or more")
        for name in ("gap_frames", "attach"):
            self._require(name, getattr(self, name) >= 0, "be 0 or more")
        numbers = (self.onset_shift, self.offset_shift, self.bias, *self.weights)
        self._require("high", not self.exclusive or len(self.high) == 1, "be one if exclusive")
        self._require("weights", len(self.weights) == len(FEATURES), f"be {len(FEATURES)}")
        self._require("weights", all(map(math.isfinite, numbers)), "be finite, as all numbers")

    def _require(self, name: str, holds: bool, rule: str) -> None:  # noqa: FBT001
        if not holds:
            raise InputError(f"Decoder({name}={getattr(self, name)!r}): {name} must {rule}")

    @property
    def halo(self) -> int:
        """Frames before and after a frame that decide what becomes of it."""
        shift = max(0, math.ceil(max(self.onset_shift, self.offset_shift)))
        return self.median // 2 + self.attach + self.near + self.reach + shift + 2

    @property
    def near(self) -> int:
        """Frames after an event within which the next of its class might begin too early."""
        return self.attach + self.reach + max(0, math.ceil(self.offset_shift - self.onset_shift))

    @property
    def early(self) -> int:
        """Frames by which an onset can lie before the first frame of its event, at most."""
        return self.attach + self.reach + max(0, math.ceil(-self.onset_shift))

    @property
    def blurred(self) -> int:
        """Frames by which an event can end before its last frame, at most."""
        return self.attach + self.reach + 1 + max(0, math.ceil(-self.offset_shift))

    def highs(self, n_classes: int) -> npt.NDArray[np.float32]:
        """Return the high threshold of each class."""
        return _per_class("high", self.high, n_classes)

    def lows(self, n_classes: int) -> npt.NDArray[np.float32]:
        """Return the low threshold of each class."""
        return self.highs(n_classes) * np.float32(self.low_ratio)

    def frames(self, n_classes: int) -> npt.NDArray[np.float32]:
        """Return the frame map's threshold of each class."""
        return _per_class("frame", self.frame, n_classes)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` brings it back unchanged."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Decoder":
        """Build a decoder from `to_dict`'s mapping.

        Raises:
            InputError: an unknown name, or a number out of its range.

        >>> Decoder.from_dict(Decoder(median=5).to_dict()) == Decoder(median=5)
        True
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise InputError(f"Decoder has no {name!r}{nearest(name, known)}")
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**plain)


def _per_class(name: str, values: tuple[float, ...], n: int) -> npt.NDArray[np.float32]:
    if len(values) not in (1, n):
        raise InputError(
            f"Decoder.{name} holds {len(values)} thresholds for {n} classes; give 1 or {n}"
        )
    return np.broadcast_to(np.asarray(values, np.float32), n)
