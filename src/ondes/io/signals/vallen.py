"""Vallen `.tradb`: waveforms of all channels, continuous or caught by hits, in volts.

The time axis is the recorder's clock: sample n is its time n / rate, the same for all channels, and
the hits of the `.pridb` beside it stand on the same axis. A record's time is that of its trigger,
which its pretrigger samples precede. Where nothing was recorded there are zeros: a gap stays a gap
in time, never a shift. A recording of hits is mostly such gaps: read the stretches that matter with
`start_s` and `stop_s`, and mind that a record's edge is a step. Where records of one channel
overlap the later one counts; what was caught before the clock's zero is left out. Channels are
named by their numbers. All records must have one rate. The files are read only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from ondes.errors import FormatError, InputError, RateError
from ondes.io import vallen
from ondes.io.signalfile import Given, Samples, SignalFile
from ondes.signal import Signal
from ondes.timebase import IntArray

SUFFIXES = (".tradb",)
SELF_DESCRIBING = True

_RECORDS = """
    SELECT SetID, Chan, Time, SampleRate, COALESCE(Pretrigger, 0), Samples FROM tr_data
    WHERE Samples > 0 ORDER BY Time, SetID
"""
_WAVE = """
    SELECT d.Data, d.DataFormat, p.TR_mV FROM tr_data d JOIN tr_params p ON p.ID = d.ParamID
    WHERE d.SetID = ?
"""


@dataclass(frozen=True)
class _Records:
    """Where each record lies: its row in the file, its channel's row, and samples [first, stop)."""

    row: IntArray
    channel: IntArray
    first: IntArray
    stop: IntArray


def scan(path: Path, given: Given) -> SignalFile:  # noqa: ARG001 - the file says it all
    """Describe a file from the table of its records, without reading a waveform.

    Raises `RateError` where the rates of records differ; reading raises `MissingExtraError`
    without vallenae.
    """
    with vallen.opened(path) as base:
        table = np.array(base.execute(_RECORDS).fetchall(), np.int64).reshape(-1, 6)
        tick_hz = vallen.ticks_per_s(base, "tr")
    if not len(table):
        raise FormatError(f"{path} holds no waveform: were transients recorded (TR enabled)?")
    row, channel, time, rates, pretrigger, length = table.T
    rate_hz = _one_rate(path, rates)
    first = _nearest(time, rate_hz, tick_hz) - pretrigger
    numbers = np.unique(channel)
    records = _Records(row, np.searchsorted(numbers, channel), first, first + length)
    decode = partial(_decode, path, records, len(numbers))
    names = tuple(map(str, numbers.tolist()))
    n_samples = int(records.stop.max())
    if n_samples < 1:
        raise FormatError(f"{path}: all records end before the clock's zero; export the file again")
    return SignalFile(path, float(rate_hz), len(numbers), n_samples, "int16", decode, names, "V")


def write(signal: Signal, path: Path, dtype: str | None) -> None:  # noqa: ARG001
    """Refuse: the recorder writes these files."""
    raise InputError(f"{path}: .tradb files are read only; write .h5, .wav or .npy")


def _decode(
    path: Path, records: _Records, n_channels: int, start: int, stop: int, size: int
) -> Iterator[Samples]:
    waves: dict[int, Samples] = {}
    with vallen.opened(path) as base:
        for begin in range(start, stop, size):
            end = min(begin + size, stop)
            inside = np.flatnonzero((records.first < end) & (records.stop > begin)).tolist()
            waves = {k: waves[k] if k in waves else _wave(base, records, k, path) for k in inside}
            block = np.zeros((n_channels, end - begin), np.float32)
            for k, wave in waves.items():
                first = int(records.first[k])
                low, high = max(first, begin), min(first + wave.size, end)
                block[records.channel[k], low - begin : high - begin] = wave[
                    low - first : high - first
                ]
            yield block


def _wave(base: Connection, records: _Records, k: int, path: Path) -> Samples:
    """The samples of a record in volts."""
    row = int(records.row[k])
    found = base.execute(_WAVE, (row,)).fetchone()
    if found is None or found[2] is None:
        raise FormatError(f"{path}: record {row} names no parameters (TR_mV) to tell volts by")
    wave: Samples = vallen.package().decode_data_blob(*found)
    if wave.shape != (records.stop[k] - records.first[k],):
        raise FormatError(
            f"{path}: record {row} promises {records.stop[k] - records.first[k]} samples and holds "
            f"{wave.size}: it is damaged; copy the file again from its source"
        )
    return wave


def _one_rate(path: Path, rates: IntArray) -> int:
    known = np.unique(rates)
    if len(known) > 1 or known[0] < 1:
        listed = ", ".join(f"{rate}" for rate in known.tolist())
        raise RateError(
            f"{path} holds records at {listed} Hz: export those of one rate to a file of their own"
        )
    return int(known[0])


def _nearest(time: IntArray, rate_hz: int, tick_hz: int) -> IntArray:
    """The samples nearest to times in ticks, exactly."""
    return np.array([(2 * t * rate_hz + tick_hz) // (2 * tick_hz) for t in time.tolist()], np.int64)
