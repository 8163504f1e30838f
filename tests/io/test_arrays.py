"""Raw binary and NPY against numpy."""

import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ondes
from ondes.errors import FormatError, InputError, NotFiniteError, TooShortError
from ondes.io import open_signal, pcm, read, sink, write
from ondes.signal import Signal

INTEGERS = ["int8", "uint8", "int16", "uint16", ">i2", "<i4", ">u4"]
FLOATS = ["float16", "float32", ">f4", "float64"]


def samples(channels: int, n_samples: int, dtype: str) -> np.ndarray:
    rng = np.random.default_rng(n_samples)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.normal(0, 100, (channels, n_samples)).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, (channels, n_samples), endpoint=True).astype(kind)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
@pytest.mark.parametrize("channels", [1, 3])
def test_raw_is_interleaved_and_scaled_as_wav_is(tmp_path, dtype, channels):
    stored = samples(channels, 700, dtype)
    stored.T.tofile(tmp_path / "a.raw")
    signal = read(tmp_path / "a.raw", rate_hz=31.25, dtype=dtype, channels=channels)
    half = 2.0 ** (8 * stored.itemsize - 1)
    middle = {"f": 0, "i": 0, "u": half}[stored.dtype.kind]
    expected = stored if stored.dtype.kind == "f" else (stored.astype(float) - middle) / half
    np.testing.assert_array_equal(signal.samples, expected.astype(np.float32))
    assert signal.rate_hz == 31.25


@given(st.sampled_from(INTEGERS[:4]), st.integers(1, 3), st.integers(1, 300))
def test_integers_of_up_to_24_bits_survive_floats(dtype, channels, n_samples):
    stored = samples(channels, n_samples, dtype)
    floats = pcm.to_float(stored)
    assert floats.min() >= -1
    assert floats.max() < 1
    middle = 2 ** (8 * stored.itemsize - 1) if stored.dtype.kind == "u" else 0
    back = pcm.to_int(floats, 8 * stored.itemsize) + middle
    np.testing.assert_array_equal(back, stored.astype(np.int64))


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_raw_comes_back(tmp_path, dtype):
    signal = ondes.Signal.of(np.arange(-64, 64).reshape(2, 64) / 64, rate_hz=50)
    write(signal, tmp_path / "a.bin", dtype=dtype)
    assert (tmp_path / "a.bin").stat().st_size == 128 * np.dtype(dtype).itemsize
    back = read(tmp_path / "a.bin", rate_hz=50, dtype=dtype, channels=2)
    step = 2.0 ** (1 - 8 * np.dtype(dtype).itemsize) if dtype in INTEGERS else 0
    np.testing.assert_allclose(back.samples, signal.samples, atol=step, rtol=0)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
@pytest.mark.parametrize("name", ["a.raw", "a.npy"])
def test_blocks_hold_the_same_samples_whatever_their_size(tmp_path, name, size):
    signal = ondes.Signal.of(samples(3, 500, "float32"), rate_hz=8)
    write(signal, tmp_path / name)
    file = open_signal(tmp_path / name, rate_hz=8, dtype="float32", channels=3)
    for start, stop in ((0, 500), (123, 456)):
        blocks = list(file.blocks(size, start=start, stop=stop))
        assert all(block.flags.c_contiguous for block in blocks)
        joined = np.concatenate(blocks, axis=1)
        np.testing.assert_array_equal(joined, signal.samples[:, start:stop])


def test_raw_of_a_broken_size_tells_what_is_left_over(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(1001))
    with pytest.raises(FormatError, match="1001 bytes are 250 samples of 2 x int16 and 1 bytes"):
        read(tmp_path / "a.raw", rate_hz=1, dtype="int16", channels=2)
    part = read(tmp_path / "a.raw", rate_hz=1, dtype="int16", channels=2, truncated=True)
    assert part.n_samples == 250


@pytest.mark.parametrize("missing", ["rate_hz", "dtype"])
def test_raw_asks_for_what_it_does_not_say(tmp_path, missing):
    (tmp_path / "a.raw").write_bytes(bytes(8))
    call = {"rate_hz": 1.0, "dtype": "int16"}
    assert read(tmp_path / "a.raw", **call).n_channels == 1
    del call[missing]
    with pytest.raises(InputError, match=f"give its {missing}= "):
        read(tmp_path / "a.raw", **call)


@pytest.mark.parametrize("dtype", ["int17", "object", "complex64", "U4", "datetime64[s]", ""])
def test_only_real_numbers_are_samples(tmp_path, dtype):
    (tmp_path / "a.raw").write_bytes(bytes(8))
    with pytest.raises(InputError, match="give int16"):
        read(tmp_path / "a.raw", rate_hz=1, dtype=dtype, channels=1)


@pytest.mark.parametrize("channels", [0, -1])
def test_raw_without_channels_is_refused(tmp_path, channels):
    (tmp_path / "a.raw").write_bytes(bytes(8))
    with pytest.raises(InputError, match="at least one channel"):
        read(tmp_path / "a.raw", rate_hz=1, dtype="int16", channels=channels)


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_values_are_taken_as_they_are(tmp_path, dtype, order):
    array = samples(2, 300, dtype) if dtype != "bool" else samples(2, 300, "int8") > 0
    np.save(tmp_path / "a.npy", np.asarray(array, order=order))
    signal = read(tmp_path / "a.npy", rate_hz=100 / 3)
    np.testing.assert_array_equal(signal.samples, array.astype(np.float32))
    assert signal == ondes.Signal.of(array, rate_hz=100 / 3)


