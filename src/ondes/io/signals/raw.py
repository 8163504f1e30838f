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


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a raw file; `FormatError` unless its size is a whole number of frames."""
    if given.rate_hz is None or given.dtype is None:
        raise InputError(
            f"{path} says nothing: give its rate_hz= and dtype=, and channels= if there are "
            "several (--rate, --dtype, --channels)"
        )
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
            yield np.ascontiguousarray(pcm.to_float(flat).reshape(-1, channels).T)


def _stored(samples: Samples, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    if dtype.kind == "f":
        return samples.astype(dtype)
    bits = 8 * dtype.itemsize
    middle = 2 ** (bits - 1) if dtype.kind == "u" else 0
    return (pcm.to_int(samples, bits) + middle).astype(dtype)
