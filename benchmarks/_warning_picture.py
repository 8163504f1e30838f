"""The picture of advance warning: what beats are made of, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ondes.data.ecg.hearts import Heart
from ondes.io import atomic_write
from ondes.metrics.advance import Advance
from ondes.ops.beats import RATE_HZ, average
from ondes.ops.degrade import level_beats
from ondes.ops.donors import Library

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Doubles = NDArray[np.float64]
DRAWN = 12  # beats in a panel
BLUE, RED, GREY = "#1f5f99", "#b3392f", "#888888"
HEADINGS = (
    "average normal beat (mV)",
    "others' filters: mean, and one each",
    "synthetic V beats (mV)",
    "real V beats, never learnt from (mV)",
)


def draw(
    path: Path,
    hearts: Sequence[Heart],
    library: Library,
    curves: Mapping[str, Advance],
) -> None:
    """Write a PNG: a row of beats for each heart, the systems' curves below."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(10, 1.75 * len(hearts) + 3), layout="constrained")
        grid = figure.add_gridspec(len(hearts) + 1, 4, height_ratios=[*[1] * len(hearts), 1.5])
        for row, own in enumerate(hearts):
            axes = [figure.add_subplot(grid[row, column]) for column in range(4)]
            _beats(axes, own, library.without(own.person))
            if row == 0:
                for axis, heading in zip(axes, HEADINGS, strict=True):
                    axis.set_title(heading, fontsize=8)
        below = grid[len(hearts), :].subgridspec(1, 2)
        _curves(figure.add_subplot(below[0]), curves)
        _alarms(figure.add_subplot(below[1]), curves)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            figure.savefig(temporary, dpi=110, format="png")


def _beats(axes: Sequence[Axes], own: Heart, library: Library) -> None:
    normal = average(own.of("N").shapes)
    rng = np.random.default_rng(0)
    made = library.synthesise(normal, DRAWN, rng=rng, spread=0.35).beats
    real = own.of("V").shapes
    chosen = np.linspace(0, len(real) - 1, min(DRAWN, len(real))).round().astype(int)
    at_ms = 1000 * (np.arange(len(normal)) - len(normal) // 2) / RATE_HZ
    axes[0].plot(at_ms, normal, color=BLUE)
    _filters(axes[1], library)
    _many(axes[2], at_ms, level_beats(made))
    _many(axes[3], at_ms, real[chosen])
    low, high = _limits(np.vstack([normal, made, real[chosen]]))
    for axis in (axes[0], *axes[2:]):
        axis.set_ylim(low, high)
        axis.set_xlabel("ms from the R peak")
    axes[0].set_ylabel(f"record {own.person}", fontweight="bold")


def _filters(axis: Axes, library: Library) -> None:
    mean, _ = library.spread()
    at_ms = 1000 * (np.arange(len(mean)) - len(mean) // 2) / RATE_HZ
    for donor in sorted(set(library.donor.tolist())):
        one = library.filters[np.flatnonzero(library.donor == donor)[0]]
        axis.plot(at_ms, one, color=GREY, linewidth=0.4, alpha=0.7)
    axis.plot(at_ms, mean, color="black", linewidth=1)
    axis.set_xlabel("ms of delay")


def _many(axis: Axes, at_ms: Doubles, beats: Doubles) -> None:
    axis.plot(at_ms, beats.T, color=RED, linewidth=0.7, alpha=0.6)


def _limits(beats: Doubles) -> tuple[float, float]:
    low, high = np.quantile(beats, [0.001, 0.999])
    margin = 0.08 * (high - low)
    return float(low - margin), float(high + margin)


def _curves(axis: Axes, curves: Mapping[str, Advance]) -> None:
    for place, (name, curve) in enumerate(curves.items()):
        n = np.arange(1, len(curve.anywhere) + 1)
        axis.plot(n, curve.anywhere, marker="o", markersize=3, label=name, **_style(place))
    axis.set_xticks(n)
    axis.grid(axis="y", linewidth=0.3)
    axis.set_xlabel("n abnormal beats in a row")
    axis.set_title("share of such stretches with one beat caught, mean over persons", fontsize=8)
    axis.legend(frameon=False)


def _alarms(axis: Axes, curves: Mapping[str, Advance]) -> None:
    names = list(curves)
    values = [max(curve.alarms_per_hour, 1.0) for curve in curves.values()]
    colours = [_style(place)["color"] for place in range(len(names))]
    bars = axis.barh(names, values, color=colours)
    axis.bar_label(bars, [f"{curves[name].alarms_per_hour:.0f}" for name in names], padding=3)
    axis.set_xscale("log")
    axis.set_xlim(1, 3 * max(values))
    axis.invert_yaxis()
    axis.set_title("false alarms an hour, all persons together", fontsize=8)


def _style(place: int) -> dict[str, Any]:
    colours = (RED, BLUE, "#3a7d44", "#c98a1b", GREY)
    return {"color": colours[place], "linewidth": 2 if place == 0 else 1}