def test_npy_of_time_alone_is_one_channel(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(5))
    assert read(tmp_path / "a.npy", rate_hz=1).samples.tolist() == [[0, 1, 2, 3, 4]]


def test_npy_comes_back_and_numpy_reads_it(tmp_path):
    signal = ondes.Signal.of([[1, 2, 3], [4, 5, 6]], rate_hz=7)
    write(signal, tmp_path / "a.npy")
    write(signal, tmp_path / "i.npy", dtype="int16")
    assert read(tmp_path / "a.npy", rate_hz=7) == signal
    assert np.load(tmp_path / "a.npy").dtype == np.float32
    assert np.load(tmp_path / "i.npy").tolist() == [[1, 2, 3], [4, 5, 6]]
    with pytest.raises(InputError, match="cannot hold these samples"):
        write(ondes.Signal.of([0.5], rate_hz=7), tmp_path / "i.npy", dtype="int16")


def test_npy_asks_for_its_rate(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(5))
    with pytest.raises(InputError, match="give rate_hz="):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("array", "cure"),
    [
        (np.array([{}, []], dtype=object), "save real numbers"),
        (np.array([1j]), "save real numbers"),
        (np.zeros((2, 2, 2)), r"\[time\] or \[channel, time\]"),
        (np.float32(3), r"\[time\] or \[channel, time\]"),
    ],
)
def test_npy_of_something_else_is_refused(tmp_path, array, cure):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(FormatError, match=cure):
        read(tmp_path / "a.npy", rate_hz=1)


def test_npy_cut_off_tells_both_counts(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 100), np.int16))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:-51])
    with pytest.raises(FormatError, match=r"promises 200 samples .* holds 174: .* copy it again"):
        read(tmp_path / "a.npy", rate_hz=1)
    (tmp_path / "a.npy").write_bytes(data[:20])
    with pytest.raises(FormatError, match="is no NPY file"):
        read(tmp_path / "a.npy", rate_hz=1)


@pytest.mark.parametrize("shape", [(0,), (1, 0), (0, 5)])
def test_npy_without_samples_is_told(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(TooShortError, match="holds no samples"):
        read(tmp_path / "a.npy", rate_hz=1)


def test_what_float32_cannot_hold_is_told(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0, 1], [1e300, np.nan]]))
    with pytest.raises(NotFiniteError, match="channel 1, sample 0"):
        read(tmp_path / "a.npy", rate_hz=1)


def test_integers_read_as_floats_are_told_to_have_another_dtype(tmp_path):
    (tmp_path / "a.raw").write_bytes(np.full(8, -1, "<i2").tobytes())
    with pytest.raises(NotFiniteError, match=r"sample 0 .* check the dtype"):
        read(tmp_path / "a.raw", rate_hz=1, dtype="float32")


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="tracemalloc is CPython's")
@pytest.mark.parametrize("name", ["a.raw", "a.npy"])
def test_blocks_need_the_memory_of_blocks(tmp_path, name):
    write(ondes.Signal.of(np.zeros((2, 2_000_000)), rate_hz=1), tmp_path / name)
    file = open_signal(tmp_path / name, rate_hz=1, dtype="float32", channels=2)
    tracemalloc.start()
    try:
        assert sum(block.shape[1] for block in file.blocks(1000)) == 2_000_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_bytes_of_integers_are_no_floats(tmp_path):
    rng = np.random.default_rng(0)
    rng.integers(-3000, 3000, 20_000).astype("int16").tofile(tmp_path / "a.raw")
    with pytest.raises(FormatError, match="give the type they were written in"):
        read(tmp_path / "a.raw", rate_hz=1000, dtype="float32")


@pytest.mark.parametrize("suffix", [".npy", ".wav", ".csv"])
def test_a_signal_that_comes_in_blocks_is_written_as_a_whole_one(suffix, tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 100)).astype(np.float32)
    with sink(tmp_path / f"x{suffix}", n_channels=2, n_samples=100, rate_hz=50) as put:
        for block in (x[:, :1], x[:, 1:70], x[:, 70:]):
            put(block)
    write(Signal.of(x, rate_hz=50), tmp_path / f"y{suffix}")
    one, other = (open_signal(tmp_path / f"{name}{suffix}", rate_hz=50) for name in "xy")
    assert (one.dtype, one.channels, one.rate_hz) == (other.dtype, other.channels, other.rate_hz)
    np.testing.assert_array_equal(one.read().samples, other.read().samples)
    np.testing.assert_array_equal(one.read().samples, x)


@pytest.mark.parametrize("suffix", [".npy", ".wav", ".csv"])
@pytest.mark.parametrize("n", [99, 101])
def test_what_came_in_other_numbers_leaves_no_file(suffix, n, tmp_path):
    x = np.zeros((2, n), np.float32)
    lent = sink(tmp_path / f"x{suffix}", n_channels=2, n_samples=100, rate_hz=50)
    with pytest.raises(InputError, match="100"), lent as put:
        put(x)
    assert list(tmp_path.iterdir()) == []
