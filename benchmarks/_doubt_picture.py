"""What a translator makes of maps and what it says of its doubt, panel by panel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.io import atomic_write
from ondes.protocols import PairDataset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

Maps = NDArray[np.float32]

JUDGED, SHOWN, TENTHS = 200, (1, 3, 4), 10
LEVELS = ("input, new sensor", "target, old sensor", "coarse output", "result")
TITLES = (*LEVELS[:2], "uncertainty", *LEVELS[2:], "error of the result")
RANGES = {"uncertainty": (0.1, 0.4), "error of the result": (0.0, 1.0), "coarse output": None}
"""Of the colours, in 10 dB; None is a map's own. All others have levels, to 30 dB."""


class Told(NamedTuple):
    """Maps [bin, Doppler] of one pair, as `TITLES`, and what is done there."""

    maps: tuple[Maps, ...]
    action: str

    @property
    def doubt(self) -> Maps:
        """The uncertainty."""
        return self.maps[2]

    @property
    def error(self) -> Maps:
        """The absolute error."""
        return self.maps[5]


def draw(path: Path, model: Any, judge: Any, pairs: Any) -> str:  # noqa: ANN401 - ondes.load's
    """Write a PNG of some pairs with the judge's answers; say how doubt and error go together.

    Below the maps: the mean error of each tenth of all entries, by their doubt.
    """
    told = [_told(model, pairs, index) for index in range(min(JUDGED, len(pairs)))]
    _drawn(path, told, judge, pairs)
    within = np.mean([np.corrcoef(t.doubt.ravel(), t.error.ravel())[0, 1] for t in told])
    return (
        f"Sig2Sig's uncertainty of {len(told)} test maps: mean correlation with the absolute error "
        f"within a map {within:.2f}."
    )


def _told(model: Any, pairs: Any, index: int) -> Told:  # noqa: ANN401
    pair = pairs[index]
    made = model.parts_of(pair.source)
    error = np.abs(made.result - pair.target)
    doubt = np.broadcast_to(made.uncertainty, error.shape)
    action = pairs.labels[int(pairs.y_of(index).argmax())]
    return Told((pair.source, pair.target, doubt, made.coarse, made.result, error), action)


def _drawn(path: Path, told: Sequence[Told], judge: Any, pairs: PairDataset) -> None:  # noqa: ANN401
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(12, 2.3 * (len(SHOWN) + 1)), layout="constrained")
        parts = figure.subfigures(2, 1, height_ratios=[2.2 * len(SHOWN), 2.4], squeeze=False)
        above, below = parts[:, 0]
        rows = above.subplots(len(SHOWN), len(TITLES))
        for row, index in zip(rows, SHOWN, strict=True):
            row[0].set_ylabel(told[index].action)
            for axis, maps, title in zip(row, told[index].maps, TITLES, strict=True):
                _map(axis, maps, title)
                if title in LEVELS:
                    axis.set_xlabel(_said(judge, maps, pairs.target.rate_hz))
        _curve(below, told)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            figure.savefig(temporary, dpi=75, format="png")


def _said(judge: Any, maps: Maps, rate_hz: float) -> str:  # noqa: ANN401
    """Return what a classifier says, and how sure it is."""
    shares = judge.probabilities(maps, rate_hz=rate_hz)
    return f"{judge.classes[int(shares.argmax())]} {shares.max():.0%}"


def _map(axis: Axes, maps: Maps, title: str) -> None:
    least, most = RANGES.get(title, (0.0, 3.0)) or (maps.min(), maps.max())
    colours = "magma" if title in LEVELS else "viridis"
    axis.imshow(maps, origin="lower", aspect="auto", cmap=colours, vmin=least, vmax=most)
    axis.set_title(title, loc="left")
    axis.set_xticks([])
    axis.set_yticks([])


def _curve(figure: SubFigure, told: Sequence[Told]) -> None:
    """Mean error of each tenth of all entries, by their doubt, and the line of perfect doubt."""
    axis = figure.subplots()
    doubt = np.concatenate([one.doubt.ravel() for one in told])
    error = np.concatenate([one.error.ravel() for one in told])
    order = np.array_split(np.argsort(doubt), TENTHS)
    x, y = ([float(values[part].mean()) for part in order] for values in (doubt, error))
    axis.plot(x, y, "o-", color="#1f5f99", label="a tenth of all entries each")
    axis.plot([min(x), max(x)], [min(x), max(x)], "--", color="#888888", label="foretold")
    axis.set_xlabel("uncertainty, 10 dB")
    axis.set_ylabel("mean error, 10 dB")
    axis.legend(frameon=False)
