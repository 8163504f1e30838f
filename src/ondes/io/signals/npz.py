"""NPZ: arrays by their names, `[channel, time]` or one `[time]` for each channel.

Which arrays are the signal: those that `part` names, as ``part="II,V1"``, of which each is an array
[time], or a channel of the only array [channel, time]; else the only array of real numbers, or all
arrays [time] if they are equally long. The rate is a number called rate_hz, fs, sampling_rate or
alike. `channels` (names) and `unit` are read where they are there; values are taken as they are,
but where there is a `gain` (steps per unit, one or one for each channel) they are divided by it.
`write` stores `signal`, `rate_hz`, `channels` and `unit`. Objects are never read.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ondes.errors import ChannelError, FormatError, InputError, nearest
from ondes.io import pcm
from ondes.io.signalfile import Given, Samples, SignalFile
from ondes.io.signals.hdf5 import RATES
from ondes.signal import Signal

SUFFIXES = (".npz",)
SELF_DESCRIBING = False
HAS_PARTS = True
NAMED_ALONE = True

_WORDS = ("gain", "channels", "names", "unit", "units")
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, TypeError, SyntaxError),
    *(KeyError, NotImplementedError, RuntimeError, TokenError),
)
MOST_DETAILS = 2**16  # bytes of an array that is no signal


@dataclass(frozen=True)
class _Array:
    """An array in the file."""

    name: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[np.generic]

    @property
    def length(self) -> int:
        """Samples."""
        return self.shape[-1]

    @property
    def is_signal(self) -> bool:
        """Whether it can be a signal."""
        shaped = len(self.shape) in (1, 2) and min(self.shape) > 0
        return shaped and self.dtype.kind in "biuf" and self.length > 1


@dataclass(frozen=True)
class _Rows:
    """Rows of arrays, each a channel, and what divides them."""

    path: Path
    rows: tuple[tuple[_Array, int], ...]
    gain: NDArray[np.float64] | None

    def decode(self, start: int, stop: int, size: int) -> Iterator[Samples]:
        """Yield blocks, each row read on for itself: memory does not grow with the file."""
        with _opened(self.path) as file, ExitStack() as stack:
            streams = [stack.enter_context(_at(file, *row, start)) for row in self.rows]
            for begin in range(start, stop, size):
                n = min(size, stop - begin)
                block = np.stack(
                    [
                        _read(stream, array, n)
                        for stream, (array, _) in zip(streams, self.rows, strict=True)
                    ]
                )
                yield pcm.as_float32(block if self.gain is None else block / self.gain[:, None])


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a file.

    Raises `FormatError` where it is damaged or holds objects, `InputError` where nothing says the
    rate or several arrays may be meant, `ChannelError` where `part` names none.
    """
    with _opened(path) as file:
        arrays = {name: _header(path, file, name) for name in _names(file)}
        rate_hz = _rate(path, file, arrays) or given.rate_hz
        rows, names, whole = _chosen(path, file, arrays, given.part)
        kept = [_detail(file, arrays, word) for word in ("gain", "unit", "units")]
    if rate_hz is None:
        raise InputError(
            f"{path} does not say its rate: give rate_hz= (--rate), or save it as rate_hz"
        )
    gain = _per_row(path, "gain", kept[0], rows, whole)
    said = kept[1] if kept[1] is not None else kept[2]
    units = _per_row(path, "unit", said, rows, whole)
    each = [""] if units is None else [*map(str, units.tolist())]
    return SignalFile(
        path,
        rate_hz,
        len(rows),
        rows[0][0].length,
        rows[0][0].dtype.name,
        _Rows(path, rows, None if gain is None else gain.astype(np.float64)).decode,
        names,
        each[0] if len(set(each)) == 1 else ", ".join(each),
    )


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write `signal` [channel, time] and what it is; an integer type must hold every value."""
    kind = pcm.real(dtype or "float32")
    with np.errstate(invalid="ignore"):
        stored = signal.samples.astype(kind)
    if kind.kind in "iub" and not np.array_equal(stored, signal.samples):
        raise InputError(f"dtype={dtype!r} cannot hold these samples as they are: use float32")
    with path.open("wb") as stream:
        np.savez(
            stream,
            signal=stored,
            rate_hz=np.float64(signal.rate_hz),
            channels=np.array(signal.channels, np.str_),
            unit=np.array(signal.unit),
        )


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as file:
            yield file
    except InputError:
        raise
    except _DAMAGE as error:
        raise FormatError(
            f"{path} cannot be read as NPZ ({error}): it is damaged, cut off or something else; "
            "write it with numpy.savez"
        ) from error


def _names(file: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in file.namelist() if name.endswith(".npy")]


def _header(path: Path, file: zipfile.ZipFile, name: str) -> _Array:
    with file.open(f"{name}.npy") as stream:
        version = npy.read_magic(stream)
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = reader(stream)
    if dtype.hasobject:
        raise FormatError(
            f"{path} holds objects under {name!r}, which run code when they are loaded: save plain "
            "arrays of numbers and of text"
        )
    return _Array(name, shape, fortran, dtype)


def _rate(path: Path, file: zipfile.ZipFile, arrays: dict[str, _Array]) -> float | None:
    for name in arrays:
        if name.lower().replace("_", "").replace(" ", "") in RATES:
            value = _detail(file, arrays, name)
            if value is None or value.size != 1 or value.dtype.kind not in "iuf":
                raise FormatError(f"{path}: {name} is no number: save the rate in hertz")
            rate_hz = float(value.reshape(-1)[0])
            if not (math.isfinite(rate_hz) and rate_hz > 0):
                raise FormatError(f"{path}: {name} is {rate_hz:g}, which cannot be a rate: mend it")
            return rate_hz
    return None


def _detail(
    file: zipfile.ZipFile, arrays: dict[str, _Array], name: str
) -> NDArray[np.generic] | None:
    """Return a small array; None where it is not there, or not small."""
    array = arrays.get(name)
    if array is None or math.prod(array.shape) * array.dtype.itemsize > MOST_DETAILS:
        return None
    with file.open(f"{name}.npy") as stream:
        return np.atleast_1d(npy.read_array(stream, allow_pickle=False))


def _chosen(
    path: Path, file: zipfile.ZipFile, arrays: dict[str, _Array], part: str | None
) -> tuple[tuple[tuple[_Array, int], ...], tuple[str, ...], list[str]]:
    """The rows that are meant, their names, and all names among which they were chosen."""
    known = {
        name: array for name, array in arrays.items() if array.is_signal and name not in _WORDS
    }
    wide = [array for array in known.values() if len(array.shape) == 2]
    names = _channels(file, arrays, wide[0]) if len(wide) == 1 else []
    if len(wide) == 1 and (part is None or part == wide[0].name or part not in known):
        _check_lies_across(path, wide[0], names)
        whole = names or [*map(str, range(wide[0].shape[0]))]
        meant = whole if part in (None, wide[0].name) else _split(path, part, whole)
        return tuple((wide[0], whole.index(name)) for name in meant), tuple(meant), whole
    if part is None:
        lengths = {array.length for array in known.values()}
        if not known or wide or len(lengths) > 1:
            raise InputError(
                f"{path} holds {_listed(known) or 'no array of real numbers'}: name those that are "
                "meant with part= (--part)"
            )
        meant = list(known)
    else:
        meant = _split(path, part, list(known))
    if len({known[name].length for name in meant}) > 1 or any(
        len(known[name].shape) > 1 for name in meant
    ):
        raise InputError(f"{path} holds {_listed(known)}: name channels [time] of one length")
    return tuple((known[name], 0) for name in meant), tuple(meant), meant


def _channels(file: zipfile.ZipFile, arrays: dict[str, _Array], array: _Array) -> list[str]:
    for word in ("channels", "names"):
        named = _detail(file, arrays, word)
        if named is not None and named.dtype.kind == "U" and len(named) == array.shape[0]:
            return [*map(str, named.tolist())]
    return []


def _check_lies_across(path: Path, array: _Array, names: Sequence[str]) -> None:
    if not names and array.shape[0] > array.shape[1]:
        raise FormatError(
            f"{path}: {array.name} is {list(array.shape)}, which would be {array.shape[0]} "
            "channels: save it as [channel, time] (numpy's .T), or with the channels' names"
        )


def _split(path: Path, part: str, known: Sequence[str]) -> list[str]:
    wanted = [part] if part in known else [name.strip() for name in part.split(",")]
    for name in wanted:
        if name not in known:
            raise ChannelError(
                f"{path} has no signal {name!r}{nearest(name, known)}; it has {', '.join(known)}"
            )
    return wanted


def _per_row(
    path: Path,
    what: str,
    values: NDArray[np.generic] | None,
    rows: Sequence[tuple[_Array, int]],
    whole: Sequence[str],
) -> NDArray[np.generic] | None:
    """One value for each row that is meant, of one for all or one for each channel."""
    if values is None:
        return None
    fits = values.dtype.kind == "U" if what == "unit" else values.dtype.kind in "iuf"
    if not fits or values.size not in (1, len(whole)) or (what == "gain" and not values.all()):
        raise FormatError(f"{path}: {what} is not one for all channels, nor one for each: mend it")
    if values.size == 1:
        return np.repeat(values, len(rows))
    return values[[row if len(array.shape) == 2 else k for k, (array, row) in enumerate(rows)]]


def _listed(known: dict[str, _Array]) -> str:
    return ", ".join(f"{name} {list(array.shape)}" for name, array in known.items())


def _at(file: zipfile.ZipFile, array: _Array, row: int, start: int) -> IO[bytes]:
    """Open an array at a sample of a row."""
    stream = file.open(f"{array.name}.npy")
    version = npy.read_magic(stream)
    (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(stream)
    before = row * array.length + start if not array.fortran else start * array.shape[0] + row
    if len(array.shape) == 1:
        before = start
    stream.seek(before * array.dtype.itemsize, 1)
    return stream


def _read(stream: IO[bytes], array: _Array, n: int) -> NDArray[np.generic]:
    """Read on by `n` samples of a row."""
    step = array.shape[0] if array.fortran and len(array.shape) == 2 else 1
    size = ((n - 1) * step + 1) * array.dtype.itemsize
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the array ends early")
    stream.seek((step - 1) * array.dtype.itemsize, 1)
    return np.frombuffer(data, array.dtype)[::step]
