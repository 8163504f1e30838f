"""A gradient of zero is a fault, but for a norm's bias that a later norm takes out again."""

import pytest
import torch
from torch import nn

from ondes.testing.gradients import require_gradients


def bottleneck(*, bias):
    """Return a net whose middle adds a shift that the last norm takes out again."""
    torch.manual_seed(0)
    middle = [nn.Conv1d(2, 3, 1, bias=bias), nn.BatchNorm1d(3), nn.Conv1d(3, 4, 1, bias=False)]
    return nn.Sequential(*middle, nn.BatchNorm1d(4), nn.Tanh()).double()


def summed(net):
    x = torch.randn(3, 2, 9, dtype=torch.float64)

    def total():
        return (net(x) * torch.arange(9)).sum()

    return total


def test_the_bias_of_a_norm_is_excused():
    net = bottleneck(bias=False)
    require_gradients(net, summed(net))
    assert float(net[1].bias.detach().abs().max()) == 0


def test_that_of_a_convolution_is_not():
    net = bottleneck(bias=True)
    with pytest.raises(AssertionError, match=r"the gradient of 0\.bias is zero"):
        require_gradients(net, summed(net))


def test_nor_is_one_that_counts_for_nothing():
    net = bottleneck(bias=False)
    net[2].weight.requires_grad = False
    nn.init.zeros_(net[2].weight)
    with pytest.raises(AssertionError, match=r"the gradient of .* is zero"):
        require_gradients(net, summed(net))
