"""What a data set of pairs must keep, besides what every data set must."""

import numpy as np

from ondes.protocols import Pair, PairDataset, Sensor
from ondes.testing.require import require, require_error


def check_sensors(dataset: PairDataset) -> None:
    """Check what the data set says of its two sides, and of its length."""
    for side in ("source", "target"):
        sensor = getattr(dataset, side)
        require(isinstance(sensor, Sensor), f"{side} is {type(sensor)}, not an ondes Sensor")
        require(sensor.rate_hz > 0, f"{side}: rate_hz is {sensor.rate_hz}")
        require(sensor.n_channels >= 1, f"{side}: n_channels is {sensor.n_channels}")
    end = len(dataset)
    require_error(IndexError, f"index {end} of {end}", lambda: dataset[end])


def check_pairs(dataset: PairDataset, indices: range) -> None:
    """Check that both signals of each pair are their sensor's and last equally long.

    Each is float32 [channel, time], finite and of the declared channels, and none is constant
    throughout; their lengths differ by less than a sample of the slower side.
    """
    for index in (*indices, len(dataset) - 1):
        pair, where = dataset[index], f"pair {index}"
        require(isinstance(pair, Pair), f"{where} is {type(pair)}, not an ondes Pair")
        for side in Pair._fields:
            _check_side(getattr(pair, side), getattr(dataset, side), f"{where}, {side}")
        rates = dataset.source.rate_hz, dataset.target.rate_hz
        lasts = [x.shape[1] / rate for x, rate in zip(pair, rates, strict=True)]
        require(
            abs(lasts[0] - lasts[1]) <= (1 + 1e-6) / min(rates),
            f"{where}: the source lasts {lasts[0]:g} s, the target {lasts[1]:g} s",
        )


def _check_side(x: np.ndarray, sensor: Sensor, where: str) -> None:
    kind = getattr(x, "dtype", type(x))
    require(kind == np.float32, f"{where}: samples are {kind}, not a float32 array")
    require(
        x.ndim == 2 and x.shape[0] == sensor.n_channels and x.shape[1] > 0,
        f"{where}: samples have shape {x.shape}, not [{sensor.n_channels}, time]",
    )
    require(np.isfinite(x).all(), f"{where}: samples hold NaN or infinity")
    require(x.max() > x.min(), f"{where}: all samples are the same")
