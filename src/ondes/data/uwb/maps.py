"""What data sets give of frames: the frames as channels, or a range-Doppler map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ondes.data.uwb.radar import Radar
from ondes.ops import radar as ops
from ondes.ops.radar import Complex, Float


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is given of a recording.

    kind: "map": levels [range, Doppler] over the map's median in dB; "complex": real parts of all
        bins, then imaginary ones, [2 bin, frame]; "real": real parts alone, [bin, frame].
    shape: of a map, whose cells are means over tiles. span_db: within which its levels are kept.
    scale_db: what counts as 1 in a map: levels are divided by it.
    """

    kind: Literal["map", "complex", "real"] = "map"
    shape: tuple[int, int] = (64, 64)
    span_db: tuple[float, float] = (-10.0, 50.0)
    scale_db: float = 10.0

    def of(self, frames: Complex) -> Float:
        """Frames [bin, frame] in this form."""
        if self.kind == "map":
            tiles = ops.pooled(ops.range_doppler(frames), self.shape)
            return ops.decibels(tiles, span_db=self.span_db) / self.scale_db
        return ops.parts(frames) if self.kind == "complex" else frames.real.copy()

    def channels(self, radar: Radar) -> int:
        """Channels of what is given of this radar's frames."""
        own = {"map": self.shape[0], "complex": 2 * radar.n_bins, "real": radar.n_bins}
        return own[self.kind]

    def rate_hz(self, radar: Radar) -> float:
        """Frames a second; of a map its Doppler bins per Hz."""
        return self.shape[1] / radar.rate_hz if self.kind == "map" else radar.rate_hz
