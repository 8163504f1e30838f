"""The inception module without gradients: the same function in fewer steps."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ondes import models
from ondes.nn.activation import activation
from ondes.nn.inception import InceptionModule
from ondes.nn.pooling import greater_activated, pool_activated, same_max_pool1d
from ondes.ops.convolve import fixed, window_extremes
from ondes.testing import check_model
from ondes.testing.models import check_batch, check_field, check_windows

KERNELS = ["direct", "blocked", "fft", "banded"]


def trained(inputs: int, *, name: str = "mish", pool: int = 4) -> InceptionModule:
    """Return a module whose norm is as training may leave it, factors of either sign included."""
    module = InceptionModule(
        inputs, filters=8, kernels=(9, 20, 31), activation_name=name, pool=pool
    ).double()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for value in (module.norm.weight, module.norm.bias, module.norm.running_mean):
            nn.init.normal_(value)
        nn.init.uniform_(module.norm.running_var, 0.1, 10)
    return module.eval()


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def layered(module: InceptionModule, x: torch.Tensor) -> torch.Tensor:
    """Compute the module from torch's own layers."""
    narrow = module.bottleneck(x)
    sides = [F.pad(narrow, ((len(k) - 1) // 2, len(k) // 2)) for k in map(range, module.kernels)]
    branches = [F.conv1d(s, c.weight) for s, c in zip(sides, module.convs, strict=True)]
    branches.append(module.beside(F.max_pool1d(x, 3, 1, 1)))
    return F.max_pool1d(module.activation(module.norm(torch.cat(branches, 1))), module.pool)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ["mish", "selu"])
@pytest.mark.parametrize(("inputs", "pool", "t"), [(1, 16, 1000), (3, 4, 333), (1, 1, 90)])
def test_without_gradients_the_module_is_the_same_function(kernel, name, inputs, pool, t):
    module, x = trained(inputs, name=name, pool=pool), noise(2, inputs, t)
    with torch.no_grad(), fixed(kernel):
        torch.testing.assert_close(module(x), layered(module, x))
        single = module.float()(x.float())
        exact = layered(module.double(), x)
    assert (single - exact).abs().max() < 1e-5 * exact.abs().max()


def test_with_gradients_it_is_computed_layer_by_layer():
    module, x = trained(1), noise(2, 1, 300)
    theirs = layered(module, x)
    slope = torch.randn_like(theirs)
    gradients = torch.autograd.grad(module(x), list(module.parameters()), slope)
    expected = torch.autograd.grad(theirs, list(module.parameters()), slope)
    torch.testing.assert_close(gradients, expected)


def test_a_training_module_moves_its_running_mean_without_gradients_too():
    module = trained(1).train()
    before = module.norm.running_mean.clone()
    with torch.no_grad():
        module(noise(2, 1, 300))
    assert not torch.equal(before, module.norm.running_mean)


@pytest.mark.parametrize("name", ["mish", "selu"])
def test_windows_extremes_are_all_that_pooling_needs(name):
    x = 5 * noise(2, 3, 160)
    low, high = window_extremes(x, size=16)
    expected = pool_activated(x, activation(name), size=16)
    torch.testing.assert_close(greater_activated(low, high, activation(name)), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_mish_by_one_exponential_is_mish(dtype):
    x = torch.linspace(-150, 150, 3001, dtype=dtype)
    ours = greater_activated(x, x, nn.Mish())
    torch.testing.assert_close(ours, F.mish(x.double()).to(dtype), rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_maximum_around_each_sample_is_the_same_with_gradients_and_without(kernel):
    x = noise(2, 3, 20)
    expected = same_max_pool1d(x.clone().requires_grad_(), kernel=kernel)
    assert torch.equal(same_max_pool1d(x, kernel=kernel), expected)


def net(size: str) -> nn.Module:
    options = {"size": size, "hop": 16, "filters": 4}
    return models.build("inception_time", options, rate_hz=1e6, channels=1, classes=("a", "b"))


@pytest.mark.parametrize("kernel", ["auto", *KERNELS])
@pytest.mark.parametrize("size", ["small", "middle"])
def test_the_detector_keeps_its_promises_whichever_kernel_computes_it(kernel, size):
    module = net(size)
    with fixed(kernel):
        for check in (check_batch, check_field, check_windows):
            check(module.eval())


def test_the_detector_passes_the_whole_battery_by_transforms():
    with fixed("fft"):
        check_model(net("small"))


def test_weights_have_the_names_they_had():
    names = set(net("small").state_dict())
    layers = {f"blocks.0.convs.{i}.weight" for i in range(3)} | {"blocks.0.beside.weight"}
    statistics = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    norm = {f"blocks.0.norm.{name}" for name in statistics}
    assert names == {*layers, *norm, "head.weight", "head.bias"}
