"""EDF and EDF+: signals in physical units, under their labels.

Where signals differ in rate, `part` names those that are meant, as `part="ECG I,ECG II"` does for
any choice; where they differ in unit, `unit` lists the unit of each. Annotations are no signals.
A recording with gaps (EDF+D) is refused. `write` stores 16 bits over the range of each channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ondes.errors import (
    ChannelError,
    FormatError,
    InputError,
    RateError,
    nearest,
)
from ondes.io import edf
from ondes.io.signalfile import Given, Samples, SignalFile, cut_off
from ondes.signal import Signal

if TYPE_CHECKING:
    from edfio import EdfSignal

SUFFIXES = (".edf",)
SELF_DESCRIBING = True
HAS_PARTS = True

_RECORDS = slice(236, 244)  # where the header says how many data records follow


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a file from its header.

    Raises `MissingExtraError` without edfio; `FormatError` where the file is none, is cut off or
    has gaps; `RateError` where signals of several rates are meant; `ChannelError` where `part`
    names one that is not there.
    """
    with edf.sound(path):
        file = edf.opened(path)
        chosen = _chosen(path, file.signals, given.part)
        promised, present = _promised(path), int(file.num_data_records)
        per_record = int(chosen[0].samples_per_data_record)
        if promised > present and not given.truncated:
            raise cut_off(path, promised=promised * per_record, present=present * per_record)
        if not file.is_continuous:
            raise FormatError(
                f"{path} has gaps (EDF+D): export its stretches to files of their own"
            )
        units = [signal.physical_dimension for signal in chosen]
        names = tuple(signal.label for signal in chosen)
        return SignalFile(
            path,
            _rate(path, chosen),
            len(chosen),
            present * per_record,
            "int16",
            partial(_decode, path, given.part),
            names if len(set(names)) == len(names) else (),
            units[0] if len(set(units)) == 1 else ", ".join(units),
        )


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write an EDF file.

    Raises `MissingExtraError` without edfio, `InputError` on a type other than int16 and on what
    EDF has no place for, as other characters than ASCII.
    """
    if dtype not in (None, "int16"):
        raise InputError(f"dtype={dtype!r}: EDF stores int16 alone")
    edfio = edf.package(path)
    try:
        signals = [
            edfio.EdfSignal(
                row.astype(np.float64),
                signal.rate_hz,
                label=name,
                physical_dimension=signal.unit,
                physical_range=_range(row),
            )
            for name, row in zip(signal.channels, signal.samples, strict=True)
        ]
        edfio.Edf(signals).write(path)
    except ValueError as error:
        raise InputError(
            f"{path}: EDF cannot hold this signal ({error}); write .h5 or .wav, or crop it to "
            "whole seconds and name channels in 16 letters"
        ) from error


def _range(row: Samples) -> tuple[float, float]:
    peak = float(np.abs(row).max()) or 1.0
    return -peak, peak


def _decode(path: Path, part: str | None, start: int, stop: int, size: int) -> Iterator[Samples]:
    with edf.sound(path):
        chosen = _chosen(path, edf.opened(path).signals, part)
    rate_hz = chosen[0].sampling_frequency
    for begin in range(start, stop, size):
        seconds = begin / rate_hz, min(begin + size, stop) / rate_hz
        with edf.sound(path):
            block = np.stack([signal.get_data_slice(*seconds) for signal in chosen])
        yield block.astype(np.float32)


def _promised(path: Path) -> int:
    """Data records that the header says; -1 where it was never told."""
    with path.open("rb") as stream:
        return int(stream.read(_RECORDS.stop)[_RECORDS])


def _chosen(path: Path, signals: Sequence[EdfSignal], part: str | None) -> list[EdfSignal]:
    """The signals that are meant."""
    labels = [signal.label for signal in signals]
    if not labels:
        raise FormatError(f"{path} holds annotations and no signal: name another file")
    if part is None:
        return list(signals)
    wanted = [part] if part in labels else [name.strip() for name in part.split(",")]
    for name in wanted:
        if name not in labels:
            raise ChannelError(
                f"{path} has no signal {name!r}{nearest(name, labels)}; it has {', '.join(labels)}"
            )
    return [signals[labels.index(name)] for name in wanted]


def _rate(path: Path, signals: Sequence[EdfSignal]) -> float:
    rates = {signal.label: signal.sampling_frequency for signal in signals}
    if len(set(rates.values())) > 1:
        listed = ", ".join(f"{name} {rate:g} Hz" for name, rate in rates.items())
        raise RateError(f"{path} holds {listed}: name signals of one rate with part= (--part)")
    return float(signals[0].sampling_frequency)
