"""Whether a training goes wrong as translators' do: results that do not depend on what comes in,
that stand at their bounds, or that a critic always knows.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ondes.nn.translator import Translation

PLACES = 8  # along each axis, whose means tell items apart
SPREAD = 0.1  # of the true items' spread: what varies less has collapsed
BOUND = 0.98  # of the bound: what is beyond stands at it
STUCK = 0.2  # share of entries at the bound, more than in true items
FOOLED = 0.01  # of the patches of translations: a critic who is taken in by fewer always knows
NOTES = ("collapse", "saturation", "critic")
"""Names of what may be noticed."""


def rows(made: Translation, y: Tensor) -> dict[str, Tensor]:
    """Return of each pair [b] or [b, place] what `figures` needs."""
    error = (made.result - y).abs()
    found = {
        "error": error.flatten(1).mean(1),
        "made": _means(made.result),
        "true": _means(y),
        "bound": (made.result.abs() > BOUND).float().flatten(1).mean(1),
        "true_bound": (y.abs() > BOUND).float().flatten(1).mean(1),
    }
    if made.log_uncertainty is not None:
        doubt = made.log_uncertainty.exp().expand_as(error)
        found["calibration"] = _correlations(doubt.flatten(1), error.flatten(1))
    return found


def figures(rows: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return figures of a validation.

    error: mean absolute error of scaled values. spread: how much results differ between items, as
    a share of what true items do. stuck: share of entries at the bounds, beyond that of true ones.
    calibration: mean correlation over items of uncertainty and error, where it is told; agreement:
    share of pairs of whose halves the classifier says the same; fooled: share of translations'
    patches that the critic takes for real.
    """
    true = float(rows["true"].std(0).mean())
    told = {
        "error": float(rows["error"].mean()),
        "spread": float(rows["made"].std(0).mean()) / true if true else math.nan,
        "stuck": float(rows["bound"].mean() - rows["true_bound"].mean()),
    }
    means = {"calibration": "calibration", "agrees": "agreement", "fooled": "fooled"}
    return told | {name: float(rows[row].mean()) for row, name in means.items() if row in rows}


def noticed(figures: Mapping[str, float]) -> dict[str, str]:
    """Return what is wrong with a training, by its figures, and the cure; by names of `NOTES`.

    >>> noticed({"spread": 0.9, "stuck": 0.0})
    {}
    >>> list(noticed({"spread": 0.01, "stuck": 0.5, "fooled": 0.0}))
    ['collapse', 'saturation', 'critic']
    """
    notes = {}
    if figures["spread"] < SPREAD:
        notes["collapse"] = (
            f"translations of different items differ by {figures['spread']:.1%} of what true ones "
            "do; raise losses.gen or losses.recon, lower losses.adv or train.lr"
        )
    if figures["stuck"] > STUCK:
        notes["saturation"] = (
            f"{figures['stuck']:.0%} more entries stand at the bounds than in true items; say "
            "bounded: false (model.options), or look at the scaling"
        )
    if figures.get("fooled", 1.0) < FOOLED:
        notes["critic"] = (
            f"the critic takes {figures['fooled']:.1%} of all patches for real and teaches little; "
            "lower its width (model.game.critic.width), or raise task.options.every"
        )
    return notes


def _means(x: Tensor) -> Tensor:
    """Return means over stretches, [b, place]."""
    pool = F.adaptive_avg_pool1d if x.ndim == 3 else F.adaptive_avg_pool2d
    return pool(x, PLACES).flatten(1)


def _correlations(a: Tensor, b: Tensor) -> Tensor:
    """Return Pearson's correlation of each row; 0 where one is constant."""
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    scale = (a.square().sum(1) * b.square().sum(1)).sqrt()
    return (a * b).sum(1) / scale.clamp_min(1e-12)
