"""From a recipe to a translator: trained, saved, loaded, judged by a classifier beside rivals."""

import json

import numpy as np
import pytest
from safetensors.torch import load_file

import ondes
from ondes import models, recipe
from ondes.data.sets.uwb_actions import LABELS
from ondes.errors import ArtefactError, InputError, RecipeError
from ondes.recipe import build
from ondes.recipe.run import train
from ondes.run import kinds
from ondes.run.card import Card
from ondes.run.classifier import Classifier
from ondes.run.kinds.translate import Judged
from ondes.run.predictors.torch import Network
from ondes.tasks.classify import Reading
from ondes.tasks.translate import Reading as Scales

RECIPE = """
about: One radar to another, hardly trained.
seed: 3
data:
  set: uwb_pairs
  options: {form: {shape: [16, 16]}, train: 6, valid: 4, test: 12}
  vary: {shift: 2, p_mirror: 0.5}
model:
  name: sig2sig
  options: {width: 4, depth: 3, candidates: 3}
  game: {maps: 1, critic: {width: 4}}
task:
  name: translate
  options: {losses: {gen: 1.0, recon: 0.5, adv: 0.1, same: 0.1}, scaling: shared}
train: {steps: 4, batch: 2, device: cpu, betas: [0.5, 0.999], schedule: linear, ema: 0.5,
        log_every: 2, valid_every: 0, save_every: 2, keep: last}
baselines: [affine, moments]
licence: CC0-1.0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a recipe and a classifier of the old sensor, which was never trained."""
    folder = tmp_path_factory.mktemp("radars")
    (folder / "new-to-old.yaml").write_text(RECIPE)
    options = {"dims": 2, "width": 4, "blocks": 1, "front": {"kind": "map"}}
    given = {"rate_hz": 16 / 200, "channels": 16, "classes": LABELS}
    network = models.build("spectral", options, **given, level="clip")
    card = Card(
        name="old",
        model={"name": "spectral", "options": options},
        spec=network.spec.to_dict(),
        task={"name": "classify", "options": {}},
    )
    Classifier(Network(network.eval()), network.spec, Reading(kind="class"), card).save(
        folder / "old"
    )
    return folder


@pytest.fixture(scope="module")
def load(folder):
    def loaded(*overrides):
        own = f"task.options.classifier={folder / 'old'}"
        return recipe.load(folder / "new-to-old.yaml", overrides=[own, *overrides])

    return loaded


@pytest.fixture(scope="module")
def trained(load, tmp_path_factory):
    return train(load(), tmp_path_factory.mktemp("run") / "new-to-old")


def test_the_folder_holds_the_translator_forth_alone(trained, load):
    card = json.loads((trained / "card.json").read_text())
    assert (card["name"], card["model"]["size"]) == ("new-to-old", [16, 16])
    assert card["recipe"] == load().document()
    assert list(card["baselines"]) == ["affine", "moments"]
    assert {"l1", "spectral", "calibration"} <= card["scores"]["valid"].keys()
    names = list(load_file(trained / "weights.safetensors"))
    assert names
    assert not any(name.startswith(("forth.", "back.", "critic", "judge")) for name in names)


def test_what_is_loaded_translates_as_what_was_trained(trained, load):
    model = ondes.load(trained)
    assert (model.way.source.name, model.way.target.name) == ("new", "old")
    pairs = build.dataset(load(), "test")
    task = build.task(load(), build.dataset(load(), "train"))
    task.model.forth.load_state_dict(load_file(trained / "weights.safetensors"))
    task.reading = model.reading
    expected, doubt = task.translated(pairs[0].source)
    found = model.parts_of(pairs[0].source)
    np.testing.assert_allclose(found.result, expected, atol=1e-5)
    np.testing.assert_allclose(found.uncertainty, doubt, atol=1e-5)
    assert model.reading != Scales()


def test_a_training_that_was_cut_off_goes_on(trained, load, tmp_path):
    def stop(step, *_):
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(load(), tmp_path, progress=stop)
    train(load(), tmp_path, resume=True)
    weights = [(one / "weights.safetensors").read_bytes() for one in (trained, tmp_path)]
    assert weights[0] == weights[1]


def test_weights_to_start_from_are_the_translators(trained, load):
    task = build.task(load(f"model.start={trained}"), build.dataset(load(), "train"))
    for name, value in load_file(trained / "weights.safetensors").items():
        assert np.array_equal(task.model.forth.state_dict()[name], value)


def test_it_is_judged_by_the_classifier_it_learnt_with_beside_rivals(trained, load, folder):
    judge, model = ondes.load(folder / "old"), ondes.load(trained)
    kind, pairs = kinds.find("translate"), build.dataset(load(), "test")
    found = kind.evaluate(Judged(model, judge, learnt=lambda: pairs), pairs)
    truth = np.array([pairs.y_of(index).argmax() for index in range(len(pairs))])
    heard = {
        "f1_old": [pair.target for pair in map(pairs.__getitem__, range(12))],
        "f1_as_is": [pair.source for pair in map(pairs.__getitem__, range(12))],
        "f1_translated": [model.parts_of(pairs[index].source).result for index in range(12)],
    }
    from sklearn.metrics import f1_score

    for name, items in heard.items():
        answers = [judge.probabilities(x, rate_hz=16 / 200).argmax() for x in items]
        expected = f1_score(truth, answers, average="macro", zero_division=0)
        assert found[name] == pytest.approx(expected), name


