"""``ondes models|recipes|data``: what there is, by name."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

from ondes import data, models, recipe
from ondes.data.clips import Clips, one_hot
from ondes.run import rivals


def test_help_lists_every_verb(ondes) -> None:
    said = ondes("--help")
    assert said.status == 0
    for verb in ("detect", "train", "evaluate", "models", "recipes", "data", "demo"):
        assert verb in said.out


def test_no_verb_shows_the_help(ondes) -> None:
    said = ondes()
    assert said.status == 2
    assert "detect" in said.out + said.err


def test_version(ondes) -> None:
    from ondes import __version__

    assert ondes("--version").out.strip() == __version__


def test_an_unknown_verb_is_a_wrong_call(ondes) -> None:
    assert ondes("detekt").status == 2


def test_every_help_is_quick_and_without_torch() -> None:
    code = "import sys, ondes.cli; ondes.cli.app(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_needs_torch_says_so_where_there_is_none() -> None:
    code = "import sys; sys.modules['torch'] = None; from ondes.cli import main; main()"
    words = [sys.executable, "-c", code, "data"]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install torch" in done.stderr
    assert "Traceback" not in done.stderr


def test_data_sets(ondes) -> None:
    listed = json.loads(ondes("data", "--json").out)
    assert [one["name"] for one in listed] == data.names()
    assert [one["tells of"] for one in listed] == [f"{data.level(name)}s" for name in data.names()]
    text = ondes("data").out
    assert all(one["about"] in text for one in listed)


@pytest.mark.parametrize("name", data.names())
def test_a_data_set_tells_its_options(ondes, name) -> None:
    shown = json.loads(ondes("data", name, "--json").out)
    assert shown["about"] == data.find(name).ABOUT
    assert shown["options"].keys() == data.find(name).Config.__dataclass_fields__.keys()
    assert yaml.safe_load(ondes("data", name).out) == shown
    assert json.loads(ondes("data", "--json", name).out) == shown


def test_an_unknown_data_set_names_the_nearest(ondes) -> None:
    said = ondes("data", "tonse")
    assert said.status == 2
    assert "did you mean 'tones'?" in said.err


def test_banks(ondes) -> None:
    assert {"fluidr3", "musescore"} <= {
        one["name"] for one in json.loads(ondes("data", "banks", "--json").out)
    }
    assert ondes("data", "--json", "banks").out == ondes("data", "banks", "--json").out


def test_a_take_that_is_none_is_a_wrong_call(ondes, tmp_path) -> None:
    said = ondes("data", "banks", "build", "x.sf2", "-o", tmp_path / "bank", "--take", "piano")
    assert said.status == 2
    assert "as 0:50,100" in said.err


def test_recipes(ondes) -> None:
    listed = json.loads(ondes("recipes", "--json").out)
    assert [one["name"] for one in listed] == recipe.names()
    text = ondes("recipes").out
    assert all(name in text for name in recipe.names())


def test_a_recipe_is_shown_in_full(ondes) -> None:
    name = recipe.names()[0]
    document = recipe.outline(name).document()
    assert yaml.safe_load(ondes("recipes", name).out) == document
    assert json.loads(ondes("recipes", name, "--json").out) == document


def test_an_unknown_recipe_names_the_nearest(ondes) -> None:
    name = recipe.names()[0]
    said = ondes("recipes", f"{name}x")
    assert said.status == 2
    assert f"did you mean '{name}'?" in said.err


def test_models_and_architectures(ondes) -> None:
    listed = json.loads(ondes("models", "--json").out)
    assert listed["architectures"] == models.names()
    text = ondes("models").out
    assert all(one["name"] in text for one in listed["models"])
    assert all(name in text for name in models.names())
    assert listed["rivals"]["classify"] == ["minirocket", "nn-dtw", "random-forest"]
    assert "Classical rivals, detect: sta-lta, threshold" in text


def test_the_card_of_a_folder(ondes, loud_model) -> None:
    card = json.loads(ondes("models", loud_model, "--json").out)
    assert card["name"] == "loud"
    assert card["spec"]["classes"] == ["loud"]
    assert card["bytes"] == (loud_model / "weights.safetensors").stat().st_size
    assert yaml.safe_load(ondes("models", loud_model).out) == card


def test_the_card_of_a_rival(ondes, tmp_path) -> None:
    clips = Clips([[0, 1, 0, 2], [1, 1, 3, 0]], one_hot("ab", "ab"), labels="ab", rate_hz=8)
    rivals.fit("random-forest", clips, options={"trees": 2}).save(tmp_path)
    card = json.loads(ondes("models", tmp_path, "--json").out)
    assert card["model"]["options"] == {"trees": 2, "balanced": False}
    assert card["spec"]["outputs"] == ["a", "b"]


def test_a_model_of_clips_is_listed_with_its_score(ondes, tmp_path, monkeypatch) -> None:
    clips = Clips([[0, 1, 0, 2], [1, 1, 3, 0]], one_hot("ab", "ab"), labels="ab", rate_hz=8)
    rival = rivals.fit("random-forest", clips, options={"trees": 2})
    scored = replace(rival, card=replace(rival.card, scores={"test": {"accuracy": 0.912}}))
    scored.save(tmp_path / "forest")
    monkeypatch.setattr("ondes.run.artefact.ZOO", tmp_path)
    assert "accuracy 0.912 (test)" in ondes("models").out


def test_a_rival_speaks_for_itself(ondes) -> None:
    shown = json.loads(ondes("models", "minirocket", "--json").out)
    assert shown["judges"] == ["clips"]
    assert "Dempster" in shown["about"]


def test_an_architecture_speaks_for_itself(ondes) -> None:
    for name in models.names():
        assert models.card(name) in json.loads(ondes("models", name, "--json").out)["about"]


def test_an_unknown_model_names_the_nearest(ondes) -> None:
    said = ondes("models", "spec2mop")
    assert said.status == 2
    assert "did you mean 'spec2map'?" in said.err
