"""The windowing engine: any recording, in blocks of any size, through a network of finite reach.

The answer is that of the network on the recording extended by silence at both ends. It is
computed in windows of one shape, at places fixed by the recording's first sample; each holds the
frames it gives and, around these, all samples they depend on. So the same samples go through the
same operations however they arrive, and the answer is the same to the last bit.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.ops.resample import Resampler
from ondes.ops.tape import Tape
from ondes.run.source import check_shape
from ondes.spec import ClipSpec, Spec

Samples = NDArray[np.float32]
Predict = Callable[[Samples], NDArray[np.float32]]

WINDOW_SAMPLES = 2**16  # of a window, where the network's reach does not ask for more
PASS_SAMPLES = 2**16  # of all rows of one pass through the network: what caches hold
SHARE = 3  # a window gives at least so many times the frames that surround them


class Frames(NamedTuple):
    """Values [row, head, class, frame] of consecutive frames, the first of number `first`."""

    first: int
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """Every window gives `frames` frames of `hop` samples and sees `before` and `after` more.

    >>> spec = Spec(8000, 1, ("a",), hop=80, look_back=100, look_ahead=0)
    >>> window = Window.of(spec, frames=10)
    >>> window.span(0), window.span(1)
    ((-160, 800), (640, 1600))
    """

    hop: int
    frames: int
    before: int
    after: int

    @classmethod
    def of(cls, spec: Spec, *, frames: int | None = None) -> "Window":
        """Return the windows for a network; fewer `frames` come sooner and cost more each.

        They are made of the network's whole groups of frames: `frames` is rounded up.
        """
        group = spec.step * spec.hop
        before, after = (
            -(-look // group) * spec.step for look in (spec.look_back, spec.look_ahead)
        )
        if frames is None:
            frames = max(SHARE * (before + after), WINDOW_SAMPLES // spec.hop - before - after, 1)
        if frames < 1:
            raise InputError(f"Window.of(frames={frames}): a window gives at least one frame")
        return cls(spec.hop, -(-frames // spec.step) * spec.step, before, after)

    @property
    def size(self) -> int:
        """Samples in a window."""
        return (self.before + self.frames + self.after) * self.hop

    @property
    def wait(self) -> int:
        """Samples from the first of a frame to the one that decides it, at most.

        Windows of one group of frames wait as long as ``Spec.latency_s`` says, the look ahead
        rounded up to whole groups; larger ones for more.
        """
        return (self.frames + self.after) * self.hop

    def span(self, index: int) -> tuple[int, int]:
        """Return the samples [start, stop) of a window, counted from the recording's first."""
        start = (index * self.frames - self.before) * self.hop
        return start, start + self.size


