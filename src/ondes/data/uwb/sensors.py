"""The sensor of yesterday, that of today, and who is seen by both in which split."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ondes.data.uwb.radar import Radar
from ondes.data.uwb.scenes import Population

OLD = Radar()
NEW = Radar(
    carrier_hz=6.3e9,
    bandwidth_hz=0.9e9,
    pulse="flat",
    first_m=0.5,
    bin_m=0.058,
    place_m=(0.05, 0.25, 1.3),
    beam_deg=(50.0, 60.0),
    yaw_deg=12.0,
    power_db=36.0,
    slope_db_per_m=-0.5,
    colour=(0.5, 0.06),
    drone_db=-14.0,
    tones=1.0,
    tone_db=(-20.0, -8.0),
    drift_db=0.8,
    jitter=0.004,
    spread_db=1.5,
    spread_m=0.02,
)
"""Lower, narrower, with side lobes; a narrower beam that looks aside; 1.4 times the noise, coloured
and with interference; bins of another size and beginning; a gain that drifts."""

POPULATIONS: Mapping[str, Population] = MappingProxyType(
    {
        "train": Population(1, 60, 30),
        "valid": Population(2, 12, 8),
        "few": Population(3, 10, 6),
        "test": Population(4, 40, 20),
        "pairs": Population(5, 15, 8),
        "pairs-valid": Population(6, 8, 5),
    }
)
"""People and rooms of the labelled sets and, apart from all of them, of pairs to learn from."""
