"""What is committed stays, nothing comes twice, and a full disk breaks nothing."""

import json
import math
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from ondes.errors import InputError, MissingExtraError
from ondes.events import EventList
from ondes.run.live import Batch, Gap, JsonLines, Position, SinkError
from ondes.run.live.store import (
    ALARMS,
    EVENTS,
    GAPS,
    MONITORS,
    POSITIONS,
    RUNS,
    Run,
    Store,
    read,
    read_alarms,
    read_gaps,
    read_runs,
)
from ondes.run.monitor import alarms
from ondes.run.monitor.alarm import from_json
from ondes.run.monitor.monitor import merged

RUN = Run("tcp://here:1", "loud", 10_000.0, 2)
LOUD = Path(__file__).with_name("loud.py")


def batch(*rows, position=(0, 0, 0), gaps=()):
    return Batch(EventList.of(rows, rate_hz=10_000), gaps, Position(*position))


def fill(store):
    for n in range(10_000):
        store.write(batch(*((n, n + k, "a" * 50) for k in range(1, 20)), position=(n, n, n)))


def test_a_store_gives_back_what_it_was_given(tmp_path):
    store = Store(tmp_path / "e.db", RUN)
    rows = [(2**40, 2**40 + 5, "a", 1, 0.25), (7, 9, "b", 0, math.nan)]
    store.write(batch(*rows, position=(2**41, 12, 7), gaps=[Gap(3, 5, "lost")]))
    store.close()
    assert read(tmp_path / "e.db") == EventList.of(rows, rate_hz=10_000)
    assert read_gaps(tmp_path / "e.db") == [Gap(3, 5, "lost")]
    assert read_runs(tmp_path / "e.db") == {1: RUN}
    again = Store(tmp_path / "e.db", RUN)
    assert again.position == Position(2**41, 12, 7)
    assert again.known == {(1, 2**40, 2**40 + 5, "a")}
    again.close()


def test_another_model_begins_a_run_of_its_own(tmp_path):
    for run in (RUN, RUN._replace(model="other"), RUN):
        store = Store(tmp_path / "e.db", run)
        store.write(batch((store.position.taken, 99, "a"), position=(5, 5, 5)))
        store.close()
    assert read_runs(tmp_path / "e.db") == {1: RUN, 2: RUN._replace(model="other")}
    assert [len(read(tmp_path / "e.db", run=run)) for run in (1, 2)] == [2, 1]
    with pytest.raises(InputError, match="no run 3"):
        read(tmp_path / "e.db", run=3)


def test_two_that_write_the_same_run_are_told(tmp_path):
    first, second = Store(tmp_path / "e.db", RUN), Store(tmp_path / "e.db", RUN)
    first.write(batch((0, 5, "a"), position=(10, 10, 10)))
    with pytest.raises(SinkError, match="another watch"):
        second.write(batch((3, 5, "a"), position=(7, 7, 7)))
    first.write(batch((12, 15, "a"), position=(20, 20, 20)))
    for store in (first, second):
        store.close()
    assert [event.onset for event in read(tmp_path / "e.db")] == [0, 12]


def test_a_batch_is_committed_whole_or_not_at_all(tmp_path):
    store = Store(tmp_path / "e.db", RUN)
    store.write(batch((0, 5, "a"), position=(10, 10, 10)))
    with pytest.raises(SinkError, match="up to sample 10"):
        store.write(batch((7, 8, "a"), (0, 5, "a"), position=(20, 20, 20)))
    store.close()
    assert len(read(tmp_path / "e.db")) == 1
    assert Store(tmp_path / "e.db", RUN).position.taken == 10


