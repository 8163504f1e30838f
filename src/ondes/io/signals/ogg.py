"""Ogg Vorbis and Ogg Opus, lossy. Source: RFC 3533 (pages)."""

import os
from pathlib import Path

from ondes.io import sound
from ondes.io.signalfile import Given, SignalFile, cut_off
from ondes.signal import Signal

SUFFIXES = (".ogg", ".oga", ".opus")
SELF_DESCRIBING = True

_LARGEST_PAGE = 65307


def scan(path: Path, given: Given) -> SignalFile:
    """Describe an Ogg file; `FormatError` unless it closes with an end-of-stream page."""
    file = sound.scan(path, ("OGG",), seek=False)
    if not given.truncated and not _ends(path):
        raise cut_off(path, promised=None, present=file.n_samples)
    return file


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write Vorbis, or Opus where asked for."""
    dtype = sound.known_dtype(dtype, ("vorbis", "opus"), "Ogg")
    sound.encode(signal, path, container="OGG", subtype=dtype.upper(), dtype=dtype)


def _ends(path: Path) -> bool:
    """Tell whether the last page is whole and carries the end-of-stream mark."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 2 * _LARGEST_PAGE))
        tail = stream.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or not page[5] & 4:
        return False
    return len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])
