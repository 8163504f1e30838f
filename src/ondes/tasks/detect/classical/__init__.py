"""Detectors without learning: what a network's answers are shown beside.

`Threshold` and `StaLta` are records of numbers; `Ear` puts one to work. Adding a family is adding
a file with a `Rule` and naming it in `FAMILIES`.
"""

from ondes.tasks.detect.classical.ear import Ear
from ondes.tasks.detect.classical.files import FAMILIES, build, from_dict, names, read, to_dict
from ondes.tasks.detect.classical.rule import Rule
from ondes.tasks.detect.classical.sta_lta import StaLta
from ondes.tasks.detect.classical.threshold import Threshold

__all__ = [
    "FAMILIES",
    "Ear",
    "Rule",
    "StaLta",
    "Threshold",
    "build",
    "from_dict",
    "names",
    "read",
    "to_dict",
]
