"""Activation functions by name."""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import RecipeError, nearest

PooledName = Literal["mish", "selu"]
"""Those that `ondes.nn.pooling.pool_activated` may pool: they fall once and then rise."""

ActivationName = Literal[
    "relu",
    "relu6",
    "softplus",
    "leaky",
    "prelu",
    "rrelu",
    "elu",
    "selu",
    "swish",
    "swish-trained",
    "mish",
    "tanh",
    "sigmoid",
]

_NUMBERS = {
    "leaky": 0.01,
    "prelu": 0.25,
    "elu": 1.0,
    "swish": 1.0,
    "swish-trained": 1.0,
    "mish": 1.0,
}
"""Those that take a number, and which."""

_PLAIN: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "softplus": nn.Softplus,
    "rrelu": nn.RReLU,
    "selu": nn.SELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


class Swish(nn.Module):
    """x / (1 + exp(-beta x)), eq. 1.6 of the thesis (Ramachandran et al. 2017); one beta for all.

    >>> Swish(beta=2.0)(torch.tensor(1.0))
    tensor(0.8808)
    """

    def __init__(self, *, beta: float = 1.0, trained: bool = False) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(beta)) if trained else beta

    def forward(self, x: Tensor) -> Tensor:
        """Map each value for itself."""
        return x * torch.sigmoid(self.beta * x)


class Mish(nn.Module):
    """x tanh(log(1 + exp(beta x)) / beta), eq. 1.7 of the thesis (Misra 2020); beta > 0.

    >>> Mish(beta=1.0)(torch.tensor(1.0))
    tensor(0.8651)
    """

    def __init__(self, *, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        """Map each value for itself."""
        return x * torch.tanh(F.softplus(x, self.beta))


def activation(
    name: ActivationName, *, number: float | None = None, channels: int = 1
) -> nn.Module:
    """Return the activation `name`, torch's own where torch has it.

    Args:
        name: ``relu`` max(x, 0); ``relu6`` min(max(x, 0), 6); ``softplus`` log(1 + exp(x));
            ``leaky`` x, below 0 times a slope; ``prelu`` the same with a slope that is trained;
            ``rrelu`` with one drawn from [1/8, 1/3] for each value, in evaluation their mean
            (Xu et al. 2015); ``elu`` below 0 c (exp(x) - 1) (Clevert et al. 2016); ``selu``
            (eq. 1.5 of the thesis); ``swish`` (eq. 1.6) with its beta fixed, ``swish-trained`` with
            it trained;
            ``mish`` (eq. 1.7); ``tanh``; ``sigmoid``.
        number: the slope of ``leaky`` (if none, .01) and the first one of ``prelu`` (.25), c of
            ``elu`` (1), beta of ``swish`` (1), the first of ``swish-trained`` (1) and of ``mish``
            (1, > 0).
        channels: how many slopes ``prelu`` trains: 1, or one for each channel.

    >>> activation("mish")
    Mish()

    Raises:
        RecipeError: there is no such activation, it takes no number, or not this one.
    """
    _check_name(name, get_args(ActivationName))
    if name not in _NUMBERS:
        if number is not None:
            raise RecipeError(
                f"activation({name!r}, number={number}): {name} takes no number; "
                f"{', '.join(_NUMBERS)} do"
            )
        return _PLAIN[name]()
    number = _NUMBERS[name] if number is None else number
    if name == "mish" and number <= 0:
        raise RecipeError(f"activation('mish', number={number}): beta must be above 0")
    return _numbered(name, number, channels)


def pooled_activation(name: PooledName) -> nn.Module:
    """Return the activation `name`, one that `ondes.nn.pooling.pool_activated` may pool.

    Raises:
        RecipeError: there is no such activation, or it does not fall once and then rise.
    """
    _check_name(name, get_args(PooledName))
    return activation(name)


def _check_name(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise RecipeError(
            f"activation {name!r}: unknown here; choose one of {', '.join(known)}"
            f"{nearest(name, known)}"
        )


def _numbered(name: str, number: float, channels: int) -> nn.Module:
    match name:
        case "leaky":
            return nn.LeakyReLU(number)
        case "prelu":
            return nn.PReLU(channels, number)
        case "elu":
            return nn.ELU(number)
        case "mish":
            return nn.Mish() if number == 1 else Mish(beta=number)
        case "swish":
            return nn.SiLU() if number == 1 else Swish(beta=number)
    return Swish(beta=number, trained=True)
