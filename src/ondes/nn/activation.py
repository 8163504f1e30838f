"""The activation functions of the thesis's detectors, by name."""

from typing import Literal, get_args

from torch import nn

from ondes.errors import RecipeError, nearest

ActivationName = Literal["mish", "selu"]


def activation(name: ActivationName) -> nn.Module:
    """Return the activation `name`: Mish (Misra 2020, eq. 1.7) or SELU (eq. 1.5 of the thesis).

    Both fall at most once and then rise, which `ondes.nn.pooling.pool_activated` relies on.

    >>> activation("mish")
    Mish()

    Raises:
        RecipeError: `name` is neither.
    """
    modules: dict[str, type[nn.Module]] = {"mish": nn.Mish, "selu": nn.SELU}
    if name not in modules:
        known = get_args(ActivationName)
        raise RecipeError(
            f"activation({name!r}): unknown; choose one of {', '.join(known)}{nearest(name, known)}"
        )
    return modules[name]()
