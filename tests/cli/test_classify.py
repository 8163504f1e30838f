"""``ondes classify`` with a model that is fitted in a moment."""

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import ondes as package
from ondes.data.clips import Clips, multi_hot, numbers, one_hot
from ondes.run import rivals

RATE_HZ = 2000
HZ = {"high": 700, "low": 150, "mid": 350}


def beep(name, seconds, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tones = [np.sin(2 * np.pi * HZ[one] * t + rng.uniform(0, 6)) for one in name.split("+")]
    return (0.3 * sum(tones) + 0.05 * rng.normal(size=len(t))).astype(np.float32)


def fitted(folder, words, y, labels, **options):
    arrays = [beep(word, 0.1 + 0.01 * k, 100 + k) for k, word in enumerate(words)]
    clips = Clips(arrays, y, labels=labels, rate_hz=RATE_HZ)
    rivals.fit("minirocket", clips, options={"features": 84}, **options).save(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    words = [*HZ] * 5
    return fitted(tmp_path_factory.mktemp("m") / "beeps", words, one_hot(words, [*HZ]), [*HZ])


@pytest.fixture
def beeps(tmp_path):
    """Return a folder of one folder a class."""
    for k, label in enumerate(HZ):
        (tmp_path / "beeps" / label).mkdir(parents=True)
        for take in range(3):
            x = beep(label, 0.1 + 0.05 * take, 10 * k + take)
            soundfile.write(tmp_path / "beeps" / label / f"{take}.wav", x, RATE_HZ, subtype="FLOAT")
    return tmp_path / "beeps"


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_says_to_the_bit_what_python_does(ondes, model, beeps):
    done = ondes("classify", beeps, "-m", model)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == "file,label,score,high,low,mid"
    rows = table(done.out)
    assert [row["file"] for row in rows] == [f"{name}/{k}.wav" for name in HZ for k in range(3)]
    files = [beeps / row["file"] for row in rows]
    probabilities = package.load(model).predict_proba(files)
    assert np.array_equal([[float(row[name]) for name in HZ] for row in rows], probabilities)
    assert [row["label"] for row in rows] == [[*HZ][k] for k in probabilities.argmax(1)]
    assert [float(row["score"]) for row in rows] == probabilities.max(1).tolist()


def test_a_table_file_and_a_page_beside_it(ondes, model, beeps, tmp_path):
    done = ondes("classify", beeps, "-m", model, "-o", tmp_path / "new" / "l.csv", "--report")
    assert done.status == 0
    assert "high/0.wav: high" in done.out
    assert "by the folders that the recordings lie in: accuracy" in done.err
    assert len(table((tmp_path / "new" / "l.csv").read_text())) == 9
    page = (tmp_path / "new" / "l.html").read_text()
    assert 'id="confusion"' in page
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["l.csv", "l.html"]


def test_one_bad_file_is_named_and_the_rest_done(ondes, model, beeps, tmp_path):
    (beeps / "low" / "bad.wav").write_bytes(b"RIFF and nothing")
    soundfile.write(beeps / "low" / "fast.wav", beep("low", 0.1, 0), 2 * RATE_HZ)
    done = ondes("classify", beeps, "-m", model, "-o", tmp_path / "out", "--report", "--json")
    assert done.status == 1
    said = json.loads(done.out)
    assert [one["file"] for one in said["failed"]] == ["low/bad.wav", "low/fast.wav"]
    assert "4000 Hz" in said["failed"][1]["reason"]
    assert len(said["recordings"]) == len(table((tmp_path / "out" / "labels.csv").read_text())) == 9
    assert "9 done, 2 failed" in done.err
    page = (tmp_path / "out" / "report.html").read_text()
    assert "low/bad.wav" in page
    assert ondes("classify", beeps / "low" / "fast.wav", "-m", model, "--resample").status == 0


def test_json_tells_all(ondes, model, beeps):
    said = json.loads(ondes("classify", beeps, "-m", model, "--json").out)
    assert (said["kind"], said["names"]) == ("class", list(HZ))
    first = said["recordings"][0]
    assert first["file"] == "high/0.wav"
    assert first["label"] == max(first["scores"], key=first["scores"].get)
    assert first["score"] == max(first["scores"].values())
    assert said["scores"]["accuracy"] == np.mean(
        [one["file"].startswith(one["label"]) for one in said["recordings"]]
    )


def test_windows(ondes, model, tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.concatenate([beep("low", 0.5, 0), beep("high", 0.5, 1)]), RATE_HZ)
    done = ondes("classify", path, "-m", model, "--window", "0.25", "--hop", "0.125")
    assert done.status == 0
    rows = table(done.out)
    assert [float(row["onset_s"]) for row in rows] == [0.125 * k for k in range(7)]
    assert rows[0]["label"] == "low"
    assert rows[-1]["label"] == "high"
    line = package.load(model).classify(path, window_s=0.25, hop_s=0.125)
    assert np.array_equal([[float(row[name]) for name in HZ] for row in rows], line.scores)
    said = json.loads(ondes("classify", path, "-m", model, "--window", "0.25", "--json").out)
    assert [one["offset_s"] for one in said["recordings"][0]["windows"]] == [0.25, 0.5, 0.75, 1.0]
    assert ondes("classify", path, "-m", model, "--window", "9", "-o", tmp_path / "o").status == 0
    assert (
        "long.wav: 1 window"
        in ondes(
            "classify", path, "-m", model, "--window", "9", "-o", tmp_path / "o", "--report"
        ).out
    )


def test_stdin(model, beeps):
    call = [sys.executable, "-m", "ondes", "classify", "-", "-m", str(model)]
    content = (beeps / "low" / "1.wav").read_bytes()
    done = subprocess.run(call, input=content, capture_output=True, check=True, env=os.environ)
    assert table(done.stdout.decode())[0]["file"] == "-"


def test_files_of_one_name_are_called_by_their_ways(ondes, model, beeps):
    done = ondes("classify", *(beeps / name / "1.wav" for name in HZ), "-m", model)
    assert done.status == 0
    assert [row["file"] for row in table(done.out)] == [f"{beeps}/{name}/1.wav" for name in HZ]


def test_what_the_table_says_already_is_kept(ondes, model, beeps, tmp_path):
    call = ("classify", beeps, "-m", model, "-o", tmp_path / "out", "--skip-existing")
    assert ondes(*call).status == 0
    path = tmp_path / "out" / "labels.csv"
    before = path.read_text()
    (beeps / "high" / "0.wav").write_bytes(b"no longer readable")
    soundfile.write(beeps / "mid" / "new.wav", beep("mid", 0.2, 9), RATE_HZ)
    done = ondes(*call)
    assert done.status == 0
    assert "high/0.wav: high" in done.out
    assert set(before.splitlines()) < set(path.read_text().splitlines())
    assert ondes("classify", beeps / "low", *call[2:]).status == 0
    assert set(before.splitlines()) < set(path.read_text().splitlines())
    refused = ondes(*call, "--window", "0.1")
    assert refused.status == 2
    assert "--skip-existing" in refused.err


def test_what_is_done_when_someone_interrupts_is_written(
    ondes, model, beeps, tmp_path, monkeypatch
):
    from ondes.run.classifier import Classifier

    whole, asked = Classifier.classify, []

    def interrupted(*given, **options):
        asked.append(given)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return whole(*given, **options)

    monkeypatch.setattr(Classifier, "classify", interrupted)
    assert ondes("classify", beeps, "-m", model, "-o", tmp_path / "o").status > 2
    assert len(table((tmp_path / "o" / "labels.csv").read_text())) == 3


def test_truth_of_a_table_and_of_a_folder(ondes, model, beeps, tmp_path):
    (tmp_path / "t.csv").write_text("file,label\nbeeps/high/0.wav,low\nbeeps/low/1.wav,low\n")
    said = json.loads(
        ondes("classify", beeps, "-m", model, "--truth", tmp_path / "t.csv", "--json").out
    )
    right = {one["file"]: one["label"] for one in said["recordings"]}
    expected = np.mean([right["high/0.wav"] == "low", right["low/1.wav"] == "low"])
    assert said["scores"]["accuracy"] == expected
    assert "of 2 recordings" in said["truth"]
    again = json.loads(ondes("classify", beeps, "-m", model, "--truth", beeps, "--json").out)
    own = json.loads(ondes("classify", beeps, "-m", model, "--json").out)
    assert again["scores"] == own["scores"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("file,label\nbeeps/high/0.wav,hihg\n", "did you mean 'high'"),
        ("file,label\nelse.wav,low\n", "says nothing of any"),
        ("file,label\nbeeps/high/0.wav,low\nbeeps/high/0.wav,high\n", "two labels"),
        ("name,class\n", "it needs file,label"),
    ],
)
def test_a_truth_that_is_none(ondes, model, beeps, tmp_path, rows, said):
    (tmp_path / "t.csv").write_text(rows)
    done = ondes("classify", beeps, "-m", model, "--truth", tmp_path / "t.csv")
    assert done.status == 2
    assert said in done.err


def test_the_truth_is_not_written_over(ondes, model, beeps, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("file,label\nbeeps/high/0.wav,low\n")
    assert ondes("classify", beeps, "-m", model, "--truth", path, "-o", path).status == 2
    assert path.read_text().startswith("file,label\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--report",), "--report without -o"),
        (("--hop", "1"), "--hop 1 without --window"),
        (("--skip-existing",), "--skip-existing without -o"),
        (("-o", "out.json"), "ends in .csv"),
        (("--window", "0.1", "--hop", "0.2"), "hop_s=0.2"),
    ],
)
def test_calls_that_are_wrong(ondes, model, beeps, words, said):
    done = ondes("classify", beeps / "low", "-m", model, *words)
    assert done.status == 2
    assert said in done.err


