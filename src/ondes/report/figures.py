"""A PNG for each layer of a network explained, by matplotlib: for slides and papers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ondes.errors import MissingExtraError
from ondes.io import atomic_write, make_folder
from ondes.report import page
from ondes.report.filterbank import RANGE_DB
from ondes.tasks.explain import Explained, Explanation

SHOWN, COLUMNS = 24, 4  # waveforms of a layer
GLANCE = 8  # of a layer among the others
ALL = "all-layers.png"
STAGES = 6  # of the way of a waveform
SIZE, DOTS = (11.0, 4.2), 130
WAVE, TAPS = "#33707b", "#b3563d"


def write(folder: str | os.PathLike[str], explanation: Explanation) -> list[Path]:
    """Write some pictures of each layer, and return their paths.

    ``LAYER.png`` has filters by frequency beside pure tones, ``LAYER-waves.png`` waveforms beside
    the filters' own taps, ``LAYER-steps.png`` how some of them arose, where that was recorded;
    ``all-layers.png`` some waveforms of each, a row a layer.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: they cannot be written.
    """
    _package()
    make_folder(Path(folder))
    paths = [_drawn(Path(folder, ALL), _glance, explanation)]
    for layer in explanation.layers:
        name = re.sub(r"[^\w.-]", "_", layer.name)
        kinds = {"": _banks, "-waves": _waves} | ({"-steps": _steps} if layer.record else {})
        for suffix, draw in kinds.items():
            paths.append(_drawn(Path(folder, f"{name}{suffix}.png"), draw, layer))
    return paths


Shown = TypeVar("Shown", Explained, Explanation)


def _drawn(path: Path, draw: Callable[[Any, Shown], None], what: Shown) -> Path:
    """Draw something on a canvas of its own, write that to a path, and return the path."""
    canvas = _package()(figsize=SIZE, dpi=DOTS, layout="constrained")
    draw(canvas, what)
    with atomic_write(path) as temporary:
        canvas.savefig(temporary, format="png")
    return path


def check() -> None:
    """Raise `MissingExtraError` where matplotlib is not installed."""
    _package()


def _package() -> Any:  # noqa: ANN401 - a class of a package that may be missing
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "figures need the package matplotlib; install it with: pip install 'ondes[explain]'"
        ) from error
    return Figure


def _glance(canvas: Any, explanation: Explanation) -> None:  # noqa: ANN401 - matplotlib's
    """Draw some waveforms of each layer from low to high, a row a layer."""
    rows = len(explanation.layers)
    canvas.set_size_inches(SIZE[0], 0.6 + 0.5 * rows)
    grid = canvas.subplots(rows, GLANCE, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for row, layer in zip(grid, explanation.layers, strict=True):
        row[0].set_title(layer.name, fontsize=7, loc="left")
        for axes, k in zip(row, layer.picked(GLANCE), strict=False):
            axes.plot(layer.waves[k, layer.loudest(k), : layer.telling], lw=0.6, color=WAVE)
    canvas.suptitle(f"{explanation.name}: what excites some filters of each layer, low to high")


def _banks(canvas: Any, layer: Explained) -> None:  # noqa: ANN401 - matplotlib's
    """Draw filters by frequency, and pure tones through them."""
    left, right = canvas.subplots(1, 2, sharey=True)
    order = layer.order
    tones = np.square(np.maximum(layer.tones - layer.silence[:, None], 0))
    _bank(left, layer.power[order], layer.frequency_hz, "what excites each filter most")
    _bank(right, tones[order], layer.tone_hz, "pure tones through the same filters")
    left.set_ylabel("frequency, Hz")
    canvas.suptitle(f"{layer.name}: {len(order)} filters, sorted by their peaks")


def _bank(axes: Any, values: np.ndarray, frequency_hz: np.ndarray, title: str) -> None:  # noqa: ANN401
    top = np.maximum(values.max(axis=1, keepdims=True), 1e-30)
    level = 10 * np.log10(np.maximum(values / top, 10 ** (-RANGE_DB / 10)))
    columns = np.arange(len(values) + 1)
    middle = (frequency_hz[1:] + frequency_hz[:-1]) / 2
    edges = np.concatenate([frequency_hz[:1], middle, frequency_hz[-1:]])
    axes.pcolormesh(columns, edges, level.T, cmap="magma", rasterized=True)
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("filter, sorted")


def _waves(canvas: Any, layer: Explained) -> None:  # noqa: ANN401 - matplotlib's
    """Draw waveforms from low to high, each beside the taps of its filter."""
    picked = layer.picked(SHOWN)
    rows = -(-len(picked) // COLUMNS)
    grid = canvas.subplots(rows, 2 * COLUMNS, squeeze=False, width_ratios=[4, 1] * COLUMNS)
    for axes in grid.flat:
        axes.set_axis_off()
    for left, right, k in zip(grid[:, ::2].flat, grid[:, 1::2].flat, picked, strict=False):
        left.plot(layer.waves[k, layer.loudest(k), : layer.telling], lw=0.6, color=WAVE)
        left.set_title(f"{layer.labels[k]}: {layer.peak_hz[k]:.4g} Hz", fontsize=7)
        right.plot(layer.taps(k), lw=0.8, color=TAPS)
    beside = ", beside them the filters' own taps" if layer.weights.size else ""
    canvas.suptitle(f"{layer.name}: {_length(layer)} of the waveforms{beside}")


def _steps(canvas: Any, layer: Explained) -> None:  # noqa: ANN401 - matplotlib's
    """Draw how some waveforms arose, step by step."""
    stages = layer.way(STAGES)
    grid = canvas.subplots(len(layer.watched), len(stages), squeeze=False)
    for row, place in enumerate(layer.watched):
        for axes, stage in zip(grid[row], stages, strict=True):
            axes.set_axis_off()
            axes.plot(stage.waves[row, layer.loudest(place), : layer.telling], lw=0.6, color=WAVE)
            axes.set_title(f"{layer.labels[place]}, step {stage.step}", fontsize=7)
    canvas.suptitle(f"{layer.name}: how {len(layer.watched)} waveforms arose")


def _length(layer: Explained) -> str:
    return page.duration(layer.telling / layer.rate_hz)
