"""Event lists through every format and back, and what each refuses to carry."""

import json
from importlib import import_module

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ondes
from ondes.errors import FormatError, InputError, RateError
from ondes.io import (
    event_formats,
    event_suffix,
    pitch,
    read_event_table,
    read_events,
    write_events,
)

FORMATS = event_formats()
RATES = [32.0, 100 / 3, 44100.0, 48000.0, 1.5625e6]
LABELS = {
    "midi": st.integers(0, 127).map(pitch.name),
    "rttm": st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).filter(str.split),
    "audacity": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r\0")),
}
LABELS["raven"] = LABELS["audacity"]
LABELS["edf"] = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\x14\x15\n"), min_size=1
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
SCORES = {"midi": st.integers(1, 127).map(lambda velocity: velocity / 127)}
ANY_SCORE = st.none() | st.floats(-1e9, 1e9).map(lambda x: float(f"{x:.6g}"))


def format_module(name):
    return import_module(f"ondes.io.events.{name}")


@st.composite
def event_lists(draw, kind):
    """Draw a list that the format says it can carry, on the grid of its resolution."""
    carries = format_module(kind).CARRIES
    rate_hz = 1000.0 if kind == "midi" else draw(st.sampled_from(RATES))
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 10**9),
                st.integers(1, 10**6),
                LABELS.get(kind, ANY_TEXT),
                st.integers(0, 15) if "channel" in carries else st.just(0),
                SCORES.get(kind, ANY_SCORE) if "score" in carries else st.none(),
            ),
            max_size=5,
            unique_by=(lambda row: row[2:4]) if kind == "midi" else None,
        )
    )
    return ondes.EventList.of(
        [(on, on + n, text, c, np.nan if s is None else s) for on, n, text, c, s in rows],
        rate_hz=rate_hz,
    )


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_a_format_carries_comes_back_exactly(kind, data, tmp_path_factory):
    events = data.draw(event_lists(kind))
    path = tmp_path_factory.getbasetemp() / f"round{event_suffix(kind)}"
    write_events(events, path, file="take.wav")
    assert read_events(path, rate_hz=events.rate_hz, format=kind) == events
    assert read_events(path, rate_hz=events.rate_hz, file="take.wav") == events


@pytest.mark.parametrize("kind", FORMATS)
def test_the_resolution_is_what_the_format_says(kind, tmp_path):
    """Read at a finer rate than the file was written at: off by half a step at most."""
    rate_hz, fine_hz = 44100.0, 44100.0 * 10000
    events = ondes.EventList.of(
        [(k * 4410 + k, k * 4410 + 997 * k, pitch.name(k), 0, 1.0) for k in range(1, 90)],
        rate_hz=rate_hz,
    )
    path = tmp_path / f"a{event_suffix(kind)}"
    write_events(events, path)
    if "rate" in format_module(kind).CARRIES:
        assert format_module(kind).RESOLUTION_S == 0
        return
    back = read_events(path, rate_hz=fine_hz)
    worst = max(
        np.abs(back.onset_s - events.onset_s).max(), np.abs(back.offset_s - events.offset_s).max()
    )
    step = max(format_module(kind).RESOLUTION_S, 1 / fine_hz)
    assert worst <= 1.01 * step


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_list_is_a_file_and_comes_back_empty(kind, tmp_path):
    path = tmp_path / f"a{event_suffix(kind)}"
    write_events(ondes.EventList.empty(48000), path, file="a.wav")
    assert read_events(path, rate_hz=48000, format=kind) == ondes.EventList.empty(48000)


@pytest.mark.parametrize("kind", [name for name in FORMATS if name not in ("json", "wfdb")])
def test_seconds_ask_for_a_rate(kind, tmp_path):
    path = tmp_path / f"a{event_suffix(kind)}"
    write_events(ondes.EventList.of([(0, 9, "C4")], rate_hz=9), path)
    with pytest.raises(InputError, match="give rate_hz="):
        read_events(path)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("suffix", [".CSV", ".dat"])
def test_a_format_can_be_named(kind, suffix, tmp_path):
    events = ondes.EventList.of([(0, 4800, "C4")], rate_hz=48000)
    write_events(events, tmp_path / f"a{suffix}", format=kind)
    back = read_events(tmp_path / f"a{suffix}", rate_hz=48000, format=kind)
    assert (back.onset.tolist(), back.offset.tolist(), back.labels) == ([0], [4800], ("C4",))