def test_a_detector_is_no_classifier(ondes, beeps, loud_model):
    done = ondes("classify", beeps, "-m", loud_model)
    assert done.status == 2
    assert "ondes detect" in done.err


def test_tags_and_numbers(ondes, tmp_path):
    words = ["high", "low", "high+low", "high", "low", "high+low"] * 2
    y = multi_hot([word.split("+") for word in words], ["high", "low"])
    tagger = fitted(tmp_path / "tags", words, y, ["high", "low"], target="tags")
    soundfile.write(tmp_path / "both.wav", beep("high+low", 0.2, 3), RATE_HZ)
    row = table(ondes("classify", tmp_path / "both.wav", "-m", tagger).out)[0]
    chosen = [name for name in ("high", "low") if float(row[name]) >= 0.5]
    assert sorted(filter(None, row["label"].split(";"))) == chosen
    assert row["score"] == (min((row[name] for name in chosen), key=float) if chosen else "")
    meter = fitted(tmp_path / "hz", words, numbers(range(12)), ["value"], target="number")
    done = ondes("classify", tmp_path / "both.wav", "-m", meter, "-o", tmp_path / "o", "--report")
    assert done.status == 0, done.err
    row = table((tmp_path / "o" / "labels.csv").read_text())[0]
    assert row["label"] == row["value"]
    assert row["score"] == ""


