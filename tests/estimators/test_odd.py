"""What users give that looks right: lists of paths, tables of tags, settings from a search."""

import numpy as np
import pytest
import soundfile

from ondes import Signal, SignalClassifier, SignalRegressor, SignalTagger
from ondes.errors import ChannelError, InputError, RecipeError
from ondes.estimators.tagger import _targets

TINY = {
    "model": "sample-cnn",
    "options": {"blocks": 1, "filters": 4},
    "epochs": 1,
    "train": {"device": "cpu"},
}
LABELS = ["slow", "fast"] * 6


def waves(*, channels=1, length=50):
    """Return slow and fast noisy sines [clip, channel, time] in turn."""
    rng = np.random.default_rng(0)
    step = np.resize([0.2, 0.9], 12)[:, None, None]
    return np.sin(np.arange(length) * step) + 0.1 * rng.normal(size=(12, channels, length))


@pytest.mark.parametrize("kind", [list, np.array], ids=["list", "array"])
def test_paths_may_be_words(kind, tmp_path):
    paths = [str(tmp_path / f"{k}.wav") for k in range(12)]
    for path, x in zip(paths, waves(), strict=True):
        soundfile.write(path, x.T, 500)
    forest = SignalClassifier("random-forest", options={"trees": 3}).fit(kind(paths), LABELS)
    assert forest.predict(kind(paths)).tolist() == LABELS


def test_one_word_is_no_batch():
    with pytest.raises(InputError, match="give a list"):
        SignalClassifier(**TINY).fit("a.wav", LABELS)


def test_signals_may_have_more_channels_than_samples_and_arrays_may_not():
    wide = waves(channels=60)
    signals = [Signal.of(x, rate_hz=10) for x in wide]
    forest = SignalClassifier("minirocket").fit(signals, LABELS)
    assert forest.score(signals, LABELS) == 1
    with pytest.raises(ChannelError, match="give Signals to an estimator"):
        SignalClassifier("minirocket").fit(wide, LABELS)


@pytest.mark.parametrize("channels", [1, 3])
def test_time_before_channels_is_refused(channels):
    with pytest.raises(ChannelError, match=r"swap the axes \(x\.T\)"):
        SignalClassifier("minirocket").fit(waves(channels=channels).transpose(0, 2, 1), LABELS)


MARKS = np.array([[1, 0, 1], [0, 1, 0]])


class Frame:
    """What pandas' tables are to numpy, and their columns to a loop."""

    def __array__(self, dtype=None, copy=None):
        return MARKS.astype(dtype or int)

    def __iter__(self):
        return iter("abc")


@pytest.mark.parametrize("y", [MARKS, MARKS.tolist(), MARKS.astype(bool), Frame()])
def test_marks_of_tags_are_the_same_as_array_list_or_table(y):
    targets, tags = _targets(y)
    assert targets.tolist() == MARKS.tolist()
    assert tags.tolist() == [0, 1, 2]


def test_names_of_tags_are_names():
    targets, tags = _targets([["10"], ["9", "10"], []])
    assert tags.tolist() == ["9", "10"]
    assert targets.tolist() == [[0, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (["rain", "wind"], r"the tags of clip 0 are 'rain': give a list of names, \['rain'\]"),
        ([["rain"], 3], "the tags of clip 1 are 3"),
        ([[1, 0], [1]], "neither 0 and 1"),
        (np.array([1, 0]), r"shape \(2,\)"),
        (None, "requires y"),
    ],
)
def test_what_are_no_tags_is_said(y, says):
    with pytest.raises(InputError, match=says):
        _targets(y)


def test_a_tagger_learns_from_lists_of_marks():
    marks = [[k % 2, 1 - k % 2] for k in range(12)]
    tagger = SignalTagger("minirocket").fit(waves(), marks)
    assert tagger.predict(waves()).tolist() == marks
    assert tagger.score(waves(), marks) == 1


def test_numbers_are_numbers():
    with pytest.raises(InputError, match="no numbers"):
        SignalRegressor(**TINY).fit(waves(), LABELS)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"batch": 0}, "batch=0: give a whole number from 1 on"),
        ({"epochs": 0}, "epochs=0"),
        ({"epochs": 1.5}, "epochs=1.5"),
        ({"members": 0}, "members=0"),
        ({"random_state": None}, "random_state=None: give a whole number from 0 on"),
        ({"random_state": np.random.RandomState(0)}, "random_state=RandomState"),
    ],
)
@pytest.mark.parametrize("model", ["sample-cnn", "minirocket"])
def test_settings_that_are_no_whole_numbers(model, setting, says):
    with pytest.raises(InputError, match=says):
        SignalClassifier(model, **setting).fit(waves(), LABELS)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"model": None}, "model=None: give a name"),
        ({"valid": 0.9}, r"valid=0\.9: give a share of the clips from 0 to 0\.5"),
        ({"lr": float("inf")}, "inf must be above 0 and finite"),
    ],
)
def test_settings_that_make_no_sense(setting, says):
    with pytest.raises((InputError, RecipeError), match=says):
        SignalClassifier(**{**TINY, **setting}).fit(waves(), LABELS)


def test_an_estimators_target_is_its_own():
    with pytest.raises(InputError, match="learns target='class'"):
        SignalClassifier(**TINY, task={"target": "tags"}).fit(waves(), LABELS)


def test_a_model_is_not_saved_to_a_file(tmp_path):
    (tmp_path / "file").touch()
    forest = SignalClassifier("minirocket").fit(waves(), LABELS)
    for path in (tmp_path / "file", tmp_path / "file" / "model"):
        with pytest.raises(InputError, match="where a file is: name another"):
            forest.save(path)


def test_settings_may_be_numpys():
    settings = {
        "epochs": np.int64(1),
        "batch": np.int32(8),
        "lr": np.float64(1e-3),
        "random_state": np.int64(3),
        "options": {"blocks": np.int64(1), "filters": np.int64(4)},
    }
    plain = {**settings, "options": {"blocks": 1, "filters": 4}, "random_state": 3}
    found = [
        SignalClassifier(**{**TINY, **some}).fit(waves(), LABELS) for some in (settings, plain)
    ]
    assert np.array_equal(*(net.predict_proba(waves()) for net in found))


def test_one_group_cannot_be_on_both_sides():
    with pytest.raises(InputError, match="all 12 clips are of one group, 'ann'"):
        SignalClassifier(**TINY).fit(waves(), LABELS, groups=["ann"] * 12)


def test_a_model_that_is_none_is_named_with_all_there_are():
    with pytest.raises(InputError, match=r"'random forest'; did you mean 'random-forest'.*lenet"):
        SignalClassifier("random forest").fit(waves(), LABELS)


def test_one_class_is_named_plainly():
    with pytest.raises(InputError, match="of one class, '7': give"):
        SignalClassifier(**TINY).fit(waves(), np.full(12, 7))
