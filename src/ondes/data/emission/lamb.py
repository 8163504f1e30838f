"""Lamb waves: how fast the modes A0 and S0 of a free plate travel at each frequency.

Both are roots of the Rayleigh-Lamb equations (Lamb 1917; Graff, Wave Motion in Elastic Solids,
1975, section 8.1), solved numerically. Higher modes, which exist above a frequency times
thickness of about 1.6 MHz mm, are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, nearest

Doubles = NDArray[np.float64]
Mode = Literal["A0", "S0"]
SCAN, HALVINGS = 256, 50


@dataclass(frozen=True)
class Material:
    """An isotropic elastic solid: Young's modulus in Pa, Poisson's ratio, density in kg/m^3."""

    young_pa: float
    poisson: float
    density: float

    @property
    def longitudinal(self) -> float:
        """Speed of longitudinal waves in the bulk, m/s."""
        nu = self.poisson
        return math.sqrt(self.young_pa * (1 - nu) / (self.density * (1 + nu) * (1 - 2 * nu)))

    @property
    def transverse(self) -> float:
        """Speed of transverse waves in the bulk, m/s."""
        return math.sqrt(self.young_pa / (2 * self.density * (1 + self.poisson)))

    @property
    def rayleigh(self) -> float:
        """Speed of surface waves, m/s, to half a percent (Viktorov 1967)."""
        return self.transverse * (0.87 + 1.12 * self.poisson) / (1 + self.poisson)

    @property
    def plate(self) -> float:
        """Speed of S0 at low frequencies, m/s, the fastest that A0 and S0 know."""
        return math.sqrt(self.young_pa / (self.density * (1 - self.poisson**2)))

    def flexural(self, omega: Doubles, thickness_m: float) -> Doubles:
        """Phase speed of a thin plate that bends, m/s: what A0 tends to at low frequencies."""
        stiffness = self.young_pa * thickness_m**2 / (12 * (1 - self.poisson**2) * self.density)
        return np.asarray(np.sqrt(omega) * stiffness**0.25)


MATERIALS = {
    "aluminium": Material(70e9, 0.33, 2700.0),
    "steel": Material(210e9, 0.29, 7850.0),
}


def material(name: str) -> Material:
    """The material of that name; InputError with the nearest one."""
    if name not in MATERIALS:
        known = ", ".join(MATERIALS)
        raise InputError(f"no material {name!r}{nearest(name, MATERIALS)}; there are {known}")
    return MATERIALS[name]


def phase_speed(mode: Mode, frequency_hz: Doubles, *, thickness_m: float, of: Material) -> Doubles:
    """Phase speed of a mode in m/s at frequencies above 0, in a plate of that thickness.

    >>> steel = MATERIALS["steel"]
    >>> speed = phase_speed("S0", np.array([1e3, 1e6]), thickness_m=0.004, of=steel)
    >>> bool(abs(speed[0] / steel.plate - 1) < 1e-4), bool(speed[1] < steel.transverse)
    (True, True)
    """
    omega = 2 * np.pi * np.asarray(frequency_hz, np.float64)
    if mode == "S0":  # no symmetric wave is slower than the surface's
        low = np.full_like(omega, 0.97 * of.rayleigh)
        high = np.full_like(omega, 1.001 * of.plate)
    else:  # shear and inertia make A0 slower than a thin plate's bending
        high = 1.01 * np.minimum(of.flexural(omega, thickness_m), of.rayleigh)
        low = 0.3 * high

    def remainder(speed: Doubles) -> Doubles:
        return _rayleigh_lamb(mode, omega, speed, thickness_m / 2, of)

    return _slowest_root(remainder, low, high)


@lru_cache(maxsize=16)
def wavenumbers(*, n: int, rate_hz: float, thickness_m: float, of: Material) -> Doubles:
    """Wavenumbers [A0 and S0, n // 2 + 1] in rad/m at the frequencies of an FFT of n samples."""
    frequency = np.linspace(0, rate_hz * (n // 2) / n, n // 2 + 1)[1:]
    modes: tuple[Mode, ...] = ("A0", "S0")
    speeds = [phase_speed(mode, frequency, thickness_m=thickness_m, of=of) for mode in modes]
    table = np.pad(2 * np.pi * frequency / np.stack(speeds), ((0, 0), (1, 0)))
    table.setflags(write=False)
    return table


def _rayleigh_lamb(
    mode: Mode, omega: Doubles, speed: Doubles, half: float, of: Material
) -> Doubles:
    """The Rayleigh-Lamb equation, multiplied out so that it is real and has no poles."""
    k2 = (omega / speed) ** 2
    p2, q2 = (omega / of.longitudinal) ** 2 - k2, (omega / of.transverse) ** 2 - k2
    p, q = np.sqrt(p2 + 0j) * half, np.sqrt(q2 + 0j) * half
    if mode == "S0":
        value = (q2 - k2) ** 2 * _sinc(q) * np.cos(p) + 4 * k2 * p2 * _sinc(p) * np.cos(q)
    else:
        value = (q2 - k2) ** 2 * _sinc(p) * np.cos(q) + 4 * k2 * q2 * _sinc(q) * np.cos(p)
    return np.asarray(value.real)


def _sinc(x: NDArray[np.complex128]) -> NDArray[np.complex128]:
    return np.asarray(np.sinc(x / np.pi))


def _slowest_root(f: Callable[[Doubles], Doubles], low: Doubles, high: Doubles) -> Doubles:
    """The first change of sign between `low` and `high` at each frequency, by bisection."""
    steps = np.linspace(0, 1, SCAN)[:, None]
    speeds = low + steps * (high - low)
    signs = np.sign(f(speeds))
    change = np.argmax(signs[1:] != signs[:-1], axis=0)
    at = np.arange(low.size)
    left, right, sign = speeds[change, at], speeds[change + 1, at], signs[change, at]
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        same = np.sign(f(middle)) == sign
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return np.asarray((left + right) / 2)
