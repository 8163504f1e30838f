"""Bytes become samples as `io` makes them, and what is wrong with them is counted once."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import ChannelError, InputError, RateError
from ondes.io import pcm
from ondes.run.live.layout import Clipping, Layout, stretches
from ondes.run.live.measures import Durations


@pytest.mark.parametrize("dtype", ["int16", ">i2", "int32", "uint8", "float32", ">f4", "float64"])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_samples_are_those_of_raw_files(dtype, n_channels):
    rng = np.random.default_rng(0)
    raw = rng.bytes(3000 * n_channels * np.dtype(dtype).itemsize)
    flat = np.frombuffer(raw, dtype)
    found = Layout.of(dtype, n_channels=n_channels, rate_hz=8000).planar(
        np.frombuffer(raw, np.uint8)
    )
    with np.errstate(invalid="ignore"):  # random bytes hold NaN of all kinds
        expected = pcm.to_float(flat)
    np.testing.assert_array_equal(found, expected.reshape(-1, n_channels).T)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous


def test_full_scale_is_what_the_largest_integers_become():
    for dtype in ("int16", "int32", "uint8"):
        info = np.iinfo(dtype)
        ends = pcm.to_float(np.array([info.min, info.max], dtype)).tolist()
        assert list(Layout.of(dtype, n_channels=1, rate_hz=1).full_scale) == ends


def test_a_layout_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="no real number type"):
        Layout.of("complex64", n_channels=1, rate_hz=1)
    with pytest.raises(InputError, match="int61"):
        Layout.of("int61", n_channels=1, rate_hz=1)
    with pytest.raises(ChannelError):
        Layout.of("int16", n_channels=0, rate_hz=1)
    with pytest.raises(RateError):
        Layout.of("int16", n_channels=1, rate_hz=0)


@given(st.lists(st.integers(1, 50), max_size=8))
def test_clipping_does_not_depend_on_the_blocks(sizes):
    rng = np.random.default_rng(0)
    x = rng.choice(np.float32([-1, 0, 1]), (2, 300))
    at = np.abs(x) >= 1
    clipping = Clipping(-1, 1, n_channels=2)
    blocks = [part for part in np.split(x, np.cumsum(sizes), axis=1) if part.shape[1]]
    assert sum(map(clipping.count, blocks)) == (at[:, 1:] & at[:, :-1]).sum()


def test_a_single_sample_at_full_scale_is_not_clipped():
    x = np.float32([[0, 1, 0, -1, 0]])
    assert Clipping(-1, 1, n_channels=1).count(x) == 0
    assert Clipping(-np.inf, np.inf, n_channels=1).count(x * 1e30) == 0


@given(st.lists(st.sampled_from([0.0, 1e9, np.nan, -np.inf, 2e15]), min_size=1, max_size=40))
def test_stretches_cover_all_samples_and_alternate(values):
    x = np.float32([values, np.zeros(len(values))])
    found = list(stretches(x))
    assert [start for start, *_ in found] == [0, *(stop for _, stop, _ in found[:-1])]
    assert found[-1][1] == len(values)
    for start, stop, finite in found:
        assert ((np.abs(x[0, start:stop]) < 1e15) == finite).all()
    assert all(a[2] != b[2] for a, b in pairwise(found))


def test_quantiles_of_durations_are_within_a_step():
    rng = np.random.default_rng(0)
    values, durations = rng.lognormal(-5, 2, 5000), Durations()
    assert np.isnan(durations.quantile(0.99))
    for value in values.tolist():
        durations.add(value)
    for share in (0.5, 0.99, 1.0):
        exact = np.quantile(values, share, method="inverted_cdf")
        assert exact <= durations.quantile(share) <= 1.03 * exact
