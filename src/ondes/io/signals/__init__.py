"""Signal formats: one module each, found by file name.

A module holds what `SignalFormat` lists: `SUFFIXES`, its own first; `SELF_DESCRIBING`, whether
a path says it all; `scan(path, given)`, which reads no more than it must to describe the file and
refuses a header that lies; and `write(signal, path, dtype)`. One whose files hold several signals
says `HAS_PARTS = True` and heeds `given.part`; one that writes several files says
`SEVERAL_FILES = True` and sees itself that each is whole; one whose suffix other things have too
says `NAMED_ALONE = True`, and no folder stands for such files; one that can be written block by
block lends a ``sink(path, shape, rate_hz)``. Integers become float32 in [-1, 1) (see
`ondes.io.pcm`), except in NPY, NPZ, CSV and HDF5, whose values are taken as they are, and in EDF,
Vallen's and WFDB's files, which tell what they are in volts and other units.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from ondes.errors import ChannelError, InputError, RateError, TooShortError
from ondes.io import formats
from ondes.io.atomic import atomic_write
from ondes.io.formats import AnyPath, existing
from ondes.io.signalfile import Given, Samples, SignalFile
from ondes.signal import Signal


class SignalFormat(Protocol):
    """What a module of this package holds."""

    SUFFIXES: tuple[str, ...]
    SELF_DESCRIBING: bool

    def scan(self, path: Path, given: Given) -> SignalFile:
        """Describe a file; raises `FormatError` when it is damaged or cut off."""

    def write(self, signal: Signal, path: Path, dtype: str | None) -> None:
        """Store a signal, as `dtype` or the format's own choice."""


def signal_formats() -> tuple[str, ...]:
    """Return the names of the signal formats.

    >>> signal_formats()
    ('csv', 'edf', 'flac', 'hdf5', 'mp3', 'npy', 'npz', 'ogg', 'raw', 'vallen', 'wav', 'wfdb')
    """
    return formats.names(__name__)


def signal_suffixes(*, headerless: bool = False) -> tuple[str, ...]:
    """Return the suffixes of signal files that a folder stands for.

    With `headerless` also of those that need a rate.
    """
    modules = [_module(name) for name in signal_formats()]
    known = [
        module
        for module in modules
        if module.SELF_DESCRIBING or (headerless and not getattr(module, "NAMED_ALONE", False))
    ]
    return tuple(suffix for module in known for suffix in module.SUFFIXES)


def signal_suffix(format: str) -> str:  # noqa: A002 - the word the whole package uses
    """Return the suffix of a signal format's files; raises `FormatError` on an unknown format.

    >>> signal_suffix("hdf5")
    '.h5'
    """
    return _module(format).SUFFIXES[0]


def open_signal(
    path: AnyPath,
    *,
    rate_hz: float | None = None,
    dtype: str | None = None,
    channels: int | None = None,
    format: str | None = None,  # noqa: A002 - the word the whole package uses
    truncated: bool = False,
    part: str | None = None,
) -> SignalFile:
    """Open a signal for reading in blocks.

    The format goes by the suffix unless `format` names it. Raw files need `rate_hz` and `dtype`,
    and have one channel unless `channels` says more; NPY needs `rate_hz`; where the file says
    these itself, a value given here is checked against it. `truncated=True` accepts a file that
    was cut off and describes what is there. `part` names a data set where a file, HDF5, holds
    several.

    Raises:
        FormatError: the file is of no known format, damaged, or cut off.
        RateError, ChannelError: the file says otherwise than the call.
        TooShortError: the file holds no samples.
        InputError: there is no such file, or the call does not say what the file needs.
    """
    file = existing(path)
    module = _module(format or formats.by_suffix(__name__, path)[0])
    if part is not None and not getattr(module, "HAS_PARTS", False):
        raise InputError(f"{path} holds one signal: leave part={part!r} out")
    given = Given(rate_hz, dtype, channels, truncated, part)
    described = module.scan(file, given)
    _check(described, given)
    return described


