"""Windows of a recording for a network that judges clips, in blocks of any size.

They lie at fixed places, counted from the recording's first sample, and their samples are the same
to the last bit however the recording arrives. What is left at the end is covered by a last window
of full size that ends with the recording; a recording shorter than a window is one itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ondes.errors import InputError, TooShortError
from ondes.ops.resample import Resampler
from ondes.ops.tape import Tape
from ondes.run.engine import Samples, check_block
from ondes.spec import ClipSpec
from ondes.timebase import Timebase


@dataclass(frozen=True)
class Pace:
    """Windows of `size` samples at a network's rate, one every `hop`.

    >>> Pace.of(ClipSpec(8000, 1, ("a",), least=80), window_s=1.0, hop_s=0.25)
    Pace(size=8000, hop=2000)
    """

    size: int
    hop: int

    @classmethod
    def of(cls, spec: ClipSpec, *, window_s: float, hop_s: float | None = None) -> "Pace":
        """Return windows of so many seconds, end to end where `hop_s` is None.

        Raises:
            TooShortError: the network takes longer clips alone.
            InputError: `hop_s` is less than a sample, or would leave samples out.
        """
        size = int(spec.timebase.samples(window_s))
        hop = size if hop_s is None else int(spec.timebase.samples(hop_s))
        if size < spec.least:
            raise TooShortError(
                f"window_s={window_s:g} for a network that takes {spec.least} samples or more: "
                f"give at least {spec.timebase.seconds(spec.least):g} s"
            )
        if not 1 <= hop <= size:
            raise InputError(
                f"hop_s={hop_s:g} with window_s={window_s:g}: give a hop of at least a sample, "
                "and no longer than the window, so that nothing is left out"
            )
        return cls(size, hop)


class Window(NamedTuple):
    """Samples [start, stop) of a recording at its own rate.

    `x` [row, time] are they at the network's rate, good until more samples come, where the first
    of them is of number `first`.
    """

    start: int
    stop: int
    x: Samples
    first: int


class Windows:
    """The windows of one recording on its way, each as soon as its last sample is there."""

    def __init__(
        self, pace: Pace, *, spec: ClipSpec, resampler: Resampler | None, rate_hz: float
    ) -> None:
        self._pace, self._spec, self._resampler = pace, spec, resampler
        self._own, self._model = Timebase(rate_hz), Timebase(spec.rate_hz)
        self._tape = Tape(spec.channels)
        self._index = 0  # of the next window

    @property
    def decided(self) -> int:
        """Sample, at the recording's rate, before which no window to come begins."""
        return self._rescaled(self._first())

    def push(self, block: Samples) -> Iterator[Window]:
        """Take the next samples [row, time]; yield the windows that are now whole.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        check_block(block, n_rows=len(self._tape), at=self._tape.stop)
        for first in range(0, block.shape[1], self._pace.size):
            self._tape.append(block[:, first : first + self._pace.size])
            while self._needs(*self._span(self._index))[1] <= self._tape.stop:
                yield self._window(*self._span(self._index))
                self._index += 1
            self._tape.forget(self._needs(self._first(), self._first() + 1)[0])

    def finish(self) -> Iterator[Window]:
        """Yield the last windows, those that the end of the recording completes.

        Raises:
            TooShortError: the whole recording is shorter than what the network takes.
        """
        length = self._length()
        check_length(length, self._spec)
        while self._span(self._index)[1] <= length:  # they waited for the resampler's filter
            yield self._window(*self._span(self._index))
            self._index += 1
        covered = self._span(self._index - 1)[1] if self._index else 0
        if covered < length:
            yield self._window(max(length - self._pace.size, 0), length)

    def _span(self, index: int) -> tuple[int, int]:
        """Return the samples [start, stop) of a window at the network's rate."""
        start = index * self._pace.hop
        return start, start + self._pace.size

    def _first(self) -> int:
        """Return the first sample of the windows to come: the next, or the last of a recording
        that ends now.
        """
        return min(self._span(self._index)[0], max(self._length() - self._pace.size, 0))

    def _length(self) -> int:
        """Return the samples so far at the network's rate."""
        return self._resampler.length(self._tape.stop) if self._resampler else self._tape.stop

    def _needs(self, start: int, stop: int) -> tuple[int, int]:
        """Return the recording's samples [start, stop) on which samples of a window depend."""
        return self._resampler.span(start, stop) if self._resampler else (start, stop)

    def _window(self, start: int, stop: int) -> Window:
        first, last = self._needs(start, stop)
        x = self._tape.read(first, last)
        if self._resampler:
            x = self._resampler.outputs(x, first=first, start=start, stop=stop)
        end = self._tape.stop if stop == self._length() else self._rescaled(stop)
        return Window(self._rescaled(start), end, x, start)

    def _rescaled(self, sample: int) -> int:
        return self._model.rescale(sample, self._own.rate_hz)


def check_length(length: int, spec: ClipSpec) -> None:
    """Raise TooShortError where a network takes longer clips alone."""
    if length < spec.least:
        raise TooShortError(
            f"a recording of {length} samples at {spec.rate_hz:.10g} Hz for a network that takes "
            f"{spec.least} or more ({spec.timebase.seconds(spec.least):g} s), as [channel, time]: "
            "give a longer one"
        )
