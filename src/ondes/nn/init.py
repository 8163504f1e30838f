"""Initial weights."""

from torch import nn


def kaiming_uniform(module: nn.Module) -> None:
    """Draw all weights of convolutions and dense layers in `module` from U[-b, b], in place.

    b = sqrt(6 / fan_in), eq. 1.15 of the thesis (He et al. 2015); biases become 0.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
