"""``--rules``: alarms beside the events, offline, live and over a restart."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from ondes.io import write
from ondes.run.live.store import read, read_alarms
from ondes.run.monitor import files, load
from ondes.signal import Signal

RULES = """
alarms:
  two near: {kind: run, of: loud, count: 2, apart_s: 0.4}
  quiet: {kind: pause, of: loud, longer_s: 0.6}
  nothing: {kind: run, of: loid}
  off: {kind: lasting, of: [flat, saturated], longer_s: 0.3}
quality:
  flat: {within: 1.0e-6, longer_s: 0.1}
  saturated: {beyond: 0.999, longer_s: 0.1}
  margin_s: 0.02
"""
BURSTS = ((10, 20), (50, 55), (90, 91))


@pytest.fixture
def rules(tmp_path) -> Path:
    (path := tmp_path / "rules.yaml").write_text(RULES)
    return path


@pytest.fixture
def take(recordings, tmp_path) -> Path:
    """Return two seconds: three events, a flat line that is loud, and another event."""
    x = recordings.samples(*BURSTS, (220, 221), seconds=2)
    x = x + np.random.default_rng(0).uniform(-1e-3, 1e-3, len(x))
    x[9_600:13_600] = 0.7
    write(Signal(x[None].astype(np.float32), 8000), path := tmp_path / "take.wav", dtype="float32")
    return path


def test_alarms_are_written_beside_the_events(ondes, loud_model, take, rules, tmp_path) -> None:
    call = ("detect", take, "-m", loud_model, "--rules", rules)
    done = ondes(*call, "-o", tmp_path / "out", "--report", "--json")
    assert done.status == 0, done.err
    assert "'nothing' cannot be raised: the model tells loud, and none of loid; did" in done.err
    (found,) = json.loads(done.out)["recordings"]
    told = {event["label"] for event in found["events"]}
    assert told == {"loud", "flat"}
    assert [event["onset_s"] for event in found["events"]] == pytest.approx(
        [0.08, 0.4, 0.72, 1.2, 1.76], abs=0.01
    )
    written = files.read(tmp_path / "out" / "take.alarms.json")
    assert [alarm.rule for alarm in written] == [alarm["rule"] for alarm in found["alarms"]]
    assert {alarm.rule for alarm in written} == {"two near", "off"}
    assert found["alarms"][0]["said"] == "3 loud in a row"
    assert "two near" in (tmp_path / "out" / "take.html").read_text()
    again = ondes(*call, "-o", tmp_path / "out", "--report", "--json", "--skip-existing")
    assert json.loads(again.out)["recordings"][0]["alarms"] == found["alarms"]
    plain = ondes(*call)
    assert "take.wav, " in plain.err
    assert "two near, 3 loud in a row" in plain.err
    assert ondes(*call, "-o", tmp_path / "o").out.startswith("take.wav: ")
    assert ", 2 alarms, " in ondes(*call, "-o", tmp_path / "o").out


def test_a_stream_gives_what_detect_gives(ondes, loud_model, take, rules, tmp_path) -> None:
    offline = ondes("detect", take, "-m", loud_model, "--rules", rules, "-o", tmp_path / "out")
    assert offline.status == 0
    call = ("watch", take, "-m", loud_model, "--rules", rules, "--fast", "--quiet")
    sinks = ("--store", tmp_path / "e.db", "--jsonl", tmp_path / "e.jsonl")
    done = ondes(*call, *sinks)
    assert done.status == 0, done.err
    assert "alarm: two near, 2 loud in a row" in done.err
    expected = files.read(tmp_path / "out" / "take.alarms.json")
    assert read_alarms(tmp_path / "e.db") == expected
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert len(rows) == len(read(tmp_path / "e.db"))
    lines = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    told = [line["alarm"] for line in lines if "alarm" in line]
    assert len(told) == 2 * len(expected)
    again = ondes(*call, *sinks, "--json")
    assert json.loads(again.out)["alarms"] == 0
    assert read_alarms(tmp_path / "e.db") == expected
    other = tmp_path / "other.yaml"
    other.write_text(RULES.replace("count: 2", "count: 3"))
    changed = ondes("watch", take, "-m", loud_model, "--rules", other, "--fast", *sinks, "--json")
    assert json.loads(changed.out)["alarms"] == 2
    assert len(read_alarms(tmp_path / "e.db", run=1)) == len(expected)


def test_rules_are_refused_before_anything_begins(ondes, loud_model, take, tmp_path) -> None:
    done = ondes("watch", take, "-m", loud_model, "--rules", "ecgs", "--store", tmp_path / "e.db")
    assert (done.status, done.out) == (2, "")
    assert "did you mean 'ecg'" in done.err
    done = ondes("watch", take, "-m", loud_model, "--rules", "ecg", "--store", tmp_path / "e.db")
    assert done.status == 2
    assert "for a signal that does not tell its unit" in done.err
    assert not (tmp_path / "e.db").exists()


def test_rules_without_signal_rules_leave_events_alone(ondes, loud_model, take, tmp_path) -> None:
    (path := tmp_path / "r.yaml").write_text("alarms: {a: {kind: run, of: loud, count: 1}}")
    plain = ondes("detect", take, "-m", loud_model)
    assert ondes("detect", take, "-m", loud_model, "--rules", path).out == plain.out
    assert load(path).quality is None
