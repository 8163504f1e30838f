"""`Signal`: samples on a time axis, immutable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError, nearest
from ondes.timebase import Timebase

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Signal:
    """Samples [channel, time] at `rate_hz`, the first of them at position `start`.

    `start` counts samples from the origin of the time axis, so a crop remembers where it came
    from and an `EventList` on the same axis keeps its numbers. `unit` names what the samples
    measure. A Signal that exists is valid: float32, at least one channel and one sample, all
    finite, read-only. A read-only array is shared, a writeable one is copied.

    Raises NotFiniteError on NaN and infinity, TooShortError without samples, RateError on a
    rate that is not above zero, ChannelError when the names do not fit.

    >>> take = Signal.of([0, 1, 2, 3], rate_hz=2, unit="V")
    >>> take[0.5:1.5].samples
    array([[1., 2.]], dtype=float32)
    """

    samples: Samples
    rate_hz: float
    start: int = 0
    unit: str = ""
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        _check_samples(samples)
        names = tuple(self.channels) or tuple(str(i) for i in range(len(samples)))
        if len(names) != len(samples) or len(set(names)) < len(names):
            raise ChannelError(
                f"Signal(channels={names}) of {len(samples)} channels: give one name for each, "
                "all different"
            )
        Timebase(self.rate_hz)
        object.__setattr__(self, "samples", _read_only(samples))
        object.__setattr__(self, "start", int(self.start))
        object.__setattr__(self, "channels", names)

    @classmethod
    def of(
        cls,
        array: ArrayLike,
        *,
        rate_hz: float,
        start: int = 0,
        unit: str = "",
        channels: Sequence[str] = (),
    ) -> Signal:
        """Signal from [time] or [channel, time] of any real type; values are not scaled."""
        values = np.asarray(array)
        if values.dtype.kind not in "biuf":
            raise InputError(f"Signal.of an array of {values.dtype}: give real numbers")
        with np.errstate(over="ignore"):
            samples = np.atleast_2d(values).astype(np.float32, copy=False)
        return cls(samples, rate_hz, start, unit, tuple(channels))

    @property
    def n_channels(self) -> int:
        return self.samples.shape[0]

    @property
    def n_samples(self) -> int:
        return self.samples.shape[1]

    @property
    def stop(self) -> int:
        """Position after the last sample."""
        return self.start + self.n_samples

    @property
    def timebase(self) -> Timebase:
        return Timebase(self.rate_hz)

    @property
    def start_s(self) -> float:
        return self.timebase.seconds(self.start)

    @property
    def duration_s(self) -> float:
        return self.timebase.seconds(self.n_samples)

    def __getitem__(self, seconds: slice) -> Signal:
        """Crop in seconds of the time axis; an end left open is the signal's own."""
        start, stop = span_of(seconds, self.timebase, self.start, self.stop)
        return self.crop(start, stop)

    def crop(self, start: int, stop: int) -> Signal:
        """Samples [start, stop) of the time axis; raises InputError unless all are there."""
        if not self.start <= start < stop <= self.stop:
            raise InputError(
                f"crop({start}, {stop}) of a signal over samples [{self.start}, {self.stop}): "
                "stay inside it, or extend() it with silence first"
            )
        cut = self.samples[:, start - self.start : stop - self.start]
        return replace(self, samples=cut, start=start)

    def extend(self, start: int, stop: int) -> Signal:
        """The signal with silence (zeros) around it, over samples [start, stop)."""
        if not start <= self.start < self.stop <= stop:
            raise InputError(
                f"extend({start}, {stop}) of a signal over samples [{self.start}, {self.stop}): "
                "name a span around it, or crop() it"
            )
        margins = ((0, 0), (self.start - start, stop - self.stop))
        return replace(self, samples=np.pad(self.samples, margins), start=start)

    def shift(self, samples: int) -> Signal:
        """The same samples, later by `samples`."""
        return replace(self, start=self.start + samples)

    def channel(self, channel: str | int) -> Signal:
        """One channel, by name or index; raises ChannelError where there is none."""
        known = self.channels.index(channel) if channel in self.channels else channel
        if not isinstance(known, int) or not 0 <= known < self.n_channels:
            hint = nearest(str(channel), self.channels)
            raise ChannelError(f"channel({channel!r}) of a signal with {self.channels}{hint}")
        return replace(
            self, samples=self.samples[known : known + 1], channels=(self.channels[known],)
        )

    def __add__(self, other: Signal) -> Signal:
        """Mix: the sum over the union of both spans, silence where one has no samples."""
        if not isinstance(other, Signal):
            return NotImplemented
        _check_same_kind([self, other], "a + b")
        span = min(self.start, other.start), max(self.stop, other.stop)
        mixed = self.extend(*span).samples + other.extend(*span).samples
        return replace(self, samples=mixed, start=span[0])

    @staticmethod
    def concatenate(signals: Sequence[Signal]) -> Signal:
        """One signal after the other, from the start of the first."""
        if not signals:
            raise InputError("Signal.concatenate([]): give at least one signal")
        _check_same_kind(signals, "Signal.concatenate")
        return replace(signals[0], samples=np.concatenate([s.samples for s in signals], axis=1))

    def __eq__(self, other: object) -> bool:
        """Same samples at the same place of the time axis, rate, unit and channel names."""
        if not isinstance(other, Signal):
            return NotImplemented
        return _axis(self) == _axis(other) and np.array_equal(self.samples, other.samples)

    def __repr__(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        return (
            f"<Signal {', '.join(self.channels)}{unit}: {self.n_samples} samples from "
            f"{self.start}, {self.duration_s:g} s at {self.rate_hz:g} Hz>"
        )


def span_of(seconds: slice, timebase: Timebase, start: int, stop: int) -> tuple[int, int]:
    """Sample positions of a slice in seconds; open ends are `start` and `stop`."""
    if not isinstance(seconds, slice) or seconds.step is not None:
        raise InputError(f"[{seconds!r}]: slice from second to second, as in signal[0.5:2.0]")
    return (
        start if seconds.start is None else timebase.samples(float(seconds.start)),
        stop if seconds.stop is None else timebase.samples(float(seconds.stop)),
    )


def _axis(signal: Signal) -> tuple[object, ...]:
    return signal.rate_hz, signal.start, signal.unit, signal.channels


def _read_only(samples: NDArray[np.generic]) -> Samples:
    frozen = np.array(samples) if samples.flags.writeable else samples
    frozen.setflags(write=False)
    return frozen.astype(np.float32, copy=False)


def _check_samples(samples: NDArray[np.generic]) -> None:
    if samples.ndim != 2 or samples.dtype != np.float32:
        raise InputError(
            f"Signal of {samples.dtype} {samples.shape}: samples are float32 [channel, time]; "
            "Signal.of(array, rate_hz=...) converts"
        )
    if 0 in samples.shape:
        raise TooShortError(f"Signal of shape {samples.shape}: give at least one sample")
    if not np.isfinite(samples.sum(dtype=np.float64)):
        _complain_not_finite(samples)


def _complain_not_finite(samples: NDArray[np.generic]) -> None:
    channels, times = np.nonzero(~np.isfinite(np.asarray(samples, dtype=np.float32)))
    raise NotFiniteError(
        f"Signal with {len(times)} samples that are NaN or infinite, the first at "
        f"channel {channels[0]}, sample {times[0]}: repair or cut them out first"
    )


def _check_same_kind(signals: Sequence[Signal], call: str) -> None:
    first = signals[0]
    for other in signals[1:]:
        if other.rate_hz != first.rate_hz:
            raise RateError(
                f"{call} at {first.rate_hz:g} and {other.rate_hz:g} Hz: "
                f"bring both to one rate with ondes.resample(signal, {first.rate_hz:g})"
            )
        if other.channels != first.channels:
            raise ChannelError(
                f"{call} with channels {first.channels} and {other.channels}: pick with "
                "channel() or rename with dataclasses.replace(signal, channels=...)"
            )
        if other.unit != first.unit:
            raise InputError(
                f"{call} in {first.unit!r} and {other.unit!r}: bring both to one unit"
            )
