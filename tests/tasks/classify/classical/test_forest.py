"""Trees against scikit-learn's own answers; features against what is known of a signal."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from ondes.tasks.classify.classical.families import random_forest
from ondes.tasks.classify.classical.features import Plan, _edges, _parts, features, plan
from ondes.tasks.classify.classical.rival import Training


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def trained(target):
    x = noise(60, 5)
    y = np.stack([x[:, 0] > 0, x[:, 1] > 0.3, np.zeros(60), np.ones(60)], 1).astype(np.float32)
    if target == "class":
        y = np.eye(5, dtype=np.float32)[(x[:, 0] > 0) + 2 * (x[:, 1] > 0)]
    if target == "number":
        y = x[:, :2] * x[:, 2:3]
    return x, Training([], y, target)


def test_votes_for_classes_are_those_of_scikit_learn():
    x, train = trained("class")
    forest = RandomForestClassifier(20, random_state=0).fit(x, train.classes)
    trees, asked = random_forest._trees(forest, train), noise(40, 5, seed=1)
    expected = np.zeros((40, 5))
    expected[:, forest.classes_] = forest.predict_proba(asked)
    np.testing.assert_allclose(np.stack([trees(a) for a in asked]), expected, atol=1e-6)


def test_votes_for_tags_are_those_of_scikit_learn_even_for_what_never_changes():
    x, train = trained("tags")
    forest = RandomForestClassifier(20, random_state=0).fit(x, random_forest._wanted(train))
    trees, asked = random_forest._trees(forest, train), noise(40, 5, seed=1)
    votes = forest.predict_proba(asked)
    expected = np.stack([votes[0][:, 1], votes[1][:, 1], np.zeros(40), np.ones(40)], 1)
    np.testing.assert_allclose(np.stack([trees(a) for a in asked]), expected, atol=1e-6)


@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers_are_those_of_scikit_learn(outputs):
    x, train = trained("number")
    train = train._replace(y=train.y[:, :outputs])
    forest = RandomForestRegressor(20, random_state=0).fit(x, random_forest._wanted(train))
    trees, asked = random_forest._trees(forest, train), noise(40, 5, seed=1)
    found = np.stack([trees(a) for a in asked])
    np.testing.assert_allclose(found, forest.predict(asked).reshape(40, -1), atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "usual"), [(1, 1), (1, 24), (3, 24), (3, 150), (20, 1000), (1, 220_500)]
)
def test_features_of_any_length_are_as_many_and_finite(channels, usual):
    chosen = plan([noise(channels, usual)])
    counts = set()
    for t in {1, 2, 7, usual, 3 * usual // 2 + 1}:
        for x in (
            noise(channels, t),
            np.zeros((channels, t), np.float32),
            1e6 * noise(channels, t),
        ):
            found = features(x, chosen)
            assert found.dtype == np.float32
            assert np.isfinite(found).all()
            counts.add(len(found))
    assert len(counts) == 1


def test_frames_follow_the_usual_length():
    found = [plan([noise(1, t)]).n_fft for t in (10, 150, 500, 1000, 100_000)]
    assert found == [8, 8, 32, 64, 1024]


@pytest.mark.parametrize(("n_fft", "bands"), [(8, 40), (64, 4), (1024, 40)])
def test_bands_take_every_bin_but_the_mean_once(n_fft, bands):
    edges = _edges(n_fft // 2, bands)
    assert edges[0] == 1
    assert edges[-1] == n_fft // 2 + 1
    assert list(edges) == sorted(set(edges))
    assert len(edges) <= bands + 1
    widths = np.diff(edges)
    assert widths[-1] == widths.max()


def test_bands_of_two_tones_differ_by_their_powers():
    n_fft, edges = 256, _edges(128, 20)
    turns = 2 * np.pi * np.arange(4000) / n_fft
    x = (np.sin(20 * turns) + 0.1 * np.sin(80 * turns)).astype(np.float32)[None]
    within = features(x, Plan(n_fft, edges, 1e-9))[2 : 2 + len(edges) - 1]
    loud, faint = (int(np.searchsorted(edges, k, side="right")) - 1 for k in (20, 80))
    widths = np.diff(edges)
    assert within.argmax() == loud
    expected = 2 + np.log10(widths[faint] / widths[loud])  # 20 dB, spread over the bands' bins
    assert within[loud] - within[faint] == pytest.approx(expected, abs=0.1)
    assert within.min() == pytest.approx(-5, abs=0.1)  # silence is 50 dB below the loudest


def test_gain_and_offset_change_only_what_tells_of_them():
    x, chosen = noise(1, 2000), Plan(64, _edges(32, 10), 1e-12)
    one, louder, lifted = (features(a, chosen) for a in (x, 10 * x, x + 5))
    assert louder[0] == pytest.approx(10 * one[0], rel=1e-4)
    assert louder[1] - one[1] == pytest.approx(1, abs=1e-4)  # of the deviation, in tens
    bands = slice(2 + 6 * 10, 2 + 7 * 10)  # the absolute power in each
    np.testing.assert_allclose(louder[bands] - one[bands], 2, atol=1e-3)
    louder[bands] -= 2
    np.testing.assert_allclose(louder[2:], one[2:], atol=1e-3)
    assert lifted[0] - one[0] == pytest.approx(5, abs=1e-4)
    np.testing.assert_allclose(lifted[1:], one[1:], atol=2e-2)


def test_parts_hold_equally_much_wherever_it_begins():
    power = np.zeros((1, 400), np.float32)
    power[0, 150:250] = 4
    start, stop = _parts(power)
    np.testing.assert_allclose(start[0, 1:], 150 + 10 * np.arange(1, 10), atol=1)
    np.testing.assert_array_equal(start[0, 1:], stop[0, :-1])
    for short in (np.ones((2, 1), np.float32), np.zeros((2, 3), np.float32)):
        start, stop = _parts(short)
        assert (stop > start).all()
        assert (stop <= short.shape[1]).all()


def test_balance_weighs_rare_classes_more():
    x = [noise(1, 64, seed=i) * (1.25 if i < 8 else 1) for i in range(80)]
    y = np.eye(2, dtype=np.float32)[(np.arange(80) >= 8).astype(int)]
    asked = [noise(1, 64, seed=100 + i) * 1.25 for i in range(20)]
    rare = []
    for balanced in (False, True):
        options = random_forest.Options(trees=60, balanced=balanced)
        model = random_forest.fit(Training(x, y, "class"), options, rate_hz=1, seed=0)
        depth_one = model.trees._replace(depth=1)  # before leaves are pure
        rare.append(np.mean([depth_one(features(a, model.plan))[0] for a in asked]))
    assert rare[1] > rare[0] + 0.1
