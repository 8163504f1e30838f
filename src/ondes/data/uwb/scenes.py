"""Recordings by number: somebody does something in a room, and several radars see it at once.

Who, where, what and how follow from a population, a seed and a number alone; each radar's noise
from these and its place in the list. Populations share neither people nor rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ondes.data.uwb import people, rooms
from ondes.data.uwb.actions import ACTIONS
from ondes.data.uwb.people import Array, Person
from ondes.data.uwb.radar import Draw, Radar, heard, paths
from ondes.data.uwb.rooms import Paths, Room
from ondes.ops.radar import Complex

LABELS = tuple(ACTIONS)
SEED = 8_300_000
STEP = 1000  # numbers of people and rooms that one population may have
GLINT = 0.35  # by how much cross-sections of parts vary, of one recording to another
WALK_WAYS = 1.2  # radians from straight ahead


@dataclass(frozen=True)
class Population:
    """Who is seen and where: how many people and rooms; `block` tells populations apart."""

    block: int
    people: int
    rooms: int


class Scene(NamedTuple):
    """What a recording is of."""

    label: str
    person: int
    room: int
    rng: Draw


def scene(population: Population, index: int, *, seed: int = 0) -> Scene:
    """Who does what and where in recording `index`; actions come in turn."""
    rng = np.random.default_rng((SEED, population.block, seed, index))
    first = STEP * population.block
    label = LABELS[index % len(LABELS)]
    person = first + int(rng.integers(population.people))
    return Scene(label, person, first + int(rng.integers(population.rooms)), rng)


def recording(
    population: Population,
    index: int,
    radars: Sequence[Radar | None],
    *,
    seconds: float,
    seed: int = 0,
) -> list[Complex]:
    """Frames [bin, frame] of each radar, of one scene; None skips a radar without moving others."""
    what = scene(population, index, seed=seed)
    drawn = what.rng.integers(2**63)
    key = (SEED, population.block, seed, index)
    return [
        _seen(what, radar, seconds, int(drawn), (*key, 1 + place))
        for place, radar in enumerate(radars)
        if radar is not None
    ]


def _seen(what: Scene, radar: Radar, seconds: float, drawn: int, key: tuple[int, ...]) -> Complex:
    """One radar's frames; `drawn` makes the scene, `key` what is the radar's own."""
    t = np.arange(round(seconds * radar.rate_hz)) / radar.rate_hz
    who, where = people.person(what.person), rooms.room(what.room)
    body, areas = _body(what, who, where, t, np.random.default_rng(drawn))
    others, other_areas = rooms.movers(where, t, np.random.default_rng((drawn, 1)))
    own = np.random.default_rng(key)
    yaw = radar.spread_deg * own.standard_normal()
    ways = [
        paths(radar, body, areas, yaw_deg=yaw),
        paths(radar, others, other_areas, yaw_deg=yaw),
        _by_the_wall(radar, where, body[:7], areas[:7], yaw_deg=yaw),
    ]
    still = paths(radar, where.things[:, None], where.areas, yaw_deg=yaw)
    return heard(radar, Paths(*map(np.concatenate, zip(*ways, strict=True))), still, own)


def _body(what: Scene, who: Person, where: Room, t: Array, rng: Draw) -> tuple[Array, Array]:
    """Places of all parts of the person in the room, and their cross-sections."""
    pose = ACTIONS[what.label](who, t, rng)
    breath = who.breath_m * np.sin(2 * np.pi * who.breath_hz * t + rng.uniform(0, 2 * np.pi))
    body = people.points(who, pose, breath)
    looks = np.pi + rng.uniform(-WALK_WAYS, WALK_WAYS)
    if what.label == "walk" and rng.random() < 0.5:
        looks += np.pi
    middle = np.array([rng.uniform(1.2, min(where.depth_m - 0.6, 5.0)), 0.0])
    middle[1] = rng.uniform(-0.3, 0.3) * min(where.width_m, middle[0])
    centred = body - np.array([pose.forward.mean(), 0, 0])
    areas = people.AREAS * who.girth * np.exp(rng.normal(0, GLINT, len(body)))
    areas = areas * (0.45 + 0.55 * abs(np.cos(looks)))
    return _turned(centred, looks) + np.array([*middle, 0.0]), areas


def _turned(body: Array, angle: float) -> Array:
    sine, cosine = np.sin(angle), np.cos(angle)
    turned: Array = body @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    return turned


def _by_the_wall(radar: Radar, where: Room, trunk: Array, areas: Array, *, yaw_deg: float) -> Paths:
    """Echoes of the trunk by way of the wall behind it: there directly, back by the wall."""
    direct = paths(radar, trunk, areas, yaw_deg=yaw_deg)
    behind = paths(radar, rooms.mirrored(where, trunk), areas, yaw_deg=yaw_deg)
    amplitudes = where.mirror * np.sqrt(direct.amplitudes * behind.amplitudes)
    ranges = (direct.ranges + behind.ranges) / 2
    return Paths(ranges.astype(np.float32), amplitudes.astype(np.float32))
