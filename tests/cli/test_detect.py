"""``ondes detect`` on recordings whose events are known, and on broken ones."""

import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ondes.io import event_formats, read_events


def times(text: str) -> list[tuple[float, float]]:
    return [
        (float(row["onset_s"]), float(row["offset_s"])) for row in csv.DictReader(io.StringIO(text))
    ]


def test_events_on_stdout(ondes, loud_model, recordings) -> None:
    take = recordings.write("take.wav", (10, 20), (50, 55))
    done = ondes("detect", take, "--model", loud_model)
    assert done.status == 0
    assert done.out.startswith("file,channel,onset_s,offset_s,label,score\ntake.wav,0,")
    assert times(done.out) == [(0.08, 0.16), (0.4, 0.44)]
    assert done.err == ""


def test_two_recordings_on_stdout_share_one_header(ondes, loud_model, recordings) -> None:
    recordings.write("a.wav")
    recordings.write("b.wav", (10, 20))
    done = ondes("detect", recordings.folder, "-m", loud_model)
    assert done.out.count("onset_s") == 1
    assert times(done.out) == [(0.08, 0.16)]


def test_every_format(ondes, loud_model, recordings, tmp_path) -> None:
    take = recordings.write("sub/take.wav", (10, 20))
    names = [name for name in event_formats() if name != "midi"]  # "loud" is no pitch
    done = ondes(
        "detect", recordings.folder, "-m", loud_model, "-o", tmp_path / "out", "-f", ",".join(names)
    )
    assert done.status == 0
    assert done.out.startswith("sub/take.wav: 1 event")
    found = sorted((tmp_path / "out" / "sub").iterdir())
    assert len(found) == len(names)
    assert all(path.name.startswith(take.stem) for path in found)
    for path in found:
        events = read_events(path, rate_hz=recordings.rate_hz)
        assert [(e.onset, e.offset, e.label) for e in events] == [(640, 1280, "loud")]


def test_json_is_one_document(ondes, loud_model, recordings, tmp_path) -> None:
    recordings.write("a.wav", (10, 20))
    (recordings.folder / "b.wav").write_bytes(b"RIFF")
    done = ondes("detect", recordings.folder, "-m", loud_model, "-o", tmp_path / "out", "--json")
    assert done.status == 1
    said = json.loads(done.out)
    (recording,) = said["recordings"]
    assert recording["file"] == "a.wav"
    assert recording["duration_s"] == 1.0
    assert recording["written"] == {"csv": str(tmp_path / "out" / "a.csv")}
    (event,) = recording["events"]
    assert (event["onset_s"], event["offset_s"], event["label"]) == (0.08, 0.16, "loud")
    assert 0.5 < event["score"] <= 1
    assert [failed["file"] for failed in said["failed"]] == ["b.wav"]
    assert "b.wav" in done.err


def test_a_report_needs_no_network(ondes, loud_model, recordings, tmp_path) -> None:
    take = recordings.write("take.wav", (10, 20))
    done = ondes("detect", take, "-m", loud_model, "-o", tmp_path / "out", "--report")
    assert done.status == 0
    page = (tmp_path / "out" / "take.html").read_text(encoding="utf-8")
    assert "take.wav" in page
    assert 'src="http' not in page


def test_reports_of_a_batch_have_a_first_page(ondes, loud_model, recordings, tmp_path) -> None:
    for name in ("a.wav", "sub/b.wav"):
        recordings.write(name, (10, 20))
    (recordings.folder / "c.wav").write_bytes(b"RIFF")
    call = ["detect", recordings.folder, "-m", loud_model, "-o", tmp_path / "out", "--report"]
    done = ondes(*call)
    assert done.status == 1
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert './a.html"' in page
    assert './sub/b.html"' in page
    assert "c.wav" in page
    (tmp_path / "out" / "index.html").unlink()
    ondes(*call, "--skip-existing")
    again = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert './a.html"' in again


