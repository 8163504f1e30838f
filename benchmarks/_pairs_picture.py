"""The picture of how many pairs are needed: F1 over their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ondes.io import atomic_write

COLOURS = ("#1f5f99", "#c9622a", "#5a8f3c")


def draw(
    path: Path,
    counts: Sequence[int],
    found: Mapping[str, Sequence[Sequence[float]]],
    known: Mapping[str, float],
) -> None:
    """Write a PNG of the mean F1 by number of pairs, name by name, seeds as points."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axis = figure.subplots()
        for (name, by_count), colour in zip(found.items(), COLOURS, strict=True):
            axis.plot(counts, [np.mean(f1) for f1 in by_count], "o-", color=colour, label=name)
            for count, f1 in zip(counts, by_count, strict=True):
                axis.plot([count] * len(f1), f1, ".", color=colour, alpha=0.5)
        for name, text in (("f1_old", "old sensor"), ("f1", "new sensor as it is")):
            axis.axhline(known[name], color="#888888", linestyle="--", linewidth=1)
            axis.text(counts[0], known[name] + 0.004, text, color="#555555", va="bottom")
        axis.set_xscale("log")
        axis.set_xticks(counts, [str(count) for count in counts])
        axis.minorticks_off()
        axis.set_xlabel("pairs, or labelled clips")
        axis.set_ylabel("macro F1")
        axis.legend(frameon=False, loc="center right")
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            figure.savefig(temporary, dpi=100, format="png")
