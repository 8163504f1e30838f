"""`SignalFile`: a signal on disk, read in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ondes.errors import FormatError, InputError, NotFiniteError
from ondes.io import pcm
from ondes.signal import Signal
from ondes.timebase import Timebase, exact_rate

Samples = NDArray[np.float32]
Decode = Callable[[int, int, int], Iterator[Samples]]


@dataclass(frozen=True)
class Given:
    """What a caller says about a file beyond its path; None: let the file say it.

    Raises `RateError` on a rate that is not finite and above zero, `InputError` on a type that is
    no real number.
    """

    rate_hz: float | None = None
    dtype: str | None = None
    channels: int | None = None
    truncated: bool = False
    part: str | None = None

    def __post_init__(self) -> None:
        if self.rate_hz is not None:
            exact_rate(self.rate_hz)
        if self.dtype is not None:
            pcm.real(self.dtype)


@dataclass(frozen=True)
class SignalFile:
    """A signal on disk: `n_samples` of `n_channels` at `rate_hz`.

    `dtype` is what the file stores: int16, float32, ... or the name of a codec. Reading goes
    through `blocks` and holds one block at a time, so memory does not grow with the file. No
    handle stays open between passes; `with` is welcome and not needed.

    `decode(start, stop, size)` comes from the format: it yields [channel, size] float32 over
    samples [start, stop), the last block shorter, the same samples whatever the size.
    """

    path: Path
    rate_hz: float
    n_channels: int
    n_samples: int
    dtype: str
    decode: Decode
    channels: tuple[str, ...] = ()
    unit: str = ""

    def __post_init__(self) -> None:
        names = self.channels or tuple(map(str, range(self.n_channels)))
        object.__setattr__(self, "channels", names)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave; there is nothing to close."""

    @property
    def timebase(self) -> Timebase:
        """Samples and seconds of this file."""
        return Timebase(self.rate_hz)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.timebase.seconds(self.n_samples)

    def blocks(self, size: int, *, start: int = 0, stop: int | None = None) -> Iterator[Samples]:
        """Yield samples [start, stop) as float32 [channel, size], the last block shorter.

        Raises:
            InputError: the span is not inside the file, or the size below one.
            NotFiniteError: a sample is NaN or infinite; tells which is the first.
            FormatError: the data are damaged, or end early.
        """
        stop = self.n_samples if stop is None else stop
        if size < 1 or not 0 <= start <= stop <= self.n_samples:
            raise InputError(
                f"{self.path}: blocks of {size} over samples [{start}, {stop}) of a file of "
                f"{self.n_samples}: name a size above zero and a span inside the file"
            )
        return self._checked(start, stop, size)

    def _checked(self, start: int, stop: int, size: int) -> Iterator[Samples]:
        for block in self.decode(start, stop, size):
            self._check_finite(block, start)
            expected = min(size, stop - start)
            if block.shape[1] != expected:
                raise cut_off(self.path, promised=self.n_samples, present=start + block.shape[1])
            yield block
            start += expected

    def read(self, *, start_s: float = 0.0, stop_s: float | None = None) -> Signal:
        """Read from `start_s` to `stop_s` seconds (None: the end) into a `Signal`.

        The Signal keeps its place: its `start` is the first sample read.

        Raises:
            InputError: the span is empty or not inside the file.
            NotFiniteError: a sample is NaN or infinite; tells which is the first.
            FormatError: the data are damaged, or end early.
        """
        start = self.timebase.samples(start_s)
        stop = self.n_samples if stop_s is None else self.timebase.samples(stop_s)
        if not 0 <= start < stop <= self.n_samples:
            raise InputError(
                f"{self.path}: read from {start_s:g} s to {'the end' if stop_s is None else stop_s}"
                f" of a file of {self.duration_s:g} s: name a span inside it"
            )
        samples = np.empty((self.n_channels, stop - start), np.float32)
        filled = 0
        for block in self.blocks(1 << 18, start=start, stop=stop):
            samples[:, filled : filled + block.shape[1]] = block
            filled += block.shape[1]
        samples.setflags(write=False)
        return Signal(samples, self.rate_hz, start, self.unit, self.channels)

    def _check_finite(self, block: Samples, start: int) -> None:
        bad = ~np.isfinite(block)
        if bad.any():
            sample = int(np.argmax(bad.any(axis=0)))
            channel = self.channels[int(np.argmax(bad[:, sample]))]
            raise NotFiniteError(
                f"{self.path}: channel {channel}, sample {start + sample} "
                f"({self.timebase.seconds(start + sample):.6f} s) is NaN or infinite; repair the "
                "file (numpy.nan_to_num), cut the span out, or check the dtype of raw samples"
            )


def cut_off(path: Path, *, promised: int | None, present: int) -> FormatError:
    """Return the error for a file that ends before its header says so."""
    said = "more samples" if promised is None else f"{promised} samples"
    return FormatError(
        f"{path}: the header promises {said}, the file holds {present}: it was cut off. Copy it "
        "again from its source, or take what is there (truncated=True, --truncated)"
    )
