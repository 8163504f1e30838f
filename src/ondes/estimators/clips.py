"""From what scikit-learn calls X to clips: arrays, Signals or files, of equal lengths or not."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.data.clips import Clips
from ondes.errors import InputError, NotFiniteError, RateError
from ondes.io import read
from ondes.signal import Signal

Recordings = NDArray[Any] | Sequence[Any]
"""[clip, time], [clip, channel, time], or a sequence of Signals, files, arrays [channel, time]."""


def signals(x: Recordings, *, rate_hz: float) -> list[Signal]:
    """Return one Signal per clip; arrays are at `rate_hz`, the others say their own.

    Raises:
        InputError: this is no batch of clips, its values are not real, or it holds none.
        NotFiniteError: a sample is NaN or infinite.
        FormatError: a file cannot be read.
    """
    return [_signal(clip, place, rate_hz) for place, clip in enumerate(_rows(x))]


def clips(
    given: Sequence[Signal],
    y: NDArray[Any],
    *,
    labels: Sequence[str],
    groups: Iterable[Any] | None = None,
    of: Recordings,
) -> Clips:
    """Return clips with targets y [clip, output], all at one rate.

    Args:
        given: the clips.
        y: their targets.
        labels: names of the outputs.
        groups: of each clip.
        of: what was given; Signals may have more channels than samples, arrays may not.

    Raises:
        InputError: the numbers of clips, targets and groups differ.
        RateError: the rates differ.
        ChannelError: the numbers of channels differ, or axes seem to be swapped.
    """
    if len(given) != len(y):
        raise InputError(f"{len(given)} clips and {len(y)} targets: give one target for each clip")
    rates = sorted({signal.rate_hz for signal in given})
    if len(rates) > 1:
        raise RateError(
            f"clips at {rates[0]:.10g} and {rates[-1]:.10g} Hz: bring all to one rate with "
            "ondes.resample(signal, rate_hz)"
        )
    said = isinstance(of, Sequence) and all(isinstance(one, Signal) for one in of)
    return Clips(
        [signal.samples for signal in given],
        y,
        labels=labels,
        rate_hz=rates[0],
        groups=None if groups is None else [str(group) for group in groups],
        channels=given[0].n_channels if said else None,
    )


def _rows(x: Recordings) -> Sequence[Any]:
    if isinstance(x, str | os.PathLike | Signal):
        raise InputError(f"one recording, {x!r}, where a batch of them is asked for: give a list")
    if hasattr(x, "toarray"):
        raise TypeError("sparse data were given, and clips are dense: call .toarray() first")
    if not isinstance(x, np.ndarray) and hasattr(x, "__array__"):
        x = np.asarray(x)
    if isinstance(x, np.ndarray) and (x.dtype.kind not in "OU" or x.ndim != 1):
        _check_array(x)
    rows: Sequence[Any] = list(x)
    if not rows:
        raise InputError("Found array with 0 sample(s): give one clip or more")
    if all(np.isscalar(row) and not isinstance(row, str) for row in rows):
        _check_array(np.asarray(rows))
    return rows


def _check_array(x: NDArray[Any]) -> None:
    if x.ndim not in (2, 3):
        raise InputError(
            f"X of shape {x.shape}: give [clip, time] or [clip, channel, time]. Reshape your data "
            "with X[None] if it is a single clip, or with X[:, None] if each clip is one sample"
        )
    if not x.shape[-1]:
        raise InputError(f"0 feature(s) (shape={x.shape}) while a minimum of 1 is required.")


def _signal(clip: Any, place: int, rate_hz: float) -> Signal:  # noqa: ANN401 - anything may come
    if isinstance(clip, Signal):
        return clip
    if isinstance(clip, str | os.PathLike):
        return read(clip)
    values = np.asarray(clip)
    if values.dtype.kind == "c":
        raise InputError("Complex data not supported: give real and imaginary parts as channels")
    if values.dtype.kind == "O":
        values = values.astype(np.float64)
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2):
        raise InputError(
            f"clip {place} is {values.dtype} of shape {values.shape}: give a Signal, a file or "
            "real numbers [channel, time]"
        )
    with np.errstate(over="ignore"):
        samples = values.astype(np.float32)
    if not np.isfinite(samples).all():
        raise NotFiniteError(
            f"clip {place} holds NaN or infinity (inf) at {np.argwhere(~np.isfinite(samples))[0]}: "
            "repair it (numpy.nan_to_num) or leave the clip out"
        )
    return Signal.of(samples, rate_hz=rate_hz)