TABLE = {
    "b.wav": ondes.EventList.of([(48, 96, "x", 1, 0.5), (0, 48, "y")], rate_hz=48000),
    "sub/a.flac": ondes.EventList.of([(1, 2, "x")], rate_hz=48000),
}


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "rttm"])
def test_one_file_holds_many_recordings(kind, tmp_path):
    path = tmp_path / f"a{event_suffix(kind)}"
    write_events(TABLE, path)
    bare = [name.rpartition(".")[0] for name in TABLE]
    table = read_event_table(path, rate_hz=48000)
    assert list(table) == (bare if kind == "rttm" else list(TABLE))
    assert list(table.values()) == list(TABLE.values())
    for name, events in TABLE.items():
        assert read_events(path, rate_hz=48000, file=name) == events
    assert read_events(path, rate_hz=48000, file="b") == TABLE["b.wav"]
    with pytest.raises(InputError, match=r"holds 2 recordings \(b.*file="):
        read_events(path, rate_hz=48000)
    with pytest.raises(InputError, match=r"no recording 'sub/c.flac'; did you mean 'sub/a.*leaves"):
        read_events(path, rate_hz=48000, file="sub/c.flac")


def test_a_name_without_its_folder_must_be_clear(tmp_path):
    events = ondes.EventList.of([(0, 1, "x")], rate_hz=8)
    write_events({"x/a.wav": events, "y/a.wav": events, "y/b.wav": events}, tmp_path / "a.csv")
    assert read_events(tmp_path / "a.csv", rate_hz=8, file="b.wav") == events
    with pytest.raises(InputError, match=r"may mean x/a.wav or y/a.wav: give one in full"):
        read_events(tmp_path / "a.csv", rate_hz=8, file="a.wav")


@pytest.mark.parametrize("kind", ["audacity", "raven", "jams", "midi"])
def test_the_others_hold_one(kind, tmp_path):
    with pytest.raises(InputError, match="holds one recording, not 2"):
        write_events(TABLE, tmp_path / f"a{event_suffix(kind)}")
    assert list(tmp_path.iterdir()) == []


def test_json_keeps_recordings_of_any_rate_and_none_lost(tmp_path):
    table = TABLE | {
        "slow.npy": ondes.EventList.of([(-3, 7, "\0x", -1, 1 / 3)], rate_hz=100 / 3),
        "silent.wav": ondes.EventList.empty(1.5625e6),
    }
    write_events(table, tmp_path / "a.json")
    assert read_event_table(tmp_path / "a.json") == table
    with pytest.raises(RateError, match=r"'slow.npy' at 33.33333333 Hz, the call says 48000"):
        read_event_table(tmp_path / "a.json", rate_hz=48000)


def test_json_cannot_hold_infinity(tmp_path):
    events = ondes.EventList.of([(0, 1, "x", 0, np.inf)], rate_hz=1)
    for name in ("a.json", "a.jams"):
        with pytest.raises(InputError, match="no infinity"):
            write_events(events, tmp_path / name)


@pytest.mark.parametrize("kind", ["audacity", "raven"])
@pytest.mark.parametrize("mark", ["\t", "\n", "\r", "\r\n"])
def test_labels_that_would_break_a_line_are_refused(kind, mark, tmp_path):
    events = ondes.EventList.of([(0, 9, f"a{mark}b")], rate_hz=9)
    with pytest.raises(InputError, match=r"separates fields: .* write \.csv or \.json"):
        write_events(events, tmp_path / f"a{event_suffix(kind)}")
    write_events(events, tmp_path / "a.csv")
    assert read_events(tmp_path / "a.csv", rate_hz=9) == events


@pytest.mark.parametrize("label", ["two words", " x", "x\n", "\u3000", "<NA>"])
def test_rttm_refuses_blanks(label, tmp_path):
    with pytest.raises(InputError, match="cannot stand in RTTM"):
        write_events(ondes.EventList.of([(0, 9, label)], rate_hz=9), tmp_path / "a.rttm")
    events = ondes.EventList.of([(0, 9, "x")], rate_hz=9)
    with pytest.raises(InputError, match="cannot stand in RTTM"):
        write_events(events, tmp_path / "a.rttm", file="my take.wav")


