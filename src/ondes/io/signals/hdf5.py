"""HDF5: one data set of real numbers, [time] or two axes of which the longer is time.

Values are taken as they are, as from NPY. Where a file holds several data sets, `part` names the
one that is meant; else it is the only one, or the only one that knows its rate. The rate is an
attribute of the data set, its group or the file, called rate_hz, sampling_rate, sample_rate, fs or
alike; `unit` and `channels` (names) are read where they are given. `write` stores a data set
`signal` [channel, time] with these three.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ondes.errors import FormatError, InputError, MissingExtraError, nearest
from ondes.io import pcm
from ondes.io.signalfile import Given, Samples, SignalFile
from ondes.signal import Signal

if TYPE_CHECKING:
    from h5py import Dataset, File

SUFFIXES = (".h5", ".hdf5", ".hdf")
SELF_DESCRIBING = True
HAS_PARTS = True

RATES = {
    "fs",
    "rate",
    "ratehz",
    "samplefrequency",
    "samplerate",
    "sampleratehz",
    "samplingfrequency",
    "samplingrate",
    "samplingratehz",
}
_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError)  # h5py raises any of these


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a file; raises `FormatError` unless it holds one data set that may be meant.

    Raises `MissingExtraError` without h5py, `InputError` where nothing says the rate.
    """
    with _opened(path) as file:
        data = _chosen(file, path, given.part)
        rate_hz = _rate(data) or given.rate_hz
        if rate_hz is None:
            raise InputError(
                f"{path} does not say its rate: give rate_hz= (--rate), or write it to the "
                f"attribute rate_hz of {data.name}"
            )
        n_samples, n_channels = max(data.shape), min(data.shape) if data.ndim == 2 else 1
        decode = partial(_decode, path, data.name)
        names = _names(data, n_channels)
        unit = _text(data.attrs.get("unit", data.attrs.get("units", "")))
        kind = data.dtype.name
        return SignalFile(path, rate_hz, n_channels, n_samples, kind, decode, names, unit)


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write the data set `signal` [channel, time]; an integer type must hold every value as it is.

    Raises `MissingExtraError` without h5py.
    """
    h5py = _h5py(path)
    kind = pcm.real(dtype or "float32")
    with np.errstate(invalid="ignore"):
        stored = signal.samples.astype(kind)
    if kind.kind in "iu" and not np.array_equal(stored, signal.samples):
        raise InputError(f"dtype={dtype!r} cannot hold these samples as they are: use float32")
    with h5py.File(path, "w") as file:
        data = file.create_dataset("signal", data=stored)
        data.attrs.update(rate_hz=signal.rate_hz, unit=signal.unit)
        data.attrs["channels"] = list(signal.channels)


def _decode(path: Path, name: str, start: int, stop: int, size: int) -> Iterator[Samples]:
    with _opened(path) as file:
        data = file[name]
        across = data.ndim == 2 and data.shape[0] <= data.shape[1]  # [channel, time]
        for begin in range(start, stop, size):
            span = slice(begin, min(begin + size, stop))
            block = data[:, span] if across else np.atleast_2d(data[span].T)
            yield pcm.as_float32(block)


@contextmanager
def _opened(path: Path) -> Iterator[File]:
    h5py = _h5py(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except InputError:
        raise
    except _DAMAGE as error:
        raise FormatError(
            f"{path} cannot be read as HDF5 ({error}): it is damaged, cut off or something else; "
            "copy it again from its source"
        ) from error


def _h5py(path: Path) -> Any:  # noqa: ANN401 - a module that may be missing
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            f"{path}: HDF5 needs the package h5py; install it with: pip install 'ondes[hdf5]'"
        ) from error
    return h5py


def _chosen(file: File, path: Path, part: str | None) -> Dataset:
    """The data set that is meant."""
    known = _candidates(file)
    listing = ", ".join(f"{name} {list(data.shape)}" for name, data in known.items())
    if part is not None:
        name = "/" + part.strip("/")
        if name not in known:
            raise InputError(
                f"{path} holds no real numbers under part={part!r}{nearest(name, known)}; it "
                f"holds {listing or 'none'}"
            )
        return known[name]
    if not known:
        raise FormatError(f"{path} holds no data set of real numbers [time] or [channel, time]")
    rated = [data for data in known.values() if _rate(data, alone=True)]
    chosen = rated if len(rated) == 1 else list(known.values())
    if len(chosen) > 1:
        raise InputError(
            f"{path} holds several data sets: name one with part= (--part), of {listing}"
        )
    return chosen[0]


def _candidates(file: File) -> dict[str, Dataset]:
    """The data sets that may be signals, by their names, each once."""
    found: dict[str, Dataset] = {}

    def visit(name: str, item: Any) -> None:  # noqa: ANN401 - a group or a data set
        shape = getattr(item, "shape", None)
        if shape and len(shape) in (1, 2) and item.dtype.kind in "biuf":
            found[f"/{name}"] = item

    file.visititems(visit)
    return found


def _rate(data: Dataset, *, alone: bool = False) -> float | None:
    """The rate that a data set's attributes tell, or, unless `alone`, its groups'."""
    place = data
    while True:
        for name, value in place.attrs.items():
            if name.lower().replace("_", "").replace(" ", "") in RATES:
                return float(np.asarray(value).reshape(-1)[0])
        if alone or place.name == "/":
            return None
        place = place.parent


def _names(data: Dataset, n_channels: int) -> tuple[str, ...]:
    names = np.atleast_1d(data.attrs.get("channels", ()))
    return tuple(map(_text, names)) if names.size == n_channels else ()


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
