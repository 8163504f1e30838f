"""What training makes small, floor 2: functions of outputs and targets that give a scalar mean.

`bce`, `focal`, `hinge` of independent yes-no cells; `cross_entropy`, `focal_classes`,
`hinge_classes`, `exponential_classes` of one class of several; `mse`, `l1`, `huber` of numbers;
`exponential` of codes; `uncertain_l1`, `signal_l1`, `judged_as`, `same_answers`, `same_features`
and `texture` of translations.
"""

from ondes.losses.classes import (
    cross_entropy,
    exponential_classes,
    focal_classes,
    hinge_classes,
)
from ondes.losses.maps import bce, focal
from ondes.losses.margins import exponential, hinge
from ondes.losses.numbers import huber, l1, mse
from ondes.losses.translate import (
    judged_as,
    same_answers,
    same_features,
    signal_l1,
    texture,
    uncertain_l1,
)

__all__ = [
    "bce",
    "cross_entropy",
    "exponential",
    "exponential_classes",
    "focal",
    "focal_classes",
    "hinge",
    "hinge_classes",
    "huber",
    "judged_as",
    "l1",
    "mse",
    "same_answers",
    "same_features",
    "signal_l1",
    "texture",
    "uncertain_l1",
]
