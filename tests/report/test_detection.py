"""The report of a recording: complete, closed to the network, deaf to what names try to say."""

import base64
import hashlib
import io
import re

import numpy as np
import pytest
import soundfile
from PIL import Image

from ondes.errors import InputError
from ondes.events import EventList
from ondes.report import detection
from ondes.signal import Signal

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & 'quoted' \"\u2028"


def test_every_event_is_in_the_page_to_the_sample(page_of, found, truth):
    data = page_of(found, truth=truth).data
    labels = [lane["label"] for lane in data["lanes"]]
    for columns, events in ((data["found"], found), (data["truth"], truth)):
        assert columns["onset"] == events.onset.tolist()
        assert columns["offset"] == events.offset.tolist()
        assert [labels[place] for place in columns["label"]] == events.label.tolist()
        assert columns["rate_hz"] == events.rate_hz
    assert data["found"]["score"] == [0.9, 0.1, 0.8]
    assert data["truth"]["score"] == [None] * 3


def test_found_and_true_events_point_at_each_other(page_of, found, truth):
    page = page_of(found, truth=truth)
    assert page.data["truth"]["partner"] == [0, -1, 2]
    assert page.data["found"]["partner"] == [0, -1, 2]
    text = " ".join(" ".join(page.words).split())
    assert "2 matched" in text
    assert "1 missed" in text
    assert "1 extra" in text
    assert "0.667 F1" in text or "F1 0.667" in text


def test_a_match_needs_its_onset_within_the_tolerance(page_of, found, truth):
    assert page_of(found, truth=truth, onset_s=0.005).data["truth"]["partner"] == [-1, -1, 2]


def test_truth_at_another_rate_is_brought_to_the_one_of_the_events(page_of, found, truth):
    data = page_of(found, truth=truth.resample(48000)).data
    assert data["truth"]["onset"] == truth.onset.tolist()


def test_pitches_become_a_keyboard_and_other_labels_lanes(page_of, found):
    assert page_of(found).data["lanes"] == [
        {"label": "A4", "midi": 69},
        {"label": "A5", "midi": 81},
        {"label": "B5", "midi": 83},
    ]
    office = EventList.of([(0, 9, "cough"), (5, 9, "A4"), (7, 9, "door")], rate_hz=8000)
    lanes = page_of(office, labels=["door", "cough"]).data["lanes"]
    assert lanes == [{"label": "door"}, {"label": "cough"}, {"label": "A4"}]


def test_the_page_loads_nothing_from_anywhere(page_of, found, truth):
    page = page_of(found, truth=truth, file="https://example.org/take.wav")
    for name, value in page.attributes:
        if name in ("src", "href", "action", "poster", "srcset", "data"):
            assert value.startswith("data:"), value
    without_names = page.text.replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?://\S{0,30}", without_names.replace("https://example.org", "")) == []
    assert "@import" not in page.text
    assert not {"iframe", "object", "embed", "base"} & set(page.tags)


def test_the_policy_allows_these_scripts_and_no_others(page_of, found):
    page = page_of(found, file=HOSTILE)
    policy = next(value for _, value in page.attributes if value.startswith("default-src"))
    digests = re.findall(r"'sha256-([^']+)'", policy)
    ours = [base64.b64encode(hashlib.sha256(c.encode()).digest()).decode() for c in page.code]
    assert digests == ours
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "connect-src" not in policy


def test_names_cannot_become_markup(page_of, signal):
    def write(name):
        events = EventList.of([(0, 100, name), (50, 200, "plain")], rate_hz=8000)
        return page_of(
            events,
            truth=events,
            file=name,
            model=name,
            command=name,
            card={name: [name]},
            scores={name: 1.0},
            labels=[name],
        )

    tame, wild = write("tame"), write(HOSTILE)
    assert tame.tags == wild.tags
    assert HOSTILE in [lane["label"] for lane in wild.data["lanes"]]
    assert HOSTILE in wild.words


