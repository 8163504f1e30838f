"""Our event files in the hands of other readers, and theirs in ours."""

import csv
import json
from itertools import pairwise

import jams
import mido
import mir_eval
import numpy as np
import pytest

import ondes
from ondes.errors import FormatError
from ondes.io import read_event_table, read_events, write_events

EVENTS = ondes.EventList.of(
    [
        (4800, 9600, 'speech, "near"', 0, 0.75),
        (7200, 7201, "Tür\nzu", 1),
        (48000, 960_000, "", 0, 1.0),
    ],
    rate_hz=48000,
)
NOTES = ondes.EventList.of(
    [(0, 24000, "A0", 0, 1.0), (12000, 36000, "C#4", 0, 0.5), (36000, 48000, "C#4", 1)],
    rate_hz=48000,
)


@pytest.mark.parametrize(("suffix", "dialect"), [("csv", "excel"), ("tsv", "excel-tab")])
def test_python_reads_our_tables(tmp_path, suffix, dialect):
    write_events(EVENTS, tmp_path / f"a.{suffix}", file="a, b.wav")
    with (tmp_path / f"a.{suffix}").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, dialect, strict=True)
    assert header == ["file", "channel", "onset_s", "offset_s", "label", "score"]
    assert rows == [
        ["a, b.wav", "0", "0.100000", "0.200000", 'speech, "near"', "0.75"],
        ["a, b.wav", "1", "0.150000", "0.150021", "Tür\nzu", ""],
        ["a, b.wav", "0", "1.000000", "20.000000", "", "1"],
    ]


def test_we_read_tables_that_python_wrote(tmp_path):
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([["label", "offset_s", "onset_s"], ["a\r\nb", "2", "1e-1"]])
    assert read_events(tmp_path / "a.csv", rate_hz=10)[0][:3] == (1, 20, "a\r\nb")


def test_the_header_of_csv_is_exact(tmp_path):
    write_events(ondes.EventList.empty(1), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"file,channel,onset_s,offset_s,label,score\n"


def test_mir_eval_reads_our_label_tracks(tmp_path):
    plain = EVENTS.filter(label='speech, "near"') + NOTES
    write_events(plain, tmp_path / "a.txt")
    times, labels = mir_eval.io.load_labeled_intervals(str(tmp_path / "a.txt"), delimiter="\t")
    assert labels == plain.label.tolist()
    np.testing.assert_allclose(times, np.stack([plain.onset_s, plain.offset_s], axis=1))


def test_label_tracks_of_audacity_with_frequencies_and_points(tmp_path):
    (tmp_path / "a.txt").write_text(
        "1.000000\t1.000000\tThis point was clicked at 6928.456055 Hz\n"
        "\\\t6928.456055\t6928.456055\n"
        "2.000000\t3.500000\tspectral selection\n"
        "\\\t1200.000000\t4000.000000\n"
        "4.25\t5\n"
    )
    events = read_events(tmp_path / "a.txt", rate_hz=1000)
    assert [event[:3] for event in events] == [
        (1000, 1001, "This point was clicked at 6928.456055 Hz"),
        (2000, 3500, "spectral selection"),
        (4250, 5000, ""),
    ]


def test_label_tracks_of_a_real_data_set(shared_data):
    folder = shared_data / "events_office" / "scene_annotation"
    for path in sorted(folder.glob("*.txt"))[:10]:
        events = read_events(path, rate_hz=44100)
        rows = [line.split("\t") for line in path.read_text().splitlines()]
        assert [event.label for event in events] == [row[2] for row in sorted_rows(rows)]
        np.testing.assert_allclose(
            events.onset_s, [float(row[0]) for row in sorted_rows(rows)], atol=1 / 88200
        )


def sorted_rows(rows):
    return sorted(rows, key=lambda row: (float(row[0]), float(row[1]), row[2]))


def test_our_selection_tables_hold_the_columns_of_raven(tmp_path):
    write_events(NOTES, tmp_path / "a.selections.txt", file="a.wav")
    with (tmp_path / "a.selections.txt").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["Selection"] for row in rows] == ["1", "2", "3"]
    assert rows[2] == {
        "Selection": "3",
        "View": "Spectrogram 1",
        "Channel": "2",
        "Begin Time (s)": "0.750000",
        "End Time (s)": "1.000000",
        "Low Freq (Hz)": "0",
        "High Freq (Hz)": "24000",
        "Begin File": "a.wav",
        "File Offset (s)": "0.750000",
        "Annotation": "C#4",
        "Score": "",
    }


def test_selection_tables_of_raven_with_two_views_and_measurements(tmp_path):
    (tmp_path / "a.txt").write_text(
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tPeak Freq (Hz)\tAnnotation\n"
        "1\tWaveform 1\t1\t1.000\t2.500\t\towl\n"
        "1\tSpectrogram 1\t1\t1.000\t2.500\t812.5\towl\n"
        "2\tWaveform 1\t2\t3.000\t4.000\t\tfox\n"
        "2\tSpectrogram 1\t2\t3.000\t4.000\t400\tfox\n"
    )
    events = read_events(tmp_path / "a.txt", rate_hz=1000)
    assert [event[:4] for event in events] == [(1000, 2500, "owl", 0), (3000, 4000, "fox", 1)]


