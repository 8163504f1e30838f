"""Every typo is an error that says where it stands and what is near."""

import subprocess
import sys

import pytest

from ondes import recipe
from ondes.errors import RecipeError

NAME = "tones/spec2map-big-plain-24k"

UNKNOWN = {
    "sed=1": "seed",
    "trian.lr=1": "train",
    "train.stpes=3": "train.steps",
    "lr=3": "train.lr",
    "model.nam=x": "model.name",
    "model.options.sise=big": "model.options.size",
    "data.optoins.bank=x": "data.options",
    "data.train.mixing.agumented=no": "data.train.mixing.augmented",
    "data.options.mixing.augmentation.p_gian=1": "data.options.mixing.augmentation.p_gain",
    "task.options.los=bce": "task.options.loss",
    "task.options.decoder.hihg=[0.5]": "task.options.decoder.high",
    "published.scource=x": "published.source",
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_an_unknown_key_names_the_nearest(text):
    with pytest.raises(RecipeError) as error:
        recipe.load(NAME, overrides=[text])
    assert str(error.value).startswith(f"--set {text}: unknown key ")
    assert str(error.value).endswith(f"; did you mean {UNKNOWN[text]!r}?")


def test_a_key_like_no_other_lists_those_there_are():
    with pytest.raises(RecipeError, match="'zzz'; there are about, base, baselines, data"):
        recipe.load(NAME, overrides=["zzz=1"])


def test_a_typo_in_a_list_of_options_is_found():
    windows = "{name: harmonic, options: {windows: [{secnds: 1}]}}"
    with pytest.raises(RecipeError, match=r"model\.options\.windows\.0\.secnds: there is no such"):
        recipe.load(NAME, overrides=[f"model={windows}"])


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("train.lr=fast", "train.lr"),
        ("train.steps=1.5", "train.steps"),
        ("train.steps=yes", "train.steps"),
        ("train.lr=-1", "train: lr"),
        ("train.batch='16'", "train.batch"),
        ("train.optimiser=adm", "train.optimiser"),
        ("train.trackers=wandb", "train.trackers"),
        ("train=3", "train"),
        ("seed=-1", "seed"),
        ("seed=2020-01-01", ""),
        ("data.options=", "data.options"),
        ("data.options.rate_hz=24k", "data.options.rate_hz"),
        ("data.train.mixing.most=1", "data.train.mixing"),
        ("data.options.mixing.background_db=[1]", "data.options.mixing.background_db"),
        ("data.limit.valid=0", "data.limit.valid"),
        ("model.options.size=huge", "model.options.size"),
        ("model.options.hop=0", "model.options"),
        ("task.options.loss=bse", "task.options.loss"),
        ("task.options.decoder={high: 3}", "task.options.decoder"),
    ],
)
def test_a_wrong_value_names_its_path(text, path):
    with pytest.raises(RecipeError) as error:
        recipe.load(NAME, overrides=[text])
    assert str(error.value).startswith(f"--set {text}: {path}")


def test_a_limit_of_no_split_names_the_nearest():
    with pytest.raises(RecipeError, match=r"limit\.vald: no such split; did you mean 'valid'"):
        recipe.load(NAME, overrides=["data.limit.vald=3"])
    assert recipe.load(NAME, overrides=["data.limit.same_bank=3"]).data.limit == {"same_bank": 3}


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("model.name=spec2mpa", "spec2map"),
        ("data.set=tonse", "tones"),
        ("task.name=detct", "detect"),
    ],
)
def test_an_unknown_name_names_the_nearest(text, right):
    key = text.partition("=")[0]
    with pytest.raises(RecipeError, match=f"{key}: no .*; did you mean '{right}'"):
        recipe.load(NAME, overrides=[text])


def test_an_error_names_the_file_that_holds_it(tmp_path):
    (tmp_path / "low.yaml").write_text(f"{{base: {NAME}, train.stpes: 3}}")
    (tmp_path / "high.yaml").write_text("{base: low, about: x, train.lr: 1}")
    with pytest.raises(RecipeError, match=r"low\.yaml: unknown key 'train\.stpes'"):
        recipe.load(tmp_path / "high.yaml")


def test_a_typo_in_a_scale_that_is_not_chosen_is_found(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        f"{{base: {NAME}, about: x, scales.tiny.model.options.sise: big}}"
    )
    with pytest.raises(RecipeError, match=r"scale tiny: unknown key 'model\.options\.sise'"):
        recipe.load(tmp_path / "mine.yaml")


def test_what_is_missing_is_named(tmp_path):
    (tmp_path / "mine.yaml").write_text("about: x\ndata: {set: tones}\ntask: {}\n")
    with pytest.raises(RecipeError) as error:
        recipe.load(tmp_path / "mine.yaml")
    assert "model is missing" in str(error.value)
    assert "task.name is missing" in str(error.value)


def test_an_option_without_a_default_may_come_from_the_command_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(f"{{base: {NAME}, about: x, data.set: sounds}}")
    with pytest.raises(RecipeError, match=r"data\.options\.folder is missing"):
        recipe.load(path)
    chosen = recipe.load(path, overrides=["data.options.folder=mine"])
    assert chosen.data.options == {"folder": "mine"}


def test_listing_recipes_loads_no_torch():
    code = (
        "import sys; from ondes import recipe; [recipe.outline(n) for n in recipe.names()];"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_baseline_that_there_is_not_names_the_nearest():
    with pytest.raises(RecipeError, match=r"baselines: no classical .* 'treshold'; did you mean"):
        recipe.load("bursts/ae-bursts", overrides=["baselines=[treshold]"])
