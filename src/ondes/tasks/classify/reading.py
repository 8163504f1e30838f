"""What turns the outputs of a network into answers: one frozen record of fitted numbers."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ondes.errors import InputError, nearest

Target = Literal["class", "tags", "number"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How outputs of a network are read; fitted on validation data, saved with the model.

    kind: "class" (one of several is true), "tags" (each may be) or "number".
    temperature: > 0; the outputs are divided by it before they become probabilities, so that these
        are as sure as they are often right (Guo et al. 2017).
    thresholds: per tag (or one for all), in (0, 1): the probability from which on it is chosen.
    mean, std: per number (or one for all): what an output of 0 and a difference of 1 stand for.

    Raises:
        InputError: a number is out of its range.

    >>> Reading.from_dict(Reading(kind="tags").to_dict()) == Reading(kind="tags")
    True
    """

    kind: Target
    temperature: float = 1.0
    thresholds: tuple[float, ...] = (0.5,)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        kinds = get_args(Target)
        hint = nearest(str(self.kind), kinds)
        self._require("kind", self.kind in kinds, f"be one of {', '.join(kinds)}{hint}")
        self._require("temperature", 0 < self.temperature < math.inf, "be above 0 and finite")
        self._require("thresholds", all(0 < t < 1 for t in self.thresholds), "lie in (0, 1)")
        self._require("mean", all(map(math.isfinite, self.mean)), "be finite")
        self._require("std", all(0 < s < math.inf for s in self.std), "be above 0 and finite")
        for name in ("thresholds", "mean", "std"):
            self._require(name, len(getattr(self, name)) > 0, "hold one number or more")

    def _require(self, name: str, holds: bool, rule: str) -> None:  # noqa: FBT001
        if not holds:
            raise InputError(f"Reading({name}={getattr(self, name)!r}): {name} must {rule}")

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` brings it back unchanged."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Reading":
        """Build a reading from `to_dict`'s mapping.

        Raises:
            InputError: an unknown name, none of a kind, or a number out of its range.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise InputError(f"Reading has no {name!r}{nearest(name, known)}")
        if "kind" not in values:
            raise InputError(f"Reading.from_dict({dict(values)}): it has no kind")
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**plain)
