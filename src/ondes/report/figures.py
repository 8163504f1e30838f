"""A PNG for each layer of a network explained, by matplotlib: for slides and papers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from ondes.errors import MissingExtraError
from ondes.io import atomic_write, make_folder
from ondes.report.filterbank import RANGE_DB
from ondes.tasks.explain import Explained, Explanation

SHOWN = 24  # waveforms of a layer
COLUMNS = 4
SIZE, DOTS = (11.0, 4.2), 130


def write(folder: str | os.PathLike[str], explanation: Explanation) -> list[Path]:
    """Write ``LAYER.png``, filters by frequency beside pure tones, and ``LAYER-waves.png``.

    Returns the paths.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: they cannot be written.
    """
    figure = _package()
    make_folder(Path(folder))
    paths: list[Path] = []
    for layer in explanation.layers:
        name = re.sub(r"[^\w.-]", "_", layer.name)
        for suffix, draw in (("", _banks), ("-waves", _waves)):
            path = Path(folder, f"{name}{suffix}.png")
            canvas = figure(figsize=SIZE, dpi=DOTS, layout="constrained")
            draw(canvas, layer)
            with atomic_write(path) as temporary:
                canvas.savefig(temporary, format="png")
            paths.append(path)
    return paths


def _package() -> Any:  # noqa: ANN401 - a class of a package that may be missing
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "figures need the package matplotlib; install it with: pip install 'ondes[explain]'"
        ) from error
    return Figure


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
    """Draw waveforms from low to high."""
    order = layer.order
    picked = order[np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(int)]
    size = min(layer.waves.shape[-1], max(64, 3 * layer.field))
    time_s = np.arange(size) / layer.rate_hz
    rows = -(-len(picked) // COLUMNS)
    grid = canvas.subplots(rows, COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, k in zip(grid.flat, picked, strict=False):
        axes.plot(time_s, layer.waves[k].mean(0)[:size], lw=0.6, color="#33707b")
        axes.set_title(f"{layer.labels[k]}: {layer.peak_hz[k]:.4g} Hz", fontsize=7)
    canvas.suptitle(f"{layer.name}: {size / layer.rate_hz * 1e3:.3g} ms of the waveforms")
