"""What data sets give of frames: the frames as channels, or a range-Doppler map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ondes.data.uwb.radar import Radar
from ondes.errors import ChannelError, InputError
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


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Of which frames a map is made: `size` of them, `rate_hz` a second.

    form: of the map. n_channels: real parts of all range bins, then the imaginary ones.

    >>> frames = Frames.of(Form(), Radar(), seconds=2.0)
    >>> frames.size, frames.n_channels, Frames.from_dict(frames.to_dict()) == frames
    (400, 256, True)
    """

    form: Form
    rate_hz: float
    n_channels: int
    size: int

    @classmethod
    def of(cls, form: Form, radar: Radar, *, seconds: float) -> Frames:
        """Frames of so many seconds by a radar."""
        size = round(seconds * radar.rate_hz)
        return cls(form=form, rate_hz=radar.rate_hz, n_channels=2 * radar.n_bins, size=size)

    def map_of(self, x: Float) -> Float:
        """Frames [channel, frame] as a map; ChannelError unless they have the channels."""
        if x.shape[0] != self.n_channels:
            raise ChannelError(
                f"{x.shape[0]} channels of frames for maps of {self.n_channels}: give the real "
                "parts of all range bins, then the imaginary ones"
            )
        return self.form.of(ops.joined(x))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Frames:
        """Inverse of `to_dict`; InputError on a missing or unknown key."""
        try:
            form = dict(values["form"])
            pairs = {name: tuple(form[name]) for name in ("shape", "span_db")}
            return cls(**{**values, "form": Form(**{**form, **pairs})})
        except (KeyError, TypeError) as error:
            raise InputError(f"Frames.from_dict({dict(values)}): {error}") from error
