"""Each channel's mean and standard deviation, brought to those of the old sensor."""

from dataclasses import dataclass

import numpy as np

from ondes.tasks.translate.rivals._given import Given, Samples, Turn

ABOUT = "Each channel (a map's row) given the mean and standard deviation of the old sensor's."
LABELLED = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """There are none."""


def translator(given: Given, options: Options, *, seed: int) -> Turn:  # noqa: ARG001
    """Return y_c = (x_c - m_c) s'_c / s_c + m'_c; what is constant keeps a gain of 1.

    Both sensors' moments are those of all their clips: which clips are pairs does not matter.
    """
    (mean, std), (wanted, wide) = map(_moments, (given.source, given.target))
    gain = wide / np.where(std > 0, std, wide + (wide == 0))

    def turn(clips: Samples) -> Samples:
        return np.asarray((clips - mean) * gain + wanted, np.float32)

    return turn


def _moments(x: Samples) -> tuple[np.ndarray, np.ndarray]:
    values = x.astype(np.float64)
    return values.mean((0, 2))[:, None], values.std((0, 2))[:, None]
