"""Streams that break, stall, lie and end: every event at its exact place, every loss counted."""

import os
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ondes.errors import InputError, MissingExtraError, RateError
from ondes.events import EventList
from ondes.run.classical import of
from ondes.run.live import Batch, Csv, Gap, Position, Settings, SinkError, Watch, source_of
from ondes.run.live.follow import Follower
from ondes.run.live.store import Run, Store, read, read_gaps


def data(x):
    return np.ascontiguousarray(x.T, np.float32).tobytes()


def a_source(loud, address, **options):
    given = {"rate_hz": loud.RATE_HZ, "n_channels": 2, "dtype": "float32", **options}
    return source_of(str(address), **given)


class Sender:
    """Serves connections one after the other: each gets its bytes and is closed, then `then`."""

    def __init__(self, *parts, then=lambda: None):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.server.getsockname()[1]}"
        self.parts, self.then = parts, then
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        for part in self.parts:
            peer, _ = self.server.accept()
            with peer:
                peer.sendall(part)
        self.server.close()
        self.then()


def expected(loud, x, *spans):
    parts = [loud.Loud().detect(x[:, start:stop], start=start) for start, stop in spans]
    return sum(parts[1:], parts[0])


def test_a_stream_over_tcp_gives_the_events_of_the_recording(loud, memory):
    x = loud.noise(50_000)
    sender = Sender(data(x))
    job = Watch(loud.Loud(), a_source(loud, sender.address, once=True, waits=True), sinks=[memory])
    counts = job.run()
    assert job.failure is None
    assert memory.events == expected(loud, x, (0, 50_000))
    assert (counts.samples, counts.drops, counts.gaps) == (50_000, 0, 0)
    assert counts.events == len(memory.events) == len(expected(loud, x, (0, 50_000)))
    assert memory.batches[-1].position == Position(50_000, 50_000, 50_000)
    assert counts.latency_p99_s > 0
    assert counts.max_lag_s > 0


def test_a_sender_that_is_restarted_is_awaited_and_leaves_a_gap(loud, memory):
    x, told = loud.noise(30_000), []
    job = None

    def stop():
        while job is None or job.counts().samples < 30_000:
            time.sleep(0.01)
        job.stop()

    cut = data(x[:, :10_000]) + b"half"
    sender = Sender(cut, data(x[:, 10_000:]), then=stop)
    job = Watch(
        loud.Loud(), a_source(loud, sender.address, waits=True), sinks=[memory], told=told.append
    )
    counts = job.run()
    assert memory.events == expected(loud, x, (0, 10_000), (10_000, 30_000))
    assert memory.gaps[0] == Gap(10_000, 10_000, "the sender closed the connection")
    assert (counts.reconnects, counts.cut_off, counts.samples) == (1, 1, 30_000)
    said = "\n".join(told)
    assert "within a sample: 4 of 8 bytes" in said
    assert "waiting for it" in said
    assert "it is back" in said


def test_a_sender_that_is_killed_is_awaited(loud, memory):
    x, server = loud.noise(20_000), socket.create_server(("127.0.0.1", 0))
    source = a_source(loud, f"tcp://127.0.0.1:{server.getsockname()[1]}", waits=True)
    job = Watch(loud.Loud(), source, sinks=[memory])

    def send():
        for start, stop in ((0, 8_000), (8_000, 20_000)):
            peer, _ = server.accept()
            peer.sendall(data(x[:, start:stop]))
            while job.counts().samples < stop:
                time.sleep(0.01)
            # what the system does for a process that is killed with bytes unread: no farewell
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        server.close()
        job.stop()

    thread = threading.Thread(target=send)
    thread.start()
    job.run()
    thread.join()
    assert job.failure is None
    assert memory.events == expected(loud, x, (0, 8_000), (8_000, 20_000))
    assert memory.gaps[0] == Gap(8_000, 8_000, "Connection reset by peer")


