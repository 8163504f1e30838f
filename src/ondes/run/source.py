"""What a recording can come as, and which of its channels a network gets."""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.errors import ChannelError, InputError, RateError, few, nearest
from ondes.io import SignalFile, open_signal
from ondes.signal import Signal
from ondes.spec import ClipSpec, Spec

Samples = NDArray[np.float32]
Recording = Signal | SignalFile | str | os.PathLike[str] | ArrayLike | Iterable[Samples]
Choice = None | str | int | Sequence[str | int]

BLOCK = 2**16  # samples read at once; changes no answer
FEW = 8  # channels that messages name


@dataclass(frozen=True)
class Source:
    """A recording that can be read once from its beginning, in blocks [channel, time].

    `start` is the place of its first sample on the time axis; `n_samples` is None where only the
    end will tell.
    """

    rate_hz: float
    channels: tuple[str, ...]
    blocks: Callable[[], Iterable[Samples]]
    n_samples: int | None = None
    start: int = 0


def source_of(recording: Recording, *, rate_hz: float | None = None) -> Source:
    """Return any recording as a source.

    A Signal, an open file and a path know their rate; an array [time] or [channel, time] and an
    iterator of blocks [channel, time] need `rate_hz`.

    Raises:
        RateError: `rate_hz` is missing, or differs from what the recording says.
        FormatError, InputError: a file cannot be read, an iterator gives no block.

    >>> source_of(np.zeros((2, 80)), rate_hz=8000).channels
    ('0', '1')
    """
    if isinstance(recording, str | os.PathLike):
        recording = open_signal(recording)
    if isinstance(recording, Signal | SignalFile):
        _check_rate(recording.rate_hz, rate_hz)
        return _of_file(recording) if isinstance(recording, SignalFile) else _of_signal(recording)
    if isinstance(recording, io.IOBase):
        raise InputError(f"{recording!r}: give its path, or what ondes.open_signal(path) returns")
    if rate_hz is None:
        raise RateError("an array or blocks without a rate: say rate_hz=, in hertz")
    if isinstance(recording, Iterator):
        return _of_blocks(recording, rate_hz)
    return _of_signal(Signal.of(np.asarray(recording), rate_hz=rate_hz))


@dataclass(frozen=True)
class Route:
    """Rows of a recording that a network gets, and the channel that events found there carry."""

    n_channels: int
    rows: tuple[int, ...]
    mixed: bool
    channels: tuple[int, ...]

    @property
    def n_rows(self) -> int:
        """Number of rows that a block has afterwards."""
        return 1 if self.mixed else len(self.rows)

    def __call__(self, block: Samples) -> Samples:
        """Return the chosen rows of a block, or their mean as the only row.

        Raises:
            InputError: the block has not the recording's channels.
        """
        check_shape(block, self.n_channels)
        if not self.mixed and self.rows == tuple(range(self.n_channels)):
            return block
        chosen = block[list(self.rows)]
        return chosen.mean(axis=0, keepdims=True, dtype=np.float32) if self.mixed else chosen


def check_shape(block: object, n_channels: int) -> None:
    """Raise InputError unless a block is an array [channel, time] of so many channels."""
    x = block if isinstance(block, np.ndarray) else None
    if x is None or x.ndim != 2 or len(x) != n_channels:
        what = f"that is a {type(block).__name__}" if x is None else f"of shape {list(x.shape)}"
        raise InputError(
            f"a block {what} in a recording of {n_channels} channels: blocks are [channel, time] "
            "arrays"
        )


def route(choice: Choice, names: Sequence[str], spec: Spec | ClipSpec) -> Route:
    """Decide which channels go to a network.

    For a network of one channel each chosen channel is a recording of its own, and its events
    carry its number; ``"mix"`` is their mean, and its events carry 0. A network of several takes
    exactly so many, and its events carry 0.

    Args:
        choice: None for all, a name or number, several of them in the order the network takes
            them, or ``"mix"``.
        names: of the recording's channels.
        spec: of the network.

    Raises:
        ChannelError: there is no such channel, or the network takes another number of them.

    >>> spec = Spec(8000, 1, ("a",), hop=80, look_back=0, look_ahead=0)
    >>> route(None, ("left", "right"), spec).channels, route("right", ("left", "right"), spec).rows
    ((0, 1), (1,))
    """
    if choice == "mix" and "mix" not in names:
        _check_count(1, names, spec, "mixed")
        return Route(len(names), tuple(range(len(names))), mixed=True, channels=(0,))
    rows = _rows(choice, names)
    if spec.channels == 1:
        return Route(len(names), rows, mixed=False, channels=rows)
    _check_count(len(rows), names, spec, "given")
    return Route(len(names), rows, mixed=False, channels=(0,))


def together(choice: Choice, names: Sequence[str], spec: ClipSpec) -> Route:
    """Decide which channels go, all at once, to a network that judges clips; as `route` else.

    Raises:
        ChannelError: there is no such channel, or the network takes another number of them.
    """
    chosen = route(choice, names, spec)
    _check_count(chosen.n_rows, names, spec, "given")
    return chosen


def _rows(choice: Choice, names: Sequence[str]) -> tuple[int, ...]:
    if choice is None:
        return tuple(range(len(names)))
    chosen = [choice] if isinstance(choice, str | int) else list(choice)
    rows = tuple(_row(one, names) for one in chosen)
    if not rows or len(set(rows)) < len(rows):
        raise ChannelError(f"channels={choice!r}: name at least one channel, each once")
    return rows


def _row(channel: str | int, names: Sequence[str]) -> int:
    if channel in names:
        return list(names).index(str(channel))
    number = int(channel) if str(channel).isdecimal() else -1
    if not 0 <= number < len(names):
        raise ChannelError(
            f"no channel {channel!r} in a recording whose channels are "
            f"{few(names, most=FEW)}{nearest(str(channel), names)}"
        )
    return number


def _check_count(count: int, names: Sequence[str], spec: Spec | ClipSpec, how: str) -> None:
    if count != spec.channels:
        mixed = ', or "mix" for their mean' if spec.channels == 1 else ""
        raise ChannelError(
            f"{count} {'channel' if count == 1 else 'channels'} {how}, of a recording whose "
            f"channels are {few(names, most=FEW)}, for a model of {spec.channels}: choose "
            f"{spec.channels} (channels=..., --channel){mixed}"
            f"{'; an array is [channel, time]' * (len(names) > FEW)}"
        )


def _check_rate(own: float, said: float | None) -> None:
    if said is not None and said != own:
        raise RateError(
            f"rate_hz={said:.10g} for a recording that says {own:.10g} Hz: leave rate_hz out, or "
            f"mend the recording"
        )


def _of_file(file: SignalFile) -> Source:
    return Source(file.rate_hz, file.channels, lambda: file.blocks(BLOCK), file.n_samples)


def _of_signal(signal: Signal) -> Source:
    def blocks() -> Iterator[Samples]:
        for i in range(0, signal.n_samples, BLOCK):
            yield signal.samples[:, i : i + BLOCK]

    return Source(signal.rate_hz, signal.channels, blocks, signal.n_samples, signal.start)


def _of_blocks(recording: Iterator[Samples], rate_hz: float) -> Source:
    first = next(recording, None)
    if first is None or np.ndim(first) != 2:
        got = "no block" if first is None else f"a block of shape {list(np.shape(first))}"
        raise InputError(f"{got} from an iterator: it must give blocks [channel, time]")
    names = tuple(map(str, range(len(first))))
    return Source(rate_hz, names, lambda: chain([first], recording))
