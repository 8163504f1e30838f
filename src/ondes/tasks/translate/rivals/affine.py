"""Each channel's gain and offset, by least squares."""

from dataclasses import dataclass

import numpy as np

from ondes.tasks.translate.rivals._given import Given, Samples, Turn

ABOUT = "Of each channel (a map's row) a gain and an offset, by least squares over all pairs."
LABELLED = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """There are none."""


def translator(given: Given, options: Options, *, seed: int) -> Turn:  # noqa: ARG001
    """Return y_c = a_c x_c + b_c; where x_c is constant, a_c is 0."""
    x, y = (side.astype(np.float64) for side in (given.source, given.target))
    means = [side.mean((0, 2), keepdims=True) for side in (x, y)]
    power = np.square(x - means[0]).sum((0, 2), keepdims=True)
    shared = ((x - means[0]) * (y - means[1])).sum((0, 2), keepdims=True)
    gain = shared / np.where(power > 0, power, np.inf)
    offset = means[1] - gain * means[0]

    def turn(clips: Samples) -> Samples:
        return np.asarray(gain[0] * clips + offset[0], np.float32)

    return turn
