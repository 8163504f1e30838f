"""`Signal`: samples on a time axis, immutable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError, nearest
from ondes.timebase import Timebase, whole_number

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False, repr=False)
class Signal:
    """Samples [channel, time] at `rate_hz`, the first of them at position `start`.

    `start` counts samples from the origin of the time axis, so a crop knows where it came from
    and an `EventList` on the same axis keeps its numbers. `unit` names what the samples measure;
    channels without names are numbered from "0". A Signal that exists is valid: float32, at least
    one channel and one sample, all finite, read-only. A writeable array is copied, a read-only
    one shared.

    Raises:
        NotFiniteError: samples are NaN, infinite or beyond float32.
        TooShortError: there is no sample.
        RateError: the rate is not finite and above zero.
        ChannelError: there is not one name for each channel, all different.

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
        samples = _frozen(self.samples)
        _check_samples(samples)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate_hz", Timebase(self.rate_hz).rate_hz)
        object.__setattr__(self, "start", whole_number(self.start))
        object.__setattr__(self, "channels", _names(self.channels, len(samples)))

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
        """Return a signal of [time] or [channel, time], of any real type; values are not scaled."""
        values = np.asarray(array)
        if values.dtype.kind not in "biuf":
            raise InputError(f"Signal.of an array of {values.dtype}: give real numbers")
        return cls(_frozen(np.atleast_2d(values)), rate_hz, start, unit, tuple(channels))

    @property
    def n_channels(self) -> int:
        """Number of channels, at least one."""
        return len(self.samples)

    @property
    def n_samples(self) -> int:
        """Number of samples in each channel, at least one."""
        return int(self.samples.shape[1])

    @property
    def stop(self) -> int:
        """Position after the last sample."""
        return self.start + self.n_samples

    @property
    def timebase(self) -> Timebase:
        """The map between samples and seconds."""
        return Timebase(self.rate_hz)

    @property
    def start_s(self) -> float:
        """Time of the first sample in seconds."""
        return self.timebase.seconds(self.start)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.timebase.seconds(self.n_samples)

    def __getitem__(self, seconds: slice) -> Signal:
        """Crop in seconds of the time axis; an end left open is the signal's own."""
        return self.crop(*self.timebase.span(seconds, self.start, self.stop))

    def crop(self, start: int, stop: int) -> Signal:
        """Return the samples [start, stop) of the time axis, sharing memory.

        Raises:
            InputError: not all of them are there.
        """
        if not self.start <= start < stop <= self.stop:
            raise InputError(
                f"crop({start}, {stop}) of a signal over samples [{self.start}, {self.stop}): "
                "stay inside it, or extend() it with silence first"
            )
        part = self.samples[:, start - self.start : stop - self.start]
        return replace(self, samples=part, start=start)

    def extend(self, start: int, stop: int) -> Signal:
        """Return the signal with silence (zeros) around it, over the samples [start, stop).

        Raises:
            InputError: the signal does not lie within.
        """
        if not start <= self.start < self.stop <= stop:
            raise InputError(
                f"extend({start}, {stop}) of a signal over samples [{self.start}, {self.stop}): "
                "name a span around it, or crop() it"
            )
        margins = ((0, 0), (self.start - start, stop - self.stop))
        return replace(self, samples=np.pad(self.samples, margins), start=start)

    def shift(self, samples: int) -> Signal:
        """Return the same samples, later by `samples`."""
        return replace(self, start=self.start + samples)

    def channel(self, channel: str | int) -> Signal:
        """Return one channel, by name or index.

        Raises:
            ChannelError: there is none such.
        """
        index = self.channels.index(channel) if channel in self.channels else channel
        if isinstance(index, str) or not 0 <= index < self.n_channels:
            raise ChannelError(
                f"channel({channel!r}) of a signal with channels {self.channels}"
                f"{nearest(str(channel), self.channels)}"
            )
        one = slice(index, index + 1)
        return replace(self, samples=self.samples[one], channels=self.channels[one])

    def __add__(self, other: Signal) -> Signal:
        """Mix: the sum over the union of both spans, silence where one has no samples."""
        if not isinstance(other, Signal):
            return NotImplemented
        _check_alike([self, other], "a + b")
        span = min(self.start, other.start), max(self.stop, other.stop)
        mixed = np.zeros((self.n_channels, span[1] - span[0]), np.float32)
        for part in (self, other):
            mixed[:, part.start - span[0] : part.stop - span[0]] += part.samples
        mixed.setflags(write=False)
        return replace(self, samples=mixed, start=span[0])

    @staticmethod
    def concatenate(signals: Sequence[Signal]) -> Signal:
        """Return the signals one after the other, from the start of the first.

        Raises:
            RateError, ChannelError, InputError: they differ in rate, channels or unit.
        """
        if not signals:
            raise InputError("Signal.concatenate([]): give at least one signal")
        _check_alike(signals, "Signal.concatenate")
        return replace(signals[0], samples=np.concatenate([s.samples for s in signals], axis=1))

    def __eq__(self, other: object) -> bool:
        """Compare by content: samples, place on the time axis, rate, unit, channel names."""
        if not isinstance(other, Signal):
            return NotImplemented
        return _about(self) == _about(other) and np.array_equal(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash((self.n_samples, *_about(self)))

    def __reduce__(self) -> tuple[type[Signal], tuple[object, ...]]:
        """Pickle through the constructor, so that a copy is read-only too."""
        return Signal, (self.samples, *_about(self))

    def __repr__(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        return (
            f"<Signal ({', '.join(self.channels)}){unit}: {self.n_samples} samples from "
            f"{self.start} at {self.rate_hz:.10g} Hz, {self.duration_s:g} s>"
        )


def _about(signal: Signal) -> tuple[object, ...]:
    return signal.rate_hz, signal.start, signal.unit, signal.channels


def _frozen(samples: NDArray[np.generic]) -> Samples:
    """Return the samples as read-only float32, copied unless they are so already."""
    if samples.dtype == np.float32 and not samples.flags.writeable:
        return samples.view(np.float32)
    with np.errstate(over="ignore"):  # what overflows is reported as not finite
        own = samples.astype(np.float32)
    own.setflags(write=False)
    return own


def _names(names: Sequence[str], n_channels: int) -> tuple[str, ...]:
    names = tuple(names) or tuple(map(str, range(n_channels)))
    if len(names) != n_channels or len(set(names)) < n_channels:
        raise ChannelError(
            f"Signal(channels={names}) of {n_channels} channels: name each once, all different"
        )
    return names


def _check_samples(samples: Samples) -> None:
    if samples.ndim != 2:
        raise InputError(f"Signal of shape {samples.shape}: samples are [channel, time]")
    if not samples.size:
        raise TooShortError(f"Signal of shape {samples.shape}: give at least one sample")
    if not np.isfinite(samples.sum(dtype=np.float64)):
        channels, times = np.nonzero(~np.isfinite(samples))
        raise NotFiniteError(
            f"Signal with {len(times)} samples that are NaN, infinite or beyond float32, the "
            f"first at channel {channels[0]}, sample {times[0]}: repair them or cut them out"
        )


def _check_alike(signals: Sequence[Signal], call: str) -> None:
    first = signals[0]
    for other in signals[1:]:
        if other.rate_hz != first.rate_hz:
            raise RateError(
                f"{call} of signals at {first.rate_hz:.10g} and {other.rate_hz:.10g} Hz: bring "
                f"them to one rate with ondes.resample(signal, {first.rate_hz:.10g})"
            )
        if other.channels != first.channels:
            raise ChannelError(
                f"{call} of signals with channels {first.channels} and {other.channels}: pick "
                "with channel(), rename with dataclasses.replace(signal, channels=...)"
            )
        if other.unit != first.unit:
            raise InputError(
                f"{call} of signals in {first.unit!r} and {other.unit!r}: bring them to one unit"
            )
