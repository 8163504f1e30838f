"""A recording on its way through a translator: samples in, what they are translated into out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ondes.errors import ChannelError
from ondes.ops.crossfade import Crossfade
from ondes.ops.resample import Resampler
from ondes.ops.resampling import Resampling
from ondes.run.engine import Samples
from ondes.run.source import Route
from ondes.run.windows import Window, Windows
from ondes.signal import Signal
from ondes.timebase import Timebase

Answer = Callable[[Samples], Samples]


class Parts(NamedTuple):
    """Stretches of what a translator makes, float32 [row, time] each, in the wanted sensor's units.

    result: the translation. coarse: what it was before attention or texture changed it; the same
    where nothing does. uncertainty: how large an error it expects of each entry, above 0; none
    where the network tells none.
    """

    result: Samples
    coarse: Samples
    uncertainty: Samples | None = None


class Translated(NamedTuple):
    """What a translator makes of a recording, see `Parts`, at the wanted sensor's rate."""

    result: Signal
    coarse: Signal
    uncertainty: Signal | None = None


class Stream:
    """One recording: windows at fixed places, faded into each other, as its blocks arrive.

    What comes out depends on the samples alone, to the last bit, and not on how they are cut into
    blocks; memory is that of a few windows. A sample is waited for no longer than
    ``Translator.latency_s``.

    Args:
        answer: of a window [row, time] all rows that are made of it.
        n_rows: how many of these are the result, and as many again the coarse one.
        windows: of the recording; chosen: which of its channels they get.
        fade: samples by which windows overlap.
        resampler: brings what is made to the wanted sensor's rate.
        rates_hz: of the recording, and of the wanted sensor.
    """

    def __init__(
        self,
        answer: Answer,
        windows: Windows,
        chosen: Route,
        *,
        n_rows: int,
        fade: int,
        resampler: Resampler | None,
        rates_hz: tuple[float, float],
    ) -> None:
        self._answer, self._windows, self._route = answer, windows, chosen
        self._n_rows, self._fading = n_rows, Crossfade(fade=fade)
        self._resampler = resampler
        self._resampling: Resampling | None = None
        self._own, self._target_hz = Timebase(rates_hz[0]), rates_hz[1]
        self._taken = 0

    def push(self, block: Samples) -> Parts:
        """Take the next samples [channel, time]; return what no further ones change.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        made = self._made(self._windows.push(self._route(block)))
        self._taken += block.shape[1]
        return self._parted(list(map(self._resampled, made)))

    def finish(self) -> Parts:
        """Return what the end of the recording decides; nothing can be pushed after.

        Raises:
            TooShortError: the whole recording is too short.
        """
        made = [*self._made(self._windows.finish()), self._fading.finish()]
        rows = list(map(self._resampled, made))
        if self._resampling:
            rows.append(self._resampling.finish(self._own.rescale(self._taken, self._target_hz)))
        return self._parted(rows)

    def _made(self, windows: Iterable[Window]) -> list[Samples]:
        return [self._fading.push(self._answer(one.x), first=one.first) for one in windows]

    def _resampled(self, rows: Samples) -> Samples:
        if self._resampler is None:
            return rows
        if self._resampling is None:
            self._resampling = Resampling(self._resampler, n_rows=len(rows))
        return self._resampling.push(rows)

    def _parted(self, rows: list[Samples]) -> Parts:
        none = np.zeros((2 * self._n_rows, 0), np.float32)
        some = [part for part in rows if part.shape[1]] or [none]
        return parted(np.concatenate(some, axis=1), self._n_rows)


def parted(rows: Samples, n_rows: int) -> Parts:
    """Part what a network makes: so many rows of the result, of the coarse one, then the rest."""
    unsure = rows[2 * n_rows :]
    least = np.float32(0)  # a resampler's ripples go below it
    doubt = np.maximum(unsure, least) if len(unsure) else None
    return Parts(rows[:n_rows], rows[n_rows : 2 * n_rows], doubt)


def joined(parts: Iterable[Parts]) -> Parts:
    """Return stretches that follow one another as one."""
    every = list(parts)
    result, coarse = (np.concatenate([one[i] for one in every], axis=1) for i in (0, 1))
    unsure = [one.uncertainty for one in every if one.uncertainty is not None]
    return Parts(result, coarse, np.concatenate(unsure, axis=1) if unsure else None)


def alive(
    blocks: Iterable[Samples], chosen: Route, names: Sequence[str], *, each: bool
) -> Iterator[Samples]:
    """Yield blocks; raises ChannelError at their end where all that is chosen stands still.

    With `each` one channel that does is enough.
    """
    first = np.zeros((0, 1), np.float32)
    moves = np.zeros(chosen.n_rows, bool)
    for block in blocks:
        yield block
        if block.size and not moves.all():
            rows = chosen(block)
            first = first if len(first) else rows[:, :1].copy()
            moves |= (rows != first).any(axis=1)
    still = np.flatnonzero(~moves)
    if len(first) and len(still) and (each or not moves.any()):
        row = int(still[0])
        whole = chosen.mixed or len(names) == 1
        which = "a recording that" if whole else f"channel {names[chosen.rows[row]]}"
        raise ChannelError(f"{which} is {first[row, 0] + 0.0:g} throughout: look at the sensor")
