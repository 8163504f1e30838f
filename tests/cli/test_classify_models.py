"""``ondes train``, ``evaluate`` and ``export`` with models that judge clips as a whole."""

import json

import numpy as np
import pytest
import soundfile
import yaml

RATE_HZ = 2000
HZ = {"high": 700, "low": 150, "mid": 350}


def beep(name, seconds, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tones = [np.sin(2 * np.pi * HZ[one] * t + rng.uniform(0, 6)) for one in name.split("+")]
    return (0.3 * sum(tones) + 0.03 * rng.normal(size=len(t))).astype(np.float32)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a folder of one folder a class, and a recipe for it."""
    home = tmp_path_factory.mktemp("home")
    for k, label in enumerate(HZ):
        (home / "beeps" / label).mkdir(parents=True)
        for take in range(6):
            x = beep(label, 0.1 + 0.02 * take, 10 * k + take)
            soundfile.write(home / "beeps" / label / f"{take}.wav", x, RATE_HZ)
    recipe = {
        "about": "Three beeps.",
        "members": 2,
        "data": {"set": "clips", "options": {"path": str(home / "beeps"), "folds": 3}},
        "model": {"name": "lenet", "options": {"front": {"scale": "clip"}}},
        "task": {"name": "classify"},
        "baselines": ["minirocket", "random-forest"],
        "train": {"steps": 60, "batch": 8, "lr": 3e-3, "device": "cpu", "valid_every": 0},
    }
    (home / "beeps.yaml").write_text(yaml.safe_dump(recipe))
    return home


@pytest.fixture
def trained(home, ondes):
    if not (home / "model" / "card.json").exists():
        done = ondes("train", home / "beeps.yaml", "-o", home / "model", "--json")
        assert done.status == 0, done.err
        assert json.loads(done.out)["scores"]["valid"]["accuracy"] > 0.5
    return home / "model"


def test_a_folder_of_classes_is_scored(ondes, home, trained):
    done = ondes("evaluate", trained, home / "beeps", "--json")
    assert done.status == 0, done.err
    said = json.loads(done.out)
    assert (said["model"], said["data"], said["split"]) == ("beeps", "clips", "all")
    assert said["clips"] == 18
    assert said["classes"] == list(HZ)
    counts = np.array(said["confusion"])
    assert counts.sum(axis=1).tolist() == [6, 6, 6]
    assert said["accuracy"] == pytest.approx(counts.trace() / 18)
    assert said["balanced_accuracy"] == pytest.approx(said["accuracy"])
    assert {"f1_macro", "log_loss", "ece"} < said.keys()


def test_what_it_was_trained_by_is_scored_too(ondes, home, trained):
    own = json.loads(ondes("evaluate", trained, "--json").out)
    assert (own["data"], own["split"], own["clips"]) == ("clips", "test", 6)
    table = ondes("evaluate", trained)
    assert table.status == 0
    assert "balanced_accuracy" in table.out
    rows = [line.split() for line in table.out.splitlines() if line.split()[:1] == ["mid"]]
    assert [int(count) for count in rows[0][1:]] == own["confusion"][2]


def test_rivals_are_scored_beside_it_and_are_models_themselves(ondes, home, trained):
    said = json.loads(ondes("evaluate", trained, home / "beeps", "--json").out)
    assert said["baselines"].keys() == {"minirocket", "random-forest"}
    alone = json.loads(
        ondes("evaluate", trained / "baselines" / "minirocket", home / "beeps", "--json").out
    )
    for name, figure in said["baselines"]["minirocket"].items():
        assert figure == pytest.approx(alone[name])
    assert "all, random-forest" in ondes("evaluate", trained, home / "beeps").out
    card = json.loads((trained / "card.json").read_text())
    assert card["baselines"]["minirocket"]["valid"]["accuracy"] > 0.5


def test_rivals_that_were_left_behind_are_not_scored(ondes, home, trained, tmp_path):
    for name in ("card.json", "weights.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    said = json.loads(ondes("evaluate", tmp_path, home / "beeps", "--json").out)
    assert "baselines" not in said


def test_rivals_go_with_a_model_that_is_saved_elsewhere(trained, tmp_path):
    import ondes as package

    package.load(trained).save(tmp_path / "copy")
    beside = sorted(path.name for path in (tmp_path / "copy" / "baselines").iterdir())
    assert beside == ["minirocket", "random-forest"]


def test_an_unreadable_file_is_named_and_the_rest_scored(ondes, home, trained, tmp_path):
    for label in HZ:
        (tmp_path / "in" / label).mkdir(parents=True)
        soundfile.write(tmp_path / "in" / label / "1.wav", beep(label, 0.2, 7), RATE_HZ)
    (tmp_path / "in" / "high" / "0.wav").write_bytes(b"RIFF and nothing")
    soundfile.write(tmp_path / "in" / "low" / "2.wav", np.zeros(0), RATE_HZ)
    done = ondes("evaluate", trained, tmp_path / "in", "--json")
    assert done.status == 1
    said = json.loads(done.out)
    assert (said["clips"], len(said["failed"])) == (3, 2)
    assert "0.wav" in done.err
    assert "2.wav" in done.err


def test_a_class_that_the_model_does_not_know_is_named(ondes, home, trained, tmp_path):
    (tmp_path / "in" / "hihg").mkdir(parents=True)
    soundfile.write(tmp_path / "in" / "hihg" / "1.wav", beep("high", 0.2, 7), RATE_HZ)
    done = ondes("evaluate", trained, tmp_path / "in")
    assert done.status == 2
    assert "'hihg'" in done.err
    assert "did you mean 'high'?" in done.err


def test_recordings_at_another_rate_are_resampled_when_asked(ondes, home, trained, tmp_path):
    (tmp_path / "in" / "high").mkdir(parents=True)
    soundfile.write(tmp_path / "in" / "high" / "1.wav", beep("high", 0.2, 7), 4000)
    done = ondes("evaluate", trained, tmp_path / "in")
    assert done.status == 2
    assert "2000 Hz" in done.err
    assert ondes("evaluate", trained, tmp_path / "in", "--resample").status == 0


def test_an_exported_ensemble_scores_the_same(ondes, home, trained, tmp_path):
    done = ondes("export", trained, "-o", tmp_path / "net.onnx", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["differs"] < 1e-3
    scores = [
        json.loads(ondes("evaluate", model, home / "beeps", "--json").out)
        for model in (trained, tmp_path / "net.onnx")
    ]
    assert scores[0]["confusion"] == scores[1]["confusion"]
    assert scores[0]["log_loss"] == pytest.approx(scores[1]["log_loss"], rel=1e-4)


def test_an_ensemble_tells_files_what_its_exported_file_does(ondes, home, trained, tmp_path):
    ondes("export", trained, "-o", tmp_path / "net.onnx")
    said = [
        json.loads(ondes("classify", home / "beeps", "-m", model, "--json").out)
        for model in (trained, tmp_path / "net.onnx")
    ]
    for one, other in zip(*(part["recordings"] for part in said), strict=True):
        assert one["label"] == other["label"]
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-3)
    scores = json.loads(ondes("evaluate", trained, home / "beeps", "--json").out)
    assert said[0]["scores"]["accuracy"] == scores["accuracy"]
    assert said[0]["scores"]["log_loss"] == pytest.approx(scores["log_loss"])


def test_a_classifier_is_no_detector(ondes, home, trained):
    done = ondes("detect", home / "beeps" / "low" / "1.wav", "-m", trained)
    assert done.status == 2
    assert "ondes classify" in done.err


def test_tags_have_scores_of_their_own(ondes, tmp_path):
    rows = ["file,label"]
    names = ["high", "low", "high+low", ""] * 5
    for take, name in enumerate(names):
        x = beep(name, 0.2, take) if name else 0.1 * beep("mid", 0.2, take)
        soundfile.write(tmp_path / f"{take}.wav", x, RATE_HZ)
        rows.append(f"{take}.wav,{name.replace('+', ';')}")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    recipe = {
        "about": "Two tags.",
        "data": {
            "set": "clips",
            "options": {"path": str(tmp_path / "list.csv"), "target": "tags", "folds": 3},
        },
        "model": {"name": "lenet", "options": {"front": {"scale": "clip"}}},
        "task": {"name": "classify", "options": {"target": "tags"}},
        "train": {"steps": 2, "batch": 4, "device": "cpu", "valid_every": 0},
    }
    (tmp_path / "tags.yaml").write_text(yaml.safe_dump(recipe))
    done = ondes("train", tmp_path / "tags.yaml", "-o", tmp_path / "model", "--json")
    assert done.status == 0, done.err
    said = json.loads(ondes("evaluate", tmp_path / "model", tmp_path / "list.csv", "--json").out)
    assert said["clips"] == 20
    assert {"roc_auc", "pr_auc", "roc_auc/high", "pr_auc/low"} < said.keys()
    table = ondes("evaluate", tmp_path / "model", tmp_path / "list.csv").out.splitlines()
    assert ["all:", "each", "roc_auc", "pr_auc", "f1"] in [line.split() for line in table]
    low = [f"{said[f'{kind}/low']:.4g}" for kind in ("roc_auc", "pr_auc", "f1")]
    assert ["low", *low] in [line.split() for line in table]
