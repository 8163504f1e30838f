"""WFDB records and what the package wfdb says of them; damage is told with its cure."""

import builtins
import contextlib
import shutil
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ondes
from ondes.errors import (
    ChannelError,
    FormatError,
    InputError,
    MissingExtraError,
    NotFiniteError,
    OndesError,
    RateError,
)
from ondes.io import open_signal, read, write

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import wfdb

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # wfdb's use of pandas
WAVES = np.random.default_rng(0).integers(-900, 900, (3, 5000))
NAMES = ["MLII", "V5", "ABP"]


def record(folder, x=WAVES, *, fmt="16", rate=360, gain=200.0, baseline=0, names=NAMES, units=None):
    n = len(x)
    wfdb.wrsamp(
        "a",
        rate,
        units or ["mV"] * n,
        list(names[:n]),
        d_signal=np.asarray(x).T,
        fmt=[fmt] * n,
        adc_gain=[gain] * n,
        baseline=[baseline] * n,
        write_dir=str(folder),
    )
    return folder / "a.hea"


@pytest.mark.parametrize("fmt", ["16", "24", "32", "80", "212", "516"])
@pytest.mark.parametrize("size", [1000, 77, 10**6])
def test_units_names_and_rate_are_the_records(tmp_path, fmt, size):
    x = WAVES // (16 if fmt == "80" else 2)
    path = record(tmp_path, x, fmt=fmt, baseline=20)
    file = open_signal(path)
    assert (file.rate_hz, file.unit, file.channels) == (360.0, "mV", tuple(NAMES))
    heard = np.concatenate([*file.blocks(size)], axis=1)
    np.testing.assert_allclose(heard, (x - 20) / 200, rtol=1e-6)
    np.testing.assert_array_equal(heard[:, 721:1000], read(path).samples[:, 721:1000])
    part = file.read(start_s=721 / 360, stop_s=1000 / 360)
    np.testing.assert_array_equal(part.samples, heard[:, 721:1000])


def test_leads_are_chosen_by_name(tmp_path):
    path = record(tmp_path)
    signal = read(path, part="ABP,MLII")
    assert signal.channels == ("ABP", "MLII")
    np.testing.assert_allclose(signal.samples, WAVES[[2, 0]] / 200, rtol=1e-6)
    with pytest.raises(ChannelError, match=r"no lead 'MLI'; did you mean 'MLII'.*MLII, V5, ABP"):
        read(path, part="MLI")


def test_units_that_differ_are_listed(tmp_path):
    path = record(tmp_path, units=["mV", "mV", "mmHg"])
    assert read(path).unit == "mV, mV, mmHg"
    assert read(path, part="ABP").unit == "mmHg"


def test_leads_of_several_rates_are_named(tmp_path):
    path = record(tmp_path, WAVES[:2])
    head = path.read_text().replace("360 5000", "360 2500").splitlines()
    slow = head[2].replace("a.dat", "b.dat")
    fast = head[1].replace(" 16 ", " 16x2 ", 1)
    path.write_text("\n".join([head[0], fast, slow]) + "\n")
    WAVES[0].astype("<i2").tofile(tmp_path / "a.dat")
    WAVES[1, :2500].astype("<i2").tofile(tmp_path / "b.dat")
    with pytest.raises(RateError, match=r"MLII 720 Hz, V5 360 Hz: name leads of one rate"):
        read(path)
    signal = open_signal(path, part="MLII").read(start_s=0, stop_s=4999 / 720)
    assert signal.rate_hz == 720
    np.testing.assert_allclose(signal.samples[0], WAVES[0, :4999] / 200, rtol=1e-6)


def rewritten(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_wrong_checksum_is_found_at_the_end_of_a_pass(tmp_path):
    path = record(tmp_path)
    data = bytearray((tmp_path / "a.dat").read_bytes())
    data[6000] ^= 1
    (tmp_path / "a.dat").write_bytes(data)
    with pytest.raises(FormatError, match=r"its checksum is .*copy it again"):
        read(path)
    assert open_signal(path).read(start_s=0, stop_s=1).n_samples == 360


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        ("0", "a rate of 0 Hz"),
        ("-360", "-360 Hz"),
        ("1e12", "1e"),
        ("x", "begins"),
        ("3.6e2", "plain"),
    ],
)
def test_an_impossible_rate_is_refused(tmp_path, rate, told):
    path = record(tmp_path)
    rewritten(path, " 360 ", f" {rate} ")
    with pytest.raises(FormatError, match=told):
        open_signal(path)


def test_a_header_without_a_length_is_told_it(tmp_path):
    path = record(tmp_path)
    rewritten(path, " 360 5000", " 360")
    with pytest.raises(FormatError, match=r"its files 5000: write their number"):
        open_signal(path)