def test_what_finds_no_room_is_a_gap_in_time_and_never_a_shift(loud, memory):
    x = loud.noise(60_000)
    sender = Sender(data(x))
    job = Watch(
        loud.Loud(pause_s=0.01),
        a_source(loud, sender.address, once=True),
        sinks=[memory],
        settings=Settings(block_s=0.01, buffer_s=0.5),
    )
    counts = job.run()
    lost = [gap for gap in memory.gaps if gap.reason == "the buffer was full"]
    assert counts.drops == counts.missing == sum(gap.stop - gap.start for gap in lost) > 0
    assert counts.samples + counts.drops == 60_000
    edges = [0, *(edge for gap in lost for edge in gap[:2]), 60_000]
    spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    assert memory.events == expected(loud, x, *spans)


def test_a_listening_socket_takes_a_sender(loud, memory):
    x = loud.noise(5_000)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = a_source(loud, f"tcp-listen://127.0.0.1:{port}", once=True)
    job = Watch(loud.Loud(), source, sinks=[memory])

    def send():
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port)) as peer:
                    return peer.sendall(data(x))
            except OSError:
                time.sleep(0.01)

    thread = threading.Thread(target=send)
    thread.start()
    job.run()
    thread.join()
    assert memory.events == expected(loud, x, (0, 5_000))


@pytest.mark.parametrize("fast", [True, False])
def test_a_file_is_replayed(loud, memory, tmp_path, fast):
    x = loud.noise(5_000)
    (path := tmp_path / "x.bin").write_bytes(data(x) + b"abc")
    told = []
    began = time.monotonic()
    job = Watch(loud.Loud(), a_source(loud, path, fast=fast), sinks=[memory], told=told.append)
    counts = job.run()
    assert memory.events == expected(loud, x, (0, 5_000))
    assert told == [f"{path}: ended within a sample: 3 of 8 bytes left over, not used"]
    assert counts.cut_off == 1
    assert fast or time.monotonic() - began >= 0.4


def test_files_of_other_formats_know_their_rate(loud, memory, tmp_path):
    import soundfile

    x = loud.noise(5_000)
    soundfile.write(tmp_path / "x.wav", x.T, int(loud.RATE_HZ), subtype="FLOAT")
    source = source_of(
        str(tmp_path / "x.wav"), rate_hz=None, n_channels=None, dtype=None, fast=True
    )
    Watch(loud.Loud(), source, sinks=[memory]).run()
    assert memory.events == expected(loud, x, (0, 5_000))


def test_nan_is_a_gap_and_clipping_is_counted(loud, memory, tmp_path):
    x, told = loud.noise(20_000), []
    x[0, 3_000:3_010], x[1, 3_010], x[1, 19_999] = np.nan, -1e30, np.nan
    x[1, 500:600] = 2.0
    (path := tmp_path / "x.bin").write_bytes(data(x))
    job = Watch(
        loud.Loud(),
        a_source(loud, path, fast=True),
        sinks=[memory],
        settings=Settings(full_scale=2.0),
        told=told.append,
    )
    counts = job.run()
    assert memory.events == expected(loud, x, (0, 3_000), (3_011, 19_999))
    assert [gap[:2] for gap in memory.gaps] == [(3_000, 3_011), (19_999, 20_000)]
    assert (counts.not_finite, counts.clipped, counts.samples) == (12, 99, 19_988)
    assert len([line for line in told if line.startswith(("NaN", "clipped"))]) == 2


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 400), max_size=12), st.integers(0, 3))
def test_events_and_gaps_do_not_depend_on_the_blocks(loud, memory, sizes, seed):
    rng = np.random.default_rng(seed)
    x = loud.noise(2_000, seed=seed)
    for _ in range(6):
        at = rng.integers(0, 2_000)
        x[rng.integers(0, 2), at : at + rng.integers(1, 50)] = np.nan

    def followed(blocks):
        follower = Follower(
            lambda start: loud.Loud().listen(
                rate_hz=loud.RATE_HZ, channels=("0", "1"), start=start
            ),
            rate_hz=loud.RATE_HZ,
        )
        for block in blocks:
            follower.push(block)
        follower.finish()
        return follower.batch()

    cut, whole = followed(np.split(x, np.cumsum(sizes), axis=1)), followed([x])
    assert cut.events == whole.events
    assert cut.gaps == whole.gaps
    assert cut.position == whole.position == Position(2_000, 2_000, 2_000)


