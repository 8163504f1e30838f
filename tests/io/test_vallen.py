"""Vallen's files written by vallenae, read as signals and events; real waveforms that way too."""

import builtins
import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vallenae.io import HitRecord, MarkerRecord, PriDatabase, SetType, TraDatabase, TraRecord

import ondes
from ondes.errors import FormatError, InputError, MissingExtraError, OndesError, RateError
from ondes.io import open_signal, read, read_event_table, read_events, write, write_events

RATE = 500_000
TICK_HZ = 10**7


def parameters(database, table, values):
    database.connection().execute("PRAGMA synchronous = OFF")
    with database.connection() as base:
        base.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def waveforms(path, records, *, rate=RATE, millivolts=0.5, compression=False, **columns):
    """Store (ticks, channel, int16 samples) as the recorder does, with so many mV per step."""
    with TraDatabase(str(path), mode="rwc", compression=compression) as database:
        parameters(database, "tr_params", (1, 1, None, 1.0, millivolts))
        for number, (ticks, channel, x) in enumerate(records, start=1):
            database.write(
                TraRecord(
                    time=(ticks + 0.25) / TICK_HZ,
                    channel=channel,
                    param_id=1,
                    pretrigger=columns.get("pretrigger", 0),
                    threshold=0.0,
                    samplerate=rate,
                    samples=len(x),
                    data=np.asarray(x) * (millivolts / 1000),
                    trai=number,
                )
            )
    return path


def noise(n, seed=0):
    return np.random.default_rng(seed).integers(-30_000, 30_000, n)


@pytest.mark.parametrize("compression", [False, True])
def test_continuous_records_join_without_a_seam(tmp_path, compression):
    x = noise(5000)
    pieces = [(k * 20_000, 1, x[k * 1000 : (k + 1) * 1000]) for k in range(5)]
    path = waveforms(tmp_path / "a.tradb", pieces, compression=compression)
    signal = read(path)
    assert (signal.rate_hz, signal.unit, signal.channels) == (RATE, "V", ("1",))
    np.testing.assert_allclose(signal.samples[0], x * 0.5e-3, rtol=1e-6)


def test_a_gap_is_a_gap_in_time(tmp_path):
    x = noise(300)
    path = waveforms(tmp_path / "a.tradb", [(2_000, 1, x[:100]), (34_000, 1, x[100:])])
    signal = read(path)
    expected = np.zeros(1900)
    expected[100:200], expected[1700:1900] = x[:100], x[100:]
    np.testing.assert_allclose(signal.samples[0], expected * 0.5e-3, rtol=1e-6)


def test_a_hit_begins_its_pretrigger_before_its_time(tmp_path):
    x = noise(100)
    path = waveforms(tmp_path / "a.tradb", [(20_000, 3, x), (20_020, 2, x)], pretrigger=40)
    signal = read(path)
    assert signal.channels == ("2", "3")
    np.testing.assert_allclose(signal.samples[1, 960:1060], x * 0.5e-3, rtol=1e-6)
    np.testing.assert_allclose(signal.samples[0, 961:1061], x * 0.5e-3, rtol=1e-6)
    assert not signal.samples[:, :960].any()


@pytest.mark.parametrize("size", [1, 77, 1000, 10**6])
def test_blocks_are_parts_of_the_whole(tmp_path, size):
    pieces = [(k * 3000, 1 + k % 2, noise(120, k)) for k in range(12)]
    file = open_signal(waveforms(tmp_path / "a.tradb", pieces))
    whole = file.read().samples
    start = whole.shape[1] - 150
    blocks = [*file.blocks(size, start=start)]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole[:, start:])


def test_rates_that_differ_are_refused(tmp_path):
    path = waveforms(tmp_path / "a.tradb", [(0, 1, noise(10))])
    waveforms(path.with_name("b.tradb"), [(0, 1, noise(10))], rate=2 * RATE)
    with TraDatabase(str(path), mode="rw") as database, database.connection() as base:
        base.execute("INSERT INTO tr_data (Time, Chan, SampleRate, Samples) VALUES (0, 1, 7, 1)")
    with pytest.raises(RateError, match=r"at 7, 500000 Hz: export"):
        read(path)
    with pytest.raises(RateError, match="the call says 5"):
        open_signal(path.with_name("b.tradb"), rate_hz=5)


def test_what_is_broken_is_refused(tmp_path):
    (tmp_path / "text.tradb").write_text("no database, " * 100)
    with pytest.raises(FormatError, match="cannot be read as a Vallen database"):
        read(tmp_path / "text.tradb")
    TraDatabase.create(str(tmp_path / "empty.tradb"))
    with pytest.raises(FormatError, match="holds no waveform"):
        read(tmp_path / "empty.tradb")
    path = waveforms(tmp_path / "a.tradb", [(0, 1, noise(10))])
    with TraDatabase(str(path), mode="rw") as database, database.connection() as base:
        base.execute("UPDATE tr_data SET Samples = 12")
    with pytest.raises(FormatError, match="promises 12 samples and holds 10"):
        read(path)
    with TraDatabase(str(path), mode="rw") as database, database.connection() as base:
        base.execute("DELETE FROM tr_params")
    with pytest.raises(FormatError, match="names no parameters"):
        read(path)
    whole = path.read_bytes()
    (tmp_path / "cut.tradb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="copy it again"):
        read(tmp_path / "cut.tradb")


def test_waveform_files_are_read_only(tmp_path):
    with pytest.raises(InputError, match="read only"):
        write(ondes.Signal.of([0.0], rate_hz=1), tmp_path / "a.tradb")


@pytest.mark.parametrize("suffix", [".tradb", ".pridb"])
@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1), patch=st.binary(min_size=1, max_size=8), keep=st.floats(0.3, 1.5))
def test_damage_is_read_or_refused(tmp_path_factory, suffix, place, patch, keep):
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"whole{suffix}"
    if not path.exists() and suffix == ".tradb":
        waveforms(path, [(k * 2000, 1, noise(100)) for k in range(30)])
    elif not path.exists():
        write_events(ondes.EventList.of([(k, k + 9, "x") for k in range(50)], rate_hz=9), path)
    data = path.read_bytes()
    begin = int(len(data) * place)
    data = (data[:begin] + patch + data[begin + len(patch) :])[: int(len(data) * keep)]
    damaged = folder / f"damaged{suffix}"
    damaged.write_bytes(data)
    with contextlib.suppress(OndesError):
        if suffix == ".tradb":
            file = open_signal(damaged)
            next(file.blocks(1000))
        else:
            read_event_table(damaged, rate_hz=1000)


