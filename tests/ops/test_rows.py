"""Signals with channels side by side: the same as torch's own layers, forward and backward."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.ops.rows import correlate, fork, forked, peaks

SHAPES = [(4, 2, 60), (1, 2, 60), (3, 1, 2), (2, 3, 1)]  # channels, items, samples
LENGTHS = (27, 9, 3)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def weights(channels: int) -> tuple[Tensor | None, list[Tensor], Tensor]:
    narrow = noise(3, channels, seed=1) if channels > 1 else None
    long = [noise(2, 3 if channels > 1 else 1, k, seed=k) for k in LENGTHS]
    return narrow, long, noise(2, channels, seed=2)


def layered(x: Tensor, narrow: Tensor | None, long: list[Tensor], beside: Tensor) -> Tensor:
    """Compute an inception module's linear part by torch's own layers, [b, t, c]."""
    signal = x.mT
    narrowed = signal if narrow is None else F.conv1d(signal, narrow[..., None])
    branches = [F.conv1d(narrowed, w, padding=w.shape[-1] // 2) for w in long]
    branches.append(F.conv1d(F.max_pool1d(signal, 3, 1, 1), beside[..., None]))
    return torch.cat(branches, 1).mT


@pytest.mark.parametrize("taps", [1, 5, 39])
def test_rows_are_correlated_as_signals_are(taps):
    x, weight, bias = noise(2, 50, 3), noise(4, 3, taps), noise(4)
    expected = F.conv1d(x.mT, weight, bias, padding=taps // 2).mT
    torch.testing.assert_close(correlate(x, weight, bias=bias), expected)


@pytest.mark.parametrize("t", [1, 2, 3, 20])
def test_peaks_are_maxima_over_three(t):
    x = noise(2, t, 3)
    torch.testing.assert_close(peaks(x), F.max_pool1d(x.mT, 3, 1, 1).mT)


@pytest.mark.parametrize(("channels", "items", "samples"), SHAPES)
def test_a_fork_is_its_layers_forward_and_back(channels, items, samples):
    x, (narrow, long, beside) = noise(items, samples, channels), weights(channels)
    leaves = [t.requires_grad_() for t in (x, narrow, beside, *long) if t is not None]
    ours, theirs = (
        fork(x, narrow=narrow, long=long, beside=beside),
        layered(x, narrow, long, beside),
    )
    torch.testing.assert_close(ours, theirs)
    slope = noise(*ours.shape, seed=5)
    expected = torch.autograd.grad(theirs, leaves, slope)
    torch.testing.assert_close(torch.autograd.grad(ours, leaves, slope), expected)


@pytest.mark.parametrize(("channels", "items", "samples"), [(2, 2, 7), (1, 2, 5)])
def test_gradients_are_those_of_finite_differences(channels, items, samples):
    x, (narrow, _, beside) = noise(items, samples, channels), weights(channels)
    long = [noise(2, 3 if channels > 1 else 1, k) for k in (5, 3)]
    leaves = [t for t in (x, beside, *long) if t is not None]
    for leaf in leaves:
        leaf.requires_grad_()

    def function(x: Tensor, beside: Tensor, *long: Tensor) -> Tensor:
        return fork(x, narrow=narrow, long=long, beside=beside)

    assert torch.autograd.gradcheck(function, leaves)


def test_of_equal_neighbours_the_first_is_the_maximum_as_in_torch():
    x = torch.randint(0, 3, (2, 40, 2), generator=torch.Generator().manual_seed(0)).double()
    narrow, long, beside = weights(2)
    found = []
    for function in (fork, lambda x, **w: layered(x, w["narrow"], w["long"], w["beside"])):
        leaf = x.clone().requires_grad_()
        y = function(leaf, narrow=narrow, long=long, beside=beside)
        found += torch.autograd.grad(y, leaf, noise(*y.shape))
    torch.testing.assert_close(*found)


def test_an_input_without_gradient_costs_none():
    x, (narrow, long, beside) = noise(2, 30, 4), weights(4)
    leaves = [t.requires_grad_() for t in (narrow, *long, beside)]
    expected = torch.autograd.grad(layered(x, narrow, long, beside).sum(), leaves)
    ours = torch.autograd.grad(fork(x, narrow=narrow, long=long, beside=beside).sum(), leaves)
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("channels", [1, 8])
def test_errors_in_single_precision_and_half(channels, dtype, error):
    x, (narrow, long, beside) = noise(2, 300, channels), weights(channels)
    leaves = [t.requires_grad_() for t in (narrow, *long, beside) if t is not None]
    slope = noise(2, 300, 2 * (len(long) + 1), seed=5)
    exact = layered(x, narrow, long, beside)
    gradients = torch.autograd.grad(exact, leaves, slope)
    rounded = [t.detach().to(dtype).requires_grad_() for t in leaves]
    first = rounded[:1] if channels > 1 else [None]
    *middle, last = rounded[len(leaves) - len(long) - 1 :]
    y = fork(x.to(dtype), narrow=first[0], long=middle, beside=last)
    found = torch.autograd.grad(y, rounded, slope.to(dtype))
    for ours, theirs in zip((y, *found), (exact, *gradients), strict=True):
        assert (ours - theirs).abs().max() < error * theirs.abs().max()


@pytest.mark.parametrize("channels", [1, 4])
def test_without_gradients_a_bias_is_added(channels):
    x, (narrow, long, beside) = noise(2, 30, channels), weights(channels)
    bias = noise(8)
    ours = forked(x, narrow=narrow, long=long, beside=beside, bias=bias)
    torch.testing.assert_close(ours, layered(x, narrow, long, beside) + bias)
