"""``ondes export`` writes a file that ``--model`` takes."""

import csv
import json

import pytest

from ondes.run.artefact import read_card


@pytest.fixture
def exported(ondes, loud_model, tmp_path):
    path = tmp_path / "loud.onnx"
    run = ondes("export", loud_model, "-o", path)
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith(f"{path}: 0.0")
    return path


def test_the_file_finds_what_the_model_finds(ondes, exported, loud_model, recordings, tmp_path):
    recordings.write("a.wav", (10, 20), (30, 31))
    found = {}
    for name, model in (("folder", loud_model), ("file", exported)):
        run = ondes("detect", recordings.folder, "-m", model, "-o", tmp_path / name)
        assert run.status == 0, run.err
        with (tmp_path / name / "a.csv").open() as rows:
            found[name] = [[row["onset_s"], row["offset_s"]] for row in csv.DictReader(rows)]
    assert found["file"] == found["folder"]
    assert len(found["file"]) == 2


def test_json_says_what_was_written(ondes, loud_model, tmp_path):
    run = ondes("export", loud_model, "-o", tmp_path / "net.onnx", "--json")
    said = json.loads(run.out)
    assert said["bytes"] == (tmp_path / "net.onnx").stat().st_size
    assert said["differs"] < 1e-3
    assert read_card(tmp_path / "net.onnx").name == "loud"


def test_a_wrong_call_names_its_cure(ondes, loud_model, exported, tmp_path):
    run = ondes("export", loud_model, "-o", tmp_path / "net.bin")
    assert run.status == 2
    assert "ends in .onnx" in run.err
    run = ondes("export", exported, "-o", tmp_path / "net.onnx")
    assert run.status == 2
    assert "copy that file" in run.err


def test_its_card_is_shown(ondes, exported):
    run = ondes("models", exported, "--json")
    said = json.loads(run.out)
    assert (said["name"], said["file"]) == ("loud", str(exported))
    assert said["bytes"] == exported.stat().st_size


def test_a_damaged_file_is_refused(ondes, exported, recordings):
    exported.write_bytes(exported.read_bytes()[:-9])
    run = ondes("detect", recordings.write("a.wav", (10, 20)), "-m", exported)
    assert run.status == 2
    assert "damaged" in run.err