def hits(path, rows):
    with PriDatabase(str(path), mode="rwc") as database:
        parameters(database, "ae_params", (1, 1, None, 1.0, 1.0, 1.0))
        database.write_marker(MarkerRecord(0.0, SetType.DATETIME, "2026-01-01 00:00:00"))
        database.write_marker(MarkerRecord(0.0, SetType.LABEL, "loading begins", 1))
        for ticks, channel, duration in rows:
            database.write_hit(
                HitRecord(
                    time=(ticks + 0.25) / TICK_HZ,
                    channel=channel,
                    param_id=1,
                    amplitude=0.1,
                    duration=(duration + 0.25) / TICK_HZ,
                    energy=1.0,
                    rms=0.001,
                )
            )
    return path


def test_hits_are_events(tmp_path):
    path = hits(tmp_path / "a.pridb", [(20_000, 1, 4_000), (20_100, 3, 0), (50_000, 1, 20)])
    events = read_events(path, rate_hz=RATE)
    assert [tuple(event)[:4] for event in events] == [
        (1000, 1200, "hit", 0),
        (1005, 1006, "hit", 2),
        (2500, 2501, "hit", 0),
    ]


def test_labels_are_markers_that_vallenae_reads(tmp_path):
    events = ondes.EventList.of([(0, 5, "fracture", 1), (4, 9, "hit")], rate_hz=RATE)
    write_events(events, tmp_path / "a.pridb")
    with PriDatabase(str(tmp_path / "a.pridb")) as database:
        found = [*database.iread_hits()]
        labels = [marker.data for marker in database.iread_markers()]
    assert [(hit.channel, hit.time, hit.duration) for hit in found] == [
        (2, 0.0, pytest.approx(1e-5)),
        (1, pytest.approx(8e-6), pytest.approx(1e-5)),
    ]
    assert labels == ["fracture"]


def test_hits_of_no_channel_are_refused(tmp_path):
    path = hits(tmp_path / "a.pridb", [(0, 0, 10)])
    with pytest.raises(FormatError, match="set 3: a hit of 10 ticks on channel 0"):
        read_events(path, rate_hz=RATE)
    (tmp_path / "b.pridb").write_bytes(b"nothing")
    with pytest.raises(FormatError, match="cannot be read as a Vallen database"):
        read_events(tmp_path / "b.pridb", rate_hz=RATE)


def test_without_vallenae_the_extra_is_named(tmp_path, monkeypatch):
    path, original = waveforms(tmp_path / "a.tradb", [(0, 1, noise(9))]), builtins.__import__
    assert open_signal(path).n_samples == 9

    def refuse(name, *rest):
        if name.startswith("vallenae"):
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'ondes\[vallen\]'"):
        read(path)


def test_a_real_bearing_with_its_gaps(shared_data, tmp_path):
    """Successive 10 ms of a running bearing at 500 kHz, some stretches left out of the file."""
    real = np.load(shared_data / "ae_vallen" / "bearing.npz")
    x, ticks = real["x"][60:80], np.rint(real["time_s"][60:80] * TICK_HZ).astype(int)
    assert np.diff(ticks).max() > 20 * np.diff(ticks).min()
    records = [(t, 1, wave) for t, wave in zip(ticks.tolist(), x, strict=True)]
    millivolts = float(real["uv_per_unit"]) / 1000
    path = waveforms(tmp_path / "a.tradb", records, millivolts=millivolts, compression=True)
    signal = read(path)
    assert signal.n_samples == ticks[-1] // 20 + 5000
    for time, wave in zip(ticks.tolist(), x, strict=True):
        heard = signal.samples[0, time // 20 : time // 20 + 5000]
        np.testing.assert_allclose(heard, wave * (millivolts / 1000), rtol=1e-5)
    assert np.count_nonzero(signal.samples) <= x.size


def test_a_real_burst_reaches_four_sensors_of_a_plate(shared_data, tmp_path):
    """Each record's threshold is crossed where the hit's time says, on one clock for all."""
    real = np.load(shared_data / "ae_vallen" / "steel_plate.npz")
    metas = [real[f"meta{k}"].tolist() for k in (1, 2, 3, 4)]
    records = [(m[0], m[1], real[f"x{k}"]) for k, m in enumerate(metas, start=1)]
    path = waveforms(tmp_path / "a.tradb", records, rate=5_000_000, pretrigger=500)
    signal = read(path, start_s=3.99)
    assert signal.channels == ("1", "2", "3", "4")
    for ticks, channel, *_ in metas:
        x = abs(signal.samples[channel - 1])
        trigger = round(ticks / 2) - signal.start
        assert not x[: trigger - 500].any()
        assert int(np.argmax(x >= 0.01)) == pytest.approx(trigger, abs=3)
