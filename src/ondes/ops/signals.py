"""Operations on whole Signals."""

from __future__ import annotations

from dataclasses import replace

from ondes.errors import TooShortError
from ondes.ops.resample import PASS_BAND, Resampler
from ondes.signal import Signal
from ondes.timebase import exact_rate


def resample(signal: Signal, rate_hz: float, *, pass_band: float = PASS_BAND) -> Signal:
    """The same signal at another rate; events that ride with it follow by `EventList.resample`.

    Start and stop are those of `Timebase.rescale`, and every new sample lies at its exact time
    (sample k at k / `rate_hz` seconds), so no event moves against its sound by more than the
    rounding of its own position. Silence is assumed around the signal. The filter is that of
    `ondes.ops.resample`, whole up to `pass_band` of half the lower rate. Raises RateError for a
    rate that is not above zero, TooShortError when not one sample would be left.

    >>> half = resample(Signal.of([0.0] * 48, rate_hz=48000, start=480), 24000)
    >>> half.start, half.n_samples
    (240, 24)
    """
    if exact_rate(rate_hz) == exact_rate(signal.rate_hz):
        return signal
    start = signal.timebase.rescale(signal.start, rate_hz)
    stop = signal.timebase.rescale(signal.stop, rate_hz)
    if start >= stop:
        raise TooShortError(
            f"resample({signal.n_samples} samples at {signal.rate_hz} Hz, {rate_hz} Hz) leaves no "
            "sample; give a longer signal or a higher rate"
        )
    samples = Resampler(signal.rate_hz, rate_hz, pass_band).outputs(
        signal.samples, first=signal.start, start=start, stop=stop, silent_outside=True
    )
    return replace(signal, samples=samples, rate_hz=rate_hz, start=start)
