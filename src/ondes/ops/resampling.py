"""Sampling-rate conversion of what arrives block by block."""

import numpy as np
from numpy.typing import NDArray

from ondes.ops.resample import Resampler
from ondes.ops.tape import Tape

Samples = NDArray[np.float32]


class Resampling:
    """Blocks [row, time] in, their conversion by a `Resampler` out as soon as it is decided.

    All blocks together give the bits of one call for the whole.

    >>> halving, x = Resampler(8000, 4000), np.ones((1, 900), np.float32)
    >>> stream = Resampling(halving, n_rows=1)
    >>> parts = [stream.push(x[:, :500]), stream.push(x[:, 500:]), stream.finish(450)]
    >>> bool((np.concatenate(parts, axis=1) == halving(x)).all())
    True
    """

    def __init__(self, resampler: Resampler, *, n_rows: int) -> None:
        self._resampler, self._tape = resampler, Tape(n_rows)
        self._next = 0  # output

    def push(self, block: Samples) -> Samples:
        """Take the next samples; return the outputs that depend on no later ones."""
        self._tape.append(block)
        stop = self._resampler.length(self._tape.stop)
        while stop > self._next and self._resampler.span(self._next, stop)[1] > self._tape.stop:
            stop -= 1
        return self._outputs(stop)

    def finish(self, n: int) -> Samples:
        """Return what is left of `n` outputs in all; silence follows the last sample."""
        return self._outputs(n)

    def _outputs(self, stop: int) -> Samples:
        if stop <= self._next:
            return np.zeros((len(self._tape), 0), np.float32)
        first, last = self._resampler.span(self._next, stop)
        x = self._tape.read(first, last)
        y = self._resampler.outputs(x, first=first, start=self._next, stop=stop)
        self._next = stop
        self._tape.forget(self._resampler.span(stop, stop + 1)[0])
        return y