def test_rttm_refuses_names_that_fall_together(tmp_path):
    with pytest.raises(InputError, match="clash"):
        write_events({"a.wav": TABLE["b.wav"], "a.flac": TABLE["b.wav"]}, tmp_path / "a.rttm")


@pytest.mark.parametrize("kind", ["csv", "audacity", "json"])
def test_half_a_character_is_refused(kind, tmp_path):
    events = ondes.EventList.of([(0, 9, "\ud800")], rate_hz=9)
    with pytest.raises(InputError, match="no Unicode text"):
        write_events(events, tmp_path / f"a{event_suffix(kind)}")
    assert list(tmp_path.iterdir()) == []


def test_midi_refuses_what_is_no_note(tmp_path):
    def write(*event):
        write_events(ondes.EventList.of([event], rate_hz=1000), tmp_path / "a.mid")

    with pytest.raises(InputError, match="'door' is no pitch such as C4"):
        write(0, 9, "door")
    with pytest.raises(InputError, match="begins at 0 s"):
        write(-5, 9, "C4")
    with pytest.raises(InputError, match="channels 0 to 15"):
        write(0, 9, "C4", 16)
    with pytest.raises(InputError, match=r"must lie in \[0, 1\]"):
        write(0, 9, "C4", 0, 1.5)
    write(0, 9, "Bb4")
    assert read_events(tmp_path / "a.mid", rate_hz=1000).labels == ("A#4",)


def test_midi_refuses_a_key_struck_while_it_is_held(tmp_path):
    held = ondes.EventList.of([(0, 100, "C4"), (50, 150, "C4")], rate_hz=1000)
    with pytest.raises(InputError, match=r"two C4 on channel 0 .* 0 to 100 and 50 to 150 ms"):
        write_events(held, tmp_path / "a.mid")
    write_events(held.merge_gaps(0), tmp_path / "a.mid")
    repeated = ondes.EventList.of(
        [(0, 50, "C4", 0, 1.0), (50, 150, "C4", 0, 1.0), (60, 90, "C4", 1, 1.0)], rate_hz=1000
    )
    write_events(repeated, tmp_path / "a.mid")
    assert read_events(tmp_path / "a.mid", rate_hz=1000) == repeated


