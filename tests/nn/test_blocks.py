"""Layers against the plain torch layers that they stand for."""

import pytest
import torch
from torch import nn

from ondes.errors import ChannelError, InputError, NotFiniteError, RecipeError, TooShortError
from ondes.nn.activation import activation
from ondes.nn.checks import check_input
from ondes.nn.conv import SameConv1d
from ondes.nn.field import Field
from ondes.nn.inception import InceptionModule
from ondes.nn.init import kaiming_uniform
from ondes.nn.pooling import pool_activated, same_max_pool1d
from ondes.spec import Spec

SPEC = Spec(rate_hz=10, channels=2, classes=("a",), hop=4, look_back=0, look_ahead=0)


@pytest.mark.parametrize("name", ["mish", "selu"])
@pytest.mark.parametrize("size", [1, 4, 7])
def test_pooling_extremes_is_pooling_everything(name, size):
    x = (3 * torch.randn(3, 5, 62, dtype=torch.float64)).requires_grad_()
    ours = pool_activated(x, activation(name), size=size)
    theirs = nn.functional.max_pool1d(activation(name)(x), size)
    torch.testing.assert_close(ours, theirs)
    weights = torch.randn_like(ours)
    torch.testing.assert_close(
        torch.autograd.grad((ours * weights).sum(), x),
        torch.autograd.grad((theirs * weights).sum(), x),
    )


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_maximum_around_each_sample_is_torchs(kernel):
    x = torch.randn(2, 3, 20)
    theirs = nn.functional.max_pool1d(x, kernel, 1, kernel // 2)
    torch.testing.assert_close(same_max_pool1d(x, kernel=kernel), theirs)


@pytest.mark.parametrize("kernel", [1, 2, 5, 8])
def test_same_convolution_keeps_the_length_as_torch_does(kernel):
    conv = SameConv1d(2, 3, kernel)
    x = torch.randn(2, 2, 20)
    padded = nn.functional.pad(x, ((kernel - 1) // 2, kernel // 2))
    torch.testing.assert_close(conv(x), nn.functional.conv1d(padded, conv.weight, conv.bias))


def inception(inputs: int, *, pool: int = 4) -> InceptionModule:
    return InceptionModule(inputs, filters=8, kernels=(3, 5, 8), activation_name="selu", pool=pool)


@pytest.mark.parametrize("inputs", [1, 6])
def test_an_inception_module_is_its_four_branches(inputs):
    module = inception(inputs).eval()
    x = torch.randn(2, inputs, 32)
    narrow = module.bottleneck(x)
    branches = [conv(narrow) for conv in module.convs]
    branches.append(module.beside(nn.functional.max_pool1d(x, 3, 1, 1)))
    y = nn.functional.selu(module.norm(torch.cat(branches, 1)))
    torch.testing.assert_close(module(x), nn.functional.max_pool1d(y, 4))
    assert module(x).shape == (2, 32, 8)


def test_one_channel_needs_no_bottleneck():
    assert [name for name, _ in inception(1).named_parameters() if "bottleneck" in name] == []
    assert inception(3).bottleneck.weight.shape == (8, 3, 1)


def test_no_convolution_before_the_norm_has_a_bias():
    assert [n for n, _ in inception(3).named_parameters() if n.endswith("bias")] == ["norm.bias"]


def test_the_field_of_an_even_kernel_reaches_further_ahead():
    assert inception(1).field(Field()) == Field(back=3, ahead=4, hop=4)


def test_kaiming_uniform_fills_its_bounds():
    layers = nn.Sequential(nn.Conv1d(4, 500, 6), nn.Conv2d(1, 500, 5), nn.Linear(24, 900))
    kaiming_uniform(layers)
    for layer, fan_in in zip(layers, (24, 25, 24), strict=True):
        bound = (6 / fan_in) ** 0.5
        assert layer.weight.abs().max().item() == pytest.approx(bound, rel=1e-2)
        assert layer.weight.abs().max().item() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=2e-2)
        assert not layer.bias.any()


def test_an_unknown_activation_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'mish'"):
        activation("misch")


def test_good_input_passes():
    check_input(torch.zeros(1, 2, 4), SPEC)


@pytest.mark.parametrize(
    ("shape", "error", "says"),
    [
        ((2, 4), InputError, r"\[batch, channel, time\]"),
        ((1, 3, 8), ChannelError, "takes 2"),
        ((1, 2, 3), TooShortError, "one output frame takes 4"),
    ],
)
def test_wrong_shapes_are_named(shape, error, says):
    with pytest.raises(error, match=says):
        check_input(torch.zeros(shape), SPEC)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_sample_that_is_no_number_is_found(value):
    x = torch.zeros(2, 2, 9)
    x[1, 0, 5] = value
    with pytest.raises(NotFiniteError, match="item 1, channel 0, sample 5"):
        check_input(x, SPEC)
