"""HDF5 files written by h5py, read as signals."""

import builtins
import contextlib
import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ondes
from ondes.errors import (
    FormatError,
    InputError,
    MissingExtraError,
    NotFiniteError,
    OndesError,
    RateError,
)
from ondes.io import open_signal, read, write

RATE = 1_562_500.0
WAVES = np.random.default_rng(0).normal(0, 5, (3, 5000))


def stored(path, data=WAVES, *, name="signal", **attributes):
    with h5py.File(path, "a") as file:
        made = file.create_dataset(name, data=data, chunks=True)
        made.attrs.update(attributes)
    return path


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", ">f8", "int64"])
@pytest.mark.parametrize("upright", [False, True])
def test_values_are_taken_as_they_are(tmp_path, dtype, upright):
    data = np.abs(WAVES).astype(dtype)
    path = stored(tmp_path / "a.h5", data.T if upright else data, rate_hz=RATE)
    signal = read(path)
    np.testing.assert_array_equal(signal.samples, data.astype(np.float32))
    assert signal.rate_hz == RATE
    assert np.dtype(open_signal(path).dtype) == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize("size", [1, 999, 5000, 10**6])
@pytest.mark.parametrize("data", [WAVES, WAVES.T, WAVES[0]])
def test_blocks_are_parts_of_the_whole(tmp_path, data, size):
    file = open_signal(stored(tmp_path / "a.hdf5", data, fs=100))
    blocks = [*file.blocks(size, start=0 if size > 1 else 4900)]
    whole = file.read().samples[:, 0 if size > 1 else 4900 :]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)
    part = file.read(start_s=10, stop_s=20)
    np.testing.assert_array_equal(part.samples, file.read().samples[:, 1000:2000])


@pytest.mark.parametrize("key", ["rate_hz", "Sampling Rate", "SampleRate", "fs", "sample_rate_hz"])
@pytest.mark.parametrize("place", ["/run/signal", "/run", "/"])
def test_the_rate_is_an_attribute_of_the_data_or_its_groups(tmp_path, key, place):
    path = stored(tmp_path / "a.h5", name="run/signal")
    with h5py.File(path, "a") as file:
        file[place].attrs[key] = np.array([250])
    assert open_signal(path).rate_hz == 250
    with pytest.raises(RateError, match="at 250 Hz, the call says 100"):
        open_signal(path, rate_hz=100)


def test_a_rate_that_no_one_knows_is_asked_for(tmp_path):
    path = stored(tmp_path / "a.h5")
    with pytest.raises(InputError, match=r"give rate_hz= .* attribute rate_hz of /signal"):
        open_signal(path)
    assert open_signal(path, rate_hz=RATE).rate_hz == RATE


def test_one_of_several_data_sets_is_named_or_knows_its_rate(tmp_path):
    path = stored(tmp_path / "a.h5", name="left/wave")
    stored(path, WAVES[:1], name="right/wave")
    stored(path, np.array(["words"], dtype=object), name="notes")
    with pytest.raises(
        InputError, match=r"part= \(--part\), of /left/wave \[3, 5000\], /right/wave \[1, 50"
    ):
        open_signal(path, rate_hz=RATE)
    assert open_signal(path, rate_hz=RATE, part="right/wave").n_channels == 1
    with pytest.raises(InputError, match="did you mean '/left/wave'"):
        open_signal(path, rate_hz=RATE, part="left/wav")
    with pytest.raises(InputError, match="no real numbers under part='notes'"):
        open_signal(path, rate_hz=RATE, part="notes")
    with h5py.File(path, "a") as file:
        file["left/wave"].attrs["fs"] = 10.0
    assert open_signal(path).n_channels == 3


def test_only_a_file_of_parts_has_parts(tmp_path):
    write(ondes.Signal.of(WAVES, rate_hz=100), tmp_path / "a.wav")
    with pytest.raises(InputError, match="leave part='x' out"):
        read(tmp_path / "a.wav", part="x")


@pytest.mark.parametrize("dtype", [None, "float64", "int16"])
def test_what_is_written_comes_back(tmp_path, dtype):
    signal = ondes.Signal(
        np.rint(WAVES).astype(np.float32), 12.5, unit="mV", channels=("x", "y", "z")
    )
    write(signal, tmp_path / "a.h5", dtype=dtype)
    assert read(tmp_path / "a.h5") == signal
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["signal"].dtype == (dtype or "float32")


def test_integers_must_hold_the_values(tmp_path):
    with pytest.raises(InputError, match="use float32"):
        write(ondes.Signal.of([0.5], rate_hz=1), tmp_path / "a.h5", dtype="int16")
    assert not (tmp_path / "a.h5").exists()


def test_nan_is_found_with_its_place(tmp_path):
    data = WAVES.copy()
    data[1, 4321] = np.nan
    path = stored(tmp_path / "a.h5", data, fs=100, channels=["x", "y", "z"])
    with pytest.raises(NotFiniteError, match="channel y, sample 4321"):
        read(path)


def test_what_is_no_signal_is_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(FormatError, match="cannot be read as HDF5"):
        read(tmp_path / "text.h5")
    with pytest.raises(FormatError, match="holds no data set of real numbers"):
        read(stored(tmp_path / "cube.h5", np.zeros((2, 2, 2))))
    whole = stored(tmp_path / "a.h5", fs=100).read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="cut off"):
        read(tmp_path / "cut.h5")


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1), patch=st.binary(min_size=1, max_size=8), keep=st.floats(0.5, 1.2))
def test_damage_is_read_or_refused(tmp_path_factory, place, patch, keep):
    folder = tmp_path_factory.getbasetemp()
    if not (folder / "whole.h5").exists():
        stored(folder / "whole.h5", WAVES[:, :500], fs=100)
    data = (folder / "whole.h5").read_bytes()
    begin = int(len(data) * place**3)
    data = (data[:begin] + patch + data[begin + len(patch) :])[: int(len(data) * keep)]
    (folder / "damaged.h5").write_bytes(data)
    with contextlib.suppress(OndesError):
        read(folder / "damaged.h5")


def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for length in (2**18, 2**21):
        path = stored(tmp_path / f"{length}.h5", np.zeros((2, length), np.int16), fs=1e6)
        tracemalloc.start()
        total = sum(block.shape[1] for block in open_signal(path).blocks(2**14))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert total == length
    assert peaks[1] < 1.2 * peaks[0]


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    path, original = stored(tmp_path / "a.h5", fs=1), builtins.__import__

    def refuse(name, *rest):
        if name == "h5py":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'ondes\[hdf5\]'"):
        read(path)
