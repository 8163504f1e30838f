"""From samples to what is compared: a filter, and running means of the squares.

Running means are recursive (Withers et al. 1998, as ObsPy's ``recursive_sta_lta``) or over a
sliding window (Allen 1978, ``classic_sta_lta``). They begin at the level of the first samples:
their median square, which some loud ones do not move.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ondes.errors import InputError

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

MEDIAN_SQUARE = 0.45493642311957  # of noise with a normal distribution and variance 1
POINTS = 4096  # of which a level is taken


class Mean(Protocol):
    """A running mean of [row, time], fed in pieces of any length."""

    def __call__(self, squares: Doubles) -> Doubles:
        """Return the mean at each sample, which it includes."""


class Recursive:
    """m[k] = m[k - 1] + (x[k] - m[k - 1]) / n, from `level` [row] on.

    >>> Recursive(4, np.zeros(1))(np.ones((1, 3)))
    array([[0.25    , 0.4375  , 0.578125]])
    """

    def __init__(self, n: int, level: Doubles) -> None:
        self._share = 1 / n
        self._state = (1 - self._share) * level[:, None]

    def __call__(self, squares: Doubles) -> Doubles:
        """Return the mean at each sample."""
        from scipy.signal import lfilter

        weights = [self._share], [1.0, self._share - 1]
        means, self._state = lfilter(*weights, squares, axis=1, zi=self._state)
        return np.asarray(means)


class Sliding:
    """The mean of the last `n` samples; those before the first count as `level` [row].

    >>> Sliding(2, np.zeros(1))(np.ones((1, 3)))
    array([[0.5, 1. , 1. ]])
    """

    def __init__(self, n: int, level: Doubles) -> None:
        self._n = n
        self._sums = level[:, None] * np.arange(1.0 - n, 1.0)

    def __call__(self, squares: Doubles) -> Doubles:
        """Return the mean at each sample."""
        last = self._sums[:, -1:]
        sums = np.cumsum(np.concatenate([last, squares], axis=1), axis=1)
        sums = np.concatenate([self._sums[:, :-1], sums], axis=1)
        self._sums = sums[:, -self._n :].copy()
        return np.asarray((sums[:, self._n :] - sums[:, : -self._n]) / self._n)


MEANS: Mapping[str, Callable[[int, Doubles], Mean]] = {"recursive": Recursive, "classic": Sliding}


class Stretch(NamedTuple):
    """Filtered samples [row, time], their short-time mean square, and the noise level squared.

    `fast` is the square itself where no short-time mean is taken.
    """

    y: Floats
    fast: Doubles
    slow: Doubles

    @property
    def width(self) -> int:
        """Number of samples."""
        return int(self.y.shape[1])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How samples are prepared: numbers of samples, and a band in hertz.

    `n_fast` of 0 takes no short-time mean. The noise level may be that of the sample before
    (`lagging`), so that a loud sample is not compared with itself.
    """

    rate_hz: float
    n_fast: int
    n_slow: int
    low_hz: float
    high_hz: float | None
    clip: float | None
    kind: str = "recursive"
    lagging: bool = False

    def __post_init__(self) -> None:
        if self.high_hz is not None and not self.low_hz < self.high_hz < self.rate_hz / 2:
            raise InputError(
                f"a band from {self.low_hz:.10g} to {self.high_hz:.10g} Hz at {self.rate_hz:.10g} "
                "Hz: it must rise, and end below half the rate; give other low_hz and high_hz, on "
                "the command line in a JSON file of the detector's numbers"
            )

    @cached_property
    def sections(self) -> Doubles | None:
        """The band's second-order sections [section, 6]; None for no filter."""
        from scipy.signal import butter

        ends = (("highpass", self.low_hz), ("lowpass", self.high_hz))
        made = [butter(2, hz, kind, fs=self.rate_hz, output="sos") for kind, hz in ends if hz]
        return np.concatenate(made) if made else None


class Front:
    """One recording's rows on their way; it waits for `n_slow` samples to learn their level."""

    def __init__(self, plan: Plan, n_rows: int) -> None:
        self.plan, self._n_rows = plan, n_rows
        self._held: list[Floats] = []
        self._begun: _Begun | None = None

    def push(self, x: Floats) -> Stretch:
        """Take the next samples [row, time]; return what is known now, which may be nothing."""
        if self._begun:
            return self._begun(x)
        self._held.append(x)
        if sum(part.shape[1] for part in self._held) < self.plan.n_slow:
            return _nothing(self._n_rows)
        return self.flush()

    def flush(self) -> Stretch:
        """Return what is known of samples that still wait: no more will come to begin with."""
        if not self._held:
            return _nothing(self._n_rows)
        held, self._held = np.concatenate(self._held, axis=1), []
        self._begun = _Begun(self.plan, held[:, : self.plan.n_slow])
        return self._begun(held)


class _Begun:
    """A front that knows the level of its first samples."""

    def __init__(self, plan: Plan, first: Floats) -> None:
        self._plan = plan
        self._state = self._silence(first)
        y, _ = self._filtered(first, self._state)
        stride = -(-y.shape[1] // POINTS)
        level = np.median(np.square(y[:, ::stride]), axis=1) / MEDIAN_SQUARE
        self._most = None if plan.clip is None else plan.clip**2 * level[:, None]
        mean = MEANS[plan.kind]
        self._fast: Mean | None = mean(plan.n_fast, level) if plan.n_fast else None
        self._slow: Mean = mean(plan.n_slow, level)
        self._before = level[:, None]

    def __call__(self, x: Floats) -> Stretch:
        y, self._state = self._filtered(x, self._state)
        squares = np.square(y)
        fast = self._fast(squares) if self._fast else squares
        slow = self._slow(squares if self._most is None else np.minimum(squares, self._most))
        if self._plan.lagging:
            both = np.concatenate([self._before, slow], axis=1)
            slow, self._before = both[:, :-1], both[:, -1:]
        return Stretch(y.astype(np.float32), fast, slow)

    def _silence(self, first: Floats) -> Any:  # noqa: ANN401 - as scipy has it
        """Return the state of a filter that has heard the mean of the first samples for long."""
        if self._plan.sections is None:
            return None
        from scipy.signal import sosfilt_zi

        rest = sosfilt_zi(self._plan.sections)[:, None, :]
        return rest * first.mean(axis=1, dtype=np.float64)[None, :, None]

    def _filtered(self, x: Floats, state: Any) -> tuple[Doubles, Any]:  # noqa: ANN401
        if self._plan.sections is None:
            return x.astype(np.float64), None
        from scipy.signal import sosfilt

        y, state = sosfilt(self._plan.sections, x, axis=1, zi=state)
        return np.asarray(y, np.float64), state


def _nothing(n_rows: int) -> Stretch:
    none = np.zeros((n_rows, 0))
    return Stretch(none.astype(np.float32), none, none)