def test_a_classifier_of_another_sensor_judges_nothing(trained):
    from ondes.cli import app

    with pytest.raises(InputError, match="--with spoken-digits takes 1 channels at 8000 Hz"):
        app()(
            ["evaluate", str(trained), "--with", "spoken-digits"],
            prog_name="ondes",
            standalone_mode=False,
        )


def test_evaluate_prints_it_all(trained, capsys):
    from ondes.cli import app

    with pytest.raises(SystemExit):
        app()(["evaluate", str(trained), "--json"], prog_name="ondes")
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["data"], told["split"]) == ("new-to-old", "uwb_pairs", "test")
    assert {"f1_old", "f1_as_is", "f1_translated", "recovered", "calibration"} <= told.keys()
    assert set(told["baselines"]) == {"affine", "moments"}
    assert all({"f1", "recovered"} == one.keys() for one in told["baselines"].values())


def test_pairs_that_are_turned_round_are_noticed(trained, load):
    turned = build.dataset(load("data.options.turned=true"), "test")
    with pytest.raises(InputError, match="the sensors are swapped"):
        kinds.find("translate").evaluate(ondes.load(trained), turned)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.name=lenet", "lenet does not judge each pair; take pix2pix or residual or"),
        ("members=2", "translators have no members"),
        ("data.balance=true", "balance: uwb_pairs is no set of clips"),
        ("data.vary.p_flip=1", "unknown key 'data.vary.p_flip'"),
        ("model.game.critic.widht=4", "unknown key 'model.game.critic.widht'.*width"),
        ("model.game.maps=-1", "give 0 for signals"),
        ("task.options.losses.gen=-1", "must be 0 or more"),
        ("task.options.judge=1", "unknown key 'task.options.judge'"),
        ("baselines=[wien]", "'wien'; did you mean 'wiener'"),
    ],
)
def test_what_cannot_be_is_said(load, override, said):
    with pytest.raises(RecipeError, match=said):
        load(override)


def test_a_classifier_that_is_none_is_refused(trained, load, folder):
    train_set = build.dataset(load(), "train")
    with pytest.raises(ArtefactError, match=r"task\.options\.classifier: no model is called"):
        build.task(load("task.options.classifier=nowhere"), train_set)
    with pytest.raises(RecipeError, match="is no classifier, its task is 'translate'"):
        build.task(load(f"task.options.classifier={trained}"), train_set)
    with pytest.raises(RecipeError, match="there is no classifier whose answers"):
        build.task(load("task.options.classifier=''"), train_set)
    with pytest.raises(RecipeError, match=r"apart: losses\.gen compares the halves"):
        build.task(load("data.vary.apart=true"), train_set)
    with pytest.raises(RecipeError, match="16 channels are no 3 maps"):
        build.task(load("model.game.maps=3"), train_set)


def test_a_game_is_for_translators():
    with pytest.raises(RecipeError, match=r"model\.game: lenet is no translator"):
        recipe.of(
            {
                "name": "x",
                "about": "x",
                "data": {"set": "digits"},
                "model": {"name": "lenet", "game": {"maps": 1}},
                "task": {"name": "classify"},
            },
            source="x",
        )


OWN = """
about: My new microphone, as my old one hears.
data: {set: pairs, options: {path: "", source: new, target: old, seconds: 0.5, folds: 3}}
model: {name: residual, options: {width: 4, depth: 2}, game: {both: false}}
task: {name: translate, options: {losses: {gen: 1.0, texture: 0.5}, resample: true}}
train: {steps: 60, batch: 8, lr: 1e-2, device: cpu, valid_every: 0, log_every: 20, keep: last}
"""


def test_pairs_of_ones_own_at_two_rates(tmp_path, capsys):
    import soundfile

    from ondes.cli import app

    for take in range(6):
        t = np.arange(800) / 400
        heard = np.sin(2 * np.pi * (5 + take) * t + take) * (1 + t)
        for name, step, gain in (("new", 1, 0.1), ("old", 2, -0.4)):
            (tmp_path / "takes" / name).mkdir(parents=True, exist_ok=True)
            x = (gain * heard[::step]).astype(np.float32)
            soundfile.write(tmp_path / "takes" / name / f"{take}.wav", x, 400 // step, "FLOAT")
    (tmp_path / "mine.yaml").write_text(OWN)
    mine = recipe.load(
        tmp_path / "mine.yaml", overrides=[f"data.options.path={tmp_path / 'takes'}"]
    )
    folder = train(mine, tmp_path / "mine")
    model = ondes.load(folder)
    made = model.translate(tmp_path / "takes" / "new" / "0.wav")
    assert (made.rate_hz, made.n_samples) == (200, 400)
    with pytest.raises(SystemExit):
        app()(["evaluate", str(folder), str(tmp_path / "takes"), "--json"], prog_name="ondes")
    told = json.loads(capsys.readouterr().out)
    assert (told["data"], told["split"]) == ("pairs", "all")
    assert told["l1"] < 0.3 * told["l1_as_is"]
