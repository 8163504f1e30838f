"""``ondes evaluate`` with a model whose answers are known."""

import json

import numpy as np
import pytest
import soundfile

from ondes.events import EventList
from ondes.io import write_events


@pytest.fixture
def folder(recordings):
    """Return recordings with their true events beside them; one event is not loud."""
    for index in range(3):
        recordings.write(f"{index}.wav", (10, 20), (50, 55 + index))
        true = [(10, 20), (50, 55 + index)] + [(80, 90)] * (index == 2)
        events = [(64 * first, 64 * stop, "loud") for first, stop in true]
        write_events(
            EventList.of(events, rate_hz=recordings.rate_hz),
            recordings.folder / f"{index}.csv",
            file=f"{index}.wav",
        )
    return recordings.folder


def test_scores_are_those_of_the_known_answers(ondes, loud_model, folder) -> None:
    done = ondes("evaluate", loud_model, folder, "--json")
    assert done.status == 0
    scores = json.loads(done.out)
    assert (scores["model"], scores["data"], scores["split"]) == ("loud", "recordings", "all")
    assert (scores["examples"], scores["events"]) == (3, 7)
    assert scores["note_precision"] == 1
    assert scores["note_recall"] == pytest.approx(6 / 7)
    assert scores["frame_recall"] == pytest.approx(48 / 58)
    assert scores["frame_precision"] == 1
    assert 0 < scores["rtf"] < 10
    assert 0.5 < scores["roc_auc"] < 1


def test_scores_as_a_table(ondes, loud_model, folder) -> None:
    done = ondes("evaluate", loud_model, folder)
    rows = dict(line.split() for line in done.out.splitlines() if line.count("_") == 1)
    assert float(rows["note_recall"]) == pytest.approx(6 / 7, abs=1e-3)


def test_one_recording_alone(ondes, loud_model, folder) -> None:
    scores = json.loads(ondes("evaluate", loud_model, folder / "0.wav", "--json").out)
    assert (scores["examples"], scores["note_f1"]) == (1, 1)


def test_at_most_so_many(ondes, loud_model, folder) -> None:
    scores = json.loads(ondes("evaluate", loud_model, folder, "--limit", 2, "--json").out)
    assert (scores["examples"], scores["note_f1"]) == (2, 1)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nowhere"], "no folder of recordings, data set or recipe"),
        (["tonse"], "did you mean 'tones'?"),
        ([], "does not say what to score it on"),
        (["{folder}", "--split", "tset"], "did you mean 'test'?"),
        (["{folder}", "--set", "data.options.mixx=true"], "did you mean"),
    ],
)
def test_a_wrong_call_names_its_cure(ondes, loud_model, folder, words, reason) -> None:
    done = ondes("evaluate", loud_model, *(word.format(folder=folder) for word in words))
    assert done.status == 2
    assert reason in done.err


def test_what_cannot_be_read_is_named_and_the_rest_scored(ondes, loud_model, folder) -> None:
    (folder / "0.wav").write_bytes(b"RIFF and nothing")
    (folder / "1.csv").unlink()
    done = ondes("evaluate", loud_model, folder, "--json")
    assert done.status == 1
    scores = json.loads(done.out)
    assert (scores["examples"], len(scores["failed"])) == (1, 2)
    assert "0.wav" in done.err
    assert "1.wav has no event list beside it" in done.err


def test_nothing_that_can_be_read_is_a_wrong_call(ondes, loud_model, folder) -> None:
    for path in folder.glob("*.csv"):
        path.unlink()
    done = ondes("evaluate", loud_model, folder)
    assert done.status == 2
    assert "1.wav has no event list beside it" in done.err


def test_labels_that_the_model_does_not_know_are_named(ondes, loud_model, folder) -> None:
    path = folder / "1.csv"
    path.write_text(path.read_text().replace("loud", "laud"))
    done = ondes("evaluate", loud_model, folder)
    assert done.status == 1
    assert "has the labels laud, " in done.err
    assert "did you mean 'loud'?" in done.err


def test_recordings_of_two_channels_are_mixed_when_asked(ondes, loud_model, folder) -> None:
    for path in folder.glob("*.wav"):
        x, rate_hz = soundfile.read(path)
        soundfile.write(path, np.stack([x, x], axis=1), rate_hz)
    done = ondes("evaluate", loud_model, folder)
    assert done.status == 2
    assert "--mix" in done.err
    assert ondes("evaluate", loud_model, folder, "--mix").status == 0


def test_raw_recordings_score_as_their_waves_do(ondes, loud_model, folder, tmp_path) -> None:
    expected = json.loads(ondes("evaluate", loud_model, folder, "--json").out)
    raw, rate_hz = tmp_path / "raw", 0
    raw.mkdir()
    for wave in sorted(folder.glob("*.wav")):
        x, rate_hz = soundfile.read(wave, dtype="float32")
        x.tofile(raw / f"{wave.stem}.bin")
        rows = wave.with_suffix(".csv").read_text().replace(".wav", ".bin")
        (raw / f"{wave.stem}.csv").write_text(rows)
    words = ("--rate", rate_hz, "--dtype", "float32", "--json")
    found = json.loads(ondes("evaluate", loud_model, raw, *words).out)
    assert {**found, "rtf": 0} == {**expected, "rtf": 0}
