"""From a recipe to a model that says what clips are: on beeps of unequal length in two folders."""

import json

import numpy as np
import pytest
import soundfile

import ondes
from ondes import recipe
from ondes.errors import InputError, RecipeError
from ondes.io import read
from ondes.recipe import build
from ondes.recipe import run as running
from ondes.recipe.run import train

RATE_HZ = 2000
BEEPS = {"high": 700, "low": 150}

RECIPE = """
about: Two beeps.
seed: 5
data: {set: clips, options: {folds: 4}}
model: {name: lenet, options: {front: {scale: clip}}}
task: {name: classify}
train: {steps: 60, batch: 8, lr: 3e-3, device: cpu, valid_every: 0, log_every: 20, save_every: 10}
licence: CC0-1.0
limits: It knows two beeps.
"""


def beep(hz, seconds, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    x = np.sin(2 * np.pi * hz * t + rng.uniform(0, 6)) + 0.1 * rng.normal(size=len(t))
    return (0.3 * x).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mine")
    for k, (label, hz) in enumerate(BEEPS.items()):
        (folder / "beeps" / label).mkdir(parents=True)
        for take in range(8):
            path = folder / "beeps" / label / f"{take}.wav"
            soundfile.write(path, beep(hz, 0.1 + 0.02 * take, 10 * k + take), RATE_HZ, "FLOAT")
    (folder / "beeps.yaml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def load(folder):
    def loaded(*overrides):
        own = f"data.options.path={folder / 'beeps'}"
        return recipe.load(folder / "beeps.yaml", overrides=[own, *overrides])

    return loaded


@pytest.fixture(scope="module")
def trained(load, tmp_path_factory):
    return train(load("members=2"), tmp_path_factory.mktemp("run"))


def test_what_is_trained_tells_beeps_apart(trained, folder):
    model = ondes.load(trained)
    assert model.classes == ("high", "low")
    for label, hz in BEEPS.items():
        assert model.classify(beep(hz, 0.13, 99), rate_hz=RATE_HZ).label == label
        path = folder / "beeps" / label / "3.wav"
        signal = read(path)
        assert model.classify(path) == model.classify(signal)
        assert model.classify(path) == model.classify(signal.samples, rate_hz=RATE_HZ)


def test_the_card_says_how_it_came_about(trained, load):
    card = json.loads((trained / "card.json").read_text())
    assert (card["name"], card["licence"]) == ("beeps", "CC0-1.0")
    assert card["model"]["members"] == 2
    assert card["task"]["decoder"]["kind"] == "class"
    assert card["scores"]["valid"]["accuracy"] == 1
    assert card["recipe"] == load("members=2").document()


def test_members_are_what_their_seeds_make(trained, load, tmp_path):
    alone = ondes.load(train(load("seed=6"), tmp_path / "alone"))
    member = trained / "members" / "1" / "weights.safetensors"
    weights = alone.predictor.model.state_dict()
    from safetensors.torch import load_file

    for name, value in load_file(member).items():
        assert np.array_equal(value, weights[name])
    whole = ondes.load(trained).predictor.model.state_dict()
    assert all(np.array_equal(whole[f"1.{name}"], value) for name, value in weights.items())


def test_a_training_that_was_cut_off_goes_on(trained, load, tmp_path):
    whole, seen = load("members=2"), []

    class StopError(Exception):
        pass

    def stop(step, total, logs, seconds_left):
        seen.append((step, total, logs["member"]))
        if step == 75:
            raise StopError

    with pytest.raises(StopError):
        train(whole, tmp_path, progress=stop)
    assert seen[-1] == (75, 120, 1)
    with pytest.raises(InputError, match="--resume"):
        train(whole, tmp_path)
    with pytest.raises(RecipeError, match="begun with another members"):
        train(load("members=3"), tmp_path, resume=True)
    train(whole, tmp_path, resume=True)
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (trained, tmp_path)]
    assert weights[0] == weights[1]


def test_the_recipe_in_the_folder_makes_it_again(trained, tmp_path):
    train(recipe.load(trained / "recipe.yaml"), tmp_path)
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (trained, tmp_path)]
    assert weights[0] == weights[1]


def test_clips_of_training_are_varied_when_asked(load):
    varied = load("data.vary={p_flip: 1.0}", "data.balance=true")
    examples, plain = (build.dataset(one, "train") for one in (varied, load()))
    assert len(examples) == 10**9
    found = {examples[k].x.tobytes() for k in range(len(plain))}
    assert found == {(-plain[k].x).tobytes() for k in range(len(plain))}
    labels = [int(examples[k].y.argmax()) for k in range(6)]
    assert sorted(labels) == [0, 0, 0, 1, 1, 1]
    assert len(build.dataset(varied, "valid")) == len(build.dataset(load(), "valid"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data={set: bursts, options: {}}", "says what is true of each frame"),
        ("task.name=detect", "says what is true of each clip.* take bursts or "),
        ("data.vary.p_flp=1", r"did you mean 'data\.vary\.p_flip'"),
        ("data.vary.p_flip=2", r"data\.vary: .*probability"),
        ("members=0", "members"),
        ("baselines=[threshold]", "no classical rival of classify"),
        ("task.options.target=tag", "task.options.target"),
        ("model.name=mel", r"model.name: mel does not judge each clip; take .*lenet"),
    ],
)
def test_what_cannot_be_is_said(load, override, said):
    with pytest.raises(RecipeError, match=said):
        load(override)


def test_members_differ_in_their_seeds_alone(load):
    whole = load("members=3")
    seeds = [member.seed for member in running.members(whole)]
    assert seeds == [5, 6, 7]
    places = [path.name for path in running.folders(whole, running.Path("out"))]
    assert places == ["0", "1", "2"]


def test_a_limit_leaves_every_class_its_clips(load):
    few = build.dataset(load("data.limit.test=2"), "test")
    assert [int(few[k].y.argmax()) for k in range(len(few))] == [0, 1]
