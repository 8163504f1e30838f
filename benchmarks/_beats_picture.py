"""The picture of beats: strips of records never learnt from, what is true and what is found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.events import EventList
from ondes.io import atomic_write
from ondes.timebase import Timebase

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STRIP_S = 12.0
COLOURS = {"N": "#1f5f99", "V": "#b3392f", "S": "#b07d12", "F": "#7a4d9e", "Q": "#888888"}


class Strip(NamedTuple):
    """One lead x [time] from `start_s` on; what it shows, in words."""

    x: NDArray[np.float32]
    rate_hz: float
    truth: EventList
    found: EventList
    start_s: float
    words: str


def draw(path: Path, strips: Sequence[Strip]) -> None:
    """Write a PNG of strips above each other: true classes above the line, found ones below."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(10, 1.7 * len(strips)), layout="constrained")
        rows = np.atleast_1d(figure.subplots(len(strips)))
        for axis, strip in zip(rows, strips, strict=True):
            _strip(axis, strip)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            figure.savefig(temporary, dpi=110, format="png")


def _strip(axis: Axes, strip: Strip) -> None:
    grid = Timebase(strip.rate_hz)
    first, last = (int(grid.samples(strip.start_s + more)) for more in (0.0, STRIP_S))
    x = strip.x[first:last]
    axis.plot(np.arange(len(x)) / strip.rate_hz, x, color="#333333", linewidth=0.7)
    low, high = float(x.min()), float(x.max())
    room = (high - low) * 0.14
    for events, y in ((strip.truth, high + room), (strip.found, low - room)):
        for event in events.crop(first, last):
            at = (event.onset - first) / strip.rate_hz
            colour = COLOURS.get(event.label, "#333333")
            axis.text(at, y, event.label, color=colour, ha="center", va="center", fontsize=9)
    axis.set_xlim(0, STRIP_S)
    axis.set_ylim(low - 2 * room, high + 2 * room)
    axis.set_yticks([])
    axis.set_title(f"{strip.words}: true above, found below", loc="left", fontsize=8)
    axis.set_xlabel("s")
