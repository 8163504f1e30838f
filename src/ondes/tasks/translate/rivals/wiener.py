"""The linear filter from all channels to all channels that errs least."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.tasks.translate.rivals._given import Given, Samples, Turn

ABOUT = """\
A Wiener filter: each channel (a map's row) is a sum over all channels and some samples around, with
weights of the least squared error, regularised."""
LABELLED = False

Doubles = NDArray[np.float64]
PART = 64  # clips whose products are summed at once
MOST = 2048  # unknowns per channel; more make the normal equations slow


@dataclass(frozen=True, kw_only=True)
class Options:
    """Numbers of the filter.

    taps: samples around each that are looked at, odd; 0 takes 1 of many channels, as maps have, and
    101 of few.
    ridge: weight of the filter's own power, as a share of the signal's.
    """

    taps: int = 0
    ridge: float = 1e-3

    def __post_init__(self) -> None:
        if (self.taps and self.taps % 2 == 0) or self.taps < 0 or self.ridge < 0:
            raise InputError(
                f"wiener(taps={self.taps}, ridge={self.ridge}): give odd taps, or 0, and a ridge "
                "of 0 or more"
            )


def translator(given: Given, options: Options, *, seed: int) -> Turn:  # noqa: ARG001
    """Return y[t] = sum_k W_k x[t + k] + b, by the normal equations (Wiener 1949, in samples)."""
    channels = given.source.shape[1]
    taps = options.taps or (101 if channels <= 4 else 1)
    if channels * taps > MOST:
        raise InputError(
            f"wiener(taps={taps}) of {channels} channels has {channels * taps} unknowns per "
            f"channel: give {max(1, MOST // channels)} taps or fewer"
        )
    means = [side.mean((0, 2), dtype=np.float64) for side in (given.source, given.target)]
    power, shared = _products(given, means, taps)
    ridge = options.ridge * np.trace(power) / len(power)
    weights = np.linalg.solve(power + ridge * np.eye(len(power)), shared).T

    def turn(clips: Samples) -> Samples:
        made = [weights @ _around(x, means[0], taps) + means[1][:, None] for x in clips]
        return np.stack(made).astype(np.float32)

    return turn


def _products(given: Given, means: list[Doubles], taps: int) -> tuple[Doubles, Doubles]:
    """Sums of x x' and of x y' over all samples, where x is what lies around one."""
    size, channels = given.source.shape[1] * taps, given.target.shape[1]
    power, shared = np.zeros((size, size)), np.zeros((size, channels))
    for start in range(0, len(given.source), PART):
        stop = start + PART
        x = np.concatenate([_around(x, means[0], taps) for x in given.source[start:stop]], axis=1)
        y = np.concatenate([*(given.target[start:stop] - means[1][:, None])], axis=1)
        power += x @ x.T
        shared += x @ y.T
    return power, shared


def _around(x: Samples, mean: Doubles, taps: int) -> Doubles:
    """Samples around each, less their mean, with nothing before and after: [channel * tap, t]."""
    half = taps // 2
    wide = np.pad(x.astype(np.float64) - mean[:, None], ((0, 0), (half, half)))
    near = np.lib.stride_tricks.sliding_window_view(wide, x.shape[1], axis=1)
    return near.reshape(-1, x.shape[1])
