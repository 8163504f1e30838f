"""A PNG of palette colours: the one kind of picture a report needs (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError

Bytes = NDArray[np.uint8]

# Nine stations on the way of "magma" (S. van der Walt and N. Smith, CC0), dark to light.
_MAGMA = (
    0x000004, 0x180F3D, 0x440F76, 0x721F81, 0x9E2F7F, 0xCD4071, 0xF1605D, 0xFD9668, 0xFECA8D,
    0xFCFDBF,
)  # fmt: skip

# From night over petrol to foam: for what is no level, as uncertainty and error.
_SEA = (0x06141B, 0x0A2F3C, 0x0B5563, 0x12808A, 0x3FAFA7, 0x8FD6BE, 0xF1F7DC)


def sea(n: int) -> Bytes:
    """Return `n` colours [n, RGB] from near black over petrol to pale green.

    >>> sea(2).tolist()
    [[6, 20, 27], [241, 247, 220]]
    """
    return _ramp(_SEA, n)


def magma(n: int) -> Bytes:
    """Return `n` colours [n, RGB] from black over violet and orange to pale yellow.

    >>> magma(2).tolist()
    [[0, 0, 4], [252, 253, 191]]
    """
    return _ramp(_MAGMA, n)


def _ramp(colours: Sequence[int], n: int) -> Bytes:
    stations = np.array([[c >> 16, c >> 8 & 255, c & 255] for c in colours], np.float64)
    place = np.linspace(0, len(stations) - 1, n)
    channels = [np.interp(place, np.arange(len(stations)), column) for column in stations.T]
    ramp: Bytes = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return ramp


def encode(pixels: Bytes, palette: Bytes) -> bytes:
    """Return a PNG file of indexes [row, column] into a palette [colour, RGB].

    Raises InputError where a pixel has no colour.
    """
    if pixels.max(initial=0) >= len(palette):
        raise InputError(f"png.encode of index {pixels.max()} with {len(palette)} colours")
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", _compressed(_filtered(pixels))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _filtered(pixels: Bytes) -> bytes:
    """Differences to the pixel on the left (filter type 1 ahead of each row): a sixth smaller."""
    left = np.pad(pixels, ((0, 0), (1, 0)))[:, :-1]
    return np.insert(pixels - left, 0, 1, axis=1).tobytes()


def _compressed(data: bytes) -> bytes:
    deflate = zlib.compressobj(6, strategy=zlib.Z_FILTERED)
    return deflate.compress(data) + deflate.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