def test_one_bad_file_in_200(ondes, loud_model, recordings, tmp_path) -> None:
    good = recordings.write("000.wav", (10, 20), seconds=0.25).read_bytes()
    for index in range(1, 200):
        (recordings.folder / f"{index:03}.wav").write_bytes(good if index != 77 else good[:1000])
    done = ondes("detect", recordings.folder, "-m", loud_model, "-o", tmp_path / "out")
    assert done.status == 1
    assert done.out.count("1 event") == 199
    assert done.err.startswith("199 done, 1 failed:\n  077.wav: ")
    assert "cut off" in done.err
    assert len(list((tmp_path / "out").iterdir())) == 199


def broken(folder: Path) -> dict[str, str]:
    """Write recordings with one fault each; return what the error must say of it."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    noise = rng.uniform(-0.1, 0.1, 8000)
    soundfile.write(folder / "nan.wav", np.append(noise, np.nan), 8000, subtype="FLOAT")
    soundfile.write(folder / "rate.wav", noise, 11025)
    soundfile.write(folder / "short.wav", noise[:63], 8000)
    soundfile.write(folder / "cut.wav", noise, 8000)
    whole = (folder / "cut.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.flac").touch()
    (folder / "notes.wav").write_text("no sound at all")
    (folder / "take.xyz").write_bytes(whole)
    return {
        "nan.wav": "sample 8000",
        "rate.wav": "--resample",
        "short.wav": "at least one frame",
        "cut.wav": "--truncated",
        "empty.flac": "empty.flac",
        "notes.wav": "notes.wav",
        "take.xyz": "no format has this suffix",
        "gone.wav": "no such file",
    }


def test_every_fault_is_named_with_its_cure(ondes, loud_model, recordings, tmp_path) -> None:
    faults = broken(tmp_path / "in")
    good = recordings.write("good.wav", (10, 20))
    files = [recordings.folder / name for name in faults]
    done = ondes("detect", *files, good, "-m", loud_model, "-o", tmp_path / "out")
    assert done.status == 1
    assert done.out.startswith("good.wav: 1 event")
    lines = done.err.splitlines()
    assert lines[0] == f"1 done, {len(faults)} failed:"
    for name, words in faults.items():
        (line,) = [line for line in lines if line.strip().split(": ")[0].endswith(name)]
        assert words in line
        assert not (tmp_path / "out" / name).with_suffix(".csv").exists()


def test_resampling_and_truncation_when_asked(ondes, loud_model, recordings, tmp_path) -> None:
    broken(tmp_path / "in")
    files = [tmp_path / "in" / name for name in ("rate.wav", "cut.wav")]
    done = ondes("detect", *files, "-m", loud_model, "--resample", "--truncated")
    assert done.status == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--model", "piano-tonse"], "no model is called 'piano-tonse'"),
        (["--model", "{model}", "--format", "cvs"], "did you mean 'csv'?"),
        (["--model", "{model}", "--format", "midi"], "name a folder with -o"),
        (["--model", "{model}", "--report"], "name a folder with -o"),
        (["--model", "{model}", "-"], "in its own call"),
        (["--model", "{model}", "--device", "nowhere"], "take cpu"),
        (["--model", "{model}", "--rate", "-5"], "above zero"),
        (["--model", "{model}", "--dtype", "int17"], "no real number type"),
        ([], "--model"),
        (["--model", "{model}", "--nonsense"], "--nonsense"),
    ],
)
def test_a_wrong_call_does_nothing(ondes, loud_model, recordings, words, reason) -> None:
    take = recordings.write("take.wav", (10, 20))
    done = ondes("detect", take, *(word.format(model=loud_model) for word in words))
    assert done.status == 2
    assert reason in done.err
    assert done.out == ""


def test_an_empty_folder_is_a_wrong_call(ondes, loud_model, tmp_path) -> None:
    (tmp_path / "none").mkdir()
    done = ondes("detect", tmp_path / "none", "-m", loud_model, "-o", tmp_path / "out")
    assert done.status == 2
    assert "none holds no file that ends with one of .edf, .flac" in done.err


def test_a_damaged_model_is_refused(ondes, loud_model, recordings, tmp_path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in loud_model.iterdir():
        content = bytearray(file.read_bytes())
        if file.suffix == ".safetensors":
            content[-1] ^= 1
        (folder / file.name).write_bytes(content)
    done = ondes("detect", recordings.write("take.wav"), "-m", folder)
    assert done.status == 2
    assert "SHA-256" in done.err


def test_channels(ondes, loud_model, recordings) -> None:
    left, right = recordings.samples((10, 20)), recordings.samples((50, 60))
    path = recordings.folder / "stereo.wav"
    path.parent.mkdir()
    soundfile.write(path, np.stack([left, right], axis=1), recordings.rate_hz)
    both = ondes("detect", path, "-m", loud_model)
    assert [row["channel"] for row in csv.DictReader(io.StringIO(both.out))] == ["0", "1"]
    written = ondes("detect", path, "-m", loud_model, "-o", path.parent / "out")
    assert "2 events in 2 channels, " in written.out
    assert times(ondes("detect", path, "-m", loud_model, "--channel", "1").out) == [(0.4, 0.48)]
    # the mean is below the model's threshold
    assert times(ondes("detect", path, "-m", loud_model, "--channel", "mix").out) == []


def test_skip_existing_takes_up_what_is_left(ondes, loud_model, recordings, tmp_path) -> None:
    for name in ("a.wav", "b.wav"):
        recordings.write(name, (10, 20))
    call = ["detect", recordings.folder, "-m", loud_model, "-o", tmp_path / "out"]
    call += ["-f", "csv,json", "--skip-existing"]
    ondes(*call)
    kept = tmp_path / "out" / "a.json"
    kept.write_text(kept.read_text().replace("loud", "mine"))
    (tmp_path / "out" / "b.json").unlink()
    done = ondes(*call, "--json")
    assert done.status == 0
    first, second = json.loads(done.out)["recordings"]
    assert (first["done_before"], second["done_before"]) == (True, False)
    assert first["events"] == [{**second["events"][0], "label": "mine"}]
    assert (tmp_path / "out" / "b.json").exists()


def test_results_of_before_that_are_damaged_are_named(
    ondes, loud_model, recordings, tmp_path
) -> None:
    take = recordings.write("a.wav", (10, 20))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_text("what is this")
    done = ondes("detect", take, "-m", loud_model, "-o", tmp_path / "out", "--skip-existing")
    assert done.status == 1
    assert "a.csv" in done.err


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "ondes", *map(str, words)]


def test_a_killed_run_is_taken_up(loud_model, recordings, tmp_path) -> None:
    good = recordings.write("000.wav", (10, 20), seconds=0.25).read_bytes()
    for index in range(1, 300):
        (recordings.folder / f"{index:03}.wav").write_bytes(good)
    out = tmp_path / "out"
    call = command("detect", recordings.folder, "-m", loud_model, "-o", out, "--skip-existing")
    with subprocess.Popen(call, stdout=subprocess.DEVNULL) as first:
        while first.poll() is None and len(list(out.glob("[0-9]*.csv"))) < 5:
            time.sleep(0.002)
        first.kill()
    before = {path: path.stat().st_mtime_ns for path in out.glob("[0-9]*.csv")}
    assert 5 <= len(before) < 300
    second = subprocess.run(call, capture_output=True, text=True, check=True)
    assert second.stdout.count("event before") == len(before)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert all(len(times(path.read_text())) == 1 for path in out.glob("[0-9]*.csv"))
    assert len(list(out.glob("[0-9]*.csv"))) == 300


def test_wav_and_raw_on_stdin(loud_model, recordings) -> None:
    take = recordings.write("take.wav", (10, 20))
    call = command("detect", "-", "-m", loud_model)
    done = subprocess.run(call, input=take.read_bytes(), capture_output=True, check=True)
    assert times(done.stdout.decode()) == [(0.08, 0.16)]
    raw = (recordings.samples((10, 20)) * 2**15).astype("<i2").tobytes()
    call += ["--rate", "8000", "--dtype", "<i2", "--channels", "1"]
    again = subprocess.run(call, input=raw, capture_output=True, check=True)
    assert again.stdout == done.stdout


def test_raw_files_in_a_folder(ondes, loud_model, recordings) -> None:
    recordings.folder.mkdir()
    recordings.samples((10, 20)).tofile(recordings.folder / "take.raw")
    raw = ["--rate", 8000, "--dtype", "float32", "--channels", 1]
    done = ondes("detect", recordings.folder, "-m", loud_model, *raw)
    assert times(done.out) == [(0.08, 0.16)]


def test_stdout_closed_early_is_no_accident(loud_model, recordings) -> None:
    take = recordings.write("take.wav", *((n, n + 1) for n in range(0, 3000, 2)), seconds=25)
    with subprocess.Popen(
        command("detect", take, "-m", loud_model), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout.readline().startswith(b"file,")
        run.stdout.close()
        assert run.stderr.read() == b""


def test_a_file_is_no_folder_for_results(ondes, loud_model, recordings) -> None:
    take = recordings.write("take.wav", (10, 20))
    done = ondes("detect", take, "-m", loud_model, "-o", take)
    assert done.status == 2
    assert "take.wav is a file" in done.err


def test_a_place_that_cannot_be_made_stops_the_call(ondes, loud_model, recordings) -> None:
    take = recordings.write("take.wav", (10, 20))
    done = ondes("detect", take, "-m", loud_model, "-o", take / "below")
    assert done.status == 2
    assert "below cannot be a folder, where a file is: name another" in done.err


def test_a_missing_input_is_named_once(ondes, loud_model, recordings) -> None:
    take = recordings.write("take.wav")
    done = ondes("detect", take, recordings.folder / "gone.wav", "-m", loud_model)
    assert done.status == 1
    assert done.err.count("gone.wav") == 1


def test_formats_may_be_spaced_and_repeated(ondes, loud_model, recordings, tmp_path) -> None:
    take = recordings.write("take.wav", (10, 20))
    done = ondes("detect", take, "-m", loud_model, "-o", tmp_path / "out", "-f", "csv, json,csv")
    assert done.out.strip().endswith("take.json")
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_what_one_format_cannot_hold_the_others_do(ondes, loud_model, recordings, tmp_path) -> None:
    take = recordings.write("a take.wav", (10, 20))
    call = ["detect", take, "-m", loud_model, "-o", tmp_path / "out", "-f", "midi,rttm,csv"]
    done = ondes(*call)
    assert done.status == 1
    assert "no pitch" in done.err
    assert "RTTM" in done.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a take.csv"]


def test_a_recording_called_index_is_refused_before_the_work(
    ondes, loud_model, recordings, tmp_path
) -> None:
    for name in ("a.wav", "index.wav"):
        recordings.write(name)
    done = ondes("detect", recordings.folder, "-m", loud_model, "-o", tmp_path / "out", "--report")
    assert done.status == 2
    assert "index.wav: its page would be" in done.err
    assert done.out == ""


def test_a_list_beside_its_recording_is_kept(ondes, loud_model, recordings) -> None:
    take = recordings.write("take.wav", (10, 20))
    truth = take.with_suffix(".csv")
    truth.write_text("its own")
    done = ondes("detect", take, "-m", loud_model, "-o", take.parent)
    assert done.status == 1
    assert "stands beside its recording already" in done.err
    assert truth.read_text() == "its own"
