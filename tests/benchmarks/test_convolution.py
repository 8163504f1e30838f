"""What the benchmark of convolution compares is the same function on both sides."""

import pytest
import torch

from benchmarks import convolution
from ondes.ops.convolve import fixed


@pytest.mark.parametrize("size", convolution.SIZES)
def test_plain_layers_are_the_network(size: str) -> None:
    network, x = convolution.inception_time(size), convolution.noise(1, 1, 4000)
    with torch.no_grad(), fixed("fft"):
        expected = convolution.plain(network, x)
        torch.testing.assert_close(network(x), expected, rtol=1e-4, atol=1e-4)


def test_ratios_are_taken_of_calls_with_and_without_gradients() -> None:
    x, weight = convolution.noise(1, 1, 300), convolution.noise(4, 1, 31)
    still = convolution.by("banded", x, weight, back=False)()
    assert isinstance(still, torch.Tensor)
    assert still.shape == (1, 4, 300)
    slopes = convolution.by("banded", x, weight, back=True)()
    assert isinstance(slopes, tuple)
    assert [slope.shape for slope in slopes] == [x.shape, weight.shape]
    assert not weight.requires_grad


def test_a_line_holds_a_ratio_for_every_kernel() -> None:
    row = convolution.shape_row((2, 3, 1, 15), convolution.KERNELS, samples=500, rounds=1)
    assert row[0] == "2 to 3, 15"
    assert row[1] == "1.0 / 1.0"
    assert len(row) == len(convolution.KERNELS) + 3