def heard_in_parts(detector, x, rate_hz, cut):
    """Follow a stream, stop at a block's end, and let another follower go on from what is kept."""

    def follower(**options):
        def listen(start):
            return detector.listen(rate_hz=rate_hz, channels=("0", "1"), start=start)

        return Follower(listen, rate_hz=rate_hz, **options)

    first = follower()
    for start in range(0, cut, 700):
        first.push(x[:, start : min(start + 700, cut)])
    kept = first.batch()
    known = {(e.channel, e.onset, e.offset, e.label) for e in kept.events}
    second = follower(position=kept.position, known=known)
    second.push(x[:, kept.position.restart :])
    second.finish()
    return kept.events + second.batch().events


@pytest.mark.parametrize("name", ["loud", "threshold", "sta-lta", "network"])
def test_another_process_goes_on_where_one_stopped(loud, pipeline, name):
    rng = np.random.default_rng(1)
    x = (rng.normal(size=(2, 40_000)) * np.repeat(rng.random((2, 80)) ** 4, 500, axis=1)).astype(
        np.float32
    )
    x[:, 13_000:13_100] = np.nan
    if name == "network":
        detector, rate_hz = pipeline(frames=20), 8000.0
    else:
        detector, rate_hz = loud.Loud() if name == "loud" else of(name), loud.RATE_HZ
    whole = heard_in_parts(detector, x, rate_hz, 0)
    assert len(whole) > 20
    for cut in rng.integers(1, 40_000, 12).tolist():
        assert heard_in_parts(detector, x, rate_hz, cut) == whole


def test_a_tcp_watch_started_again_goes_on_counting(loud, tmp_path):
    x = loud.noise(20_000)
    for start, stop in ((0, 8_000), (8_000, 20_000)):
        sender = Sender(data(x[:, start:stop]))
        store = Store(tmp_path / "e.db", Run("sender", "loud", loud.RATE_HZ, 2))
        job = Watch(
            loud.Loud(),
            a_source(loud, sender.address, once=True, waits=True),
            sinks=[store],
            position=store.position,
            known=store.known,
        )
        job.run()
        store.close()
    assert read(tmp_path / "e.db") == expected(loud, x, (0, 8_000), (8_000, 20_000))
    assert read_gaps(tmp_path / "e.db") == [Gap(8_000, 8_000, "the watch was restarted")]


def test_a_stop_finishes_the_last_events(loud, memory):
    x = np.full((2, 1_000), 0.9, np.float32)
    read_end, write_end = os.pipe()
    os.write(write_end, data(x))
    source = a_source(loud, "-")
    source.open = lambda start: None
    from io import FileIO

    source._stream = FileIO(read_end)
    job = Watch(loud.Loud(), source, sinks=[memory])

    def stop():
        while job.counts().samples < 1_000:
            time.sleep(0.01)
        job.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    job.run()
    thread.join()
    os.close(write_end)
    job._reader.join()
    source._stream.close()
    assert [event[:2] for event in memory.events] == [(0, 1_000), (0, 1_000)]


def test_a_sink_that_is_full_stops_the_watch(loud, memory, tmp_path):
    class Full:
        def write(self, batch: Batch) -> None:
            raise SinkError("no more room")

        def close(self) -> None:
            pass

    (path := tmp_path / "x.bin").write_bytes(data(loud.noise(5_000)))
    job = Watch(loud.Loud(), a_source(loud, path, fast=True), sinks=[memory, Full()])
    job.run()
    assert str(job.failure) == "no more room"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_standard_output_that_is_full_stops_the_watch(loud, tmp_path):
    (path := tmp_path / "x.bin").write_bytes(data(loud.noise(5_000)))
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        job = Watch(loud.Loud(), a_source(loud, path, fast=True), sinks=[Csv("x", full)])
        job.run()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    assert "standard output takes no more" in str(job.failure)


