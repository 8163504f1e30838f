"""CSV and NPZ signals: names, units and rates kept; what cannot be meant is refused."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import ondes
from ondes.errors import (
    ChannelError,
    FormatError,
    InputError,
    NotFiniteError,
    OndesError,
    RateError,
    TooShortError,
)
from ondes.io import open_signal, read, signal_suffixes, write

FLOATS = st.floats(-(2.0**99), 2.0**99, width=32)
NAME = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=5)
NAMES = NAME.filter(lambda name: name.lower() not in ("t", "n", "fs", "nan", "inf", "rate"))


@st.composite
def signals(draw):
    n_channels = draw(st.integers(1, 3))
    shape = (n_channels, draw(st.integers(2, 40)))
    samples = draw(arrays.arrays(np.float32, shape, elements=FLOATS))
    names = draw(st.lists(NAMES, min_size=n_channels, max_size=n_channels, unique=True))
    unit = draw(st.sampled_from(["", "mV", "uV", "m/s²"]))
    rate_hz = draw(st.sampled_from([0.5, 32.0, 100 / 3, 360.0, 48000 / 1.001, 1.5625e6]))
    return ondes.Signal(samples, rate_hz, unit=unit, channels=names)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".npz"])
@settings(max_examples=40)
@given(signal=signals(), size=st.integers(1, 50))
def test_all_of_a_signal_comes_back(suffix, signal, size, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"a{suffix}"
    write(signal, path)
    file = open_signal(path)
    assert (file.channels, file.unit, file.n_samples) == (
        signal.channels,
        signal.unit,
        signal.n_samples,
    )
    assert file.rate_hz == pytest.approx(signal.rate_hz, rel=1e-9)
    blocks = [*file.blocks(size)]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), signal.samples)
    last = read(path, part=signal.channels[-1])
    np.testing.assert_array_equal(last.samples, signal.samples[-1:])


def text(tmp_path, *lines, name="a.csv"):
    (path := tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lines", "rate_hz", "names", "unit"),
    [
        (["time,II,V1", "0,1,2", "0.5,3,4", "1,5,6"], 2, ("II", "V1"), ""),
        (["time (ms),II [mV],V1 [uV]", "0,1,2", "4,3,4", "8,5,6"], 250, ("II", "V1"), "mV, uV"),
        (["'sample #','II','V1'", "'sequence','mV','mV'", "0,1,2", "1,3,4", "2,5,6"], None,
         ("II", "V1"), "mV"),
        (["fs,II,V1", "360,1,2", "360,3,4", "360,5,6"], 360, ("II", "V1"), ""),
        (["1,2", "3,4", "5,6"], None, ("0", "1"), ""),
        (["\ufeff1,2", "3,4", "5,6", ""], None, ("0", "1"), ""),
        (['"II, left (mV)",V1 (mV)', '1,"2"', "3,4", "5,6"], None, ("II, left", "V1"), "mV"),
    ],
)  # fmt: skip
def test_tables_say_names_units_and_rates(tmp_path, lines, rate_hz, names, unit):
    path = text(tmp_path, *lines)
    if rate_hz is None:
        with pytest.raises(InputError, match="does not say its rate"):
            read(path)
    signal = read(path, rate_hz=rate_hz or 100)
    assert (signal.rate_hz, signal.channels, signal.unit) == (rate_hz or 100, names, unit)
    np.testing.assert_array_equal(signal.samples, [[1, 3, 5], [2, 4, 6]])
    with pytest.raises(ChannelError, match="no column 'V2'"):
        read(path, rate_hz=rate_hz or 100, part="V2")


@pytest.mark.parametrize(("rate_hz", "digits"), [(360, 3), (250, 3), (128, 4), (500, 6)])
def test_times_may_be_rounded(tmp_path, rate_hz, digits):
    rows = [f"{i / rate_hz:.{digits}f},{i}" for i in range(5000)]
    assert read(text(tmp_path, "time,x", *rows)).rate_hz == rate_hz


def test_times_that_are_not_regular_are_refused(tmp_path):
    times = np.arange(1000) / 100
    for bad, at in ((np.delete(times, 500), 500), (np.sort(np.append(times, 3.0)), 301)):
        path = text(tmp_path, "time,x", *(f"{t:.3f},1" for t in bad))
        with pytest.raises(FormatError, match=rf"irregular at sample {at}.*numpy\.interp"):
            read(path)
    drifting = np.cumsum(np.linspace(0.008, 0.012, 3000))
    with pytest.raises(FormatError, match="is not its place"):
        read(text(tmp_path, "time,x", *(f"{t:.6f},1" for t in drifting)))
    with pytest.raises(FormatError, match="as the call says"):
        read(text(tmp_path, "time,x", *(f"{t},1" for t in times)), rate_hz=101)
    with pytest.raises(FormatError, match="write s, ms or us"):
        read(text(tmp_path, "time (h),x", "0,1", "1,2"))


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (["x", "1", "b"], FormatError, "line 3: 'b' is no number"),
        (["x,y", "1,2", "3"], FormatError, "line 3: 1 fields under 2 columns"),
        (["x,y", "1,2", "3,"], FormatError, "line 3: '' is no number"),
        (["x,y", "1,2", "3,nan"], NotFiniteError, "channel y, sample 1"),
        (["time,x", "0,1", "nan,2"], FormatError, "no finite numbers"),
        (["fs,x", "1,1", "2,1"], FormatError, "same rate"),
        (["fs,x", "-1,1", "-1,1"], FormatError, "above zero"),
        (["time", "0", "1"], FormatError, "no column of samples"),
        (["x"], TooShortError, "no samples"),
        ([""], FormatError, "empty line"),
        (["file,channel,onset_s,offset_s,label,score"], FormatError, "is a table of events"),
        (["x;y", "1;2"], FormatError, "is no number"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path, lines, error, message):
    with pytest.raises(error, match=message):
        read(text(tmp_path, *lines), rate_hz=None if "time" in lines[0] else 1)


def test_folders_do_not_stand_for_tables(tmp_path):
    assert not {".csv", ".tsv", ".npz"} & {*signal_suffixes(), *signal_suffixes(headerless=True)}


def saved(tmp_path, **columns):
    np.savez(tmp_path / "a.npz", **columns)
    return tmp_path / "a.npz"


def test_arrays_are_chosen_by_name(tmp_path):
    x = np.random.default_rng(0).normal(0, 1, (3, 500)).astype(np.float32)
    path = saved(tmp_path, II=x[0], V1=x[1], V5=x[2], fs=360)
    assert read(path).channels == ("II", "V1", "V5")
    assert read(path).rate_hz == 360
    np.testing.assert_array_equal(read(path, part="V5,II").samples, x[[2, 0]])
    with pytest.raises(ChannelError, match="no signal 'V2'; it has II, V1, V5"):
        read(path, part="V2")
    with pytest.raises(RateError, match="is at 360 Hz"):
        read(path, rate_hz=500)
    path = saved(tmp_path, ecg=x, beat=np.arange(7), fs=np.array([360]), channels=["a", "b", "c"])
    np.testing.assert_array_equal(read(path, part="c,a").samples, x[[2, 0]])
    path = saved(tmp_path, ecg=x[0], beat=np.arange(7), fs=360)
    with pytest.raises(InputError, match=r"ecg \[500\], beat \[7\]: name"):
        read(path)
    np.testing.assert_array_equal(read(path, part="ecg").samples, x[:1])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
def test_blocks_are_read_where_they_lie(tmp_path, order, pack):
    x = np.asarray(np.random.default_rng(0).normal(0, 1, (3, 700)), order=order)
    pack(tmp_path / "a.npz", x=x, rate=100)
    file = open_signal(tmp_path / "a.npz")
    for start, stop, size in ((0, 700, 700), (13, 555, 100), (699, 700, 5)):
        found = np.concatenate([*file.blocks(size, start=start, stop=stop)], axis=1)
        np.testing.assert_array_equal(found, x[:, start:stop].astype(np.float32))


def test_gains_and_units_are_kept(tmp_path):
    x = np.array([[200, -400, 0], [100, 50, 0]], np.int16)
    path = saved(tmp_path, x=x, fs=250, gain=[200.0, 100.0], unit=["mV", "uV"], names=["II", "V"])
    signal = read(path)
    np.testing.assert_array_equal(signal.samples, [[1, -2, 0], [1, 0.5, 0]])
    assert (signal.unit, read(path, part="V").unit) == ("mV, uV", "uV")
    np.testing.assert_array_equal(read(path, part="V").samples, [[1, 0.5, 0]])
    with pytest.raises(FormatError, match="gain is not one for all"):
        read(saved(tmp_path, x=x, fs=250, gain=[1.0, 2.0, 3.0]))
    with pytest.raises(FormatError, match="gain is not one for all"):
        read(saved(tmp_path, x=x, fs=250, gain=0))


def test_what_is_no_signal_is_refused(tmp_path):
    x = np.zeros((2, 9))
    with pytest.raises(FormatError, match="objects under 'x', which run code"):
        read(saved(tmp_path, x=np.array([{}, 1]), fs=1))
    with pytest.raises(InputError, match="does not say its rate"):
        read(saved(tmp_path, x=x))
    for rate in (0, -1, np.nan, np.inf):
        with pytest.raises(FormatError, match="cannot be a rate"):
            read(saved(tmp_path, x=x, fs=rate))
    with pytest.raises(FormatError, match="is no number"):
        read(saved(tmp_path, x=x, fs=[1, 2]))
    with pytest.raises(FormatError, match=r"save it as \[channel, time\]"):
        read(saved(tmp_path, x=x.T, fs=1))
    with pytest.raises(InputError, match="no array of real numbers"):
        read(saved(tmp_path, x=np.array(["a"]), fs=1))
    with pytest.raises(InputError, match="cannot hold"):
        write(ondes.Signal.of([0.5], rate_hz=1), tmp_path / "a.npz", dtype="int16")
    (tmp_path / "a.npz").write_bytes(b"nothing")
    with pytest.raises(FormatError, match="cannot be read as NPZ"):
        read(tmp_path / "a.npz")


@settings(max_examples=60)
@given(content=st.binary(max_size=60) | st.text("0123456789.,\n\t e-ntimsx\"'", max_size=80))
def test_any_text_is_read_or_refused(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with contextlib.suppress(OndesError):
        read(path, rate_hz=10)
    with contextlib.suppress(OndesError):
        read(path)


def test_a_real_record_in_npz(shared_data):
    with np.load(shared_data / "ecg_mitbih" / "105.npz") as arrays_:
        expected = arrays_["ecg"] / arrays_["gain"]
    signal = read(shared_data / "ecg_mitbih" / "105.npz", part="ecg", stop_s=60)
    assert signal.rate_hz == 360
    np.testing.assert_allclose(signal.samples[0], expected[:21600], rtol=1e-6)


def test_a_last_time_of_few_digits_rounds_no_rate(tmp_path):
    signal = ondes.Signal(np.zeros((1, 37), np.float32), 48000 / 1.001)
    write(signal, tmp_path / "a.csv")
    assert open_signal(tmp_path / "a.csv").rate_hz == pytest.approx(signal.rate_hz, rel=1e-9)
