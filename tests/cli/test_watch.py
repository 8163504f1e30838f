"""``ondes watch`` on streams whose events are known, and on broken ones."""

import csv
import io
import json
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ondes.cli.watch import _shown
from ondes.run.live import Counts
from ondes.run.live.store import read, read_runs
from ondes.run.pipeline import load

COUNTED = {
    "samples",
    "drops",
    "gaps",
    "max_lag_s",
    "latency_p99_s",
    "events",
    "seconds",
    "channels",
    "rate_hz",
    "clipped",
    "not_finite",
    "reconnects",
}
BURSTS = ((10, 20), (50, 55), (90, 91))


@pytest.fixture
def stream(recordings, tmp_path) -> Path:
    """Return a raw file of one channel with three events in a second."""
    (path := tmp_path / "take.bin").write_bytes(recordings.samples(*BURSTS).tobytes())
    return path


@pytest.fixture
def long_stream(recordings, tmp_path) -> Path:
    """Return a raw file of two channels, five events a second in each, for 20 seconds."""
    rng = np.random.default_rng(0)
    starts = np.sort(rng.choice(1240, (2, 100), replace=False) * 2, axis=1)
    x = [recordings.samples(*((a, a + 1) for a in row), seconds=20) for row in starts.tolist()]
    (path := tmp_path / "long.bin").write_bytes(np.stack(x, axis=1).tobytes())
    return path


def words(path: Path, model: Path, *more: object) -> list[str]:
    return ["watch", *map(str, (path, "--model", model, "--rate", 8000, *more))]


def started(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "ondes", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for_events(process: subprocess.Popen, store: Path, count: int) -> None:
    while process.poll() is None:
        if store.exists() and store.with_name(store.name + "-wal").exists():
            try:
                if len(read(store)) >= count:
                    return
            except ValueError:
                pass  # it is just being made
        time.sleep(0.05)


def test_a_replayed_file_gives_what_detect_finds(ondes, loud_model, stream) -> None:
    done = ondes(*words(stream, loud_model, "--fast", "--quiet"))
    assert done.status == 0
    rows = list(csv.DictReader(io.StringIO(done.out)))
    expected = [(64 * a / 8000, 64 * b / 8000) for a, b in BURSTS]
    assert [(float(row["onset_s"]), float(row["offset_s"])) for row in rows] == expected
    assert {(row["file"], row["label"]) for row in rows} == {(str(stream), "loud")}
    assert "1.0 s heard, 3 events" in done.err


def test_the_last_document_counts_everything(ondes, loud_model, stream) -> None:
    with stream.open("ab") as file:
        file.write(np.float32(np.nan).tobytes() + b"ab")
    done = ondes(*words(stream, loud_model, "--fast", "--json", "--full-scale", "0.9"))
    said = json.loads(done.out)
    assert said.keys() >= COUNTED
    assert (said["samples"], said["events"], said["drops"], said["gaps"]) == (8000, 3, 0, 1)
    assert (said["not_finite"], said["clipped"]) == (1, (10 + 5 + 1) * 64 - 3)
    assert said["failure"] is None
    assert "within a sample" in done.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_numbers_are_shown_in_place_on_a_terminal_and_line_by_line_elsewhere(
    monkeypatch, capsys
) -> None:
    counts = Counts(rate_hz=8000, channels=1, samples=8000, seconds=1.0, drops=7)
    with _shown(quiet=False) as shown:
        shown(counts)
    assert capsys.readouterr().err == (
        "1.0 s heard, 0 events, 0 ms behind (at most 0), 7 dropped\n"
    )
    monkeypatch.setattr("sys.stderr", Terminal())
    with _shown(quiet=False) as shown:
        shown(counts)
        time.sleep(0.2)
    assert "1.0 s heard" in sys.stderr.getvalue()
    monkeypatch.undo()
    with _shown(quiet=True) as shown:
        shown(counts)
    assert capsys.readouterr().err == ""


def test_a_wrong_rate_is_refused_before_anything_begins(
    ondes, loud_model, stream, tmp_path
) -> None:
    done = ondes(
        *("watch", stream, "-m", loud_model, "--rate", 44100, "--store", tmp_path / "e.db")
    )
    assert (done.status, done.out) == (2, "")
    assert "made for 8000" in done.err
    assert not (tmp_path / "e.db").exists()
    done = ondes("watch", "tcp://127.0.0.1", "-m", loud_model, "--rate", 8000)
    assert done.status == 2
    assert "host and port" in done.err


def test_a_finished_watch_that_is_started_again_repeats_nothing(
    ondes, loud_model, stream, tmp_path
) -> None:
    sinks = ("--store", tmp_path / "e.db", "--jsonl", tmp_path / "e.jsonl", "--fast")
    for found in (3, 0):
        done = ondes(*words(stream, loud_model, *sinks, "--json"))
        assert (done.status, json.loads(done.out)["events"]) == (0, found)
    assert [event[:2] for event in read(tmp_path / "e.db")] == [(64 * a, 64 * b) for a, b in BURSTS]
    assert len((tmp_path / "e.jsonl").read_text().splitlines()) == 3


def test_another_model_in_the_same_folder_begins_a_run_of_its_own(
    ondes, loud_model, stream, tmp_path
) -> None:
    model, pipeline = tmp_path / "model", load(loud_model)
    for limits in ("one", "another", "another"):
        replace(pipeline, card=replace(pipeline.card, limits=limits)).save(model)
        assert ondes(*words(stream, model, "--store", tmp_path / "e.db", "--fast")).status == 0
    assert len(read_runs(tmp_path / "e.db")) == 2


def test_killed_and_started_again_it_finds_the_same(
    ondes, loud_model, long_stream, tmp_path
) -> None:
    more = ("--channels", 2, "--store")
    done = ondes(*words(long_stream, loud_model, *more, tmp_path / "whole.db", "--fast"))
    assert done.status == 0
    process = started(*words(long_stream, loud_model, *more, tmp_path / "e.db"))
    wait_for_events(process, tmp_path / "e.db", 5)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = read(tmp_path / "e.db")
    assert 5 <= len(before) < 200
    done = ondes(*words(long_stream, loud_model, *more, tmp_path / "e.db", "--fast"))
    assert done.status == 0
    assert read(tmp_path / "e.db") == read(tmp_path / "whole.db")
    assert len(read(tmp_path / "e.db")) == 200


def test_an_interrupt_ends_it_in_order(loud_model, long_stream, tmp_path) -> None:
    more = ("--channels", 2, "--store", tmp_path / "e.db", "--json")
    process = started(*words(long_stream, loud_model, *more))
    wait_for_events(process, tmp_path / "e.db", 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    said = json.loads(out)
    assert 0 < said["samples"] < 160_000
    assert said["events"] == len(read(tmp_path / "e.db"))
    assert "stopping" in err
    assert " s heard, " in err


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_is_a_clear_stop(loud_model, long_stream, tmp_path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    more = ("--channels", 2, "--store", tmp_path / "e.db", "--json")
    process = started(*words(long_stream, loud_model, *more), preexec_fn=limited)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "make room" in err
    assert "make room" in json.loads(out)["failure"]
    assert 0 < len(read(tmp_path / "e.db")) < 200
