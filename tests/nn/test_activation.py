"""Activations against their closed forms."""

from typing import get_args

import pytest
import torch

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName, PooledName, activation, pooled_activation
from ondes.nn.pooling import pool_activated

X = torch.linspace(-8, 8, 401, dtype=torch.float64)
LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017


def below(x, negative):
    return torch.where(x >= 0, x, negative)


FORMS = {
    "relu": lambda x: x.clamp(min=0),
    "relu6": lambda x: x.clamp(0, 6),
    "softplus": lambda x: torch.log(1 + torch.exp(x)),
    "leaky": lambda x: below(x, 0.01 * x),
    "prelu": lambda x: below(x, 0.25 * x),
    "rrelu": lambda x: below(x, (1 / 8 + 1 / 3) / 2 * x),
    "elu": lambda x: below(x, torch.exp(x) - 1),
    "selu": lambda x: LAMBDA * below(x, ALPHA * (torch.exp(x) - 1)),
    "swish": lambda x: x / (1 + torch.exp(-x)),
    "swish-trained": lambda x: x / (1 + torch.exp(-x)),
    "mish": lambda x: x * torch.tanh(torch.log(1 + torch.exp(x))),
    "tanh": lambda x: (torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1),
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
}
NUMBERED = {
    ("leaky", 0.3): lambda x: below(x, 0.3 * x),
    ("prelu", 0.1): lambda x: below(x, 0.1 * x),
    ("elu", 0.5): lambda x: below(x, 0.5 * (torch.exp(x) - 1)),
    ("swish", 1.7): lambda x: x / (1 + torch.exp(-1.7 * x)),
    ("swish-trained", 0.4): lambda x: x / (1 + torch.exp(-0.4 * x)),
    ("mish", 2.5): lambda x: x * torch.tanh(torch.log(1 + torch.exp(2.5 * x)) / 2.5),
}


@pytest.mark.parametrize("name", get_args(ActivationName))
def test_an_activation_is_its_closed_form(name):
    module = activation(name).double().eval()
    torch.testing.assert_close(module(X), FORMS[name](X), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(("name", "number"), NUMBERED)
def test_its_number_is_the_slope_or_factor_of_the_closed_form(name, number):
    module = activation(name, number=number).double()
    expected = NUMBERED[name, number](X)
    torch.testing.assert_close(module(X), expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "trained"),
    [("swish", 0), ("swish-trained", 1), ("prelu", 1), ("mish", 0), ("relu", 0)],
)
def test_what_is_trained_gets_a_gradient(name, trained):
    module = activation(name)
    parameters = list(module.parameters())
    assert len(parameters) == trained
    module(torch.randn(2, 3, 8, requires_grad=True)).square().sum().backward()
    assert all(parameter.grad.abs() > 0 for parameter in parameters)


def test_the_gradient_of_a_trained_beta_is_that_of_the_closed_form():
    module = activation("swish-trained", number=0.7).double()
    module(X).sum().backward()
    sigmoid = 1 / (1 + torch.exp(-0.7 * X))
    expected = (X**2 * sigmoid * (1 - sigmoid)).sum()
    torch.testing.assert_close(module.beta.grad, expected, atol=0, rtol=1e-6)


def test_prelu_trains_a_slope_for_each_channel():
    module = activation("prelu", channels=3)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([0.0, 0.5, 2.0]))
    y = module(-torch.ones(1, 3, 2))
    assert y[0, :, 0].tolist() == [0.0, -0.5, -2.0]


def test_randomised_slopes_lie_in_their_range_while_training():
    slopes = activation("rrelu").train()(-torch.ones(2000))
    assert slopes.min() >= -1 / 3
    assert slopes.max() <= -1 / 8
    assert slopes.std() > 0.03


@pytest.mark.parametrize("name", get_args(PooledName))
def test_what_may_be_pooled_falls_once_and_then_rises(name):
    rises = FORMS[name](X).diff() >= 0
    assert rises.diff().sum() <= 1
    x = torch.randn(1, 2, 64)
    expected = torch.nn.functional.max_pool1d(FORMS[name](x), 8)
    torch.testing.assert_close(pool_activated(x, pooled_activation(name), size=8), expected)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: activation("swich"), "swish"),
        (lambda: activation("relu", number=2), "relu takes no number"),
        (lambda: activation("mish", number=0), "above 0"),
        (lambda: pooled_activation("relu"), "mish, selu"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(RecipeError, match=words):
        call()
