"""WFDB records, PhysioNet's: a header `.hea` beside its `.dat` or `.mat` files.

A record is named by its header. Samples come in the physical units that gain and baseline make of
them, channels under their own names. Where leads differ in unit, `unit` lists the unit of each;
where they differ in rate, `part` names those that are meant, as `part="MLII"` or `part="II,V5"`
does for any choice of leads. A sample marked as invalid is NaN, which reading refuses with its
place. Reading a record from its first sample to its last checks the sums that the header holds.

`write` stores 16 bits (`dtype="int32"`: 32) in a `.dat` beside the header. A gain of 200, 1000, ...
per unit is taken where it holds every sample exactly, else the largest that spans the signal.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, FormatError, InputError, RateError, nearest
from ondes.io import wfdb
from ondes.io.atomic import atomic_write
from ondes.io.signalfile import Given, Samples, SignalFile, cut_off
from ondes.signal import Signal

SUFFIXES = (".hea",)
SELF_DESCRIBING = True
HAS_PARTS = True
SEVERAL_FILES = True

BYTES = {
    "8": 1, "16": 2, "24": 3, "32": 4, "61": 2, "80": 1, "160": 2, "212": 1.5, "310": 4 / 3,
    "311": 4 / 3,
}  # fmt: skip
"""Bytes of a sample; other formats are compressed."""
INVALID = {
    "8": -128, "16": -32768, "24": -(2**23), "32": -(2**31), "61": -32768, "80": -128,
    "160": -32768, "212": -2048, "310": -512, "311": -512, "508": -128, "516": -32768,
    "524": -(2**23),
}  # fmt: skip
"""What stands for an invalid sample."""
UNITS = {None: "mV", "": "mV", "mv": "mV", "uv": "uV"}
"""What headers mean by no unit, and by others that they misspell."""
GAINS = (1.0, 100.0, 200.0, 400.0, 1000.0, 2000.0, 10_000.0)
PIECE = 1 << 16
"""Samples that are read at once, however small the blocks that are asked for."""
_DAMAGE = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class _Leads:
    """The leads that are read: their rows in the record, what makes them physical, their sums."""

    path: Path
    rows: list[int]
    frame: int  # samples per frame
    gain: NDArray[np.float64]
    baseline: NDArray[np.float64]
    invalid: NDArray[np.int64]
    sums: list[int | None]
    names: tuple[str, ...]
    n_samples: int
    whole: bool  # whether the sums are those of what is here

    def decode(self, start: int, stop: int, size: int) -> Iterator[Samples]:
        """Yield physical samples, checking the sums at the end of a whole pass."""
        held, total = np.empty((len(self.rows), 0), np.float32), np.zeros(len(self.rows), np.int64)
        for begin in range(start, stop, max(size, PIECE)):
            raw = self._raw(begin, min(begin + max(size, PIECE), stop))
            total += raw.sum(axis=1)
            held = np.concatenate([held, self._physical(raw)], axis=1)
            while held.shape[1] >= size:
                yield np.ascontiguousarray(held[:, :size])
                held = held[:, size:]
        if self.whole and (start, stop) == (0, self.n_samples):
            self._check(total)
        if held.shape[1]:
            yield np.ascontiguousarray(held)

    def _raw(self, start: int, stop: int) -> NDArray[np.int64]:
        """Integers [lead, time] as the file stores them."""
        span = start // self.frame, -(-stop // self.frame)
        record = _called(
            self.path,
            lambda package, name: package.rdrecord(
                name,
                sampfrom=span[0],
                sampto=span[1],
                channels=self.rows,
                physical=False,
                smooth_frames=False,
            ),
        )
        raw = np.stack(record.e_d_signal).astype(np.int64, copy=False)
        return raw[:, start - span[0] * self.frame :][:, : stop - start]

    def _physical(self, raw: NDArray[np.int64]) -> Samples:
        x = (raw - self.baseline[:, None]) / self.gain[:, None]
        x[raw == self.invalid[:, None]] = np.nan
        return x.astype(np.float32)

    def _check(self, total: NDArray[np.int64]) -> None:
        for name, told, found in zip(self.names, self.sums, total.tolist(), strict=True):
            if told is not None and (told - found) % 2**16:
                raise FormatError(
                    f"{self.path}: the samples of {name} add up to {found % 2**16}, its checksum "
                    f"is {told % 2**16}: the record is damaged; copy it again from its source, "
                    "with header and data of one version"
                )


def scan(path: Path, given: Given) -> SignalFile:
    """Describe a record from its header and the sizes of its files.

    Raises `MissingExtraError` without wfdb; `FormatError` where the header is none or lies or a
    file of samples is missing or cut off; `RateError` where leads of several rates are meant;
    `ChannelError` where `part` names a lead that is not there.
    """
    told = wfdb.length(path)
    header = _called(path, lambda package, name: package.rdheader(name))
    if header.fs != told.rate_hz:  # the package stops at an exponent, and takes 3.6e2 for 3.6
        raise FormatError(
            f"{path} says a rate of {told.rate_hz:g} Hz in a form that is read as {header.fs:g}: "
            "write it as a plain decimal, the third word of its first line"
        )
    if getattr(header, "n_seg", None):
        raise FormatError(
            f"{path} is a record of {header.n_seg} segments: name the header of a segment, of "
            f"{', '.join(header.seg_name[:3])}, ..."
        )
    if not header.n_sig:
        raise FormatError(f"{path} is the header of a record without signals: name another record")
    rows = _chosen(path, header.sig_name, given.part)
    frame = _one(path, [header.samps_per_frame[row] for row in rows], header)
    frames = _frames(path, header, truncated=given.truncated)
    leads = _leads(path, header, rows, frame, frames)
    units = [UNITS.get(header.units[row], header.units[row]) for row in rows]
    return SignalFile(
        path,
        float(header.fs) * frame,
        len(rows),
        leads.n_samples,
        _stored(header.fmt[rows[0]]),
        leads.decode,
        leads.names,
        units[0] if len(set(units)) == 1 else ", ".join(units),
    )


def write(signal: Signal, path: Path, dtype: str | None) -> None:
    """Write a header and the `.dat` beside it, each whole or not at all.

    Raises `InputError` on a type other than int16 and int32 and on a name that WFDB has not.
    """
    if dtype not in (None, "int16", "int32"):
        raise InputError(f"dtype={dtype!r}: WFDB records are written as int16 or int32")
    if not path.stem.replace("-", "_").isidentifier() and not path.stem.isalnum():
        raise InputError(f"{path}: names of WFDB records hold letters, digits, _ and - alone")
    kind = np.dtype(dtype or "int16").newbyteorder("<")
    gains = [_gain(row, kind) for row in signal.samples]
    stored = np.rint(signal.samples * np.array(gains)[:, None]).astype(np.int64)
    data = path.with_suffix(".dat")
    with atomic_write(data) as temporary:
        temporary.write_bytes(np.ascontiguousarray(stored.T).astype(kind).tobytes())
    with atomic_write(path) as temporary:
        rows = _lines(signal, data.name, gains, stored, kind.itemsize * 8)
        temporary.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _lines(
    signal: Signal, data: str, gains: Sequence[float], stored: NDArray[np.int64], bits: int
) -> Iterator[str]:
    rate = f"{signal.rate_hz:.17g}"
    yield f"{Path(data).stem} {signal.n_channels} {rate} {signal.n_samples}"
    unit = "_".join(signal.unit.split()) or "NU"
    for name, gain, row in zip(signal.channels, gains, stored, strict=True):
        total = (int(row.sum()) + 2**15) % 2**16 - 2**15
        yield f"{data} {bits} {gain:.17g}(0)/{unit} {bits} 0 {row[0]} {total} 0 {name}"


def _gain(row: Samples, kind: np.dtype[Any]) -> float:
    """The first gain that holds a lead exactly, else the largest that it leaves room for."""
    top, peak = np.iinfo(kind).max, float(np.abs(row).max())
    for gain in GAINS:
        if peak * gain <= top and np.array_equal((np.rint(row * gain) / gain).astype("f4"), row):
            return gain
    return top / peak


def _called(path: Path, call: Callable[[Any, str], Any]) -> Any:  # noqa: ANN401 - wfdb's own
    """What the package says of a record; `FormatError` whatever it stumbles over."""
    package = wfdb.package()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(package, str(path.with_suffix("")))
    except FileNotFoundError as error:
        missing = Path(error.filename or path).name
        raise FormatError(
            f"{path}: the file {missing} of its samples is missing; put it beside the header"
        ) from error
    except _DAMAGE as error:
        raise FormatError(
            f"{path} cannot be read as a WFDB record ({error}): it is damaged, cut off or "
            "something else; copy it again from its source"
        ) from error


def _chosen(path: Path, names: Sequence[str], part: str | None) -> list[int]:
    """The rows of the leads that are meant."""
    if part is None:
        return list(range(len(names)))
    wanted = [part] if part in names else [name.strip() for name in part.split(",")]
    for name in wanted:
        if name not in names:
            raise ChannelError(
                f"{path} has no lead {name!r}{nearest(name, names)}; its leads are "
                f"{', '.join(names)}"
            )
    return [list(names).index(name) for name in wanted]


def _one(path: Path, frames: Sequence[int], header: Any) -> int:  # noqa: ANN401
    """Samples per frame of the leads that are meant, the same for all."""
    if len(set(frames)) > 1:
        rates = ", ".join(
            f"{name} {per * header.fs:g} Hz"
            for name, per in zip(header.sig_name, header.samps_per_frame, strict=True)
        )
        raise RateError(f"{path} holds {rates}: name leads of one rate with part= (--part)")
    return frames[0]


def _frames(path: Path, header: Any, *, truncated: bool) -> int:  # noqa: ANN401
    """Frames that are there; refuses a file that holds fewer than the header says."""
    present = math.inf
    for name in dict.fromkeys(header.file_name):
        rows = [k for k, file in enumerate(header.file_name) if file == name]
        data, kind = path.with_name(name), header.fmt[rows[0]]
        if not data.exists():
            raise FormatError(
                f"{path}: the file {name} of its samples is missing; put it beside the header"
            )
        if kind in BYTES:
            samples = (data.stat().st_size - (header.byte_offset[rows[0]] or 0)) / BYTES[kind]
            per_frame = sum(header.samps_per_frame[row] for row in rows)
            present = min(present, int(samples + 1e-6) // per_frame)
    promised = header.sig_len
    if promised is None:
        raise _uncounted(path, present)
    if present >= promised:
        return int(promised)
    if not truncated:
        raise cut_off(path, promised=promised, present=int(present))
    return int(present)


def _uncounted(path: Path, present: float) -> FormatError:
    held = f", its files {present:.0f}" if math.isfinite(present) else ""
    return FormatError(
        f"{path} does not say how many samples a lead holds{held}: write their number as the "
        "fourth word of its first line, after the rate"
    )


def _leads(path: Path, header: Any, rows: list[int], frame: int, frames: int) -> _Leads:  # noqa: ANN401
    return _Leads(
        path=path,
        rows=rows,
        frame=frame,
        gain=np.array([header.adc_gain[row] or 200.0 for row in rows]),
        baseline=np.array([header.baseline[row] or 0 for row in rows], np.float64),
        invalid=np.array([INVALID.get(header.fmt[row], -(2**62)) for row in rows]),
        sums=[header.checksum[row] for row in rows],
        names=_distinct([header.sig_name[row] or str(row) for row in rows]),
        n_samples=frames * frame,
        whole=frames == (header.sig_len or frames),
    )


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names as they are, or numbers where two leads are called alike."""
    alike = len(set(names)) < len(names)
    return tuple(str(place) if alike else name for place, name in enumerate(names))


def _stored(kind: str) -> str:
    return {"16": "int16", "32": "int32", "8": "int8"}.get(kind, f"format {kind}")
