"""Detectors without learning: what a network's answers are shown beside.

`Threshold` and `StaLta` are records of numbers; `Ear` puts one to work, `fit` finds the best one
for validation data, `scores` says how good one is. Adding a family is adding a file with a `Rule`,
and naming it in `FAMILIES` and in the `GRIDS` of `fit`.
"""

from ondes.tasks.detect.classical.ear import Ear
from ondes.tasks.detect.classical.files import FAMILIES, build, from_dict, names, read, to_dict
from ondes.tasks.detect.classical.fit import fit
from ondes.tasks.detect.classical.judge import Judge, scores
from ondes.tasks.detect.classical.rule import Rule
from ondes.tasks.detect.classical.sta_lta import StaLta
from ondes.tasks.detect.classical.threshold import Threshold

__all__ = [
    "FAMILIES",
    "Ear",
    "Judge",
    "Rule",
    "StaLta",
    "Threshold",
    "build",
    "fit",
    "from_dict",
    "names",
    "read",
    "scores",
    "to_dict",
]
