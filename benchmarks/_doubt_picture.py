"""The picture of a translator's doubt: maps, their errors, and what it said of them beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.io import atomic_write
from ondes.protocols import PairDataset

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Maps = NDArray[np.float32]

JUDGED, SHOWN, TENTHS = 200, (1, 3, 4), 10
TITLES = ("new sensor", "old sensor", "translated", "absolute error", "uncertainty")


class Told(NamedTuple):
    """Of one pair: maps [bin, Doppler], the error and the uncertainty of their translation."""

    source: Maps
    target: Maps
    result: Maps
    error: Maps
    doubt: Maps


def draw(path: Path, model: Any, pairs: PairDataset) -> str:  # noqa: ANN401 - ondes.load's
    """Write a PNG of some pairs and of error against doubt in all; say how they go together."""
    told = [_told(model, pairs, index) for index in range(min(JUDGED, len(pairs)))]
    _drawn(path, told)
    within = np.mean([np.corrcoef(t.doubt.ravel(), t.error.ravel())[0, 1] for t in told])
    return (
        f"Sig2Sig's uncertainty of {len(told)} test maps: mean correlation with the absolute error "
        f"within a map {within:.2f}."
    )


def _told(model: Any, pairs: PairDataset, index: int) -> Told:  # noqa: ANN401
    pair = pairs[index]
    made = model.parts_of(pair.source)
    error = np.abs(made.result - pair.target)
    return Told(
        pair.source, pair.target, made.result, error, np.broadcast_to(made.uncertainty, error.shape)
    )


def _drawn(path: Path, told: list[Told]) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 2.1 * (len(SHOWN) + 1)), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=[2 * len(SHOWN), 2.4])
        for row, index in zip(above.subplots(len(SHOWN), 5), SHOWN, strict=True):
            for axis, maps, title in zip(row, told[index], TITLES, strict=True):
                _map(axis, maps, title)
        _curve(below.subplots(1, 1), told)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            figure.savefig(temporary, dpi=75, format="png")


def _map(axis: Axes, maps: Maps, title: str) -> None:
    levels = title in TITLES[:3]
    top = 3.0 if levels else 1.0
    axis.imshow(
        maps, origin="lower", aspect="auto", cmap="magma" if levels else "viridis", vmin=0, vmax=top
    )
    axis.set_title(title, loc="left")
    axis.set_xticks([])
    axis.set_yticks([])


def _curve(axis: Axes, told: list[Told]) -> None:
    """Mean error of each tenth of all entries, by their doubt, and the line of perfect doubt."""
    doubt = np.concatenate([one.doubt.ravel() for one in told])
    error = np.concatenate([one.error.ravel() for one in told])
    order = np.array_split(np.argsort(doubt), TENTHS)
    x, y = ([float(values[part].mean()) for part in order] for values in (doubt, error))
    axis.plot(x, y, "o-", color="#1f5f99", label="a tenth of all entries each")
    axis.plot([min(x), max(x)], [min(x), max(x)], "--", color="#888888", label="foretold")
    axis.set_xlabel("uncertainty, 10 dB")
    axis.set_ylabel("mean error, 10 dB")
    axis.legend(frameon=False)
