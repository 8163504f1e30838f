"""WAV: RIFF and RF64, integers or floats. Source: Microsoft/IBM RIFF, EBU Tech 3306."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ondes.errors import FormatError
from ondes.io import sound
from ondes.io.signalfile import Given, Samples, SignalFile, cut_off
from ondes.signal import Signal

Put = Callable[[Samples], None]

SUFFIXES = (".wav", ".wave", ".rf64")
SELF_DESCRIBING = True

_UNSAID = 0xFFFFFFFF
_PLAIN = (1, 3, 0xFFFE)  # formats of whole samples: integers, floats, and either with more said
_LARGEST = 2**32 - 2**16


class _Data(NamedTuple):
    """Bytes of sound that the header promises and that follow it, and bytes a frame takes."""

    promised: int
    present: int
    frame: int


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a WAV file; `FormatError` when its header and its size disagree.

    A data size of all ones stands for "to the end of the file", as streaming writers mean it.
    """
    file = sound.scan(path, ("WAV", "WAVEX", "RF64"), seek=True)
    with path.open("rb") as stream:
        data = _data(stream, path)
    if data.present < data.promised != _UNSAID:
        if not given.truncated:
            raise cut_off(
                path,
                promised=data.promised // data.frame,
                present=data.present // data.frame,
            )
        return replace(file, n_samples=min(file.n_samples, data.present // data.frame))
    if data.promised == 0 < data.present or data.present - data.promised >= 2**32:
        raise FormatError(
            f"{path}: the header promises {data.promised // data.frame} samples, the file holds "
            f"{data.present // data.frame}: its size was never filled in or ran over 4 GiB; "
            "write a new header (sox --ignore-length in.wav out.wav)"
        )
    return file


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write float32 or the type asked for; as RF64 where RIFF's 4 GiB do not suffice."""
    kinds = ("float32", "float64", "int16", "int24", "int32", "uint8")
    dtype = sound.known_dtype(dtype, kinds, "WAV")
    large = 8 * signal.samples.size > _LARGEST
    container = "RF64" if large else "WAV"
    sound.encode(signal, path, container=container, subtype=sound.SUBTYPES[dtype], dtype=dtype)


@contextmanager
def sink(path: Path, shape: tuple[int, int], rate_hz: float) -> Iterator[Put]:
    """Lend what takes the next samples, stored as float32; raises what `write` does."""
    import soundfile

    container = "RF64" if 4 * shape[0] * shape[1] > _LARGEST else "WAV"
    rate = sound.whole_rate(rate_hz)
    with soundfile.SoundFile(path, "w", rate, shape[0], "FLOAT", format=container) as file:
        yield lambda block: file.write(block.T)


def _data(stream: BinaryIO, path: Path) -> _Data:
    frame, wide = 1, _UNSAID
    for name, size in _chunks(stream):
        if name == b"ds64":
            wide = struct.unpack("<8xQ", stream.read(16))[0]
        elif name == b"fmt ":
            frame = _frame(stream.read(16), path)
        elif name == b"data":
            start = stream.tell()
            present = stream.seek(0, 2) - start
            return _Data(wide if size == _UNSAID else size, present, frame)
    raise FormatError(f"{path} has no data chunk: it was cut off; copy it again from its source")


def _frame(content: bytes, path: Path) -> int:
    """Return how many bytes a sample of all channels takes, which a header says more than once."""
    if len(content) < 16:
        raise FormatError(f"{path}: its header was cut off; copy it again from its source")
    fields: tuple[int, ...] = struct.unpack("<HHIIHH", content)
    kind, channels, rate, per_second, frame, bits = fields
    whole = channels > 0 and frame % channels == 0 and 8 * (frame // channels) >= bits
    if kind in _PLAIN and not (whole and per_second == rate * frame):
        raise FormatError(
            f"{path}: the header contradicts itself - {channels} channels of {bits} bits at "
            f"{rate} Hz are not {frame} bytes a frame and {per_second} bytes a second; write it "
            "anew, or say what it holds and read it as raw samples (--rate, --dtype, --channels)"
        )
    return max(frame, 1)


def _chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield name and size of each chunk, the stream standing at its content."""
    position = 12
    while len(head := _at(stream, position, 8)) == 8:
        name, size = struct.unpack("<4sI", head)
        yield name, size
        position += 8 + size + size % 2


def _at(stream: BinaryIO, position: int, n_bytes: int) -> bytes:
    stream.seek(position)
    return stream.read(n_bytes)