def test_a_selection_table_over_several_files_and_another_detector(tmp_path):
    (tmp_path / "a.txt").write_text(
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
        "Common Name\tConfidence\tBegin File\tFile Offset (s)\n"
        "1\tSpectrogram 1\t1\t0\t3.0\t0\t15000\tTawny Owl\t0.8134\ta.wav\t0\n"
        "2\tSpectrogram 1\t1\t63.0\t66.0\t0\t15000\tTawny Owl\t0.5\tb.wav\t3.0\n"
    )
    table = read_event_table(tmp_path / "a.txt", rate_hz=10)
    assert [*table["a.wav"]] == [(0, 30, "Tawny Owl", 0, 0.8134)]
    assert [*table["b.wav"]] == [(30, 60, "Tawny Owl", 0, 0.5)]
    assert read_events(tmp_path / "a.txt", rate_hz=10, file="b.wav") == table["b.wav"]


by_jams = pytest.mark.filterwarnings("ignore:Passing a schema:DeprecationWarning")


@by_jams
@pytest.mark.parametrize(
    ("events", "namespaces"),
    [
        (EVENTS, ["tag_open", "tag_open"]),
        (NOTES, ["note_midi", "note_midi"]),
        (ondes.EventList.empty(8), ["tag_open"]),
    ],
)
def test_jams_finds_our_annotations_valid(tmp_path, events, namespaces):
    write_events(events, tmp_path / "a.jams", file="a.wav")
    document = jams.load(str(tmp_path / "a.jams"), validate=True, strict=True)
    assert document.validate(strict=True)
    assert document.file_metadata.title == "a.wav"
    assert [part.namespace for part in document.annotations] == namespaces
    for part in document.annotations:
        rows = events.filter(channel=part.sandbox.channel)
        times, values = part.to_interval_values()
        np.testing.assert_allclose(times, np.stack([rows.onset_s, rows.offset_s], 1), atol=1e-9)
        names = [ondes.io.pitch.name(v) if part.namespace == "note_midi" else v for v in values]
        assert names == rows.label.tolist()
        scores = [np.nan if item.confidence is None else item.confidence for item in part.data]
        np.testing.assert_array_equal(scores, rows.score)


@by_jams
def test_we_read_annotations_that_jams_wrote(tmp_path):
    document = jams.JAMS()
    document.file_metadata.duration = 10
    notes = jams.Annotation("note_midi")
    notes.append(time=1, duration=0.5, value=61, confidence=0.25)
    tags = jams.Annotation("segment_open")
    tags.append(time=0, duration=10, value="verse", confidence=None)
    document.annotations.extend([notes, tags])
    document.save(str(tmp_path / "a.jams"))
    events = read_events(tmp_path / "a.jams", rate_hz=100)
    assert [event[:3] for event in events] == [(0, 1000, "verse"), (100, 150, "C#4")]
    assert np.isnan(events.score[0])
    assert events.score[1] == 0.25


@pytest.mark.parametrize(
    ("value", "namespace", "cure"),
    [(60.5, "note_midi", "between two keys"), (3, "tag_open", "no text"), (1, "beat", "no events")],
)
def test_annotations_that_are_no_events_are_told(tmp_path, value, namespace, cure):
    data = [{"time": 0, "duration": 1, "value": value, "confidence": None}]
    document = {"annotations": [{"namespace": namespace, "data": data}]}
    (tmp_path / "a.jams").write_text(json.dumps(document))
    with pytest.raises(FormatError, match=rf"a\.jams.*{cure}"):
        read_events(tmp_path / "a.jams", rate_hz=100)


def played(path):
    """Play a MIDI file by mido's own clock: (second, channel, note, velocity or 0) of each key."""
    now, strokes = 0.0, []
    for message in mido.MidiFile(path):
        now += message.time
        if message.type in ("note_on", "note_off"):
            velocity = message.velocity if message.type == "note_on" else 0
            strokes.append((now, message.channel, message.note, velocity))
    return strokes


def test_mido_plays_our_notes(tmp_path):
    write_events(NOTES, tmp_path / "a.mid", file="Stück.wav")
    expected = [
        (0.0, 0, 21, 127),
        (0.25, 0, 61, 64),
        (0.5, 0, 21, 0),
        (0.75, 0, 61, 0),
        (0.75, 1, 61, 64),
        (1.0, 1, 61, 0),
    ]
    strokes = played(tmp_path / "a.mid")
    assert [stroke[1:] for stroke in strokes] == [stroke[1:] for stroke in expected]
    np.testing.assert_allclose([s[0] for s in strokes], [s[0] for s in expected], atol=1e-9)
    song = mido.MidiFile(tmp_path / "a.mid", charset="utf-8")
    assert song.tracks[0].name == "Stück.wav"


