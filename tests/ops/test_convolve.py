"""Every way to convolve is torch's own convolution in double precision."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import InputError
from ondes.ops.convolution.kernels import band
from ondes.ops.convolution.products import matrix_units
from ondes.ops.convolve import convolve, extremes, fixed, window_extremes

EXACT = ["direct", "last", "blocked-100", "fft-128", "fft", "banded-5", "banded"]
SPLIT = ["split-5", "split"]
SHAPES = [  # b, c, o, groups, k, t
    (2, 1, 5, 1, 33, 1000),
    (1, 3, 4, 1, 8, 257),
    (2, 4, 6, 2, 21, 400),
    (1, 6, 6, 6, 64, 300),
    (2, 2, 1, 1, 50, 30),
]
needs_matrix_units = pytest.mark.skipif(not matrix_units(), reason="no bfloat16 matrix units here")


def noise(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def torchs(x, weight, bias=None, *, padding=None, dilation=1):
    span = (weight.shape[-1] - 1) * dilation
    x = F.pad(x, padding or (span // 2, span - span // 2))
    return F.conv1d(x, weight, bias, dilation=dilation, groups=x.shape[1] // weight.shape[1])


def largest(error, reference) -> float:
    return float(error.abs().max() / reference.abs().max())


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize(("b", "c", "o", "groups", "k", "t"), SHAPES)
def test_every_kernel_is_torchs_in_double_precision(name, b, c, o, groups, k, t):
    x, weight, bias = noise(b, c, t), noise(o, c // groups, k, seed=1), noise(o, seed=2)
    with fixed(name):
        torch.testing.assert_close(convolve(x, weight, bias=bias), torchs(x, weight, bias))


@pytest.mark.parametrize("name", [*EXACT, *SPLIT])
@pytest.mark.parametrize(("b", "c", "o", "groups", "k", "t"), SHAPES)
def test_single_precision_is_good_to_five_digits(name, b, c, o, groups, k, t):
    x, weight = noise(b, c, t).float(), noise(o, c // groups, k, seed=1).float()
    expected = torchs(x.double(), weight.double())
    with fixed(name):
        assert largest(convolve(x, weight) - expected, expected) < 1e-5


@needs_matrix_units
def test_halves_are_what_makes_bfloat16_exact():
    x, weight = noise(1, 1, 5000).float(), noise(32, 1, 255, seed=1).float()
    expected = torchs(x.double(), weight.double())
    with fixed("half"):
        plain = largest(convolve(x, weight) - expected, expected)
    with fixed("split"):
        split = largest(convolve(x, weight) - expected, expected)
    assert 1e-4 < plain < 1e-2
    assert split < 1e-5 < plain


@pytest.mark.parametrize("name", [*EXACT, "split"])
def test_padding_and_dilation_are_torchs(name):
    x, weight = noise(1, 2, 300), noise(3, 2, 9, seed=1)
    with fixed(name):
        for given_ in ({"dilation": 4}, {"padding": (8, 0)}, {"padding": (0, 0), "dilation": 3}):
            close = {"rtol": 1e-4, "atol": 1e-3} if name == "split" else {}
            torch.testing.assert_close(
                convolve(x, weight, **given_), torchs(x, weight, **given_), **close
            )


@pytest.mark.parametrize("name", ["blocked-20", "fft-32", "banded-4"])
@pytest.mark.parametrize("groups", [1, 2])
def test_gradients_and_their_gradients_are_right(name, groups):
    x = noise(2, 2, 37).requires_grad_()
    weight = noise(2, 2 // groups, 9, seed=1).requires_grad_()
    bias = noise(2, seed=2).requires_grad_()
    with fixed(name):

        def call(x, weight, bias):
            return convolve(x, weight, bias=bias)

        assert torch.autograd.gradcheck(call, (x, weight, bias))
        assert torch.autograd.gradgradcheck(call, (x, weight, bias))


@pytest.mark.parametrize("name", [*EXACT, *SPLIT])
def test_gradients_in_single_precision_are_good_to_five_digits(name):
    x, weight = noise(2, 3, 600).float(), noise(4, 3, 40, seed=1).float()
    slope = noise(2, 4, 600, seed=2)
    leaves = [t.double().requires_grad_() for t in (x, weight)]
    expected = torch.autograd.grad(torchs(*leaves), leaves, slope)
    ours = [t.requires_grad_() for t in (x, weight)]
    with fixed(name):
        found = torch.autograd.grad(convolve(*ours), ours, slope.float())
    for gradient, exact in zip(found, expected, strict=True):
        assert largest(gradient - exact, exact) < 1e-5


@pytest.mark.parametrize("name", [*EXACT, *SPLIT])
def test_a_batch_is_its_items_to_the_last_bit(name):
    x, weight = noise(3, 1, 3000).float(), noise(8, 1, 63, seed=1).float()
    with fixed(name), torch.no_grad():
        if name != "direct":  # that is torch's affair
            assert torch.equal(
                convolve(x, weight), torch.cat([convolve(i[None], weight) for i in x])
            )
        ends = extremes(x, [weight], size=16)
        alone = [extremes(i[None], [weight], size=16) for i in x]
    for side, sides in zip(ends, zip(*alone, strict=True), strict=True):
        assert torch.equal(side, torch.cat(sides))


@given(
    kernels=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    channels=st.integers(1, 3),
    size=st.integers(1, 20),
    extra=st.integers(0, 200),
    name=st.sampled_from(EXACT),
)
def test_extremes_are_those_of_the_convolutions(kernels, channels, size, extra, name):
    x = noise(2, channels, size + extra)
    weights = [noise(2, channels, k, seed=k) for k in kernels]
    with fixed(name):
        low, high = extremes(x, weights, size=size)
    y = torch.cat([torchs(x, weight) for weight in weights], 1)
    torch.testing.assert_close(high, F.max_pool1d(y, size))
    torch.testing.assert_close(low, -F.max_pool1d(-y, size))


@pytest.mark.parametrize("size", [1, 3, 16])
def test_windows_have_their_extremes_in_any_memory_order(size):
    y = noise(2, 5, 50)
    for order in (y, y.mT.contiguous().mT):
        low, high = window_extremes(order, size=size)
        torch.testing.assert_close(high, F.max_pool1d(y, size))
        torch.testing.assert_close(low, -F.max_pool1d(-y, size))


def test_the_band_times_a_frame_is_the_convolution():
    weight, frame = noise(3, 2, 5), noise(2, 4 + 5 - 1, seed=1)
    expected = F.conv1d(frame[None], weight)[0]
    torch.testing.assert_close((frame.flatten() @ band(weight, 4)).view(4, 3).T, expected)


def test_under_autocast_the_result_is_bfloat16_whichever_way():
    x, weight = noise(1, 1, 2000).float(), noise(4, 1, 63, seed=1).float()
    expected = torchs(x.double(), weight.double())
    for name in ("direct", "blocked", "fft", "banded", "split", "half"):
        with fixed(name), torch.autocast("cpu", torch.bfloat16):
            y = convolve(x, weight)
            again = convolve(y, noise(4, 4, 9).float())
        assert y.dtype == again.dtype == torch.bfloat16
        assert largest(y - expected, expected) < 2e-2


def test_very_short_kernels_are_torchs_own():
    x, weight = noise(1, 2, 50), noise(3, 2, 5, seed=1)
    with fixed("fft"):
        assert torch.equal(convolve(x, weight), F.conv1d(x, weight, padding=2))


def test_an_exported_graph_holds_a_plain_convolution():
    class Long(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return convolve(x, torch.ones(1, 1, 64))

    with fixed("fft"):
        program = torch.export.export(Long(), (torch.zeros(1, 1, 3000),))
    called = [str(node.target) for node in program.graph.nodes]
    assert any("conv1d" in name for name in called)
    assert not any("fft" in name for name in called)


@pytest.mark.parametrize(
    ("x", "weight"), [((4, 9), (1, 1, 3)), ((1, 4, 9), (2, 3, 3)), ((1, 4, 9), (3, 2, 3))]
)
def test_shapes_that_do_not_fit_are_named(x, weight):
    with pytest.raises(InputError, match=r"o, c / groups, k"):
        convolve(torch.zeros(x), torch.zeros(weight))


def test_weights_of_extremes_see_every_channel():
    with pytest.raises(InputError, match="all of its channels"):
        extremes(torch.zeros(1, 4, 90), [torch.zeros(2, 2, 9)], size=2)