def test_a_full_disk_stops_the_store_and_breaks_nothing(tmp_path):
    store = Store(tmp_path / "e.db", RUN)
    store._connection.exec_driver_sql("PRAGMA max_page_count=20")
    store._connection.rollback()
    with pytest.raises(SinkError, match=r"full.*make room"):
        fill(store)
    stored = store.position.taken
    store.close()
    events = read(tmp_path / "e.db")
    assert len(events) == 19 * (stored + 1)
    with sqlite3.connect(tmp_path / "e.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    again = Store(tmp_path / "e.db", RUN)  # there is room again
    assert again.position.taken == stored
    again.write(batch((stored + 1, stored + 9, "b"), position=(stored + 1,) * 3))
    again.close()
    assert len(read(tmp_path / "e.db")) == len(events) + 1


def test_what_is_no_store_is_told(tmp_path):
    with pytest.raises(InputError, match="no such store"):
        read(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("no database at all, but long enough to look like one\n" * 99)
    with pytest.raises(InputError, match="no event store"):
        read(tmp_path / "text.db")
    with pytest.raises(InputError, match="cannot be used"):
        Store(tmp_path / "text.db", RUN)
    with pytest.raises(InputError, match="cannot be used"):
        Store(tmp_path / "no" / "folder" / "e.db", RUN)


def test_a_database_of_something_else_stays_as_it_is(tmp_path):
    with sqlite3.connect(tmp_path / "hits.pridb") as connection:
        connection.execute("CREATE TABLE ae_data (SetID INTEGER)")
    connection.close()
    before = (tmp_path / "hits.pridb").read_bytes()
    with pytest.raises(InputError, match="holds ae_data: name another file"):
        Store(tmp_path / "hits.pridb", RUN)
    assert (tmp_path / "hits.pridb").read_bytes() == before


def test_the_tables_would_do_on_postgresql():
    for table in (RUNS, EVENTS, GAPS, ALARMS, POSITIONS, MONITORS):
        said = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert "BIGSERIAL" in said or table in (POSITIONS, MONITORS)
    assert '"offset" BIGINT NOT NULL' in str(
        CreateTable(EVENTS).compile(dialect=postgresql.dialect())
    )


def test_a_driver_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match="pip install psycopg"):
        Store("postgresql://nobody@127.0.0.1:1/x", RUN)


def test_lines_go_on_after_half_a_line(tmp_path):
    path = tmp_path / "e.jsonl"
    lines = JsonLines(path, rate_hz=10_000)
    lines.write(batch((5, 10, "é", 1, 0.5), gaps=[Gap(1, 2, "x")]))
    lines.write(batch((20, 30, "a"), gaps=[Gap(2, 3, "y")]))
    lines.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"onset": 40, "off')
    lines = JsonLines(path, rate_hz=10_000)
    lines.write(batch((40, 50, "a")))
    lines.close()
    assert path.read_bytes().startswith(whole)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows[1] == {"gap": {"start": 1, "stop": 2, "reason": "x"}}
    assert [row["gap"]["start"] for row in rows if "gap" in row] == [1, 2]
    assert [row["onset"] for row in rows if "onset" in row] == [5, 20, 40]
    assert (rows[0]["onset_s"], rows[2]["score"]) == (0.0005, None)


def test_lines_that_the_store_lacks_come_again_once(tmp_path):
    path = tmp_path / "e.jsonl"
    rows = [(100, 900, "a", 0), (300, 310, "a", 1), (500, 510, "a", 1), (800, 810, "a", 1)]
    lines = JsonLines(path, rate_hz=10_000)
    lines.write(batch((7, 9, "a"), gaps=[Gap(9, 10, "x")]))
    lines.write(batch(*rows))
    lines.close()
    for known, found in (((), rows[1:3]), (rows[1:3], [rows[0], rows[3]])):
        keys = {(channel, on, off, label) for on, off, label, channel in known}
        lines = JsonLines(path, rate_hz=10_000, resume=100, known=keys)
        lines.write(batch(*found))
        lines.close()
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(row["onset"] for row in told if "onset" in row) == [7, 100, 300, 500, 800]
    assert len(told) == 6


def test_lines_of_something_else_are_refused(tmp_path):
    path = tmp_path / "e.jsonl"
    path.write_text('{"onset": 3, "offset": 4, "label": "a", "channel": 0}\n[1]\n')
    with pytest.raises(InputError, match="something else"):
        JsonLines(path, rate_hz=10_000, resume=0)
    with pytest.raises(InputError, match="cannot be written to"):
        JsonLines(tmp_path, rate_hz=10_000)


@pytest.mark.parametrize("content", [bytes(range(256)), b'{"name": 1}\n', b"onset,offset\n1,2\n"])
def test_a_file_of_something_else_stays_as_it_is(tmp_path, content):
    (path := tmp_path / "steel.bin").write_bytes(content)
    with pytest.raises(InputError, match="something else"):
        JsonLines(path, rate_hz=10_000)
    assert path.read_bytes() == content


def test_a_full_disk_leaves_whole_lines(tmp_path):
    path = tmp_path / "e.jsonl"
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from ondes.events import EventList\n"
        "from ondes.run.live import Batch, JsonLines, Position, SinkError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "lines = JsonLines(Path(sys.argv[1]), rate_hz=8)\n"
        "try:\n"
        "    for n in range(100):\n"
        "        lines.write(Batch(EventList.of([(n, n + 1, 'a')], rate_hz=8), (), Position()))\n"
        "except SinkError as error:\n"
        "    print(n, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert "takes no more" in done.stdout
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == int(done.stdout.split()[0]) > 3


@pytest.mark.skipif(sys.platform == "win32", reason="it forks")
def test_nothing_is_lost_or_repeated_over_fifty_kills(loud, tmp_path):
    x = loud.noise(1_500_000, spread=400)
    x[:, 500_000:500_400] = np.nan
    x[1, 900_001] = np.inf
    (path := tmp_path / "x.bin").write_bytes(np.ascontiguousarray(x.T).tobytes())
    words = [path, tmp_path / "e.db", tmp_path / "e.jsonl", "50"]
    done = subprocess.run(
        [sys.executable, LOUD, *words], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("50\n", "", 0)
    pieces = [(0, 500_000), (500_400, 900_001), (900_002, 1_500_000)]
    parts = [loud.Loud().detect(x[:, start:stop], start=start) for start, stop in pieces]
    expected = parts[0] + parts[1] + parts[2]
    assert read(tmp_path / "e.db") == expected
    assert [gap[:2] for gap in read_gaps(tmp_path / "e.db")] == [
        (500_000, 500_400),
        (900_001, 900_002),
    ]
    rows = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert [row["gap"]["start"] for row in rows if "gap" in row] == [500_000, 900_001]
    told = [
        (r["onset"], r["offset"], r["label"], r["channel"], r["score"])
        for r in rows
        if "onset" in r
    ]
    assert EventList.of(told, rate_hz=loud.RATE_HZ) == expected
    gaps = [(500_000, 500_400), (900_001, 900_002)]
    found = alarms(expected, loud.RULES, start=0, stop=1_500_000, gaps=gaps, channels=(0, 1))
    assert {alarm.rule for alarm in found} == {rule.name for rule in loud.RULES.alarms}
    assert read_alarms(tmp_path / "e.db") == found
    told = [from_json(row["alarm"]) for row in rows if "alarm" in row]
    assert len(told) == len({alarm.key for alarm in told}) == 2 * len(found)
    assert merged(told) == found
