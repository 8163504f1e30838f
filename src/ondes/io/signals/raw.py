"""Raw binary: interleaved samples and nothing else; the call says their rate and type.

There is one channel unless the call says more.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondes.errors import FormatError, InputError
from ondes.io import pcm
from ondes.io.signalfile import Given, Samples, SignalFile
from ondes.signal import Signal

SUFFIXES = (".raw", ".bin", ".pcm")
SELF_DESCRIBING = False
ABSURD = 1e15  # beyond any unit of any sensor, and its inverse below


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a raw file; `FormatError` unless its size is a whole number of frames."""
    if given.rate_hz is None or given.dtype is None:
        raise InputError(_lacking(path, given))
    dtype, channels = pcm.real(given.dtype), 1 if given.channels is None else given.channels
    if channels < 1:
        raise InputError(f"{path}: channels={channels}: a signal has at least one channel")
    n_bytes, frame = path.stat().st_size, dtype.itemsize * channels
    n_samples, rest = divmod(n_bytes, frame)
    if rest and not given.truncated:
        raise FormatError(
            f"{path}: {n_bytes} bytes are {n_samples} samples of {channels} x {given.dtype} and "
            f"{rest} bytes more: check dtype and channels; if the file was cut off, take what is "
            "there (truncated=True, --truncated)"
        )
    decode = partial(_decode, path, dtype, channels)
    return SignalFile(path, given.rate_hz, channels, n_samples, given.dtype, decode)


def _lacking(path: Path, given: Given) -> str:
    wanted = {"rate_hz= (--rate)": given.rate_hz, "dtype= (--dtype)": given.dtype}
    lacks = " and ".join(name for name, value in wanted.items() if value is None)
    several = "" if given.channels else ", and channels= (--channels) if there are several"
    return f"{path} says nothing of itself: give its {lacks}{several}"


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write interleaved samples; integers hold [-1, 1)."""
    kind = pcm.real(dtype or "float32")
    interleaved = np.ascontiguousarray(signal.samples.T)
    _stored(interleaved, kind).tofile(path)


def _decode(
    path: Path, dtype: np.dtype[np.generic], channels: int, start: int, stop: int, size: int
) -> Iterator[Samples]:
    with path.open("rb") as stream:
        stream.seek(start * channels * dtype.itemsize)
        for begin in range(start, stop, size):
            flat = np.fromfile(stream, dtype, channels * min(size, stop - begin))
            if begin == start:
                _check_plausible(flat, path)
            yield np.ascontiguousarray(pcm.to_float(flat).reshape(-1, channels).T)


def _check_plausible(flat: NDArray[np.generic], path: Path) -> None:
    """Refuse floats that no sensor gives: bytes of another type read as floats look like that."""
    if flat.dtype.kind != "f" or flat.dtype.itemsize < np.dtype(np.float32).itemsize:
        return
    size = np.abs(flat[np.isfinite(flat) & (flat != 0)])
    if size.size and (size.max() > ABSURD or np.median(size) < 1 / ABSURD):
        raise FormatError(
            f"{path}: read as {flat.dtype} its samples reach {size.max():.3g}, half of them lie "
            f"below {np.median(size):.3g}: give the type they were written in (dtype=, --dtype)"
        )


def _stored(samples: Samples, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    if dtype.kind == "f":
        return samples.astype(dtype)
    bits = 8 * dtype.itemsize
    middle = 2 ** (bits - 1) if dtype.kind == "u" else 0
    return (pcm.to_int(samples, bits) + middle).astype(dtype)
