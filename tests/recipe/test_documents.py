"""Where recipes come from, and how their layers lie over each other."""

import pytest

from ondes import recipe
from ondes.errors import RecipeError
from ondes.recipe import documents
from ondes.recipe.documents import Layer, expand, merge, parse, source_of


def write(folder, name, text):
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


MINE = """
base: tones/spec2map-small-plain-24k
about: Mine.
train.steps: 7
data: {options.mixing.most: 3}
"""


def test_a_file_says_only_what_differs(tmp_path):
    base, mine = (
        recipe.load("tones/spec2map-small-plain-24k"),
        recipe.load(write(tmp_path, "mine", MINE)),
    )
    assert (mine.name, mine.about, mine.train.steps) == ("mine", "Mine.", 7)
    assert mine.model == base.model
    assert mine.train.lr == base.train.lr
    assert mine.data.train == base.data.train
    assert mine.data.options == {
        "rate_hz": 24000,
        "mixing": {**base.data.options["mixing"], "most": 3},
    }


def test_what_a_recipe_says_of_itself_is_not_inherited(tmp_path):
    assert recipe.load(write(tmp_path, "mine", MINE)).published is None
    without = MINE.replace("about: Mine.\n", "")
    with pytest.raises(RecipeError, match="about is missing"):
        recipe.load(write(tmp_path, "other", without))


def test_a_base_may_lie_beside(tmp_path):
    write(tmp_path, "mine", MINE)
    write(tmp_path, "yours", "{base: mine, about: Yours., train: {lr: 2e-3}}")
    yours = recipe.load(tmp_path / "yours.yaml")
    assert (yours.train.steps, yours.train.lr) == (7, 0.002)


def test_bases_in_a_circle_are_refused(tmp_path):
    write(tmp_path, "a", "base: b")
    write(tmp_path, "b", "base: a")
    with pytest.raises(RecipeError, match="circle"):
        recipe.load(tmp_path / "a.yaml")


def test_another_model_starts_its_section_afresh():
    name, other = "tones/spec2map-small-plain-24k", "model.name=inception_time"
    assert recipe.load(name, overrides=[other]).model.options == {}
    assert recipe.load(name, overrides=["model.name=spec2map"]).model.options == {"size": "small"}
    sized = recipe.load(name, overrides=[other, "model.options.size=middle"])
    assert sized.model.options == {"size": "middle"}


def test_a_scale_lies_over_the_file_and_overrides_over_both(tmp_path):
    path = write(tmp_path, "mine", MINE + "scales.tiny: {train.steps: 2, train: {batch: 4}}\n")
    assert recipe.load(path).train.steps == 7
    tiny = recipe.load(path, scale="tiny", overrides=["train.batch=2"])
    assert (tiny.train.steps, tiny.train.batch) == (2, 2)
    assert {"tiny", "laptop"} <= tiny.scales.keys()
    with pytest.raises(RecipeError, match="no scale 'tony'; did you mean 'tiny'"):
        recipe.load(path, scale="tony")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("-2E+4", -2e4), ("5.e1", 50.0), ("1.5", 1.5), ("3", 3), ("no", "no"),
     ("false", False), ("e5", "e5"), ("1e", "1e"), ("[1e3, x]", [1000.0, "x"]),
     ("{a: 1e0}", {"a": 1.0}), ("", None)],
)  # fmt: skip
def test_yaml_values(text, value):
    assert parse(text, source="here") == value


def test_what_is_no_yaml_is_told_with_its_place_on_one_line():
    with pytest.raises(RecipeError) as told:
        parse("a: 1\nb: [\n", source="mine.yaml")
    assert "mine.yaml is not readable as YAML: line 3, column 1: expected" in str(told.value)
    assert "\n" not in str(told.value)


def test_yaml_runs_no_code(tmp_path):
    path = write(tmp_path, "evil", "about: !!python/object/apply:os.system ['exit 1']")
    with pytest.raises(RecipeError, match=r"evil\.yaml is not readable as YAML"):
        recipe.load(path)


@pytest.mark.parametrize("text", ["just words", "[1, 2]", "", "a: [", "a: b: c"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    with pytest.raises(RecipeError, match=r"mine\.yaml"):
        recipe.load(write(tmp_path, "mine", text))


@pytest.mark.parametrize("text", ["train.lr", "=3", "train.lr=[", "scales.laptop={}", "base=x"])
def test_an_override_that_is_none_is_refused(text):
    with pytest.raises(RecipeError, match="--set"):
        recipe.load("tones/spec2map-small-plain-24k", overrides=[text])


def test_dotted_keys_and_mappings_are_the_same():
    assert expand({"a.b": {"c.d": 1}, "a": {"b.e": 2}}) == {"a": {"b": {"c": {"d": 1}, "e": 2}}}


def test_the_last_layer_with_a_key_is_its_source():
    stack = [Layer("low", {"a": {"b": 1, "c": 1}}), Layer("high", {"a": {"c": 2}})]
    assert merge(stack) == {"a": {"b": 1, "c": 2}}
    assert source_of(("a", "b"), stack) == "low"
    assert source_of(("a", "c"), stack) == "high"


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'tones/spec2map-big-plain-24k'"):
        recipe.load("tones/spec2map-big-plain-24")
    with pytest.raises(RecipeError, match=r"there are .*tones/inception-time-big-lr1e-3, "):
        recipe.load("inception")


def test_bases_are_not_listed():
    assert all(documents.find(name).is_file() for name in recipe.names())
    assert not any("_" in name for name in recipe.names())


def test_a_recipe_may_have_short_words_for_keys(tmp_path):
    mine = write(
        tmp_path,
        "mine",
        "base: tones/spec2map-small-plain-24k\nabout: Mine.\nshort: {lr: train.lr}",
    )
    assert recipe.load(mine, overrides=["lr=0.5"]).train.lr == 0.5
    with pytest.raises(RecipeError, match="unknown key 'rl'"):
        recipe.load(mine, overrides=["rl=0.5"])
    with pytest.raises(RecipeError, match="only a file can say that"):
        recipe.load(mine, overrides=["short.a=b"])


def test_the_packages_recipes_may_be_called_by_their_files():
    assert documents.find("recipes/bursts/ae-bursts.yaml") == documents.find("bursts/ae-bursts")
