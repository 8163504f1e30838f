"""Gradients must reach every parameter: what the batteries of all networks share."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ondes.testing.require import require

ZERO = 1e-12  # of the largest gradient


def require_gradients(module: nn.Module, total: Callable[[], Tensor]) -> None:
    """Require that no gradient of `total`, of `module` in training, is missing, zero or not finite.

    Where a batch norm takes out again what an earlier one's bias adds, as in linear bottlenecks,
    that bias has no gradient in training. Norms come with one, so it need but have one in
    evaluation.
    """
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    require(trained, "there is no parameter to train")
    torch.autograd.backward(total())
    for name, parameter in trained.items():
        require(parameter.grad is not None, f"no gradient reaches the parameter {name}")
    sizes = _sizes(trained)
    for name, size in sizes.items():
        require(np.isfinite(size), f"the gradient of {name} is not finite")
    dead = {name for name, size in sizes.items() if size <= ZERO * max(sizes.values())}
    excused = _biases_of_norms(module) & _in_evaluation(module, total) if dead else set()
    for name in dead:
        require(name in excused, f"the gradient of {name} is zero")


def _sizes(parameters: dict[str, nn.Parameter]) -> dict[str, float]:
    return {n: float(p.grad.abs().max()) for n, p in parameters.items() if p.grad is not None}


def _in_evaluation(module: nn.Module, total: Callable[[], Tensor]) -> set[str]:
    """Return which parameters have a gradient out of training."""
    module.eval().zero_grad()
    torch.autograd.backward(total())
    sizes = _sizes(dict(module.named_parameters()))
    return {name for name, size in sizes.items() if size > ZERO * max(sizes.values())}


def _biases_of_norms(module: nn.Module) -> set[str]:
    return {f"{name}.bias" for name, part in module.named_modules() if isinstance(part, _BatchNorm)}
