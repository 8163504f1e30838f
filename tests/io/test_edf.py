"""EDF files written by edfio, read as signals; and the other way."""

import builtins
import contextlib

import edfio
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
    OndesError,
    RateError,
)
from ondes.io import open_signal, read, read_events, write, write_events

WAVES = np.random.default_rng(0).normal(0, 1, (3, 5000))


def stored(path, *, rates=(250, 250, 250), units=("mV", "mV", "mV"), **options):
    signals = [
        edfio.EdfSignal(x[: rate * 20], rate, label=label, physical_dimension=unit)
        for x, rate, unit, label in zip(WAVES, rates, units, ("I", "II", "Resp"), strict=True)
    ]
    edfio.Edf(signals, **options).write(path)
    return path


@pytest.mark.parametrize("size", [77, 250, 10**6])
def test_units_names_and_rate_are_the_files(tmp_path, size):
    path = stored(tmp_path / "a.edf", annotations=[edfio.EdfAnnotation(3, 1, "apnoea")])
    theirs = edfio.read_edf(path)
    file = open_signal(path)
    assert (file.rate_hz, file.unit, file.channels) == (250.0, "mV", ("I", "II", "Resp"))
    heard = np.concatenate([*file.blocks(size)], axis=1)
    np.testing.assert_allclose(heard, [s.data for s in theirs.signals], rtol=1e-6)
    part = file.read(start_s=1.004, stop_s=9)
    np.testing.assert_array_equal(part.samples, heard[:, 251:2250])


def test_signals_are_chosen_by_name(tmp_path):
    path = stored(tmp_path / "a.edf", rates=(250, 250, 25), units=("mV", "uV", ""))
    with pytest.raises(RateError, match="I 250 Hz, II 250 Hz, Resp 25 Hz: name signals of one"):
        read(path)
    assert read(path, part="II,I").channels == ("II", "I")
    assert read(path, part="II,I").unit == "uV, mV"
    assert read(path, part="Resp").n_samples == 500
    with pytest.raises(ChannelError, match="no signal 'Rasp'; did you mean 'Resp'"):
        read(path, part="Rasp")


def test_what_is_written_is_read_by_edfio(tmp_path):
    signal = ondes.Signal(WAVES.astype(np.float32), 250, unit="mV", channels=("I", "II", "V1"))
    write(signal, tmp_path / "a.edf")
    back = read(tmp_path / "a.edf")
    assert (back.channels, back.unit, back.rate_hz) == (signal.channels, "mV", 250)
    np.testing.assert_allclose(back.samples, WAVES, atol=1.01 * np.abs(WAVES).max() / 65535)
    assert edfio.read_edf(tmp_path / "a.edf").labels == ("I", "II", "V1")


def test_what_edf_cannot_hold_is_refused(tmp_path):
    with pytest.raises(InputError, match="EDF cannot hold this signal"):
        write(ondes.Signal.of([0.0, 1.0], rate_hz=2, channels=["é"]), tmp_path / "a.edf")
    with pytest.raises(InputError, match="int16 alone"):
        write(ondes.Signal.of([0.0], rate_hz=1), tmp_path / "a.edf", dtype="float32")


def test_what_is_cut_or_none_is_refused(tmp_path):
    path = stored(tmp_path / "a.edf")
    whole = path.read_bytes()
    path.write_bytes(whole[:-4000])
    with pytest.raises(FormatError, match=r"promises 5000 samples.*cut off"):
        open_signal(path)
    short = read(path, truncated=True).samples
    assert 3000 < short.shape[1] < 5000
    np.testing.assert_allclose(short, WAVES[:, : short.shape[1]], atol=1e-3)
    path.write_bytes(b"nothing at all")
    with pytest.raises(FormatError, match="cannot be read as EDF"):
        open_signal(path)
    path.write_bytes(whole[:252] + b"    " + whole[256:])
    with pytest.raises(FormatError, match="copy it again"):
        open_signal(path)


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1), patch=st.binary(min_size=1, max_size=8), keep=st.floats(0.3, 1.2))
def test_damage_is_read_or_refused(tmp_path_factory, place, patch, keep):
    folder = tmp_path_factory.getbasetemp()
    if not (folder / "whole.edf").exists():
        stored(folder / "whole.edf", annotations=[edfio.EdfAnnotation(3, 1, "apnoea")])
    data = (folder / "whole.edf").read_bytes()
    begin = int(1400 * place)
    data = (data[:begin] + patch + data[begin + len(patch) :])[: int(len(data) * keep)]
    (folder / "damaged.edf").write_bytes(data)
    with contextlib.suppress(OndesError):
        read(folder / "damaged.edf")


def test_without_edfio_the_extra_is_named(tmp_path, monkeypatch):
    path, original = stored(tmp_path / "a.edf"), builtins.__import__

    def refuse(name, *rest):
        if name == "edfio":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'ondes\[edf\]'"):
        read(path)


def test_a_real_record_through_edf(shared_data, tmp_path):
    signal = read(shared_data / "ecg_12lead" / "E07500.hea")
    write(signal, tmp_path / "a.edf")
    back = read(tmp_path / "a.edf")
    assert (back.channels, back.unit, back.rate_hz) == (signal.channels, "mV", 500)
    np.testing.assert_allclose(back.samples, signal.samples, atol=1e-3)


def test_annotations_are_events_at_the_rate_of_the_signals(tmp_path):
    marks = [edfio.EdfAnnotation(3, 1, "apnoea"), edfio.EdfAnnotation(5.5, None, "N")]
    path = stored(tmp_path / "a.edf", annotations=marks)
    assert [*map(tuple, read_events(path))] == [
        (750, 1000, "apnoea", 0, pytest.approx(np.nan, nan_ok=True)),
        (1375, 1376, "N", 0, pytest.approx(np.nan, nan_ok=True)),
    ]
    assert read_events(path, rate_hz=1000)[0][:2] == (3000, 4000)
    with pytest.raises(InputError, match="give rate_hz="):
        read_events(stored(tmp_path / "b.edf", rates=(250, 250, 25), annotations=marks))


def test_written_annotations_are_edfios(tmp_path):
    events = ondes.EventList.of([(77, 78, "N"), (370, 730, "(AFIB é")], rate_hz=360)
    write_events(events, tmp_path / "a.edf")
    theirs = edfio.read_edf(tmp_path / "a.edf").annotations
    assert [mark.text for mark in theirs] == ["N", "(AFIB é"]
    assert [mark.onset for mark in theirs] == pytest.approx([77 / 360, 370 / 360])
    assert theirs[1].duration == 1.0


def test_an_annotation_beyond_the_end_is_refused(tmp_path):
    path = stored(tmp_path / "a.edf", annotations=[edfio.EdfAnnotation(20.5, None, "late")])
    with pytest.raises(FormatError, match=r"'late' at 20.5 s, and its 3 signals end at 20 s"):
        read_events(path)


@pytest.mark.parametrize("label", ["", "a\x14b", "a\x15", "a\nb"])
def test_labels_that_would_break_annotations_are_refused(tmp_path, label):
    with pytest.raises(InputError, match=r"write \.csv or \.json"):
        write_events(ondes.EventList.of([(0, 9, label)], rate_hz=9), tmp_path / "a.edf")