@given(score=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_midi_scores_are_velocities(score, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "score.mid"
    write_events(ondes.EventList.of([(0, 9, "C4", 0, score)], rate_hz=1000), path)
    assert abs(read_events(path, rate_hz=1000)[0].score - score) <= 1 / 127
    assume(score > 0.01)
    assert abs(read_events(path, rate_hz=1000)[0].score - score) <= 0.5 / 127 + 1e-12


def test_jams_begins_at_zero(tmp_path):
    with pytest.raises(InputError, match=r"begins at 0 s.*shift"):
        write_events(ondes.EventList.of([(-5, 9, "x")], rate_hz=9), tmp_path / "a.jams")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(InputError):
        write_events(ondes.EventList.of([(0, 9, "a\tb")], rate_hz=9), path)
    assert path.read_text() == "old"


HEADER = "file,channel,onset_s,offset_s,label,score\n"
RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tAnnotation\n"


@pytest.mark.parametrize(
    ("name", "text", "cure"),
    [
        ("a.csv", "", "line 1: no column onset_s, offset_s, label .* the header of an event table"),
        ("a.csv", "onset_s;offset_s;label\n", "line 1: no column"),
        ("a.csv", "onset_s,offset_s,label,scroe\n", "'scroe'; did you mean 'score'"),
        ("a.csv", "onset_s,offset_s,label,channel,chan\n", "unknown column 'chan'"),
        ("a.csv", "onset_s,offset_s,label,label\n", "comes twice"),
        ("a.csv", HEADER + "a,0,1,2,x,\na,0,1.5,x\n", "line 3: 4 fields under 6 columns"),
        ("a.csv", HEADER + 'a,0,1,2,"x\ny",\na,0,?,2,x,\n', r"line 4: onset_s is '\?'"),
        ("a.csv", HEADER + 'a,0,"1,5",2,x,\n', "line 2: onset_s is '1,5'.*decimal point"),
        ("a.csv", HEADER + "a,0,2,1,x,\n", "line 2: the event ends at 1.0 s, before it begins"),
        ("a.csv", HEADER + "a,0,nan,1,x,\n", "line 2: onset_s is 'nan': .* finite"),
        ("a.csv", HEADER + "a,0,0,1e300,x,\n", "line 2: offset_s is '1e300': .* finite"),
        ("a.csv", HEADER + "a,-1,0,1,x,\n", "line 2: channel is '-1'.*whole number"),
        ("a.csv", HEADER + "a,0,0,1,x,high\n", "line 2: score is 'high'"),
        ("a.csv", HEADER + 'a,0,0,1,"x,', "line 2: .*quote"),
        ("a.tsv", HEADER, "line 1: no column"),
        ("a.txt", "hello\n", "looks like none of audacity, raven: name its format"),
        ("a.txt", "1.0\t2.0\tx\n3.0\n", "line 2: fewer than two fields"),
        ("a.txt", "1.0\t2.0\tx\n3.0\t2.0\ty\n", "line 2: the event ends at 2.0 s"),
        ("a.txt", "1.0\t2.0\tx\n\n3,0\t4,0\ty\n", "line 3: onset is '3,0'"),
        ("a.txt", RAVEN + "1\tS\t1\t0\t1\n", "line 2: 5 fields under 6 columns"),
        ("a.txt", RAVEN + "1\tS\t0\t0\t1\tx\n", "line 2: Channel is '0': .*from 1 up"),
        ("a.txt", "Selection\tBegin Time (s)\n1\t0\n", "rename the one with the labels"),
        ("a.selections.txt", "", "a selection table has the columns"),
        (
            "a.txt",
            "Begin Time (s)\tEnd Time (s)\tBegin File\tLabel\n0\t1\ta\tx\n5\t6\tb\tx\n",
            r"File Offset \(s\)",
        ),
        ("a.rttm", "SPEAKER a 1 0 1 <NA> <NA> x\n", "line 1: 8 fields"),
        ("a.rttm", "LEXEME a 1 0 1 hi lex x <NA> <NA>\n", "line 1: a LEXEME line"),
        ("a.rttm", "SPEAKER a 1 0 -1 <NA> <NA> x <NA> <NA>\n", "line 1: the event ends"),
        ("a.json", "{", "line 1: .*write it again"),
        ("a.json", "[]", 'lacks "format": "ondes events"'),
        ("a.json", '{"format": "ondes events", "version": 2}', "version 2 .* update ondes"),
        ("a.json", '{"format": "ondes events", "version": 1}', "'recordings'"),
        ("a.jams", "{", "line 1: .*write it again"),
        ("a.jams", "[]", "cannot be read as JAMS"),
        (
            "a.jams",
            '{"annotations": [{"namespace": "beat", "data": []}]}',
            "'beat' holds no events",
        ),
    ],
)
def test_errors_name_the_line_and_the_cure(name, text, cure, tmp_path):
    (tmp_path / name).write_text(text, newline="")
    with pytest.raises(FormatError, match=cure) as caught:
        read_events(tmp_path / name, rate_hz=8)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"onset": 1.5},
        {"onset": 9},
        {"label": 3},
        {"score": "high"},
        {"channel": None},
        {"offset": ...},
    ],
)
def test_json_edited_by_hand_is_checked(change, tmp_path):
    write_events(ondes.EventList.of([(0, 9, "x")], rate_hz=9), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    event = document["recordings"][0]["events"][0]
    event.update(change)
    if change == {"offset": ...}:
        del event["offset"]
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(FormatError, match=r"a\.json does not hold recordings as ondes writes"):
        read_events(tmp_path / "a.json")


@pytest.mark.parametrize("kind", ["csv", "audacity", "jams"])
def test_text_in_another_encoding_is_told(kind, tmp_path):
    path = tmp_path / f"a{event_suffix(kind)}"
    path.write_bytes("0\t1\tBär\n".encode("latin-1"))
    with pytest.raises(FormatError, match=r"not UTF-8 text .byte 5.: save it as UTF-8"):
        read_events(path, rate_hz=8, format=kind)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.rttm"])
@pytest.mark.parametrize(("end", "mark"), [("\r\n", ""), ("\n", "\ufeff"), ("\r\n", "\ufeff")])
def test_line_ends_and_marks_of_other_systems_are_read(name, end, mark, tmp_path):
    events = ondes.EventList.of([(1, 5, "Bär"), (3, 4, "ours")], rate_hz=8)
    write_events(events, tmp_path / name)
    text = mark + (tmp_path / name).read_text(encoding="utf-8").replace("\n", end)
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert read_events(tmp_path / name, rate_hz=8) == events
