"""A classifier's last dense layer, and what it is given: its features."""

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.tasks.translate.rivals._given import Given, Samples, Scores, answers


def last_layer(network: nn.Module) -> nn.Linear:
    """Return the last dense layer; InputError where there is none."""
    dense = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not dense:
        raise InputError(f"{type(network).__name__} has no dense layer whose inputs were features")
    return dense[-1]


def lacks(given: Given) -> str:
    """Say what keeps a classifier's features from being had, if anything."""
    dense = any(isinstance(module, nn.Linear) for module in given.network.modules())
    return "" if dense else "its classifier has no dense layer"


def features(network: nn.Module, x: Samples) -> Scores:
    """Return what the last dense layer is given, float64 [clip, feature]."""
    seen: list[Tensor] = []

    def note(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0].detach().double().cpu())

    hook = last_layer(network).register_forward_pre_hook(note)
    try:
        answers(network, x)
    finally:
        hook.remove()
    return np.asarray(torch.cat(seen).numpy(), np.float64)


@torch.no_grad()
def with_last(network: nn.Module, weight: Scores, bias: Scores) -> nn.Module:
    """Return a copy with another last layer: weight [output, feature], bias [output]."""
    copy = deepcopy(network)
    layer = last_layer(copy)
    layer.weight = nn.Parameter(torch.from_numpy(weight).to(layer.weight))
    layer.bias = nn.Parameter(torch.from_numpy(bias).to(layer.weight))
    return copy


def weights(network: nn.Module) -> tuple[Scores, Scores]:
    """Return weight [output, feature] and bias [output] of the last layer, float64."""
    layer = last_layer(network)
    bias = layer.state_dict().get("bias", torch.zeros(layer.out_features))
    return layer.weight.detach().double().cpu().numpy(), bias.double().cpu().numpy()