def test_a_class_that_is_called_like_a_column(ondes, tmp_path):
    words = ["high", "low"] * 4
    labels = ["file", "score"]
    y = one_hot([labels[k % 2] for k in range(8)], labels)
    model = fitted(tmp_path / "m", words, y, labels)
    soundfile.write(tmp_path / "a.wav", beep("high", 0.2, 3), RATE_HZ)
    done = ondes("classify", tmp_path / "a.wav", "-m", model)
    assert done.out.splitlines()[0] == "file,label,score,class file,class score"


def test_a_stream_is_watched_in_windows(ondes, model, tmp_path):
    x = np.concatenate([beep("low", 0.5, 0), beep("high", 0.5, 1)])
    (tmp_path / "x.bin").write_bytes(x.tobytes())
    call = ("watch", tmp_path / "x.bin", "-m", model, "--rate", RATE_HZ, "--fast", "--quiet")
    done = ondes(*call, "--window", "0.25")
    assert done.status == 0, done.err
    rows = table(done.out)
    assert [float(row["onset_s"]) for row in rows] == [0.0, 0.25, 0.5, 0.75]
    assert [row["label"] for row in rows] == ["low", "low", "high", "high"]
    refused = ondes(*call)
    assert refused.status == 2
    assert "--window" in refused.err


def test_a_detector_has_no_windows(ondes, loud_model, tmp_path):
    (tmp_path / "x.bin").write_bytes(bytes(80_000))
    call = ("watch", tmp_path / "x.bin", "-m", loud_model, "--rate", 8000, "--window", "1")
    done = ondes(*call)
    assert done.status == 2
    assert "has no windows" in done.err
