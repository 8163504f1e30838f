"""Readings against closed forms, exhaustive search and scikit-learn."""

import json

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import f1_score, log_loss

from ondes.errors import InputError, NotFiniteError
from ondes.tasks.classify import Reading, choose, fit_reading, read

RNG = np.random.default_rng(5)
NAMES = ("a", "b", "c")


def test_outputs_are_read_by_softmax_sigmoid_or_scale():
    logits = RNG.normal(size=(7, 3)) * 3
    cases = {
        "class": softmax(logits / 2, axis=1),
        "tags": expit(logits / 2),
        "number": logits * (1.0, 2.0, 3.0) + (4.0, 5.0, 6.0),
    }
    for kind, expected in cases.items():
        reading = Reading(kind=kind, temperature=2.0, mean=(4, 5, 6), std=(1, 2, 3))
        np.testing.assert_allclose(read(logits, reading), expected, rtol=1e-12)


def test_great_outputs_do_not_overflow():
    logits = np.array([[1e4, -1e4, 0.0]])
    assert read(logits, Reading(kind="class")).tolist() == [[1, 0, 0]]
    assert read(logits, Reading(kind="tags")).tolist() == [[1, 0, 0.5]]


def test_what_is_chosen():
    assert choose([0.2, 0.4, 0.4], NAMES, Reading(kind="class")) == ("b",)
    tags = Reading(kind="tags", thresholds=(0.1, 0.5, 0.3))
    assert choose([0.1, 0.4, 0.9], NAMES, tags) == ("c", "a")
    assert choose([0.0, 0.0, 0.0], NAMES, tags) == ()
    assert choose([0.2, 0.4, 0.4], NAMES, Reading(kind="number")) == ()


@pytest.mark.parametrize("scale", [0.25, 1.0, 5.0])
def test_the_temperature_of_classes_undoes_a_scale(scale):
    logits = RNG.normal(size=(6000, 3)) * 2
    truth = np.array([RNG.choice(3, p=p) for p in softmax(logits, axis=1)])
    reading = fit_reading(logits * scale, np.eye(3)[truth], start=Reading(kind="class"))
    assert reading.temperature == pytest.approx(scale, rel=0.06)
    found = log_loss(truth, read(logits * scale, reading))
    grid = [log_loss(truth, softmax(logits * scale / t, axis=1)) for t in np.geomspace(0.1, 9, 99)]
    assert found <= min(grid) + 1e-4


def test_the_temperature_of_tags_undoes_a_scale():
    logits = RNG.normal(size=(4000, 3)) * 2
    truth = RNG.random((4000, 3)) < expit(logits)
    reading = fit_reading(4 * logits, truth, start=Reading(kind="tags"))
    assert reading.temperature == pytest.approx(4, rel=0.06)


def test_a_few_clips_that_are_all_right_make_no_answer_certain():
    y = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    reading = fit_reading(3 * y, y, start=Reading(kind="class"))
    assert 0.3 < reading.temperature < 1
    assert read(3 * y, reading).max() < 0.9999


def test_thresholds_of_common_tags_have_the_highest_f1():
    truth = RNG.random((3000, 3)) < (0.5, 0.2, 0.1)
    logits = truth * 2.0 + RNG.normal(size=truth.shape) * 1.5 - (0, 1, 3)
    reading = fit_reading(logits, truth, start=Reading(kind="tags"))
    probs = read(logits, reading)
    for k in range(3):
        f1 = f1_score(truth[:, k], probs[:, k] >= reading.thresholds[k])
        tried = np.quantile(probs[:, k], np.linspace(0, 1, 200))
        assert f1 >= max(f1_score(truth[:, k], probs[:, k] >= t) for t in tried) - 0.005


def test_a_tag_without_clips_gets_the_common_threshold():
    truth = RNG.random((500, 2)) < (0.5, 0.4)
    logits = truth * 3.0 + RNG.normal(size=truth.shape) - 1
    wide = [np.pad(part, ((0, 0), (0, 1))) for part in (logits, truth)]
    wide[0][:, 2] = -8.0
    reading = fit_reading(*wide, start=Reading(kind="tags"))
    low, high = sorted(reading.thresholds[:2])
    assert low - 0.1 <= reading.thresholds[2] <= high + 0.1


def test_numbers_stay_as_training_found_them():
    start = Reading(kind="number", mean=(2.0,), std=(3.0,))
    assert fit_reading(np.zeros((4, 1)), np.ones((4, 1)), start=start) == start


def test_a_reading_survives_json():
    reading = Reading(kind="tags", temperature=1.5, thresholds=(0.25, 0.5), mean=(1.0,))
    assert Reading.from_dict(json.loads(json.dumps(reading.to_dict()))) == reading


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "tag"}, "'tags'"),
        ({"kind": "class", "temperature": 0.0}, "above 0"),
        ({"kind": "class", "temperature": float("nan")}, "above 0"),
        ({"kind": "tags", "thresholds": [1.0]}, "thresholds"),
        ({"kind": "tags", "thresholds": []}, "one number or more"),
        ({"kind": "number", "mean": [float("inf")]}, "finite"),
        ({"kind": "number", "std": [0.0]}, "std"),
        ({"kind": "class", "temprature": 1.0}, "'temperature'"),
        ({}, "no kind"),
    ],
)
def test_a_broken_reading_is_refused(values, words):
    with pytest.raises(InputError, match=words):
        Reading.from_dict(values)


@pytest.mark.parametrize(
    ("logits", "y", "error"),
    [
        (np.zeros((4, 3)), np.zeros((4, 2)), InputError),
        (np.zeros((0, 3)), np.zeros((0, 3)), InputError),
        (np.full((4, 3), np.nan), np.zeros((4, 3)), NotFiniteError),
        (np.zeros(3), np.zeros(3), InputError),
    ],
)
def test_what_cannot_be_fitted_is_refused(logits, y, error):
    with pytest.raises(error):
        fit_reading(logits, y, start=Reading(kind="class"))


def test_a_reading_for_other_outputs_is_refused():
    with pytest.raises(InputError, match="as many as it was fitted to"):
        read(np.zeros((1, 3)), Reading(kind="tags", thresholds=(0.5, 0.5)))
