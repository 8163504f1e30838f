"""From which sensor to which a translator translates, and in which windows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ondes.errors import InputError, nearest
from ondes.protocols import Sensor
from ondes.run.windows import Pace

LONGEST, SHORTEST = 3, 2  # quarters of a window from one to the next


@dataclass(frozen=True, kw_only=True)
class Way:
    """What of a translator's training whoever uses it needs.

    source, target: the sensors; rates may differ, and from the network's own.
    size: of the examples it learnt from, (time,) or (bins, time), at the network's rate.
    step: samples by which a signal must move for the network's answer to move alike.

    >>> old = Sensor(100.0, 1, "old")
    >>> way = Way(source=Sensor(50.0, 1, "new"), target=old, size=(400,), step=128)
    >>> way.pace, Way.from_dict(way.to_dict()) == way
    (Pace(size=400, hop=256), True)
    """

    source: Sensor
    target: Sensor
    size: tuple[int, ...]
    step: int = 1

    def __post_init__(self) -> None:
        if not self.size or min(*self.size, self.step) < 1:
            raise InputError(f"Way(size={self.size}, step={self.step}): give 1 or more")

    @property
    def pace(self) -> Pace:
        """Windows of the size it learnt from, and how far it is from one to the next.

        That is the largest whole number of steps from half a window to three quarters: windows
        overlap by a quarter at least, and what two of them make of the same samples stood at
        the same place of the network's grid. Where there is no such number it is half a window.
        """
        size = self.size[-1]
        whole = LONGEST * size // 4 // self.step * self.step
        return Pace(size, whole if SHORTEST * size <= 4 * whole else max(size // 2, 1))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "source": self.source._asdict(), "target": self.target._asdict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Way":
        """Inverse of `to_dict`; raises InputError on a missing or unknown key."""
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise InputError(f"Way.from_dict: unknown key {name!r}{nearest(name, known)}")
        try:
            sides = {name: Sensor(**values[name]) for name in ("source", "target")}
            return cls(**{**values, **sides, "size": tuple(values["size"])})
        except (TypeError, KeyError) as error:
            raise InputError(f"Way.from_dict({dict(values)}): {error}") from error
