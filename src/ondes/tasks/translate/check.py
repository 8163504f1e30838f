"""What is wrong with pairs, said before anything is learnt of them or judged by them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError
from ondes.protocols import Pair, PairDataset, Sensor
from ondes.spec import TranslatorSpec


def check_sensors(
    pairs: PairDataset, spec: TranslatorSpec, *, source_hz: float, way: tuple[str, str] = ("", "")
) -> None:
    """Check that a data set is of the rates and channels of a translator.

    Args:
        pairs: the data set. spec: of the network.
        source_hz: at which the source is before it is brought to the network's rate.
        way: names of the sensors from and to which it translates, where they have some.

    Raises:
        RateError, ChannelError, InputError: it is not; where it would be, turned round, the
            message says so.
    """
    if all(way) and (pairs.target.name, pairs.source.name) == way:
        raise InputError(
            f"pairs from {pairs.source.name} to {pairs.target.name} for a translator from {way[0]} "
            f"to {way[1]}: the sensors are swapped, turn the pairs round"
        )
    bins = spec.bins or 1
    wanted = spec.channels * bins, len(spec.outputs) * bins
    have = pairs.source.n_channels, pairs.target.n_channels
    if have != wanted:
        turned = have == wanted[::-1]
        raise ChannelError(
            f"pairs of {have[0]} channels and {have[1]} for a translator of {wanted[0]} into "
            f"{wanted[1]}; "
            + ("the sensors are swapped, turn the pairs round" if turned else _CHANNELS)
        )
    for sensor, rate_hz in ((pairs.source, source_hz), (pairs.target, spec.rate_hz)):
        if sensor.rate_hz != rate_hz:
            raise RateError(
                f"{called(sensor)} at {sensor.rate_hz:.10g} Hz for a translator of "
                f"{rate_hz:.10g} Hz: a translation has as many samples as what it was made of; "
                "give both sensors at one rate, or train with task.options.resample: true"
            )


def check_pair(pair: Pair, spec: TranslatorSpec) -> None:
    """Check that both items of a pair are of a translator's kind and equally long.

    Raises:
        ChannelError: they have other channels, or one is constant.
        InputError: they differ in length or have other axes.
        NotFiniteError: a sample is NaN or infinite.
    """
    bins = spec.bins or 1
    sides = zip(pair._fields, pair, (spec.channels * bins, len(spec.outputs) * bins), strict=True)
    for side, x, channels in sides:
        check_item(x, channels=channels, maps=spec.bins is not None, what=f"a pair's {side}")
    if pair.source.shape[1] != pair.target.shape[1]:
        raise InputError(
            f"a pair of {pair.source.shape[1]} and {pair.target.shape[1]} samples: a translation "
            "is as long as what it was made of; cut both to the same time and bring them to one "
            "rate"
        )


def check_item(x: NDArray[Any], *, channels: int, maps: bool, what: str) -> None:
    """Check one item [channel, time]; raises ChannelError, InputError, NotFiniteError.

    No channel of a signal may be constant, nor a map as a whole: its bins may.
    """
    if x.ndim != 2 or not x.shape[1]:
        raise InputError(f"{what} of shape {list(x.shape)}; give [channel, time]")
    if x.shape[0] != channels:
        raise ChannelError(
            f"{what} of {x.shape[0]} channels, the translator takes {channels}; {_CHANNELS}"
        )
    if not np.isfinite(x).all():
        raise NotFiniteError(f"{what} holds NaN or infinity; repair it, or leave it out")
    rows = x.reshape(1, -1) if maps else x
    still = rows.max(axis=1) == rows.min(axis=1)
    if rows.shape[1] > 1 and still.any():
        channel = int(still.argmax())
        raise ChannelError(
            f"{what}{'' if maps else f', channel {channel},'} is {rows[channel, 0]:g} throughout; "
            "look at the sensor, or leave it out"
        )


def called(sensor: Sensor) -> str:
    """Return what a message calls a sensor."""
    return f"the sensor {sensor.name!r}" if sensor.name else "a sensor"


_CHANNELS = "choose channels in the data set, or train a translator for these"