def song(*tracks, beat=480, kind=1):
    file = mido.MidiFile(type=kind, ticks_per_beat=beat)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    return file


def on(note, time, velocity=127, channel=0):
    return mido.Message("note_on", note=note, velocity=velocity, time=time, channel=channel)


def off(note, time, channel=0):
    return mido.Message("note_off", note=note, time=time, channel=channel)


def tempo(microseconds, time):
    return mido.MetaMessage("set_tempo", tempo=microseconds, time=time)


def test_tempo_maps_are_followed_across_tracks(tmp_path):
    rng = np.random.default_rng(0)
    changes = [tempo(int(rng.integers(2e5, 2e6)), int(rng.integers(1, 700))) for _ in range(40)]
    keys = rng.permutation(128)
    notes = [on(int(keys[0]), 0)]
    for a, b in pairwise(keys):
        notes += [off(int(a), int(rng.integers(1, 300))), on(int(b), int(rng.integers(1, 50)))]
    notes.append(off(int(keys[-1]), 33))
    song(changes, notes).save(tmp_path / "a.mid")
    events = read_events(tmp_path / "a.mid", rate_hz=1e6)
    clock = played(tmp_path / "a.mid")
    onsets = [second for second, _, _, velocity in clock if velocity]
    offsets = [second for second, _, _, velocity in clock if not velocity]
    assert len(events) == 128
    np.testing.assert_allclose(events.onset_s, onsets, atol=1e-6)
    np.testing.assert_allclose(events.offset_s, offsets, atol=1e-6)


def test_hands_on_one_channel_hold_the_same_key_apart(tmp_path):
    song([on(60, 0), off(60, 960)], [on(60, 480), off(60, 960)]).save(tmp_path / "a.mid")
    events = read_events(tmp_path / "a.mid", rate_hz=1000)
    assert [event[:2] for event in events] == [(0, 1000), (500, 1500)]


def test_odd_keys(tmp_path):
    """Zero velocity ends a note, first in is first out, pedals and stray ends do not count."""
    pedal = mido.Message("control_change", control=64, value=127)
    track = [
        pedal,
        off(50, 10),
        on(60, 950, velocity=100),
        on(60, 480, velocity=50),
        on(60, 480, velocity=0),
        off(60, 480),
        on(72, 0),
        mido.MetaMessage("end_of_track", time=960),
    ]
    song(track).save(tmp_path / "a.mid")
    events = read_events(tmp_path / "a.mid", rate_hz=1000)
    assert [event[:3] for event in events] == [
        (1000, 2000, "C4"),
        (1500, 2500, "C4"),
        (2500, 3500, "C5"),
    ]
    np.testing.assert_allclose(events.score, [100 / 127, 50 / 127, 1])


def test_midi_that_is_cut_off_or_has_no_common_beat_is_refused(tmp_path):
    path = tmp_path / "a.mid"
    song([on(60, 0), off(60, 960)]).save(path)
    whole = path.read_bytes()
    for content in (b"", b"no song", whole[:10], whole[:30], whole[:-6]):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"a.mid cannot be read as MIDI .*export it again"):
            read_events(path, rate_hz=1000)
    song([on(60, 0), off(60, 960)], kind=2).save(path)
    with pytest.raises(FormatError, match="without a common beat"):
        read_events(path, rate_hz=1000)
    path.write_bytes(whole[:12] + bytes([0xE7, 0x28]) + whole[14:])
    with pytest.raises(FormatError, match="SMPTE"):
        read_events(path, rate_hz=1000)


def test_our_turns_have_the_ten_fields_of_nist(tmp_path):
    write_events({"a.wav": NOTES, "b": NOTES.filter(channel=1)}, tmp_path / "a.rttm")
    rows = [line.split(" ") for line in (tmp_path / "a.rttm").read_text().splitlines()]
    assert {len(row) for row in rows} == {10}
    na = "<NA>"
    assert rows[0] == ["SPEAKER", "a", "1", "0.000000", "0.500000", na, na, "A0", "1", na]
    assert rows[3] == ["SPEAKER", "b", "2", "0.750000", "0.250000", na, na, "C#4", na, na]


def test_turns_of_others_with_comments_and_nine_fields(tmp_path):
    (tmp_path / "a.rttm").write_text(
        ";; a comment\n"
        "SPKR-INFO talk 1 <NA> <NA> <NA> unknown SPEAKER_00 <NA> <NA>\n"
        "SPEAKER talk 1 0.031 4.927 <NA> <NA> SPEAKER_00 <NA> <NA>\n"
        "SPEAKER  talk  2  2.5  0.5  <NA>  <NA>  SPEAKER_01  0.75\n"
    )
    events = read_events(tmp_path / "a.rttm", rate_hz=1000, file="talk.flac")
    assert [event[:4] for event in events] == [
        (31, 4958, "SPEAKER_00", 0),
        (2500, 3000, "SPEAKER_01", 1),
    ]
    assert events.score[1] == 0.75
