"""WFDB annotations beside what the package wfdb reads and writes, to the sample."""

import shutil
import warnings

import numpy as np
import pytest

import ondes
from ondes.errors import FormatError, InputError, RateError
from ondes.io import read_events, write_events

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import wfdb
    from wfdb.io.annotation import ann_labels

from ondes.io.events import wfdb as format_

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # wfdb's use of pandas


def test_symbols_are_the_standards():
    theirs = {label.symbol: label.label_store for label in ann_labels if label.label_store}
    ours = {symbol: code for symbol, code in format_.CODES.items() if len(symbol) == 1}
    assert ours == theirs


def test_what_wfdb_writes_is_read(tmp_path):
    sample = np.array([3, 900, 5000, 5000, 2_000_000, 2_000_001])
    wfdb.wrann(
        "a",
        "atr",
        sample,
        symbol=["N", "V", "+", "A", '"', "~"],
        chan=np.array([0, 1, 0, 0, 1, 0]),
        aux_note=["", "", "(AFIB", "", "TS", ""],
        fs=250.5,
        write_dir=str(tmp_path),
    )
    events = read_events(tmp_path / "a.atr")
    assert events.rate_hz == 250.5
    assert {tuple(event)[:4] for event in events} == {
        (3, 4, "N", 0),
        (900, 901, "V", 1),
        (5000, 5001, "A", 0),
        (5000, 2_000_002, "(AFIB", 0),
        (2_000_000, 2_000_001, '"TS', 1),
        (2_000_001, 2_000_002, "~", 0),
    }


def test_what_is_written_is_read_by_wfdb(tmp_path):
    rows = [(9, 10, "N"), (9, 45, "V", 1), (70_000, 90_000, "(AFIB"), (80_000, 80_001, '"TS')]
    events = ondes.EventList.of([*rows, (99_000, 99_500, "loud", 3)], rate_hz=360)
    write_events(events, tmp_path / "a.atr")
    theirs = wfdb.rdann(str(tmp_path / "a"), "atr")
    assert theirs.fs == 360
    assert theirs.sample.tolist() == [9, 9, 70_000, 80_000, 90_000, 99_000]
    assert theirs.symbol == ["N", "V", "+", '"', "+", '"']
    assert theirs.chan.tolist() == [0, 1, 0, 0, 0, 3]
    assert theirs.aux_note == ["", "+36", "(AFIB", "TS", "(N", "ondes+500:loud"]


def put(folder, header="a 1 360 1000", **options):
    (folder / "a.hea").write_text(f"# a comment\n{header}\na.dat 16\n")
    wfdb.wrann("a", "atr", **options, write_dir=str(folder))
    return folder / "a.atr"


def test_the_header_says_rate_and_end(tmp_path):
    marks = {"sample": np.array([10, 600]), "symbol": ["+", "+"], "aux_note": ["(N", "(AFIB"]}
    path = put(tmp_path, **marks)
    assert [tuple(e)[:3] for e in read_events(path)] == [(10, 600, "(N"), (600, 1000, "(AFIB")]
    with pytest.raises(RateError, match="is at 360 Hz, the call says 500"):
        read_events(path, rate_hz=500)
    (tmp_path / "a.hea").unlink()
    with pytest.raises(InputError, match=r"a.hea is not beside it: give rate_hz="):
        read_events(path)
    assert read_events(path, rate_hz=100).rate_hz == 100


def test_an_annotation_beyond_the_end_is_refused(tmp_path):
    path = put(tmp_path, sample=np.array([10, 1000]), symbol=["N", "V"])
    with pytest.raises(FormatError, match=r"V at sample 1000, and the record a.hea has 1000: give"):
        read_events(path)
    closing = {"symbol": ["+", "+"], "aux_note": ["(AFIB", "(N"]}
    path = put(tmp_path, sample=np.array([10, 1000]), **closing)
    assert [tuple(e)[:3] for e in read_events(path)] == [(10, 1000, "(AFIB")]


def test_what_annotations_cannot_say_is_refused(tmp_path):
    def refused(*rows, told):
        with pytest.raises(InputError, match=told):
            write_events(ondes.EventList.of(rows, rate_hz=360), tmp_path / "a.atr")

    refused((-1, 3, "N"), told="shift the events")
    refused((0, 9, "(AFIB"), (5, 20, "(N"), told="one rhythm at a time")
    refused((0, 9, "long" * 60), told="too long")
    assert not (tmp_path / "a.atr").exists()


def test_a_cut_file_is_refused(tmp_path, shared_data):
    whole = (shared_data / "ecg_mitbih" / "100.atr").read_bytes()
    for cut in (1001, 4000):
        (tmp_path / "cut.atr").write_bytes(whole[:cut])
        with pytest.raises(FormatError, match="copy it again"):
            read_events(tmp_path / "cut.atr", rate_hz=360)


@pytest.mark.parametrize("folder", ["ecg_mitbih", "ecg_af"])
def test_real_annotations_are_what_wfdb_says(shared_data, tmp_path, folder):
    for path in sorted((shared_data / folder).glob("*.atr")):
        theirs = wfdb.rdann(str(path.with_suffix("")), "atr")
        events = read_events(path)
        points = events[np.array([not label.startswith("(") for label in events.label], bool)]
        beats = [k for k, symbol in enumerate(theirs.symbol) if symbol != "+"]
        assert events.rate_hz == theirs.fs
        np.testing.assert_array_equal(points.onset, theirs.sample[beats])
        assert points.label.tolist() == [theirs.symbol[k] for k in beats]
        shutil.copy(path.with_suffix(".hea"), tmp_path)
        write_events(events, tmp_path / path.name)
        assert read_events(tmp_path / path.name) == events


def test_real_episodes_begin_and_end_where_they_are_marked(shared_data):
    events = read_events(shared_data / "ecg_af" / "data_101_6.atr").filter(label="(AFIB")
    spans = [(3132, 5639), (8468, 9100), (11121, 16050), (21303, 22355)]
    assert [(e.onset, e.offset) for e in events] == spans
    (whole,) = read_events(shared_data / "ecg_af" / "data_84_1.atr").filter(label="(AFIB")
    assert (whole.onset, whole.offset) == (0, 103_807)
