"""Where streams come from: one file per kind of source.

`source_of` reads an address; whatever has what `Source` lists will do in its place.
"""

from __future__ import annotations

from pathlib import Path

from ondes.errors import InputError, nearest
from ondes.io import open_signal
from ondes.io.signals import raw
from ondes.run.live.layout import Layout
from ondes.run.live.sources.files import Decoded, Raw
from ondes.run.live.sources.microphone import Microphone
from ondes.run.live.sources.pipe import Pipe
from ondes.run.live.sources.source import LostError, Source
from ondes.run.live.sources.tcp import Tcp

__all__ = ["LostError", "Source", "source_of"]

SCHEMES = ("tcp", "tcp-listen", "mic")
HELP = (
    "a source is a file, - for standard input, tcp://HOST:PORT, tcp-listen://HOST:PORT or "
    "mic://DEVICE"
)


def source_of(
    address: str,
    *,
    rate_hz: float | None,
    n_channels: int | None,
    dtype: str | None,
    fast: bool = False,
    once: bool = False,
    waits: bool | None = None,
) -> Source:
    """Return the source that an address means.

    Args:
        address: ``tcp://HOST:PORT`` to connect to, ``tcp-listen://[HOST]:PORT`` to be connected to,
            ``mic://[DEVICE]``, ``-`` for standard input, or a path.
        rate_hz, n_channels: of the samples; files may know theirs.
        dtype: of raw samples, float32 if it is not said.
        fast: read a file as fast as it is heard, not at its own pace.
        once: a lost peer ends the stream; else it is awaited.
        waits: let the sender wait while the buffer is full; None as fits the source. A file always
            waits, a microphone never.

    Raises:
        InputError: there is no such source, or something is not said.
        FormatError, RateError, ChannelError: a file is damaged, or says otherwise.
        MissingExtraError: it needs a package that is not installed.
    """
    scheme, separator, rest = address.partition("://")
    if separator and scheme not in SCHEMES:
        raise InputError(f"{address}: {HELP}{nearest(scheme, SCHEMES)}")
    if scheme == "mic" and waits:
        raise InputError(f"{address}: a microphone waits for nobody; leave waits (--wait) out")
    if not separator and address != "-":
        if waits is False:
            raise InputError(
                f"{address}: a file waits until it is heard, and nothing of it is dropped; leave "
                "waits=False (--drop) out"
            )
        return _file(address, rate_hz=rate_hz, n_channels=n_channels, dtype=dtype, fast=fast)
    layout = _said(address, rate_hz=rate_hz, n_channels=n_channels, dtype=dtype)
    if not separator:
        return Pipe(layout, waits=waits is not False)
    if scheme == "mic":
        return Microphone(rest, layout)
    return Tcp(address, layout, once=once, waits=bool(waits))


def _said(
    address: str, *, rate_hz: float | None, n_channels: int | None, dtype: str | None
) -> Layout:
    if rate_hz is None:
        raise InputError(f"{address} says nothing of itself: give its rate (--rate)")
    return Layout.of(dtype or "float32", n_channels=n_channels or 1, rate_hz=rate_hz)


def _file(
    address: str,
    *,
    rate_hz: float | None,
    n_channels: int | None,
    dtype: str | None,
    fast: bool,
) -> Source:
    path = Path(address)
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "there is no such file"
        raise InputError(f"{address}: {what}; {HELP}")
    if path.suffix.lower() in raw.SUFFIXES:
        layout = _said(address, rate_hz=rate_hz, n_channels=n_channels, dtype=dtype)
        return Raw(path, layout, fast=fast)
    file = open_signal(path, rate_hz=rate_hz, dtype=dtype, channels=n_channels, truncated=True)
    return Decoded(file, fast=fast)
