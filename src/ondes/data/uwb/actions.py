"""What people do: poses over time, each drawn anew.

A window of two seconds seldom holds an action as a whole: it may begin before, or end after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ondes.data.uwb.people import HIP, Array, Person, Pose

Draw = np.random.Generator
FLAT = np.pi / 2


def walk(who: Person, t: Array, rng: Draw) -> Pose:
    """Walk on; steps are as long as speed and legs ask for (Boulic et al. 1990)."""
    speed = who.speed_mps * rng.uniform(0.85, 1.15)
    relative = speed / (HIP * who.height_m)
    cycle_hz = relative / (1.346 * np.sqrt(relative)) * who.tempo**0.3
    phase = 2 * np.pi * cycle_hz * t + rng.uniform(0, 2 * np.pi)
    stride = np.clip(0.42 * np.sqrt(relative), 0.1, 0.6)
    both = np.stack([phase, phase + np.pi])
    pose = _standing(who, t, rng)
    return pose._replace(
        forward=speed * t + 0.02 * np.sin(2 * phase),
        up=pose.up + 0.02 * np.cos(2 * phase),
        thighs=stride * np.sin(both),
        knees=0.12 + 0.9 * np.clip(np.cos(both), 0, None) ** 2,
        arms=pose.arms - who.swing * np.sin(both),
    )


def sit(who: Person, t: Array, rng: Draw) -> Pose:
    """Sit down."""
    return _seated(who, t, rng, _ramp(t, *_span(who, rng, 0.9, 1.7)))


def stand(who: Person, t: Array, rng: Draw) -> Pose:
    """Stand up."""
    return _seated(who, t, rng, 1 - _ramp(t, *_span(who, rng, 0.8, 1.6)))


def fall(who: Person, t: Array, rng: Draw) -> Pose:
    """Fall, ever faster, to the front or the back, and lie there."""
    start, lasts = _span(who, rng, 0.6, 1.2)
    share = np.clip((t - start) / lasts, 0, 1) ** rng.uniform(2, 3)
    way = 1.0 if rng.random() < 0.6 else -1.0
    flung = np.sin(np.pi * share)
    bent = rng.uniform(0.1, 0.7) * share
    pose = _standing(who, t, rng)
    return pose._replace(
        fallen=way * (FLAT - 0.08) * share,
        up=pose.up * (1 - 0.25 * bent),
        thighs=pose.thighs + bent,
        knees=pose.knees + 1.6 * bent,
        arms=pose.arms + rng.uniform(0.3, 1.6, (2, 1)) * flung,
        spread=pose.spread + rng.uniform(0, 1, (2, 1)) * flung,
    )


def wave(who: Person, t: Array, rng: Draw) -> Pose:
    """Wave one hand, standing or seated."""
    share = np.full_like(t, float(rng.random() < 0.3))
    pose = _seated(who, t, rng, share)
    side = int(rng.integers(2))
    phase = 2 * np.pi * rng.uniform(1.0, 2.2) * who.tempo * t + rng.uniform(0, 2 * np.pi)
    raised = _ramp(t, rng.uniform(-0.8, 0.3), 0.6)
    arms, elbows, spread = pose.arms.copy(), pose.elbows.copy(), pose.spread.copy()
    arms[side] += raised * rng.uniform(0.9, 1.7)
    elbows[side] += raised * (rng.uniform(0.7, 1.3) + rng.uniform(0.2, 0.6) * np.sin(phase))
    spread[side] += raised * (0.2 + rng.uniform(0.1, 0.5) * np.sin(phase))
    return pose._replace(arms=arms, elbows=elbows, spread=spread)


def idle(who: Person, t: Array, rng: Draw) -> Pose:
    """Stand or sit, breathe, sway; perhaps move an arm or the trunk a little."""
    share = np.full_like(t, float(rng.random() < 0.5))
    pose = _seated(who, t, rng, share)
    if rng.random() > 0.7 * who.fidget:
        return pose
    moved = _ramp(t, rng.uniform(0, 1.2), rng.uniform(0.5, 1.2))
    arms = pose.arms + rng.uniform(-0.5, 0.6, (2, 1)) * moved
    return pose._replace(arms=arms, lean=pose.lean + rng.normal(0, 0.08) * moved)


ACTIONS: Mapping[str, Callable[[Person, Array, Draw], Pose]] = MappingProxyType(
    {"walk": walk, "sit": sit, "stand": stand, "fall": fall, "wave": wave, "idle": idle}
)


def _standing(who: Person, t: Array, rng: Draw) -> Pose:
    """Upright, swaying."""
    zeros = np.zeros((2, len(t)))
    sway = _wander(t, rng, 0.004)
    return Pose(
        forward=sway,
        up=HIP * who.height_m + np.zeros_like(t),
        lean=0.03 + sway / (HIP * who.height_m),
        thighs=zeros,
        knees=zeros,
        arms=zeros + rng.uniform(-0.1, 0.3, (2, 1)),
        spread=zeros + rng.uniform(0.05, 0.2),
        elbows=zeros + rng.uniform(0.1, 0.9, (2, 1)),
        fallen=np.zeros_like(t),
    )


def _seated(who: Person, t: Array, rng: Draw, share: Array) -> Pose:
    """Between standing (share 0) and sitting on a chair (share 1); the trunk leans in between."""
    pose = _standing(who, t, rng)
    seat = rng.uniform(0.40, 0.50)
    lean = rng.uniform(0.3, 0.7) * np.sin(np.pi * share) ** 2
    return pose._replace(
        forward=pose.forward - 0.22 * who.height_m * share,
        up=pose.up + (seat - pose.up) * share,
        lean=pose.lean + lean - 0.1 * share,
        thighs=pose.thighs + FLAT * share,
        knees=pose.knees + FLAT * share,
        arms=pose.arms + rng.uniform(0.1, 0.6) * share,
    )


def _span(who: Person, rng: Draw, least_s: float, most_s: float) -> tuple[float, float]:
    """When an action begins and how long it takes: half of it at least is seen in 2 s."""
    lasts = rng.uniform(least_s, most_s) / who.tempo
    return rng.uniform(-0.3, 1.5 - 0.5 * lasts), lasts


def _ramp(t: Array, start: float, lasts: float) -> Array:
    """From 0 to 1 with the least jerk (Flash and Hogan 1985)."""
    u = np.clip((t - start) / lasts, 0, 1)
    return u**3 * (10 - 15 * u + 6 * u**2)


def _wander(t: Array, rng: Draw, size: float) -> Array:
    """Slow sway: three sines of random phase."""
    hz = rng.uniform(0.1, 0.9, 3)[:, None]
    phases = rng.uniform(0, 2 * np.pi, 3)[:, None]
    return np.asarray(size * np.sin(2 * np.pi * hz * t + phases).mean(axis=0))
