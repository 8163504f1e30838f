"""Windows of a signal made one after the other, faded into each other."""

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError

Samples = NDArray[np.float32]


class Crossfade:
    """Overlapping windows [row, time] in, the signal they make together out.

    Where a window overlaps what came before, it fades in as the other fades out, by weights that
    follow a sine's square and add up to 1 at every sample. So what two windows agree on is kept to
    the last bit, whatever its phase, and neither louder nor softer. No more than `fade` samples at
    the end wait for the next window.

    >>> fading = Crossfade(fade=2)
    >>> x = np.arange(8, dtype=np.float32)[None]
    >>> parts = [fading.push(x[:, :5], first=0), fading.push(x[:, 3:], first=3), fading.finish()]
    >>> np.concatenate(parts, axis=1)
    array([[0., 1., 2., 3., 4., 5., 6., 7.]], dtype=float32)
    """

    def __init__(self, *, fade: int) -> None:
        if fade < 0:
            raise InputError(f"Crossfade(fade={fade}): give no samples, or some")
        self._weights = rising(fade)
        self._at = 0  # of the first sample that is held
        self._held: Samples | None = None

    def push(self, window: Samples, *, first: int) -> Samples:
        """Take a window that begins at sample `first`; return what no further one changes.

        It goes on at least as far as what came before. Raises InputError where it leaves a hole,
        or begins after it.
        """
        if self._held is None:
            self._held = window[:, :0]
        skip = self._at - first
        fresh = window[:, max(skip, 0) :]
        held = self._held.shape[1]
        if skip < 0 or fresh.shape[1] < held:
            raise InputError(
                f"a window of samples [{first}, {first + window.shape[1]}) after others that go to "
                f"{self._at + held}: windows overlap, and go on further"
            )
        mixed = self._held + self._weights[:held] * (fresh[:, :held] - self._held)
        whole = np.concatenate([mixed, fresh[:, held:]], axis=1)
        done = max(whole.shape[1] - len(self._weights), 0)
        self._at, self._held = self._at + done, whole[:, done:].copy()
        return whole[:, :done]

    def finish(self) -> Samples:
        """Return what was held."""
        held = np.zeros((0, 0), np.float32) if self._held is None else self._held
        self._at, self._held = self._at + held.shape[1], held[:, :0]
        return held


def rising(n: int) -> Samples:
    """Return weights [n] from 0 to 1, exclusive; with their mirror image they add up to 1.

    >>> [round(float(weight), 3) for weight in rising(2)]
    [0.146, 0.854]
    """
    angles = (np.arange(n) + 0.5) * (np.pi / 2 / max(n, 1))
    return np.asarray(np.square(np.sin(angles)), np.float32)