def test_lines_of_events_have_one_header(capsys):
    sink = Csv("x.bin")
    for events in ([], [(3, 4, "a", 0, 0.5)], []):
        sink.write(Batch(EventList.of(events, rate_hz=8), [], Position()))
    assert capsys.readouterr().out.split() == [
        "file,channel,onset_s,offset_s,label,score",
        "x.bin,0,0.375000,0.500000,a,0.5",
    ]


def test_an_incoming_rate_that_is_not_the_one_said_is_told(loud, memory, monkeypatch):
    monkeypatch.setattr("ondes.run.live.reader.MEASURED_S", 0.05)
    monkeypatch.setattr("ondes.run.live.watch.SHOW_S", 0.05)
    told, shown = [], []
    sender = Sender(data(np.zeros((2, 30_000))))
    job = Watch(
        loud.Loud(pause_s=0.01),
        a_source(loud, sender.address, once=True, waits=True),
        told=told.append,
        shown=shown.append,
    )
    job.run()
    assert len([line for line in told if "--rate says 10000" in line]) == 1
    assert shown
    assert "behind" in shown[-1].line()


def test_what_cannot_be_watched_is_refused_before_anything_starts(loud, tmp_path):
    with pytest.raises(RateError, match="hears 10000"):
        Watch(loud.Loud(), a_source(loud, "tcp://127.0.0.1:1", rate_hz=8000))
    with pytest.raises(InputError, match="did you mean 'tcp'"):
        a_source(loud, "tpc://127.0.0.1:1")
    for address in ("tcp://127.0.0.1", "tcp://:80", "tcp://host:99999"):
        with pytest.raises(InputError, match="host and port"):
            a_source(loud, address)
    with pytest.raises(InputError, match="no such file"):
        a_source(loud, tmp_path / "none.bin")
    with pytest.raises(InputError, match="this is a folder"):
        a_source(loud, tmp_path)
    with pytest.raises(InputError, match="--rate"):
        a_source(loud, "-", rate_hz=None)
    with pytest.raises(InputError, match="two blocks"):
        Settings(block_s=2, buffer_s=2)
    (tmp_path / "x.bin").write_bytes(b"")
    for address, waits in ((tmp_path / "x.bin", False), ("mic://3", True)):
        with pytest.raises(InputError, match=r"leave waits.* out"):
            a_source(loud, address, waits=waits)


def test_a_port_that_is_taken_ends_the_watch(loud):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        job = Watch(loud.Loud(), a_source(loud, f"tcp-listen://127.0.0.1:{port}"))
        job.run()
    assert "another port" in str(job.failure)


class Sounds:
    """Stands in for sounddevice: gives what was recorded, and says once that it lost some."""

    class PortAudioError(Exception):
        pass

    def __init__(self, recorded, frame_bytes):
        self.recorded, self.frame_bytes, self.reads = recorded, frame_bytes, 0

    def RawInputStream(self, *, samplerate, device, channels, dtype):  # noqa: N802
        assert (samplerate, device, channels, dtype) == (10_000, 3, 2, "float32")
        return self

    def start(self):
        pass

    close = start

    def read(self, n_frames):
        self.reads += 1
        if self.reads == 10:
            return b"", True
        if not self.recorded:
            raise self.PortAudioError("unplugged")
        size = n_frames * self.frame_bytes
        part, self.recorded = self.recorded[:size], self.recorded[size:]
        return part, False


def test_a_microphone_is_heard_until_it_is_unplugged(loud, memory, monkeypatch):
    x = loud.noise(5_000)
    monkeypatch.setitem(sys.modules, "sounddevice", Sounds(data(x), 8))
    job = Watch(loud.Loud(), a_source(loud, "mic://3"), sinks=[memory])
    job.run()
    assert "unplugged" in str(job.failure)
    assert memory.gaps == [Gap(1_800, 1_800, "the sound system dropped samples")]
    assert memory.events == expected(loud, x, (0, 1_800), (1_800, 5_000))
    with pytest.raises(InputError, match="float64"):
        a_source(loud, "mic://3", dtype="float64")


def test_a_microphone_without_its_package_names_the_cure(loud, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingExtraError, match=r"ondes\[mic\]"):
        a_source(loud, "mic://")