def test_missing_and_cut_files_are_refused(tmp_path):
    path = record(tmp_path)
    data = (tmp_path / "a.dat").read_bytes()
    (tmp_path / "a.dat").write_bytes(data[: 6 * 4000 + 3])
    with pytest.raises(FormatError, match="promises 5000 samples, the file holds 4000: it was cut"):
        open_signal(path)
    signal = read(path, truncated=True)
    np.testing.assert_allclose(signal.samples, WAVES[:, :4000] / 200, rtol=1e-6)
    (tmp_path / "a.dat").unlink()
    with pytest.raises(FormatError, match=r"file a.dat of its samples is missing"):
        open_signal(path)
    (tmp_path / "b.hea").write_bytes(b"\x00\xff nothing")
    with pytest.raises(FormatError, match="copy it again"):
        open_signal(tmp_path / "b.hea")


def test_invalid_samples_are_found_with_their_place(tmp_path):
    x = WAVES.copy()
    x[1, 4321] = -32768
    with pytest.raises(NotFiniteError, match="channel V5, sample 4321"):
        read(record(tmp_path, x))


@pytest.mark.parametrize("dtype", [None, "int32"])
def test_what_is_written_is_read_by_wfdb(tmp_path, dtype):
    signal = ondes.Signal(
        (WAVES / 200).astype(np.float32), 257.5, unit="mV", channels=("II", "aVR lead", "V1")
    )
    write(signal, tmp_path / "r-1.hea", dtype=dtype)
    assert read(tmp_path / "r-1.hea") == signal
    theirs = wfdb.rdrecord(str(tmp_path / "r-1"))
    assert (theirs.fs, theirs.sig_name, theirs.units) == (257.5, [*signal.channels], ["mV"] * 3)
    np.testing.assert_allclose(theirs.p_signal.T, signal.samples, rtol=1e-6)
    assert {path.name for path in tmp_path.iterdir()} == {"r-1.hea", "r-1.dat"}


def test_what_is_no_multiple_of_a_gain_spans_the_bits(tmp_path):
    x = np.random.default_rng(1).normal(0, 3e-3, (1, 900)).astype(np.float32)
    write(ondes.Signal(x, 100), tmp_path / "a.hea")
    np.testing.assert_allclose(read(tmp_path / "a.hea").samples, x, atol=abs(x).max() / 60_000)


def test_what_cannot_be_written_is_refused(tmp_path):
    signal = ondes.Signal.of([0.0], rate_hz=1)
    with pytest.raises(InputError, match="int16 or int32"):
        write(signal, tmp_path / "a.hea", dtype="float32")
    with pytest.raises(InputError, match="letters, digits"):
        write(signal, tmp_path / "a b.hea")


def test_memory_does_not_grow_with_the_record(tmp_path):
    peaks = []
    for length in (2**18, 2**20):
        path = record(tmp_path, np.zeros((2, length), np.int64))
        file = open_signal(path)
        tracemalloc.start()
        assert sum(block.shape[1] for block in file.blocks(2**12)) == length
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1), patch=st.binary(min_size=1, max_size=8), keep=st.floats(0.2, 1.2))
def test_damage_is_read_or_refused(tmp_path_factory, place, patch, keep):
    folder = tmp_path_factory.getbasetemp()
    if not (folder / "whole.hea").exists():
        shutil.copy(record(folder, WAVES[:, :500]), folder / "whole.hea")
    data = (folder / "whole.hea").read_bytes()
    begin = int(len(data) * place)
    data = (data[:begin] + patch + data[begin + len(patch) :])[: int(len(data) * keep)]
    (folder / "damaged.hea").write_bytes(data)
    with contextlib.suppress(OndesError):
        read(folder / "damaged.hea")


def test_without_wfdb_the_extra_is_named(tmp_path, monkeypatch):
    path, original = record(tmp_path), builtins.__import__

    def refuse(name, *rest):
        if name == "wfdb":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'ondes\[wfdb\]'"):
        read(path)


@pytest.mark.parametrize("folder", ["ecg_mitbih", "ecg_af", "ecg_12lead"])
def test_real_records_are_what_wfdb_says(shared_data, folder):
    paths = sorted((shared_data / folder).glob("*.hea"))
    assert paths
    for path in paths:
        theirs = wfdb.rdrecord(str(path.with_suffix("")))
        signal = read(path)
        assert {signal.unit.lower(), *map(str.lower, theirs.units)} == {"mv"}
        assert (signal.rate_hz, signal.unit) == (theirs.fs, "mV")
        assert signal.channels == tuple(theirs.sig_name)
        np.testing.assert_allclose(signal.samples, theirs.p_signal.T, rtol=1e-6, atol=1e-7)


def test_a_damaged_real_record_is_refused(shared_data, tmp_path):
    for suffix in (".hea", ".dat"):
        shutil.copy(shared_data / "ecg_mitbih" / f"100{suffix}", tmp_path)
        (tmp_path / f"100{suffix}").chmod(0o644)
    with (tmp_path / "100.dat").open("r+b") as stream:
        stream.seek(3 * 325_000)
        stream.write(b"\x55")
    with pytest.raises(FormatError, match="its checksum is"):
        read(tmp_path / "100.hea")
