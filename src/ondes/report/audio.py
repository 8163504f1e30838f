"""The sound of a signal for the listener of a report, within a budget of bytes.

The best form that fits is embedded: lossless, then Vorbis, then Vorbis at ever lower rates. What
no ear could hear (ultrasound, heartbeats) is played slower or faster; what was done is said.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import soundfile

from ondes.errors import InputError
from ondes.ops.resample import Resampler
from ondes.report.source import Samples, Source

LEAST_HZ, MOST_HZ = 8_000, 48_000  # what browsers play well
AUDIBLE_HZ = (1_000, 200_000)  # rates whose signals are for ears as they are
BLOCK = 2**18
PIECE = 4096  # libvorbis overflows its stack on long writes
FULL_SCALE = 0.9
QUIET = 0.02
MOST_BYTES = 16_000_000


@dataclass(frozen=True, kw_only=True)
class Sound:
    """An audio file at `rate_hz` whose time runs `slowdown` times slower than the signal's."""

    data: bytes
    mime: str
    rate_hz: int
    slowdown: float
    gain: float
    exact: bool  # every sample of the signal times `gain`, to 16 bits
    note: str


class _Form(NamedTuple):
    """One way to embed: at most `rate_hz`, `seconds` and `bytes`."""

    name: str
    mime: str
    container: str
    subtype: str
    compression: float
    rate_hz: int
    channels: int
    seconds: int
    bytes: int


_FORMS = (
    _Form("FLAC", "audio/flac", "FLAC", "PCM_16", 0.6, 48_000, 2, 300, 6_000_000),
    _Form("Ogg Vorbis", "audio/ogg", "OGG", "VORBIS", 0.6, 48_000, 2, 1_500, 10_000_000),
    _Form("Ogg Vorbis", "audio/ogg", "OGG", "VORBIS", 0.9, 24_000, 1, 7_200, 16_000_000),
    _Form("Ogg Vorbis", "audio/ogg", "OGG", "VORBIS", 1.0, 12_000, 1, 14_400, 16_000_000),
)


class _Route(NamedTuple):
    """From samples of the signal to samples of the file."""

    file_hz: int
    resampler: Resampler | None
    slowdown: float


def encode(source: Source, *, peak: float, most_bytes: int = MOST_BYTES) -> Sound | str:
    """Return the sound of a signal whose largest absolute value is `peak`, or why there is none.

    It takes no more than `most_bytes`.
    """
    seconds = source.n_samples / _playing_rate(source.rate_hz)
    for form in _FORMS:
        if seconds <= form.seconds:
            least = form._replace(bytes=min(form.bytes, most_bytes))
            sound = _encode(source, least, gain=_gain(source, peak))
            if sound is not None:
                return sound
    return f"no audio: {_spoken(seconds)} of sound are too much for one page"


def _spoken(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.3g} hours" if hours >= 1 else f"{seconds / 60:.3g} minutes"


def _playing_rate(rate_hz: float) -> float:
    """Samples a second at which the signal is for ears; its own rate if that is."""
    if rate_hz < AUDIBLE_HZ[0]:
        return LEAST_HZ
    return rate_hz if rate_hz <= AUDIBLE_HZ[1] else MOST_HZ


def _gain(source: Source, peak: float) -> float:
    """One for audio as it should be; otherwise what brings the peak near full scale."""
    if peak == 0 or (not source.unit and QUIET <= peak <= 1):
        return 1.0
    return FULL_SCALE / peak


def _encode(source: Source, form: _Form, *, gain: float) -> Sound | None:
    route = _route(source.rate_hz, form.rate_hz)
    blocks = _mixed(source.blocks(BLOCK), form.channels, gain)
    if route.resampler is not None:
        blocks = _resampled(blocks, route.resampler, source.n_samples)
    channels = len(source.channels) if len(source.channels) <= form.channels else 1
    data = _written(blocks, form, rate_hz=route.file_hz, channels=channels)
    if data is None:
        return None
    note = _note(source, form, route, gain=gain)
    return Sound(
        data=data,
        mime=form.mime,
        rate_hz=route.file_hz,
        slowdown=route.slowdown,
        gain=gain,
        exact=form.name == "FLAC" and not route.resampler and channels == len(source.channels),
        note=note,
    )


def _route(rate_hz: float, most_hz: int) -> _Route:
    playing_hz = _playing_rate(rate_hz)
    file_hz = round(min(max(playing_hz, LEAST_HZ), most_hz))
    if file_hz == playing_hz:
        return _Route(file_hz, None, rate_hz / playing_hz)
    try:
        return _Route(file_hz, Resampler(playing_hz, file_hz), rate_hz / playing_hz)
    except InputError:  # no manageable ratio: the nearest whole rate, a trifle too fast or slow
        return _Route(round(playing_hz), None, rate_hz / round(playing_hz))


def _mixed(blocks: Iterator[Samples], channels: int, gain: float) -> Iterator[Samples]:
    for block in blocks:
        mixed = block if len(block) <= channels else block.mean(axis=0, keepdims=True)
        yield mixed * np.float32(gain)


def _resampled(blocks: Iterator[Samples], resampler: Resampler, n: int) -> Iterator[Samples]:
    """Outputs as soon as their inputs are there, so that memory holds one block."""
    waiting, first, start, stop = np.zeros((0, 0), np.float32), -resampler.halo, 0, 0
    for block in blocks:
        if waiting.shape[0] == 0:
            waiting = np.zeros((len(block), resampler.halo), np.float32)
        waiting = np.concatenate([waiting, block], axis=1)
        stop = resampler.length(max(first + waiting.shape[1] - resampler.halo - 1, 0))
        if stop > start:
            yield resampler.outputs(waiting, first=first, start=start, stop=stop)
            keep = resampler.span(stop, stop + 1)[0] - first
            waiting, first, start = waiting[:, keep:], first + keep, stop
    end = resampler.length(n)
    if end > start:
        yield resampler.outputs(waiting, first=first, start=start, stop=end, silent_outside=True)


def _written(
    blocks: Iterator[Samples], form: _Form, *, rate_hz: int, channels: int
) -> bytes | None:
    """The audio file, or None as soon as it outgrows its budget."""
    data = io.BytesIO()
    with soundfile.SoundFile(
        data,
        "w",
        samplerate=rate_hz,
        channels=channels,
        format=form.container,
        subtype=form.subtype,
        compression_level=form.compression,
    ) as file:
        for block in blocks:
            for begin in range(0, block.shape[1], PIECE):
                file.write(block[:, begin : begin + PIECE].T)
            if data.tell() > form.bytes:
                return None
    return data.getvalue() if data.tell() <= form.bytes else None


def _note(source: Source, form: _Form, route: _Route, *, gain: float) -> str:
    said = [f"{form.name}, {route.file_hz / 1000:g} kHz"]
    if route.slowdown > 1.01:
        said.append(f"played {route.slowdown:.3g} times slower, to be heard")
    elif route.slowdown < 0.99:
        said.append(f"played {1 / route.slowdown:.3g} times faster, to be heard")
    elif route.resampler is not None:
        said.append(f"resampled from {source.rate_hz / 1000:g} kHz")
    if len(source.channels) > form.channels:
        said.append(f"{len(source.channels)} channels mixed to one")
    if gain != 1:
        said.append("brought to full scale")
    return ", ".join(said)
