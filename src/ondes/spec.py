"""`Spec`: the frozen contract between a model and whoever feeds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ondes.errors import ChannelError, InputError, RateError, TooShortError, nearest
from ondes.signal import Signal
from ondes.timebase import Timebase, whole_number

HEADS = ("frame", "onset", "offset")


@dataclass(frozen=True)
class Spec:
    """What a model takes and gives.

    It takes `channels` at `rate_hz` and gives, for each of `heads` and `classes`, one value per
    frame of `hop` samples. Frames come in groups of `step`: group g, its frames g * step to
    (g + 1) * step - 1, depends on the samples
    [g * step * hop - look_back, (g + 1) * step * hop + look_ahead), and a signal shifted by
    whole groups gives frames shifted alike. `accepts_hz` are further rates the model was made
    for: inference resamples these unasked, by its own documented filter.
    """

    rate_hz: float
    channels: int
    classes: tuple[str, ...]
    hop: int
    look_back: int
    look_ahead: int
    heads: tuple[str, ...] = ("frame",)
    accepts_hz: tuple[float, ...] = ()
    step: int = 1

    def __post_init__(self) -> None:
        for name in ("channels", "hop", "step", "look_back", "look_ahead"):
            object.__setattr__(self, name, whole_number(getattr(self, name)))
        object.__setattr__(self, "rate_hz", self.timebase.rate_hz)
        accepts_hz = tuple(Timebase(rate_hz).rate_hz for rate_hz in self.accepts_hz)
        object.__setattr__(self, "accepts_hz", accepts_hz)
        object.__setattr__(self, "classes", _different("classes", self.classes))
        object.__setattr__(self, "heads", _different("heads", self.heads))
        for head in set(self.heads) - set(HEADS):
            raise InputError(f"Spec(heads={self.heads}): unknown {head!r}{nearest(head, HEADS)}")
        if min(self.channels, self.step) < 1 or min(self.look_back, self.look_ahead) < 0:
            raise InputError(
                f"Spec(channels={self.channels}, step={self.step}, look_back={self.look_back}, "
                f"look_ahead={self.look_ahead}): give at least one channel and one frame a step, "
                "no negative look"
            )

    @property
    def timebase(self) -> Timebase:
        """The model's frames over the samples it takes."""
        return Timebase(self.rate_hz, self.hop)

    @property
    def receptive_field(self) -> int:
        """Number of samples one group of frames depends on."""
        return self.look_back + self.step * self.hop + self.look_ahead

    @property
    def latency_s(self) -> float:
        """Longest wait of a live stream from a sample to its frame, computing aside."""
        return self.timebase.seconds(self.step * self.hop + self.look_ahead)

    def check(self, signal: Signal) -> None:
        """Raise RateError, ChannelError or TooShortError if the model cannot take `signal`."""
        if signal.rate_hz not in (self.rate_hz, *self.accepts_hz):
            raise RateError(
                f"signal at {signal.rate_hz:g} Hz for a model made for {self.rate_hz:g} Hz: "
                "resample it (--resample, resample=True, or ondes.resample)"
            )
        if signal.n_channels != self.channels:
            raise ChannelError(
                f"signal with {signal.n_channels} channels {signal.channels} for a model of "
                f"{self.channels}: pick with signal.channel(name), or --channel on the command line"
            )
        if signal.timebase.rescale(signal.n_samples, self.rate_hz) < self.hop:
            raise TooShortError(
                f"signal of {signal.duration_s:g} s for a model with frames of "
                f"{self.timebase.seconds(self.hop):g} s: give at least one frame"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Spec:
        """Inverse of `to_dict`; raises InputError on a missing or unknown key."""
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise InputError(f"Spec.from_dict: unknown key {name!r}{nearest(name, known)}")
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(f"Spec.from_dict({dict(values)}): {error}") from error


def _different(what: str, names: Iterable[str]) -> tuple[str, ...]:
    names = tuple(names)
    if not names or len(set(names)) < len(names):
        raise InputError(f"Spec({what}={names}): name at least one, all different")
    return names
