"""Trees against scikit-learn's own answers; features against what is known of a signal."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from ondes.tasks.classify.classical.families import random_forest
from ondes.tasks.classify.classical.features import Plan, _edges, features, plan
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


@pytest.mark.parametrize("usual", [1, 24, 150, 1000, 220_500])
@pytest.mark.parametrize("channels", [1, 3, 20])
def test_features_of_any_length_are_as_many_and_finite(usual, channels):
    if usual * channels > 300_000:
        pytest.skip("the same as shorter ones")
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
    assert [plan([noise(1, t)]).n_fft for t in (10, 64, 150, 1000, 100_000)] == [
        8, 8, 16, 128, 1024,
    ]  # fmt: skip


@pytest.mark.parametrize(("n_fft", "bands"), [(8, 40), (64, 4), (1024, 40)])
def test_bands_take_every_bin_but_the_mean_once(n_fft, bands):
    edges = _edges(n_fft // 2, bands)
    assert edges[0] == 1
    assert edges[-1] == n_fft // 2 + 1
    assert list(edges) == sorted(set(edges))
    assert len(edges) <= bands + 1
    widths = np.diff(edges)
    assert widths[-1] == widths.max()


def test_the_band_of_a_tone_is_the_loudest():
    n_fft, bin_ = 256, 40
    x = np.sin(2 * np.pi * bin_ * np.arange(4000) / n_fft).astype(np.float32)[None]
    edges = _edges(128, 20)
    within = features(x, Plan(n_fft, edges, 1e-9))[2 : 2 + len(edges) - 1]
    band = int(np.searchsorted(edges, bin_, side="right")) - 1
    assert within.argmax() == band
    # a tone of power 1/2: its bin and neighbours hold N/4 of it, spread over the band's bins
    power = n_fft / 4 * 1.0
    width = edges[band + 1] - edges[band]
    assert 10 ** within[band] * width == pytest.approx(power, rel=0.05)


def test_level_and_offset_change_only_what_tells_of_them():
    x, chosen = noise(1, 2000), Plan(64, _edges(32, 10), 1e-12)
    one, louder = features(x, chosen), features(10 * x, chosen)
    moved = louder - one
    assert moved[1] == pytest.approx(1, abs=1e-4)  # log of the deviation
    np.testing.assert_allclose(moved[2:12], 2, atol=1e-3)  # log of the power in bands
    lifted = features(x + 5, chosen)
    assert lifted[0] - one[0] == pytest.approx(5, abs=1e-4)
    np.testing.assert_allclose(lifted[1:], one[1:], atol=2e-2)


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
