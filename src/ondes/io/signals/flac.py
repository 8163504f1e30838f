"""FLAC, lossless integers of 16 or 24 bits. Source: RFC 9639."""

from dataclasses import replace
from pathlib import Path

from ondes.errors import FormatError
from ondes.io import sound
from ondes.io.signalfile import Given, SignalFile, cut_off
from ondes.signal import Signal

SUFFIXES = (".flac",)
SELF_DESCRIBING = True

_UNSAID = 2**62


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a FLAC file; `FormatError` unless its last sample is there."""
    file = sound.scan(path, ("FLAC",), seek=True)
    if file.n_samples < _UNSAID and _reaches(file, file.n_samples - 1):
        return file
    present = sound.count(path)
    if given.truncated:
        return replace(file, n_samples=present)
    promised = file.n_samples if file.n_samples < _UNSAID else None
    raise cut_off(path, promised=promised, present=present)


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write integers of 24 bits, or of 16 where asked for."""
    dtype = sound.known_dtype(dtype, ("int24", "int16"), "FLAC")
    sound.encode(signal, path, container="FLAC", subtype=sound.SUBTYPES[dtype], dtype=dtype)


def _reaches(file: SignalFile, sample: int) -> bool:
    """Tell whether a sample decodes."""
    try:
        return all(block.shape[1] for block in file.decode(sample, sample + 1, 1))
    except FormatError:
        return False
