"""Bursts whose places are known, in noise."""

import numpy as np
import pytest

RATE_HZ = 1_562_500.0
LENGTH = 252


def burst(rng, *, hertz=150e3, rise=8.0, fall=70.0):
    t = np.arange(LENGTH)
    shape = (1 - np.exp(-t / rise)) * np.exp(-t / fall)
    return shape * np.sin(2 * np.pi * hertz / RATE_HZ * t + rng.uniform(0, 6)) / shape.max()


@pytest.fixture(scope="session")
def bursts():
    """Return a function that gives samples [row, n] and the onsets in each row."""

    def made(*, rows=1, n=60_000, every=3_000, snr_db=20.0, seed=0, hertz=150e3):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(rows, n)).astype(np.float32)
        onsets = [every // 2 + np.arange(n // every) * every + rng.integers(-500, 500, n // every)]
        onsets = [onsets[0] + 37 * row for row in range(rows)]
        for row, places in enumerate(onsets):
            for place in places:
                shape = burst(rng, hertz=hertz) * 10 ** (snr_db / 20)
                x[row, place : place + LENGTH] += shape[: n - place].astype(np.float32)
        return x, onsets

    return made
