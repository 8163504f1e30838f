"""Layers on ragged batches give what torch gives for every item alone; fields are as declared."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ondes.errors import InputError
from ondes.nn.field import Field
from ondes.nn.layers import (
    AdaptiveMean,
    Add,
    Concat,
    Conv,
    DropPath,
    Each,
    Gate,
    GlobalMax,
    GlobalMean,
    MaxPool,
    MeanPool,
    Norm,
    conv_norm,
    field_of,
)
from ondes.nn.ragged import Ragged, ragged

LENGTHS = torch.tensor([17, 1, 9, 16])
DIMS = [1, 2]


@pytest.fixture(autouse=True)
def _same_draws():
    torch.manual_seed(0)


def batch(dims, channels=4):
    """Return a batch in double precision with garbage in its padding."""
    shape = (4, channels, 17) if dims == 1 else (4, channels, 6, 17)
    return Ragged(torch.randn(shape, dtype=torch.float64), LENGTHS)


def alone(x):
    return [Ragged(v[None, ..., :n]) for v, n in zip(x.values, x.lengths.tolist(), strict=True)]


def valid(x):
    return [v[None, ..., :n] for v, n in zip(x.values, x.lengths.tolist(), strict=True)]


def same_as_torch(x, kernel, stride, value=0.0):
    """Put around one item what 'same' padding puts: as even as can be around every stretch."""
    sides = []
    for size in reversed(x.shape[2:]):
        count = -(-size // stride)
        before = max(kernel - stride, 0) // 2
        after = max((count - 1) * stride + kernel - before - size, 0)
        sides += [before, after]
    return F.pad(x, sides, value=value)


def conv(x, layer, stride):
    function = F.conv1d if x.ndim == 3 else F.conv2d
    padded = same_as_torch(x, layer.conv.kernel_size[0], stride)
    y = function(padded, layer.conv.weight, layer.conv.bias, stride=stride)
    return y[..., : -(-x.shape[-1] // stride)]


@pytest.mark.parametrize(("dims", "kernel", "stride"), list(product(DIMS, (1, 2, 3, 7), (1, 2, 3))))
def test_a_convolution_is_torchs_for_every_item_alone(dims, kernel, stride):
    layer, x = Conv(dims, 4, 5, kernel, stride=stride).double(), batch(dims)
    y = layer(x)
    assert y.lengths.tolist() == [-(-n // stride) for n in LENGTHS.tolist()]
    for found, item in zip(valid(y), alone(x), strict=True):
        torch.testing.assert_close(layer(item).values, found)
        torch.testing.assert_close(conv(item.values, layer, stride)[..., : found.shape[-1]], found)


def test_a_convolution_may_have_groups_dilation_and_pairs():
    x = batch(2)
    layer = Conv(2, 4, 8, (3, 5), groups=2, dilation=(1, 2), bias=False).double()
    item = x.values[2:3, ..., :9]
    expected = F.conv2d(item, layer.conv.weight, padding=(1, 4), groups=2, dilation=(1, 2))
    torch.testing.assert_close(layer(x).values[2:3, ..., :9], expected)
    assert Conv(1, 4, 8, (3, 5)).conv.kernel_size == (5,)
    with pytest.raises(InputError, match="at least 1"):
        Conv(1, 4, 8, 0)


@pytest.mark.parametrize(("dims", "kernel", "stride"), list(product(DIMS, (2, 3), (1, 2, 3, None))))
def test_pools_are_torchs_for_every_item_alone(dims, kernel, stride):
    x, step = batch(dims), stride or kernel
    for kind, name, value in ((MaxPool, "max", -torch.inf), (MeanPool, "avg", 0.0)):
        layer = kind(dims, kernel, stride=stride)
        y, torchs = layer(x), getattr(F, f"{name}_pool{dims}d")
        assert torch.isfinite(y.values).all()
        for found, item in zip(valid(y), alone(x), strict=True):
            expected = torchs(same_as_torch(item.values, kernel, step, value), kernel, step)
            if name == "avg":
                ones = torch.ones_like(item.values)
                expected = expected / torchs(same_as_torch(ones, kernel, step), kernel, step)
            torch.testing.assert_close(expected[..., : found.shape[-1]], found)
            torch.testing.assert_close(layer(item).values, found)


@pytest.mark.parametrize("dims", DIMS)
def test_norm_is_torchs_of_all_that_is_valid(dims):
    x = batch(dims)
    x.values.requires_grad_()
    layer, theirs = Norm(dims, 4).double(), nn.BatchNorm1d(4).double()
    nn.init.normal_(layer.norm.weight)
    nn.init.normal_(layer.norm.bias)
    theirs.load_state_dict(layer.norm.state_dict())
    packed = torch.cat([item.flatten(2) for item in valid(x)], -1)
    found = torch.cat([item.flatten(2) for item in valid(layer(x))], -1)
    torch.testing.assert_close(found, theirs(packed))
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(layer.norm.state_dict()[name], value)
    weight = torch.randn_like(found)
    ours = torch.autograd.grad(
        (found * weight).sum(), (x.values, *layer.parameters()), retain_graph=True
    )
    torchs = torch.autograd.grad((theirs(packed) * weight).sum(), (x.values, *theirs.parameters()))
    torch.testing.assert_close(ours, torchs)
    torch.testing.assert_close(layer.eval()(x).values[0, :, ..., 0], layer(x).values[0, :, ..., 0])


def test_norm_of_half_precision_keeps_its_type_and_its_statistics():
    x = Ragged((batch(1).values + 300).to(torch.bfloat16), LENGTHS)
    layer, double = Norm(1, 4), Norm(1, 4).double()
    y, expected = layer(x), double(Ragged(x.values.double(), LENGTHS))
    assert y.values.dtype == torch.bfloat16
    torch.testing.assert_close(layer.norm.running_var.double(), double.norm.running_var)
    for found, value in zip(valid(y), valid(expected), strict=True):
        torch.testing.assert_close(found.double(), value, rtol=0.01, atol=0.01)


def test_norm_refuses_to_learn_from_one_value():
    with pytest.raises(InputError, match="one value per channel"):
        Norm(1, 4)(Ragged(torch.randn(1, 4, 1)))
    assert Norm(1, 4).eval()(Ragged(torch.randn(1, 4, 1))).values.shape == (1, 4, 1)


@pytest.mark.parametrize("dims", DIMS)
def test_summaries_are_of_each_items_own_length(dims):
    x = batch(dims)
    pool = getattr(F, f"adaptive_avg_pool{dims}d")
    for i, item in enumerate(valid(x)):
        torch.testing.assert_close(GlobalMean()(x)[i], item.flatten(2).mean(-1)[0])
        torch.testing.assert_close(GlobalMax()(x)[i], item.flatten(2).amax(-1)[0])
        for bins in (1, 4, 5):
            torch.testing.assert_close(AdaptiveMean(dims, bins)(x)[i], pool(item, bins)[0])
            torch.testing.assert_close(AdaptiveMean(dims, bins)(Ragged(item)), pool(item, bins))


@pytest.mark.parametrize("dims", DIMS)
def test_a_gate_is_the_papers_of_each_item_or_of_what_is_around(dims):
    x = batch(dims)
    whole = Gate(4, hidden=3).double()
    near = Gate(4, hidden=3, context=2).double()
    near.load_state_dict(whole.state_dict())
    for i, item in enumerate(valid(x)):
        mean = item.flatten(2).mean(-1)
        expected = item * _weights(whole, mean).view(1, 4, *[1] * dims)
        torch.testing.assert_close(whole(x).values[i : i + 1, ..., : item.shape[-1]], expected)
        for k in range(item.shape[-1]):
            around = item[..., max(k - 2, 0) : k + 3].flatten(2).mean(-1)
            weight = _weights(near, around).view(1, 4, *[1] * (dims - 1))
            torch.testing.assert_close(near(x).values[i : i + 1, ..., k], item[..., k] * weight)


def _weights(gate, mean):
    hidden = F.relu(F.linear(mean, gate.squeeze.weight[..., 0], gate.squeeze.bias))
    return torch.sigmoid(F.linear(hidden, gate.excite.weight[..., 0], gate.excite.bias))


def test_branches_and_residuals():
    x = batch(1)
    a, b = Conv(1, 4, 2, 3).double(), Conv(1, 4, 4, 5).double()
    joined, added = Concat(a, b)(x), Add(b, scale=0.5)(x)
    torch.testing.assert_close(joined.values, torch.cat([a(x).values, b(x).values], 1))
    torch.testing.assert_close(added.values, x.values + 0.5 * b(x).values)
    torch.testing.assert_close(Add(b, b)(x).values, 2 * b(x).values)
    assert added.lengths is x.lengths


def test_stochastic_depth_leaves_out_whole_items():
    x = Ragged(torch.ones(1000, 2, 3))
    kept = DropPath(0.25)(x).values
    assert kept.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert (kept == kept[:, :1, :1]).all()
    assert 0.7 < (kept[:, 0, 0] > 0).float().mean() < 0.8
    assert DropPath(0.25).eval()(x) is x


NETS = {
    "strides": lambda d: [Conv(d, 4, 4, 7, stride=2), MaxPool(d, 3, stride=2), Conv(d, 4, 4, 4)],
    "pools": lambda d: [MeanPool(d, 3, stride=1), MaxPool(d, 2), Conv(d, 4, 4, 3, dilation=2)],
    "branches": lambda d: [
        Concat(Conv(d, 4, 2, 1), nn.Sequential(Conv(d, 4, 2, 5), Conv(d, 2, 2, 3))),
        Add(conv_norm(d, 4, 4, 3, stride=2), conv_norm(d, 4, 4, 1, stride=2, activation=None)),
        Gate(4, hidden=4, context=3, activation="mish"),
    ],
}


@pytest.mark.parametrize(("dims", "name"), list(product(DIMS, NETS)))
def test_the_field_is_what_gradients_reach(dims, name):
    net = nn.Sequential(*NETS[name](dims), Each(nn.Tanh())).double().eval()
    field = field_of(net)
    size, k = 240, 120 // field.hop
    seen = torch.zeros(size, dtype=torch.float64)
    for _ in range(20):  # whichever entry a maximum takes
        x = torch.randn((1, 4, size) if dims == 1 else (1, 4, 3, size), dtype=torch.float64)
        x.requires_grad_()
        torch.autograd.backward(net(Ragged(x)).values[..., k].sum())
        seen += x.grad.abs().flatten(0, -2).sum(0)
    touched = seen.nonzero()
    first, last = k * field.hop - field.back, (k + 1) * field.hop + field.ahead - 1
    assert (int(touched.min()), int(touched.max())) == (first, last)


def test_branches_of_unlike_strides_are_refused():
    with pytest.raises(InputError, match=r"strides \[1, 2\]"):
        field_of(Concat(Conv(1, 1, 1, 3), Conv(1, 1, 1, 3, stride=2)))
    assert field_of(nn.Sequential(nn.Identity()), Field(1, 2, 3)) == Field(1, 2, 3)


def test_full_lengths_are_left_out_and_others_checked():
    x = torch.ones(2, 1, 5)
    assert ragged(x).lengths is None
    assert ragged(x, torch.tensor([5, 5])).lengths is None
    assert ragged(x, torch.tensor([5, 3])).values.sum() == 8
    for lengths in ([5, 0], [6, 5], [5], [[5, 5]], [2.0, 3.0]):
        with pytest.raises(InputError, match=r"give 2 whole numbers from 1 to 5"):
            ragged(x, torch.tensor(lengths))
