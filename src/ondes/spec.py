"""`Spec`, `ClipSpec`, `TranslatorSpec`: frozen contracts between a model and whoever feeds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from ondes.errors import ChannelError, InputError, RateError, TooShortError, nearest
from ondes.signal import Signal
from ondes.timebase import Timebase, whole_number

HEADS = ("frame", "onset", "offset")

AnySpec = TypeVar("AnySpec", "Spec", "ClipSpec", "TranslatorSpec")


@dataclass(frozen=True)
class Spec:
    """What a model takes and gives.

    It takes `channels` at `rate_hz` and gives, for each of `heads` and `classes`, one value per
    frame of `hop` samples. Frames come in groups of `step`: group g, its frames g * step to
    (g + 1) * step - 1, depends on the samples
    [g * step * hop - look_back, (g + 1) * step * hop + look_ahead), and a signal shifted by
    whole groups gives frames shifted alike. `accepts_hz` are further rates the model was made
    for: inference resamples these unasked, by its own documented filter, which keeps `pass_band` of
    the lower Nyquist frequency whole; a lower one is shorter, and a stream is waited for less.
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
    pass_band: float = 0.91

    def __post_init__(self) -> None:
        for name in ("channels", "hop", "step", "look_back", "look_ahead"):
            object.__setattr__(self, name, whole_number(getattr(self, name)))
        object.__setattr__(self, "rate_hz", self.timebase.rate_hz)
        accepts_hz = tuple(Timebase(rate_hz).rate_hz for rate_hz in self.accepts_hz)
        object.__setattr__(self, "accepts_hz", accepts_hz)
        object.__setattr__(self, "classes", _different(self, "classes"))
        object.__setattr__(self, "heads", _different(self, "heads"))
        if not 0 < self.pass_band < 1:
            raise InputError(f"Spec(pass_band={self.pass_band}): give a part of 1, as 0.91")
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
        _check_rate(signal, (self.rate_hz, *self.accepts_hz))
        _check_channels(signal, self.channels)
        if signal.timebase.rescale(signal.n_samples, self.rate_hz) < self.hop:
            raise TooShortError(
                f"signal of {signal.duration_s:g} s for a model with frames of "
                f"{self.timebase.seconds(self.hop):g} s: give at least one frame"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return _plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Spec:
        """Inverse of `to_dict`; raises InputError on a missing or unknown key."""
        return _built(cls, values)


@dataclass(frozen=True)
class ClipSpec:
    """What a model takes and gives that judges clips as a whole.

    It takes `channels` at `rate_hz`, `least` samples or more, and gives one value for each of
    `outputs`: classes, tags or the names of numbers. There is no upper limit, and clips of unequal
    length go through together, masked.

    >>> ClipSpec(8000, 1, ("yes", "no"), least=64).outputs
    ('yes', 'no')
    """

    rate_hz: float
    channels: int
    outputs: tuple[str, ...]
    least: int

    def __post_init__(self) -> None:
        for name in ("channels", "least"):
            object.__setattr__(self, name, whole_number(getattr(self, name)))
        object.__setattr__(self, "rate_hz", self.timebase.rate_hz)
        object.__setattr__(self, "outputs", _different(self, "outputs"))
        if min(self.channels, self.least) < 1:
            raise InputError(
                f"ClipSpec(channels={self.channels}, least={self.least}): both must be 1 or more"
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """The outputs, by the name that they have in `Spec`."""
        return self.outputs

    @property
    def timebase(self) -> Timebase:
        """The samples it takes."""
        return Timebase(self.rate_hz)

    def check(self, signal: Signal) -> None:
        """Raise RateError, ChannelError or TooShortError if the model cannot take `signal`."""
        _check_rate(signal, (self.rate_hz,))
        _check_channels(signal, self.channels)
        if signal.n_samples < self.least:
            raise TooShortError(
                f"signal of {signal.n_samples} samples for a model that takes {self.least} or more "
                f"({self.timebase.seconds(self.least):g} s): give a longer clip"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return _plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ClipSpec:
        """Inverse of `to_dict`; raises InputError on a missing or unknown key."""
        return _built(cls, values)


@dataclass(frozen=True)
class TranslatorSpec:
    """What a translator takes and gives, entry by entry: as many as came in come out.

    With one of `dims` it maps [b, channels, t] to [b, outputs, t]; with two, maps
    [b, channels, bins, t] to [b, outputs, bins, t], of any height where `bins` is none. `outputs`
    names the channels that it gives. There is no limit to t.

    >>> TranslatorSpec(50, 1, ("old radar",), dims=2, bins=128).bins
    128
    """

    rate_hz: float
    channels: int
    outputs: tuple[str, ...]
    dims: int = 1
    bins: int | None = None

    def __post_init__(self) -> None:
        for name in ("channels", "dims"):
            object.__setattr__(self, name, whole_number(getattr(self, name)))
        object.__setattr__(self, "rate_hz", self.timebase.rate_hz)
        object.__setattr__(self, "outputs", _different(self, "outputs"))
        flat = self.dims == 1 and self.bins is not None
        if self.channels < 1 or self.dims not in (1, 2) or flat or self.bins == 0:
            raise InputError(
                f"TranslatorSpec(channels={self.channels}, dims={self.dims}, bins={self.bins}): "
                "give at least one channel, 1 or 2 dims, and bins, if any, of 2 dims alone"
            )

    @property
    def timebase(self) -> Timebase:
        """The samples it takes."""
        return Timebase(self.rate_hz)

    def check(self, signal: Signal) -> None:
        """Raise RateError or ChannelError if the translator cannot take `signal`.

        The channels of a signal that is a map are its bins, those of one channel after another.
        """
        _check_rate(signal, (self.rate_hz,))
        if self.dims == 1 or self.bins is not None:
            _check_channels(signal, self.channels * (self.bins or 1))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return _plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TranslatorSpec:
        """Inverse of `to_dict`; raises InputError on a missing or unknown key."""
        return _built(cls, values)


def _check_rate(signal: Signal, rates_hz: tuple[float, ...]) -> None:
    if signal.rate_hz not in rates_hz:
        raise RateError(
            f"signal at {signal.rate_hz:.10g} Hz for a model made for {rates_hz[0]:.10g} Hz: "
            "resample it (--resample, resample=True, or ondes.resample)"
        )


def _check_channels(signal: Signal, channels: int) -> None:
    if signal.n_channels != channels:
        raise ChannelError(
            f"signal with {signal.n_channels} channels {signal.channels} for a model of "
            f"{channels}: pick with signal.channel(name), or --channel on the command line"
        )


def _plain(spec: Spec | ClipSpec | TranslatorSpec) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(spec).items()
    }


def _built(kind: type[AnySpec], values: Mapping[str, Any]) -> AnySpec:
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            raise InputError(
                f"{kind.__name__}.from_dict: unknown key {name!r}{nearest(name, known)}"
            )
    try:
        return kind(**values)
    except TypeError as error:
        raise InputError(f"{kind.__name__}.from_dict({dict(values)}): {error}") from error


def _different(spec: Spec | ClipSpec | TranslatorSpec, what: str) -> tuple[str, ...]:
    names = tuple(getattr(spec, what))
    if not names or len(set(names)) < len(names):
        raise InputError(f"{type(spec).__name__}({what}={names}): name at least one, all different")
    return names