def read(
    path: AnyPath,
    *,
    rate_hz: float | None = None,
    dtype: str | None = None,
    channels: int | None = None,
    format: str | None = None,  # noqa: A002
    truncated: bool = False,
    part: str | None = None,
    start_s: float = 0.0,
    stop_s: float | None = None,
) -> Signal:
    """Read a signal, or its part from `start_s` to `stop_s` seconds, into memory.

    The other arguments, and what is raised, are those of `open_signal` and `SignalFile.read`.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ramp.wav"
    >>> write(Signal.of([0.0, 0.25, 0.5, 0.75], rate_hz=4), path)
    >>> read(path, start_s=0.5).samples
    array([[0.5 , 0.75]], dtype=float32)
    """
    file = open_signal(
        path,
        rate_hz=rate_hz,
        dtype=dtype,
        channels=channels,
        format=format,
        truncated=truncated,
        part=part,
    )
    return file.read(start_s=start_s, stop_s=stop_s)


def write(
    signal: Signal,
    path: AnyPath,
    *,
    dtype: str | None = None,
    format: str | None = None,  # noqa: A002
) -> None:
    """Write a signal; the file appears whole or not at all.

    `dtype` is what to store: WAV float32 (default, lossless), float64, int16, int24, int32 or
    uint8; FLAC int24 (default) or int16; WFDB int16 (default) or int32; raw and NPY any real numpy
    type (default float32). Ogg and MP3 have codecs of their own. Most of these files have no place
    for `unit` and the names of channels, none for `start`: what is read begins at 0.

    Raises:
        InputError: samples beyond [-1, 1] would be clipped, or the type is unknown.
        RateError: the rate is not whole, and the format holds no other.
        FormatError: the format cannot hold this rate or number of channels.
    """
    module = _module(format or formats.by_suffix(__name__, path)[0])
    if getattr(module, "SEVERAL_FILES", False):
        return module.write(signal, Path(path), dtype)
    with atomic_write(path) as temporary:
        return module.write(signal, temporary, dtype)


@contextmanager
def sink(
    path: AnyPath,
    *,
    n_channels: int,
    n_samples: int,
    rate_hz: float,
    format: str | None = None,  # noqa: A002
) -> Iterator[Callable[[Samples], None]]:
    """Lend what takes a signal block by block, [channel, time], and writes it as float32.

    The file appears whole or not at all, once `n_samples` have come. Memory does not grow with NPY
    and WAV, formats that have a ``sink`` of their own; others are held and written in the end.

    Raises:
        InputError: more or fewer samples came; else as `write`.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ramp.npy"
    >>> with sink(path, n_channels=1, n_samples=3, rate_hz=4) as put:
    ...     put(np.float32([[0, 1]]))
    ...     put(np.float32([[2]]))
    >>> read(path, rate_hz=4).samples
    array([[0., 1., 2.]], dtype=float32)
    """
    name = format or formats.by_suffix(__name__, path)[0]
    own, shape, sizes = getattr(_module(name), "sink", None), (n_channels, n_samples), [0]

    def counted(block: Samples) -> None:
        sizes.append(block.shape[1])
        if sum(sizes) > n_samples or len(block) != n_channels:
            raise InputError(f"{path}: a block of {list(block.shape)} more than {list(shape)} has")
        put(block)

    with ExitStack() as stack:
        if own is None:
            put = stack.enter_context(_held(path, rate_hz, name))
        else:
            put = stack.enter_context(own(stack.enter_context(atomic_write(path)), shape, rate_hz))
        yield counted
        if sum(sizes) < n_samples:
            raise InputError(f"{path}: {sum(sizes)} samples came, and {n_samples} were promised")


@contextmanager
def _held(path: AnyPath, rate_hz: float, name: str) -> Iterator[Callable[[Samples], None]]:
    parts: list[Samples] = []
    yield parts.append
    write(Signal.of(np.concatenate(parts, axis=1), rate_hz=rate_hz), path, format=name)


def _module(name: str) -> SignalFormat:
    return cast(SignalFormat, formats.module(__name__, name))


def _check(file: SignalFile, given: Given) -> None:
    if given.rate_hz not in (None, file.rate_hz):
        raise RateError(
            f"{file.path} is at {file.rate_hz:.10g} Hz, the call says {given.rate_hz:.10g}: leave "
            f"rate_hz out, then ondes.resample(signal, {given.rate_hz:.10g}) if you need that"
        )
    if given.channels not in (None, file.n_channels):
        raise ChannelError(
            f"{file.path} has {file.n_channels} channels, the call says {given.channels}: leave "
            "channels out, then pick with signal.channel(...)"
        )
    if given.dtype not in (None, file.dtype):
        raise InputError(
            f"{file.path} stores {file.dtype}, the call says {given.dtype}: leave dtype out"
        )
    if not file.n_channels * file.n_samples:
        raise TooShortError(f"{file.path} holds no samples: record it again, or leave it out")
