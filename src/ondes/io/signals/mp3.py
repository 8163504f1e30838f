"""MP3, lossy. Source: ISO/IEC 11172-3 and 13818-3 (frame headers), the Xing/LAME length tag.

libsndfile believes the length tag, and guesses from the first frame where there is none; so the
frames are counted here.
"""

import mmap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ondes.errors import FormatError
from ondes.io import sound
from ondes.io.signalfile import Given, SignalFile, cut_off
from ondes.signal import Signal

SUFFIXES = (".mp3",)
SELF_DESCRIBING = True

_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def scan(path: Path, given: Given) -> SignalFile:
    """Describe an MP3 file; `FormatError` when its length tag and its frames disagree."""
    file = sound.scan(path, ("MP3",), seek=False)
    promised, present, frame = _frames(path)
    if promised is None:
        return replace(file, n_samples=_untagged(path, present * frame))
    if present > promised + 1:
        raise FormatError(
            f"{path}: the header promises {promised} frames, the file holds {present}, as if "
            "joined from several: write it anew (ffmpeg -i in.mp3 out.wav)"
        )
    if present >= promised:
        return file
    n_samples = sound.count(path)
    if n_samples < file.n_samples and not given.truncated:
        raise cut_off(path, promised=file.n_samples, present=n_samples)
    return replace(file, n_samples=n_samples)


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write layer III at libsndfile's own quality."""
    sound.known_dtype(dtype, ("mpeg_layer_iii",), "MP3")
    sound.encode(signal, path, container="MP3", subtype="MPEG_LAYER_III", dtype="mpeg_layer_iii")


def _untagged(path: Path, present: int) -> int:
    """Return the number of samples that decode, which must not be fewer than the frames hold."""
    n_samples = sound.count(path)
    if n_samples < present - 2 * 1152:
        raise FormatError(
            f"{path} holds {present} samples and does not say so, of which only {n_samples} would "
            "be read: write a new header (ffmpeg -i in.mp3 -c copy out.mp3)"
        )
    return n_samples


def _frames(path: Path) -> tuple[int | None, int, int]:
    """Return the frames that the length tag promises, those in the file, and samples in each."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _walk(data)
        first, size = next(found, (0, 0))
        promised = _tag(data[first : first + size])
        present = sum(1 for _ in found) + (promised is None)
        return promised, present, 1152 if data[first + 1] >> 3 & 3 == 3 else 576


def _walk(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield place and size of each whole frame; what is no frame of this stream is passed over."""
    position, kind = _after_id3(data), None
    while (position := data.find(b"\xff", position)) != -1:
        head = int.from_bytes(data[position : position + 4], "big")
        size = _size(head) if kind in (None, head & 0xFFFE0C00) else 0
        if size and position + size <= len(data):
            kind = head & 0xFFFE0C00
            yield position, size
        position += size or 1


def _size(head: int) -> int:
    """Return the bytes a layer III frame takes, from its header of 32 bits; 0 if it is none."""
    version, rate, kbps = head >> 19 & 3, head >> 10 & 3, head >> 12 & 15
    if head >> 21 != 0x7FF or version == 1 or head >> 17 & 3 != 1 or rate == 3:
        return 0
    bits = (_KBPS_1 if version == 3 else _KBPS_2)[kbps] * 1000
    per_byte = 144 if version == 3 else 72
    return bits and per_byte * bits // _RATES[version][rate] + (head >> 9 & 1)


def _tag(frame: bytes) -> int | None:
    """Return the number of frames in a Xing, Info or VBRI tag; None where there is none."""
    for name, skip in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        place = frame.find(name, 4, 48)
        counts = name == b"VBRI" or (place != -1 and frame[place + 7] & 1)
        if place != -1 and counts:
            return int.from_bytes(frame[place + skip : place + skip + 4], "big")
    return None


def _after_id3(data: mmap.mmap) -> int:
    if data[:3] != b"ID3":
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte
    return 10 + size