@dataclass(frozen=True)
class Engine:
    """A network over recordings, as `predict`: [b, channel, time] -> [b, head, class, frame].

    It takes and gives arrays, so whatever computes it will do. A network of one channel sees
    every row of a recording for itself; one of several channels takes a recording of exactly so
    many, and answers in a single row.
    """

    predict: Predict
    spec: Spec
    window: Window

    def stream(self, *, rate_hz: float, n_channels: int, resample: bool = False) -> "Stream":
        """Return what takes a recording block by block.

        Raises:
            RateError: the network was not made for `rate_hz`, and `resample` is off.
            ChannelError: it cannot take so many channels.
        """
        if self.spec.channels not in (1, n_channels):
            raise ChannelError(
                f"a recording of {n_channels} channels for a network of {self.spec.channels}; "
                f"choose {self.spec.channels} of them (channels=..., --channel)"
            )
        resampler = resampler_for(self.spec, rate_hz, resample=resample)
        return Stream(self, resampler, n_channels)

    def run(
        self,
        blocks: Iterable[Samples],
        *,
        rate_hz: float,
        n_channels: int,
        resample: bool = False,
    ) -> Iterator[Frames]:
        """Yield the frames of a recording as its blocks [channel, time] arrive, to the end.

        Raises:
            RateError, ChannelError: as `stream`.
            NotFiniteError, InputError, TooShortError: as `Stream.push` and `Stream.finish`.
        """
        stream = self.stream(rate_hz=rate_hz, n_channels=n_channels, resample=resample)
        for block in blocks:
            yield from stream.push(block)
        yield from stream.finish()

    def passes(self, x: Samples) -> NDArray[np.float32]:
        """Return the network's answer to one window of all channels, [row, head, class, frame].

        Raises:
            NotFiniteError: the network answers NaN.
        """
        rows = x[None] if self.spec.channels > 1 else x[:, None]
        at_once = max(1, PASS_SAMPLES // self.window.size)
        parts = [self.predict(rows[i : i + at_once]) for i in range(0, len(rows), at_once)]
        kept = slice(self.window.before, self.window.before + self.window.frames)
        values = np.concatenate([part[..., kept] for part in parts])
        if not np.isfinite(values).all():
            raise NotFiniteError(
                f"the network answers NaN to samples of up to {float(np.abs(x).max()):g}: bring "
                "the recording to the scale it was trained on, or train it again"
            )
        return values


class Stream:
    """One recording on its way through an engine."""

    def __init__(self, engine: Engine, resampler: Resampler | None, n_channels: int) -> None:
        self._engine = engine
        self._resampler = resampler
        self._tape = Tape(n_channels)
        self._index = 0  # of the next window

    @property
    def n_samples(self) -> int:
        """Samples taken so far, at the recording's own rate."""
        return self._tape.stop

    def restart(self, frame: int) -> int:
        """Return the sample from which a new stream gives the same frames from `frame` on.

        Its windows, and the resampler's products, lie at the same places as this stream's.
        """
        window = self._engine.window
        first = window.span(max(frame, 0) // window.frames)[0]
        step = window.frames * window.hop
        if not self._resampler:
            return max(first, 0) // step * step
        return self._resampler.aligned(self._resampler.span(first, first + 1)[0], step)

    def push(self, block: Samples) -> list[Frames]:
        """Take the next samples [channel, time]; return the frames that are now decided.

        Raises:
            InputError: the block has other channels than the recording.
            NotFiniteError: a sample is NaN or infinite.
        """
        check_block(block, n_rows=len(self._tape), at=self._tape.stop)
        decided = []
        for i in range(0, block.shape[1], WINDOW_SAMPLES):
            self._tape.append(block[:, i : i + WINDOW_SAMPLES])
            while self._needs(self._index)[1] <= self._tape.stop:
                decided.append(self._next())
        return decided

    def finish(self) -> list[Frames]:
        """Return the frames that were still waiting for samples: silence follows the recording.

        Raises:
            TooShortError: the whole recording is shorter than one frame.
        """
        hop, n_samples = self._engine.spec.hop, self._length()
        if n_samples < hop:
            raise TooShortError(
                f"a recording of {self._tape.stop} samples in {len(self._tape)} channels for a "
                f"network with frames of {hop} at {self._engine.spec.rate_hz:.10g} Hz: give at "
                "least one frame, as [channel, time]"
            )
        n_frames, rest = -(-n_samples // hop), []
        while self._index * self._engine.window.frames < n_frames:
            first, values = self._next()
            rest.append(Frames(first, values[..., : n_frames - first]))
        return rest

    def _length(self) -> int:
        """Return the samples so far at the network's rate."""
        return self._resampler.length(self._tape.stop) if self._resampler else self._tape.stop

    def _needs(self, index: int) -> tuple[int, int]:
        """Return the recording's samples [start, stop) on which a window depends."""
        start, stop = self._engine.window.span(index)
        return self._resampler.span(start, stop) if self._resampler else (start, stop)

    def _next(self) -> Frames:
        start, stop = self._needs(self._index)
        x = self._tape.read(start, stop)
        if self._resampler:
            span = self._engine.window.span(self._index)
            x = self._resampler.outputs(x, first=start, start=span[0], stop=span[1])
        self._index += 1
        self._tape.forget(self._needs(self._index)[0])
        return Frames((self._index - 1) * self._engine.window.frames, self._engine.passes(x))


def check_block(block: Samples, *, n_rows: int, at: int) -> None:
    """Raise InputError or NotFiniteError unless a block [row, time] goes on with a recording.

    `at` is the block's place in it.
    """
    check_shape(block, n_rows)
    finite = np.isfinite(block)
    if not finite.all():
        channel, sample = (int(i[0]) for i in np.nonzero(~finite))
        raise NotFiniteError(
            f"{int((~finite).sum())} samples of a block are NaN or infinite, the first in "
            f"channel {channel} at sample {at + sample} of the recording: repair it, or cut that "
            f"part out"
        )


def resampler_for(spec: Spec | ClipSpec, rate_hz: float, *, resample: bool) -> Resampler | None:
    """Return what brings a recording to the network's rate, None where it is there already.

    Rates that the network was made for (``Spec.accepts_hz``) are converted unasked.

    Raises:
        RateError: any other rate, unless `resample` asks for it.
    """
    if rate_hz == spec.rate_hz:
        return None
    accepts_hz = spec.accepts_hz if isinstance(spec, Spec) else ()
    if rate_hz not in accepts_hz and not resample:
        made_for = " and ".join(f"{rate:.10g}" for rate in (spec.rate_hz, *accepts_hz))
        raise RateError(
            f"a recording at {rate_hz:.10g} Hz for a model made for {made_for} Hz: nothing is "
            f"resampled unasked; ask with --resample, or resample=True"
        )
    if isinstance(spec, Spec):
        return Resampler(rate_hz, spec.rate_hz, spec.pass_band)
    return Resampler(rate_hz, spec.rate_hz)
