"""Windows faded into each other, and conversion of what arrives in blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import InputError
from ondes.ops.crossfade import Crossfade, rising
from ondes.ops.resample import Resampler
from ondes.ops.resampling import Resampling


def put_together(x, edges, fade):
    fading = Crossfade(fade=fade)
    parts = [fading.push(x[:, start:stop], first=start) for start, stop in edges]
    return np.concatenate([*parts, fading.finish()], axis=1)


@given(st.integers(0, 40), st.integers(1, 5), st.integers(0, 30), st.integers(0, 2**31))
def test_windows_of_one_signal_give_it_back_to_the_bit(fade, count, rest, seed):
    size = 2 * fade + 1
    hop = size - fade
    edges = [(k * hop, k * hop + size) for k in range(count)]
    last = edges[-1][1] + min(rest, hop - 1)
    edges += [(last - size, last)] if last > edges[-1][1] else []
    x = np.random.default_rng(seed).normal(size=(2, last)).astype(np.float32)
    np.testing.assert_array_equal(put_together(x, edges, fade), x)


def test_windows_that_differ_are_weighed_so_that_nothing_is_lost():
    weights = rising(64)
    np.testing.assert_allclose(weights + weights[::-1], 1, atol=1e-6)
    assert (np.diff(weights) > 0).all()
    fading = Crossfade(fade=4)
    first = fading.push(np.zeros((1, 10), np.float32), first=0)
    second = fading.push(np.ones((1, 10), np.float32), first=6)
    whole = np.concatenate([first, second, fading.finish()], axis=1)[0]
    assert whole.shape == (16,)
    np.testing.assert_array_equal(whole[:6], 0)
    np.testing.assert_array_equal(whole[6:10], rising(4))
    np.testing.assert_array_equal(whole[10:], 1)


def test_holes_and_steps_back_are_refused():
    fading = Crossfade(fade=2)
    fading.push(np.zeros((1, 10), np.float32), first=0)
    with pytest.raises(InputError, match="after others that go to 10"):
        fading.push(np.zeros((1, 10), np.float32), first=9)
    with pytest.raises(InputError, match="go on further"):
        fading.push(np.zeros((1, 5), np.float32), first=4)
    with pytest.raises(InputError, match="fade=-1"):
        Crossfade(fade=-1)


@pytest.mark.parametrize(("rate_in", "rate_out"), [(100.0, 250.0), (250.0, 100.0), (128.0, 125.0)])
@pytest.mark.parametrize("size", [1, 37, 1000])
def test_blocks_are_converted_to_the_bits_of_the_whole(rate_in, rate_out, size):
    resampler = Resampler(rate_in, rate_out)
    x = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
    stream = Resampling(resampler, n_rows=2)
    parts = [stream.push(x[:, i : i + size]) for i in range(0, 1000, size)]
    whole = np.concatenate([*parts, stream.finish(resampler.length(1000))], axis=1)
    np.testing.assert_array_equal(whole, resampler(x))
