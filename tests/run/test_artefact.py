"""A model in a folder comes back whole, or is refused by a message that names the cure."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import ondes
from ondes import models
from ondes.errors import ArtefactError, InputError
from ondes.run import artefact, card
from ondes.run.pipeline import load, pack
from ondes.tasks.detect import Decoder, DetectTask

MODEL = {"name": "inception_time", "options": {"hop": 64, "filters": 2, "first": [5, 7, 9]}}


def trained(**options):
    torch.manual_seed(3)
    network = models.build(
        MODEL["name"], MODEL["options"], rate_hz=8000, channels=1, classes=("low", "höher")
    )
    torch.nn.init.zeros_(network.head.bias)  # which else begins in silence
    task = DetectTask(network, **options)
    task.decoder = Decoder(high=(0.45, 0.55), median=3, weights=(1.5, 0.1, 0.0, 0.2), bias=-0.25)
    return pack(
        task,
        name="two-tones",
        model=MODEL,
        options=options,
        recipe={"train": {"steps": 5}},
        scores={"here": {"note_f1": 0.5, "psds": float("nan")}},
        licence="Apache-2.0",
        limits="Everything but two tones.",
    )


@pytest.fixture
def folder(tmp_path):
    trained(loss="focal", positive=(2.0, 3.0)).save(tmp_path / "model")
    return tmp_path / "model"


def test_a_saved_pipeline_gives_the_same_events(folder):
    before, after = trained(), load(folder, precision="float32")
    x = np.random.default_rng(0).normal(size=16000)
    assert after.spec == before.spec
    assert after.decoder == before.decoder
    assert after.card.task["options"]["loss"] == "focal"
    assert after.card.scores == {"here": {"note_f1": 0.5, "psds": None}}
    assert after.card.limits == "Everything but two tones."
    assert after.card.ondes == ondes.__version__
    found = after.detect(x, rate_hz=8000)
    assert len(found) > 0
    assert found == before.detect(x, rate_hz=8000)


def test_saving_again_changes_no_byte(folder, tmp_path):
    load(folder).save(tmp_path / "again")
    for name in ("card.json", "weights.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["card.json", "weights.safetensors"])
def test_a_flipped_bit_is_caught_wherever_it_is(folder, name):
    path = folder / name
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in [0, 1, len(whole) - 2, *rng.integers(0, len(whole) - 1, 150).tolist()]:
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        with pytest.raises(ArtefactError, match=name):
            load(folder)
    path.write_bytes(whole)
    load(folder)


def test_no_name_is_no_model():
    with pytest.raises(ArtefactError, match="no model is called ''"):
        load("")


def test_a_truncated_or_missing_file_is_named(folder):
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ArtefactError, match=r"weights\.safetensors is damaged.*save the model"):
        load(folder)
    weights.unlink()
    with pytest.raises(ArtefactError, match=r"weights\.safetensors cannot be read"):
        load(folder)
    (folder / "card.json").write_text("{")
    with pytest.raises(ArtefactError, match=r"card\.json is damaged: it is no JSON"):
        load(folder)
    (folder / "card.json").unlink()
    with pytest.raises(ArtefactError, match=r"card\.json cannot be read"):
        load(folder)


def test_weights_of_another_save_are_refused(folder, tmp_path):
    other = trained()
    with torch.no_grad():
        next(other.predictor.model.parameters()).add_(1)
    other.save(tmp_path / "other")
    (tmp_path / "other" / "card.json").replace(folder / "card.json")
    with pytest.raises(ArtefactError, match="SHA-256"):
        load(folder)


def sealed(folder, **changes):
    """Write a card that is in itself sound."""
    document = json.loads((folder / "card.json").read_text())
    document.update(changes)
    del document["sha256"]
    document["sha256"] = card.seal(document)
    (folder / "card.json").write_text(json.dumps(document))


def test_what_this_version_cannot_build_is_said(folder):
    sealed(folder, format=99, ondes="7.0")
    with pytest.raises(ArtefactError, match=r"format 99, this ondes reads 1: install.*7\.0"):
        load(folder)
    sealed(folder, format=1, model={"name": "inception_tine", "options": {}})
    with pytest.raises(ArtefactError, match="did you mean 'inception_time'"):
        load(folder)
    sealed(folder, model={"name": "inception_time", "options": {"hop": 64, "filters": 3}})
    with pytest.raises(ArtefactError, match="does not fit the saved weights"):
        load(folder)


def test_another_spec_than_the_saved_one_is_refused(folder):
    spec = load(folder).card.spec
    sealed(folder, spec={**spec, "look_ahead": 1000})
    with pytest.raises(ArtefactError, match="its spec is"):
        load(folder)


def test_a_foreign_task_is_refused(folder):
    task = load(folder).card.task
    sealed(folder, task={**task, "name": "detekt"})
    with pytest.raises(ArtefactError, match="did you mean 'detect'"):
        load(folder)
    sealed(folder, task={**task, "decoder": {**task["decoder"], "hihg": 3}})
    with pytest.raises(ArtefactError, match="did you mean 'high'"):
        load(folder)


def test_unknown_names_give_the_nearest(monkeypatch, tmp_path, folder):
    monkeypatch.setattr(artefact, "ZOO", tmp_path / "zoo")
    folder.rename(tmp_path / "piano-tones")
    (tmp_path / "zoo").mkdir()
    (tmp_path / "piano-tones").rename(tmp_path / "zoo" / "piano-tones")
    assert load("piano-tones").card.name == "two-tones"
    with pytest.raises(ArtefactError, match="did you mean 'piano-tones'"):
        load("piano-tone")


def test_half_precision_answers_alike(folder):
    x = np.random.default_rng(0).normal(size=16000)
    full, half = (
        load(folder, precision=precision).frames(x, rate_hz=8000).probs
        for precision in ("float32", "bfloat16")
    )
    assert not np.array_equal(full, half)
    np.testing.assert_allclose(half, full, atol=0.02)
    assert load(folder).predictor.precision in ("float32", "bfloat16")


def test_a_card_is_read_without_torch(folder):
    code = (
        "import sys; from pathlib import Path; from ondes.run.artefact import read_card; "
        f"print(read_card(Path({str(folder)!r})).name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["two-tones", "False"]


def test_a_failed_save_leaves_the_old_model(folder):
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    pipeline = load(folder)
    unfit = replace(pipeline, card=replace(pipeline.card, recipe={"seed": object()}))
    with pytest.raises(InputError, match="cannot be written as JSON"):
        unfit.save(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept
