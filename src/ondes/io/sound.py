"""What the sound formats share: libsndfile through soundfile, in blocks.

soundfile seeks after every read, and the MP3 and Vorbis decoders do not come back bit for bit
from a seek; so streams are read straight through.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import FormatError, InputError, RateError
from ondes.io import pcm
from ondes.io.signalfile import Samples, SignalFile
from ondes.signal import Signal

BITS = {"uint8": 8, "int16": 16, "int24": 24, "int32": 32}
SUBTYPES = {
    "uint8": "PCM_U8",
    "int16": "PCM_16",
    "int24": "PCM_24",
    "int32": "PCM_32",
    "float32": "FLOAT",
    "float64": "DOUBLE",
}
_DTYPES = {subtype: dtype for dtype, subtype in SUBTYPES.items()}
_BLOCK = 65536


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a sound file as a stream that is never seeked behind our back."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as sound:
            sound.seekable = lambda: False
            yield sound
    except soundfile.LibsndfileError as error:
        raise FormatError(
            f"{path} cannot be read as sound ({error.error_string or 'damaged data'}): copy it "
            "again from its source, or convert it to WAV"
        ) from error


def scan(path: Path, containers: Sequence[str], *, seek: bool) -> SignalFile:
    """Describe a sound file as libsndfile does; `FormatError` unless of one of the containers."""
    with opened(path) as sound:
        if sound.format not in containers:
            raise FormatError(
                f"{path} is {sound.format} inside, not {containers[0]}: rename it, or convert it "
                "to WAV"
            )
        return SignalFile(
            path,
            float(sound.samplerate),
            sound.channels,
            sound.frames,
            _DTYPES.get(sound.subtype, sound.subtype.lower()),
            partial(decode, path, seek=seek),
        )


def decode(path: Path, start: int, stop: int, size: int, *, seek: bool) -> Iterator[Samples]:
    """Yield samples [start, stop); without `seek` those before are decoded and dropped."""
    with opened(path) as sound:
        if seek:
            sound.seek(start)
        else:
            for begin in range(0, start, _BLOCK):
                sound.read(min(_BLOCK, start - begin), dtype="float32")
        for begin in range(start, stop, size):
            block = sound.read(min(size, stop - begin), dtype="float32", always_2d=True)
            yield np.ascontiguousarray(block.T)


def count(path: Path) -> int:
    """Return the number of samples that decode; where the data break off, a multiple of 1024."""
    total = 0
    try:
        with opened(path) as sound:
            while n_read := len(sound.read(1024, dtype="float32")):
                total += n_read
    except FormatError:
        return total
    return total


def encode(signal: Signal, path: Path, *, container: str, subtype: str, dtype: str) -> None:
    """Write a sound file and look whether it came out as meant.

    Integer types are rounded here, exactly, and not by libsndfile, which scales by 2^(b-1) - 1.
    Raises `RateError` for a rate that is no whole number, `FormatError` for one (or a number of
    channels) that the format does not know.
    """
    import soundfile

    rate_hz = whole_rate(signal.rate_hz)
    try:
        with soundfile.SoundFile(
            path, "w", rate_hz, signal.n_channels, subtype, format=container
        ) as sound:
            for block in _stored(signal, dtype):
                sound.write(block)
        with soundfile.SoundFile(path) as sound:
            came_out = sound.samplerate == rate_hz and sound.frames == signal.n_samples
    except soundfile.LibsndfileError:
        came_out = False
    if not came_out:
        raise FormatError(
            f"{container} {subtype} cannot hold {signal.n_channels} channels at {rate_hz} Hz: "
            "write .wav or .npy"
        )


def whole_rate(rate_hz: float) -> int:
    """Return a rate as sound files hold it; raises `RateError` for one that is no whole number."""
    if not float(rate_hz).is_integer():
        raise RateError(
            f"sound files hold whole rates, not {rate_hz!r} Hz: write .npy, or "
            "ondes.resample(signal, rate_hz) first"
        )
    return int(rate_hz)


def known_dtype(dtype: str | None, known: Sequence[str], suffix: str) -> str:
    """Return the type to store, the first of those known when none is asked for."""
    if dtype is not None and dtype not in known:
        raise InputError(f"dtype={dtype!r}: {suffix} files store {', '.join(known)}")
    return dtype or known[0]


def _stored(signal: Signal, dtype: str) -> Iterator[NDArray[np.generic]]:
    for begin in range(0, signal.n_samples, _BLOCK):
        block = signal.samples[:, begin : begin + _BLOCK].T
        yield _integers(block, BITS[dtype]) if dtype in BITS else block


def _integers(block: Samples, bits: int) -> NDArray[np.int32]:
    """Return integers at the top of 32 bits, where libsndfile looks for them."""
    return (pcm.to_int(block, bits) << (32 - bits)).astype(np.int32)
