"""Where in a window a signal begins: Akaike's information criterion on the samples themselves.

N. Maeda, "A method for reading and checking phase time in auto-processing system of seismic wave
data", Zisin 38 (1985): no autoregressive model, two stretches of different variance.
"""

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

MARGIN = 2  # samples that a stretch must have


def aic(x: npt.NDArray[np.floating]) -> Doubles:
    """Return AIC(k) = k log var(x[:k]) + (N - k - 1) log var(x[k + 1:]) of N samples.

    It is infinite where a stretch has fewer than two samples.

    >>> quiet, loud = [0.0, 0.1, -0.1, 0.1, -0.1], [3.0, -4.0, 2.0, -3.0]
    >>> int(np.argmin(aic(np.array(quiet + loud))))
    5
    """
    n = len(x)
    values = np.full(n, np.inf)
    k = np.arange(MARGIN, n - MARGIN)
    if len(k):
        swing = np.asarray(x, np.float64) - np.mean(x, dtype=np.float64)
        front, back = _variances(swing)[k - 1], _variances(swing[::-1])[n - k - 2]
        values[k] = k * np.log(front) + (n - k - 1) * np.log(back)
    return values


def _variances(x: Doubles) -> Doubles:
    """Return the variance of x[:k] for k = 1 to N, never zero."""
    count = np.arange(1, len(x) + 1)
    mean = np.cumsum(x) / count
    spread = np.cumsum(np.square(x)) / count - np.square(mean)
    return np.maximum(spread, np.finfo(np.float64).tiny)


def pick(x: npt.NDArray[np.floating], trigger: int) -> int:
    """Return the sample of the least AIC; `trigger` where the window is too short for one."""
    values = aic(x)
    best = int(np.argmin(values)) if len(values) else trigger
    return best if len(values) and np.isfinite(values[best]) else trigger