def test_the_sound_in_the_page_is_the_signal(page_of, found, signal):
    page = page_of(found)
    samples, rate_hz = soundfile.read(io.BytesIO(page.blob("audio")), dtype="float32")
    assert rate_hz == signal.rate_hz
    np.testing.assert_allclose(samples, signal.samples[0], atol=2**-15)
    assert page.data["recording"]["audio"]["mime"] == "audio/flac"


def test_the_picture_in_the_page_shows_the_tones(page_of, found):
    page = page_of(found)
    facts = page.data["recording"]["spectrogram"]
    picture = np.asarray(Image.open(io.BytesIO(page.blob("spectrogram"))).convert("L"), float)
    early, late = np.array_split(picture, 2, axis=1)
    for part, hertz in ((early, 440), (late, 880)):
        row = part.sum(axis=1).argmax()
        octaves = (1 - (row + 0.5) / len(part)) * np.log2(facts["high_hz"] / facts["low_hz"])
        assert facts["low_hz"] * 2**octaves == pytest.approx(hertz, rel=0.03)


def test_the_waveform_in_the_page_encloses_the_signal(page_of, found, signal):
    page = page_of(found)
    facts = page.data["recording"]["waveform"]
    low, high = np.frombuffer(page.blob("waveform"), np.int8).reshape(2, -1) / 127
    assert facts["stretch"] == 1
    np.testing.assert_allclose(low * facts["peaks"][0], signal.samples[0], atol=0.5 / 127)
    np.testing.assert_array_equal(low, high)


def test_a_path_and_its_signal_give_the_same_page(page_of, found, signal, tmp_path):
    path = tmp_path / "take.wav"
    soundfile.write(path, signal.samples[0], round(signal.rate_hz), subtype="FLOAT")
    assert page_of(found, of=path).text == page_of(found, file="take.wav").text


def test_the_time_axis_is_the_signals_own(page_of, found, signal):
    data = page_of(found.shift(80_000), of=signal.shift(80_000)).data
    assert data["recording"]["start_s"] == 10.0
    assert data["found"]["onset"] == (found.onset + 80_000).tolist()


def test_card_scores_and_command_are_told(page_of, found):
    card = {"sha256": "ab" * 32, "decoder": {"thresholds": [0.5] * 85}, "limits": "no organs"}
    page = page_of(
        found,
        model="piano-tones",
        card=card,
        scores={"note_f1": 0.961, "same_bank": {"rtf": 0.1}},
        command="ondes detect take.wav",
    )
    words = {word.strip() for word in page.words}
    assert {"ab" * 32, "85 values", "no organs", "ondes detect take.wav"} <= words
    assert {"note F1", "0.961", "same bank", "RTF"} <= words


@pytest.mark.parametrize("with_truth", [True, False])
def test_silence_without_events_has_a_report(page_of, with_truth):
    none = EventList.empty(100)
    silence = Signal.of(np.zeros(100), rate_hz=100)
    page = page_of(none, of=silence, truth=none if with_truth else None)
    assert page.data["lanes"] == []
    picture = np.asarray(Image.open(io.BytesIO(page.blob("spectrogram"))))
    assert picture.max() == 0
    assert "There are no events." in [word.strip() for word in page.words]


def test_sound_can_be_left_out(page_of, found):
    page = page_of(found, with_audio=False)
    assert page.data["recording"]["audio"] is None
    assert "audio-data" not in page.scripts
    assert "no audio: left out as asked" in page.words


def test_nothing_is_left_behind_where_the_signal_cannot_be_read(tmp_path, found):
    (tmp_path / "bad.wav").write_bytes(b"RIFF....")
    with pytest.raises(InputError, match=r"bad\.wav"):
        detection.write(tmp_path / "report.html", signal=tmp_path / "bad.wav", events=found)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.wav"]
