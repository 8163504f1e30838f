"""Rooms: how large, what stands in them, what moves besides people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.data.uwb.people import Array

SEED = 8_200_000
FAN, CURTAIN = 0.25, 0.3  # how likely there is one


@dataclass(frozen=True, eq=False)
class Room:
    """A room: metres from the sensors' place, x into the room, y aside, z up.

    depth_m, width_m: where the walls are that mirror echoes, by `mirror` of their amplitude.
    things: where what stands still is, [thing, 3]; areas: their cross-sections in m^2.
    fan, curtain: where they are, or None. fan_hz: turns a second times blades.
    """

    depth_m: float
    width_m: float
    mirror: float
    things: Array
    areas: Array
    fan: Array | None
    curtain: Array | None
    fan_hz: float


class Paths(NamedTuple):
    """Ways there and back: their half lengths in m, and amplitudes, [path, time] each."""

    ranges: NDArray[np.float32]
    amplitudes: NDArray[np.float32]


def room(number: int) -> Room:
    """The room of a number, always the same."""
    rng = np.random.default_rng((SEED, number))
    depth_m, width_m = rng.uniform(3.8, 7.0), rng.uniform(2.6, 5.0)
    size = int(rng.integers(15, 50))
    low, high = (0.4, -width_m / 2, 0.0), (depth_m, width_m / 2, 2.4)
    anywhere = rng.uniform(low, high, (size + 2, 3))
    areas = np.exp(rng.normal(-1.5, 1.2, size))
    wall = np.array([[depth_m, 0.0, 1.2], [0.3, -width_m / 2, 1.2], [0.3, width_m / 2, 1.2]])
    return Room(
        depth_m=depth_m,
        width_m=width_m,
        mirror=rng.uniform(0.1, 0.35),
        things=np.concatenate([anywhere[:size], wall]),
        areas=np.concatenate([areas, [4.0, 0.8, 0.8]]),
        fan=anywhere[size] if rng.random() < FAN else None,
        curtain=anywhere[size + 1] if rng.random() < CURTAIN else None,
        fan_hz=rng.uniform(6, 25),
    )


def movers(where: Room, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """What moves besides people: places [part, time, 3] and their cross-sections."""
    places, areas = [], []
    if where.fan is not None and rng.random() < 0.7:
        phases = np.arange(3)[:, None] * 2 * np.pi / 3 + 2 * np.pi * where.fan_hz / 3 * t
        turn = np.stack([0.05 * np.cos(phases), 0.15 * np.sin(phases), 0.15 * np.cos(phases)], -1)
        places += [*(where.fan + turn)]
        areas += [0.01] * 3
    if where.curtain is not None and rng.random() < 0.7:
        swing = rng.uniform(0.003, 0.02) * np.sin(
            2 * np.pi * rng.uniform(0.2, 0.7) * t + rng.uniform(0, 2 * np.pi)
        )
        places.append(where.curtain + swing[:, None] * np.array([1.0, 0.3, 0.0]))
        areas.append(0.15)
    return np.array(places).reshape(-1, len(t), 3), np.array(areas)


def mirrored(where: Room, places: Array) -> Array:
    """The same places behind the wall at the end of the room."""
    behind: Array = places * [-1.0, 1.0, 1.0] + [2 * where.depth_m, 0.0, 0.0]
    return behind
