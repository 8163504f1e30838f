"""``ondes train`` from a recipe of one's own to a model that detects."""

import json

import pytest
import yaml

from ondes.events import EventList
from ondes.io import write_events


@pytest.fixture
def recipe(recordings):
    """Return a recipe for a tiny network on recordings with event lists beside them."""
    for index in range(5):
        recordings.write(f"{index}.wav", (10 + index, 40), (60, 90 + index))
        spans = [(10 + index, 40), (60, 90 + index)]
        events = [(64 * first, 64 * stop, "loud") for first, stop in spans]
        write_events(
            EventList.of(events, rate_hz=recordings.rate_hz),
            recordings.folder / f"{index}.csv",
            file=f"{index}.wav",
        )
    document = {
        "about": "Loud or not.",
        "data": {
            "set": "recordings",
            "options": {"folder": str(recordings.folder), "n_samples": 4096},
        },
        "model": {"name": "inception_time", "options": {"hop": 64, "filters": 2, "first": [3]}},
        "task": {"name": "detect"},
        "train": {"steps": 60, "batch": 4, "lr": 0.05, "device": "cpu"},
        "scales": {"tiny": {"train.steps": 2}},
    }
    path = recordings.folder / "loud.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_train_then_detect(ondes, recipe, recordings, tmp_path) -> None:
    done = ondes("train", recipe, "-o", tmp_path / "model", "--json")
    assert done.status == 0, done.err
    said = json.loads(done.out)
    assert said["folder"] == str(tmp_path / "model")
    assert said["scores"]["valid"]["frame_f1"] > 0.95
    scored = json.loads(ondes("evaluate", tmp_path / "model", "--json").out)
    assert (scored["split"], scored["examples"]) == ("test", 1)
    assert scored["frame_f1"] > 0.95
    found = ondes("detect", recordings.folder / "0.wav", "-m", tmp_path / "model")
    assert found.out.count("loud") == 2


def test_a_scale_and_an_override(ondes, recipe, tmp_path) -> None:
    call = ["train", recipe, "-o", tmp_path / "model", "--scale", "tiny", "--set", "train.batch=2"]
    assert ondes(*call).status == 0
    kept = yaml.safe_load((tmp_path / "model" / "recipe.yaml").read_text())
    assert (kept["train"]["steps"], kept["train"]["batch"]) == (2, 2)
    again = ondes(*call)
    assert again.status == 2
    assert "--resume" in again.err
    assert ondes(*call, "--resume").status == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--set", "train.lrr=1"], "did you mean 'train.lr'?"),
        (["--set", "train.lr"], "key=value"),
        (["--scale", "tinny"], "did you mean 'tiny'?"),
        (["--set", "model.name=inceptiontime"], "did you mean 'inception_time'?"),
    ],
)
def test_a_typo_trains_nothing(ondes, recipe, tmp_path, words, reason) -> None:
    done = ondes("train", recipe, "-o", tmp_path / "model", *words)
    assert done.status == 2
    assert reason in done.err
    assert not (tmp_path / "model").exists()
