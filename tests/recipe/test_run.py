"""From a recipe to a model that finds events: on two beeps in a folder of one's own."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import yaml

import ondes
from ondes import recipe
from ondes.errors import InputError, RecipeError
from ondes.recipe import build
from ondes.recipe.run import train
from ondes.run.predictors.torch import Network

RATE_HZ = 8000
BEEPS = {"low": 500, "high": 1750}

RECIPE = """
about: Two beeps.
seed: 5
data:
  set: sounds
  options:
    rate_hz: 8000
    mixing: {n_samples: 8192, fewest: 1, most: 3, augmented: false}
  limit: {valid: 12, test: 6}
model: {name: spec2map, options: {n_fft: 128, hop: 64}}
task.name: detect
train: {steps: 60, batch: 4, lr: 1e-3, device: cpu, valid_every: 0, log_every: 20}
licence: CC0-1.0
limits: It knows two beeps.
"""


def beep(hz, seconds):
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return 0.3 * np.sin(2 * np.pi * hz * t).astype(np.float32)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mine")
    for label, hz in BEEPS.items():
        (folder / "sounds" / label).mkdir(parents=True)
        for take in range(5):
            path = folder / "sounds" / label / f"{take}.wav"
            soundfile.write(path, beep(hz, 0.15 + 0.03 * take), RATE_HZ)
    (folder / "beeps.yaml").write_text(RECIPE)
    return recipe.load(
        folder / "beeps.yaml", overrides=[f"data.options.folder={folder / 'sounds'}"]
    )


@pytest.fixture(scope="module")
def trained(loaded, tmp_path_factory):
    return train(loaded, tmp_path_factory.mktemp("run"))


def test_what_is_trained_detects(trained):
    x = np.zeros(2 * RATE_HZ, np.float32)
    truth = [(2000, "low"), (6000, "high"), (11000, "low")]
    for onset, label in truth:
        x[onset : onset + 1600] += beep(BEEPS[label], 0.2)
    events = ondes.load(trained).detect(x, rate_hz=RATE_HZ)
    assert [event.label for event in events] == [label for _, label in truth]
    assert np.abs(events.onset - [onset for onset, _ in truth]).max() < 0.05 * RATE_HZ


def test_the_card_says_how_it_came_about(trained, loaded):
    card = json.loads((trained / "card.json").read_text())
    assert (card["name"], card["licence"]) == ("beeps", "CC0-1.0")
    assert card["limits"] == "It knows two beeps."
    assert card["scores"]["valid"]["note_f1"] > 0.8
    assert card["scores"]["valid"]["examples"] == 12
    assert card["recipe"] == loaded.document()


def test_the_recipe_in_the_folder_makes_it_again(trained, loaded, tmp_path):
    again = recipe.load(trained / "recipe.yaml")
    assert again == loaded
    train(again, tmp_path)
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (trained, tmp_path)]
    assert weights[0] == weights[1]


def test_a_finished_training_can_be_finished_again(trained, loaded):
    card = (trained / "card.json").read_bytes()
    assert train(loaded, trained, resume=True) == trained
    before, after = (json.loads(text) for text in (card, (trained / "card.json").read_bytes()))
    assert before["weights"] == after["weights"]
    assert before["task"] == after["task"]


def test_a_folder_is_not_trained_over(trained, loaded):
    before = (trained / "recipe.yaml").read_bytes()
    with pytest.raises(InputError, match="--resume"):
        train(loaded.model_copy(update={"seed": 6}), trained)
    assert (trained / "recipe.yaml").read_bytes() == before


def test_another_recipe_does_not_go_on(trained, loaded):
    other = loaded.model_copy(update={"model": loaded.model.model_copy(update={"options": {}})})
    with pytest.raises(RecipeError, match="begun with another model"):
        train(other, trained, resume=True)


@pytest.mark.parametrize(
    ("setting", "message"),
    [("lr", r"lr was .* and is now 0\.5"), ("seed", "seed was 5 and is now 6")],
)
def test_other_settings_do_not_go_on_and_leave_the_recipe(trained, loaded, setting, message):
    before = (trained / "recipe.yaml").read_bytes()
    other = {
        "lr": {"train": replace(loaded.train, lr=0.5)},
        "seed": {"seed": 6},
    }[setting]
    with pytest.raises(RecipeError, match=message):
        train(loaded.model_copy(update=other), trained, resume=True)
    assert (trained / "recipe.yaml").read_bytes() == before


@pytest.mark.parametrize("resume", [False, True])
def test_a_model_without_checkpoints_is_not_trained_over(trained, loaded, tmp_path, resume):
    (tmp_path / "card.json").write_bytes((trained / "card.json").read_bytes())
    with pytest.raises(InputError, match="holds a model, and no checkpoint"):
        train(loaded, tmp_path, resume=resume)


def test_seeds_decide_weights_and_data(loaded):
    other = loaded.model_copy(update={"seed": 6})
    examples = [build.dataset(one, "train") for one in (loaded, loaded, other)]
    nets = [build.task(one, examples[0]).model for one in (loaded, loaded, other)]
    first, same, different = ([p.sum().item() for p in net.parameters()] for net in nets)
    assert first == same
    assert first != different
    assert np.array_equal(examples[0][3].x, examples[1][3].x)
    assert not np.array_equal(examples[0][3].x, examples[2][3].x)


def test_a_split_has_its_own_options_and_limit(loaded):
    document = loaded.document()
    document["data"]["valid"] = {"mixing": {"n_samples": 4096}}
    own = recipe.Recipe.model_validate_json(json.dumps(document), strict=True)
    train_set, valid_set, test_set = (build.dataset(own, s) for s in ("train", "valid", "test"))
    assert [len(train_set[0].x[0]), len(valid_set[0].x[0])] == [8192, 4096]
    assert (len(valid_set), len(test_set)) == (12, 6)
    assert (valid_set.rate_hz, valid_set.labels) == (train_set.rate_hz, train_set.labels)
    with pytest.raises(IndexError):
        valid_set[12]


def test_detectors_can_be_several_too(loaded, tmp_path):
    short = loaded.train.__class__(steps=2, batch=2, device="cpu", valid_every=0)
    train(loaded.model_copy(update={"members": 2, "train": short}), tmp_path)
    whole = ondes.load(tmp_path, precision="float32")
    x = np.random.default_rng(0).normal(size=(1, 2000)).astype(np.float32)
    parts = [replace(whole, predictor=Network(member)) for member in whole.predictor.model]
    probs = [one.probabilities(x, rate_hz=RATE_HZ) for one in (whole, *parts)]
    np.testing.assert_allclose(probs[0], np.mean(probs[1:], axis=0), atol=1e-6)
    assert np.abs(probs[1] - probs[2]).max() > 1e-3
    assert json.loads((tmp_path / "card.json").read_text())["model"]["members"] == 2


def test_recipes_written_as_yaml_come_back(loaded):
    text = yaml.safe_dump(loaded.document())
    assert (
        recipe.Recipe.model_validate_json(json.dumps(yaml.safe_load(text)), strict=True) == loaded
    )
