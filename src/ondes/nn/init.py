"""Initial weights."""

from typing import Literal, get_args

from torch import Tensor, nn

from ondes.errors import RecipeError, nearest

InitName = Literal["kaiming-uniform", "kaiming-normal", "xavier-uniform", "xavier-normal"]


def initialise(module: nn.Module, name: InitName = "kaiming-uniform") -> None:
    """Draw all weights of convolutions and dense layers in `module` anew, in place.

    Kaiming (He et al. 2015; eq. 1.15 of the thesis) has variance 2 / fan_in, Xavier (Glorot and
    Bengio 2010; eq. 1.13 and 1.14) 2 / (fan_in + fan_out); ``uniform`` draws from U[-b, b] with
    b = sqrt(3 variance), ``normal`` from N(0, variance). Biases become 0.

    Raises:
        RecipeError: there is no such way.
    """
    if name not in get_args(InitName):
        known = get_args(InitName)
        raise RecipeError(
            f"initialise({name!r}): unknown; choose one of {', '.join(known)}{nearest(name, known)}"
        )
    for layer in module.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            _draw(layer, name)


def kaiming_uniform(module: nn.Module) -> None:
    """Draw all weights of convolutions and dense layers in `module` from U[-b, b], in place.

    b = sqrt(6 / fan_in), eq. 1.15 of the thesis (He et al. 2015); biases become 0.
    """
    initialise(module, "kaiming-uniform")


def expect_silence(head: nn.Module) -> None:
    """Let a detector begin with a probability of 2 % everywhere, since events are rare, in place.

    Otherwise the first thousand steps of Adam at 1e-3 go into a bias (Lin et al. 2017, 4.1).
    """
    assert isinstance(head.bias, Tensor)
    nn.init.constant_(head.bias, -4.0)


def _draw(layer: nn.Conv1d | nn.Conv2d | nn.Linear, name: InitName) -> None:
    match name:
        case "kaiming-uniform":
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        case "kaiming-normal":
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        case "xavier-uniform":
            nn.init.xavier_uniform_(layer.weight)
        case "xavier-normal":
            nn.init.xavier_normal_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
