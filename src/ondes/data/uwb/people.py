"""Bodies as moving scatterers: who they are, and where their parts are in a pose.

Lengths of parts are shares of a person's height (Winter, Biomechanics and Motor Control of Human
Movement, 2009, table 4.1). Metres, seconds, radians; a body looks along x, z is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SEED = 8_100_000
HIP, TORSO, SHOULDER, PELVIS = 0.53, 0.29, 0.12, 0.06
UPPER_ARM, FORE_ARM, THIGH, SHANK = 0.186, 0.2, 0.245, 0.25
SIDES = np.array([-1.0, 1.0])[:, None]
AREAS = np.array(
    [0.10, 0.10, 0.08, 0.08, 0.06, 0.10, 0.05] + 2 * [0.02, 0.015, 0.02] + 2 * [0.05, 0.035, 0.025]
)
"""Radar cross-sections in m^2 of chest, belly, back, pelvis, head, and of arms and legs."""


@dataclass(frozen=True)
class Person:
    """Somebody: height, girth (1 is usual), gait and how they move.

    speed_mps: of walking. tempo: of all that is done, 1 is usual. swing: of arms, in radians.
    breath_hz, breath_m: of breathing. fidget: how much they move when they do nothing.
    """

    height_m: float
    girth: float
    speed_mps: float
    tempo: float
    swing: float
    breath_hz: float
    breath_m: float
    fidget: float


def person(number: int) -> Person:
    """The person of a number, always the same."""
    rng = np.random.default_rng((SEED, number))
    height_m = float(np.clip(rng.normal(1.70, 0.10), 1.45, 1.98))
    return Person(
        height_m=height_m,
        girth=float(np.exp(rng.normal(0, 0.18))),
        speed_mps=float(np.clip(rng.normal(1.15, 0.25), 0.5, 1.8)),
        tempo=float(np.exp(rng.normal(0, 0.2))),
        swing=float(rng.uniform(0.15, 0.6)),
        breath_hz=float(rng.uniform(0.18, 0.35)),
        breath_m=float(rng.uniform(0.002, 0.007)),
        fidget=float(rng.uniform(0.0, 1.0)),
    )


class Pose(NamedTuple):
    """How a body is held over time; arrays [time], of two sides [2, time].

    forward, up: of the pelvis. lean: of the trunk, forward. thighs: from straight down, forward.
    knees, elbows: bent. arms: from straight down, forward. spread: of arms, sidewards. fallen: of
    the whole body about its feet, forward.
    """

    forward: Array
    up: Array
    lean: Array
    thighs: Array
    knees: Array
    arms: Array
    spread: Array
    elbows: Array
    fallen: Array


def points(who: Person, pose: Pose, breath: Array) -> Array:
    """Where the parts of a body are: [part, time, 3], in the order of `AREAS`.

    breath: of the chest, in m, [time].
    """
    h, depth = who.height_m, 0.11 * who.girth
    pelvis = _at(pose.forward, 0, pose.up)
    along = _at(np.sin(pose.lean), 0, np.cos(pose.lean))
    front = _at(np.cos(pose.lean), 0, -np.sin(pose.lean))
    neck = pelvis + TORSO * h * along
    chest = pelvis + 0.21 * h * along + (depth + breath)[:, None] * front
    belly = pelvis + 0.09 * h * along + (depth + 0.6 * breath)[:, None] * front
    aside = np.array([0.0, 0.07 * h * who.girth, 0.0])
    back = pelvis + 0.18 * h * along - depth * front
    trunk = [chest - aside, chest + aside, belly - aside, belly + aside, back, pelvis]
    limbs = [limb for side in (0, 1) for limb in _arm(pose, neck, h, side)]
    limbs += [limb for side in (0, 1) for limb in _leg(pose, pelvis, h, side)]
    body = np.stack([*trunk, neck + 0.1 * h * along, *limbs])
    return _tipped(body, pose.fallen)


def _arm(pose: Pose, neck: Array, h: float, side: int) -> tuple[Array, Array, Array]:
    """Upper arm, forearm and hand."""
    shoulder = neck + _at(0, SIDES[side, 0] * SHOULDER * h, 0)
    out = SIDES[side, 0] * pose.spread[side]
    elbow = shoulder + UPPER_ARM * h * _direction(pose.arms[side], out)
    hand = elbow + FORE_ARM * h * _direction(pose.arms[side] + pose.elbows[side], out)
    return (shoulder + elbow) / 2, (elbow + hand) / 2, hand


def _leg(pose: Pose, pelvis: Array, h: float, side: int) -> tuple[Array, Array, Array]:
    """Thigh, shank and foot."""
    hip = pelvis + _at(0, SIDES[side, 0] * PELVIS * h, 0)
    knee = hip + THIGH * h * _direction(pose.thighs[side], 0)
    foot = knee + SHANK * h * _direction(pose.thighs[side] - pose.knees[side], 0)
    return (hip + knee) / 2, (knee + foot) / 2, foot


def _direction(angle: Array, out: Array | float) -> Array:
    """Unit vectors [time, 3] from straight down, forward by an angle, sidewards by another."""
    return _at(np.sin(angle) * np.cos(out), np.sin(out), -np.cos(angle) * np.cos(out))


def _tipped(body: Array, angle: Array) -> Array:
    """The body turned about its feet, forward; nothing sinks into the floor."""
    x, y, z = np.moveaxis(body, -1, 0)
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.stack([x * cosine + z * sine, y, np.maximum(z * cosine - x * sine, 0.05)], axis=-1)


def _at(x: Array | float, y: Array | float, z: Array | float) -> Array:
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(np.float64)
