"""Initial weights against the moments and bounds of their distributions."""

from typing import get_args

import pytest
import torch
from torch import nn

from ondes.errors import RecipeError
from ondes.nn.init import InitName, initialise

LAYERS = {
    "conv1d": (lambda: nn.Conv1d(30, 50, 7), 30 * 7, 50 * 7),
    "conv2d": (lambda: nn.Conv2d(20, 40, (3, 5)), 20 * 15, 40 * 15),
    "dense": (lambda: nn.Linear(120, 90), 120, 90),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", get_args(InitName))
def test_weights_have_the_variance_and_shape_of_their_law(layer, name):
    torch.manual_seed(0)
    make, fan_in, fan_out = LAYERS[layer]
    module = nn.Sequential(make())
    initialise(module, name)
    weight = module[0].weight.detach()
    variance = 2 / fan_in if name.startswith("kaiming") else 2 / (fan_in + fan_out)
    assert float(weight.var()) == pytest.approx(variance, rel=0.05)
    assert float(weight.mean()) == pytest.approx(0, abs=0.05 * variance**0.5)
    top, bound = float(weight.abs().max()), (3 * variance) ** 0.5
    if name.endswith("uniform"):
        assert 0.99 * bound < top <= bound * (1 + 1e-6)
    else:
        assert top > 1.5 * bound
    assert not module[0].bias.any()


def test_layers_without_bias_and_other_modules_are_left_in_peace():
    norm = nn.BatchNorm1d(4)
    norm.weight.data.fill_(3)
    initialise(nn.Sequential(nn.Conv1d(1, 4, 3, bias=False), norm))
    assert norm.weight.tolist() == [3] * 4


def test_an_unknown_way_names_the_nearest():
    with pytest.raises(RecipeError, match="xavier-normal"):
        initialise(nn.Linear(2, 2), "xavier-norm")
