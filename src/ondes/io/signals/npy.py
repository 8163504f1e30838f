"""NPY: an array [time] or [channel, time] of any real type, its values taken as they are."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Literal

import numpy as np
from numpy.lib import format as npy

from ondes.errors import FormatError, InputError
from ondes.io import pcm
from ondes.io.signalfile import Given, Samples, SignalFile
from ondes.signal import Signal

Put = Callable[[Samples], None]

SUFFIXES = (".npy",)
SELF_DESCRIBING = False


@dataclass(frozen=True)
class _Array:
    """Where an array [channel, time] lies in its file."""

    path: Path
    shape: tuple[int, int]
    fortran: bool
    dtype: np.dtype[np.generic]
    offset: int

    def decode(self, start: int, stop: int, size: int) -> Iterator[Samples]:
        """Yield blocks, the file mapped anew for each so that what was read can be let go."""
        order: Literal["F", "C"] = "F" if self.fortran else "C"
        for begin in range(start, stop, size):
            array = np.memmap(self.path, self.dtype, "r", self.offset, self.shape, order)
            yield pcm.as_float32(array[:, begin : min(begin + size, stop)])


def scan(path: Path, given: Given) -> SignalFile:
    """Describe an NPY file; `FormatError` unless the whole of an array of real numbers is there."""
    if given.rate_hz is None:
        raise InputError(f"{path} does not say its rate: give rate_hz= (--rate) of the recording")
    array = _header(path)
    present = (path.stat().st_size - array.offset) // array.dtype.itemsize
    if present < math.prod(array.shape):
        raise FormatError(
            f"{path}: the header promises {math.prod(array.shape)} samples {array.shape}, the "
            f"file holds {present}: it was cut off; copy it again from its source"
        )
    return SignalFile(path, given.rate_hz, *array.shape, array.dtype.name, array.decode)


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write the array [channel, time]; an integer type must hold every value as it is."""
    with np.errstate(invalid="ignore"):
        stored = signal.samples.astype(dtype or np.float32)
    if stored.dtype.kind in "iub" and not np.array_equal(stored, signal.samples):
        raise InputError(f"dtype={dtype!r} cannot hold these samples as they are: use float32")
    with path.open("wb") as stream:
        npy.write_array(stream, stored, allow_pickle=False)


@contextmanager
def sink(path: Path, shape: tuple[int, int], rate_hz: float) -> Iterator[Put]:  # noqa: ARG001
    """Lend what takes the next samples of an array, mapped anew for each block as in reading."""
    npy.open_memmap(path, mode="w+", dtype=np.float32, shape=shape).flush()
    offset, at = _header(path).offset, 0

    def put(block: Samples) -> None:
        nonlocal at
        array = np.memmap(path, np.float32, "r+", offset, shape)
        array[:, at : at + block.shape[1]] = block
        at += block.shape[1]

    yield put


def _header(path: Path) -> _Array:
    with path.open("rb") as stream:
        try:
            version = npy.read_magic(stream)
            reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran, dtype = reader(stream)
        except (ValueError, TypeError, SyntaxError, TokenError) as error:
            raise FormatError(
                f"{path} is no NPY file ({error}): write it with numpy.save"
            ) from error
        offset = stream.tell()
    if dtype.kind not in "biuf" or len(shape) not in (1, 2) or min(shape) < 0:
        raise FormatError(
            f"{path} holds {dtype} {shape}: save real numbers [time] or [channel, time]"
        )
    channels, n_samples = (1, *shape)[-2:]
    return _Array(path, (channels, n_samples), fortran, dtype, offset)
