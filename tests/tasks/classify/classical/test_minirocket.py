"""Kernels and features against plain convolution; the ridge against leaving clips out."""

import numpy as np
import pytest

from ondes.tasks.classify.classical import kernels
from ondes.tasks.classify.classical.families import minirocket
from ondes.tasks.classify.classical.rival import Training


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def plain(x, kernel, dilation, heard):
    """Correlate the sum of the channels that are heard with a kernel, zeros around them."""
    spaced = np.zeros(8 * dilation + 1)
    spaced[::dilation] = kernels.KERNELS[kernel]
    padded = np.pad(x[heard > 0].sum(0), 4 * dilation)
    return np.correlate(padded, spaced, "valid")


def test_kernels_are_those_of_the_paper():
    assert kernels.KERNELS.shape == (84, 9)
    assert (kernels.KERNELS.sum(1) == 0).all()
    assert ((kernels.KERNELS == 2).sum(1) == 3).all()
    assert len({tuple(k) for k in kernels.KERNELS}) == 84


@pytest.mark.parametrize(("t", "dilation"), [(50, 1), (50, 5), (50, 11), (3, 1), (1, 2)])
def test_convolution(t, dilation):
    x, heard = noise(3, t), (noise(84, 3, seed=1) > 0).astype(np.float32)
    y = kernels.convolved(x, dilation, heard, 0, t)
    for kernel in (0, 17, 83):
        expected = plain(x, kernel, dilation, heard[kernel])
        np.testing.assert_allclose(y[kernel], expected, atol=1e-4)
    part = kernels.convolved(x, dilation, heard, t // 3, t)
    np.testing.assert_allclose(part, y[:, t // 3 :], atol=1e-4)


@pytest.mark.parametrize(("t", "dilation", "inside"), [(60, 3, 0), (60, 3, 1), (20, 4, 1)])
def test_features_are_shares_above_biases(t, dilation, inside, monkeypatch):
    monkeypatch.setattr(kernels, "PIECE", 13)
    x, biases = noise(1, t), noise(84, 2, seed=2)
    found = kernels.Layer(dilation, np.ones((84, 1), np.float32), biases, inside)(x)
    margin = 4 * dilation if t > 8 * dilation else 0
    for kernel in range(84):
        y = plain(x, kernel, dilation, np.ones(1))
        y = y[margin : t - margin] if kernel % 2 == inside else y
        expected = [(y > bias).mean() for bias in biases[kernel]]
        np.testing.assert_allclose(found.reshape(84, 2)[kernel], expected, atol=1e-6)


def test_features_are_as_many_as_asked_and_their_biases_quantiles():
    x = [noise(1, 300)]
    made = kernels.layers(x, features=10_000, rng=np.random.default_rng(0))
    assert sum(layer.biases.size for layer in made) == 10_000 // 84 * 84
    dilations = [layer.dilation for layer in made]
    assert dilations == sorted(set(dilations))
    assert dilations[0] == 1
    assert 8 * dilations[-1] + 1 <= 300 < 8 * 1.2 * dilations[-1] + 9
    layer, first = made[1], made[0].biases.size
    y = kernels.convolved(x[0], layer.dilation, layer.channels, 0, 300)
    n = layer.biases.shape[1]
    quantiles = (first + 5 * n + np.arange(1, n + 1)) * (1 + 5**0.5) / 2 % 1
    np.testing.assert_allclose(layer.biases[5], np.quantile(y[5], quantiles), atol=1e-5)
    whole = layer(x[0]).reshape(84, n)[1 - layer.inside :: 2]
    asked = (first + np.arange(84 * n).reshape(84, n) + 1) * (1 + 5**0.5) / 2 % 1
    np.testing.assert_allclose(whole, 1 - asked[1 - layer.inside :: 2], atol=2 / 300)


def test_each_kernel_hears_some_channels():
    made = kernels.layers([noise(20, 50)], features=840, rng=np.random.default_rng(0))
    heard = np.concatenate([layer.channels.sum(1) for layer in made])
    assert heard.min() == 1
    assert 6 <= heard.max() <= 9
    assert (heard == 1).mean() == pytest.approx(np.log(2) / np.log(10), abs=0.08)


def test_probabilities_follow_clips_that_were_left_out():
    features, kinds = noise(30, 200), np.arange(30) % 3
    features[np.arange(30), kinds] += 2.5
    train = Training([], np.eye(3, dtype=np.float32)[kinds], "class")
    ridge = minirocket._ridge(features, train)
    from sklearn.linear_model import Ridge

    mean, std = features.mean(0), features.std(0)
    scaled = ((features - mean) / std).astype(np.float64)
    errors = []
    for alpha in minirocket.ALPHAS:
        left = [
            Ridge(alpha=alpha).fit(np.delete(scaled, i, 0), np.delete(train.signs, i, 0))
            .predict(scaled[i : i + 1])[0] for i in range(30)
        ]  # fmt: skip
        errors.append((np.square(left - train.signs).mean(), alpha, np.array(left)))
    _, alpha, left = min(errors, key=lambda e: e[0])
    whole = Ridge(alpha=alpha).fit(scaled, train.signs)
    raw = features.astype(np.float64) @ ridge.weights + ridge.offset
    np.testing.assert_allclose(raw, whole.predict(scaled), atol=1e-3)
    surprise = {
        factor: -np.log(
            minirocket.probabilities(left * factor, "class")[np.arange(30), kinds]
        ).mean()
        for factor in (ridge.sharpness / 2, ridge.sharpness, ridge.sharpness * 2)
    }
    assert min(surprise, key=surprise.get) == ridge.sharpness


def test_certainty_has_its_bounds():
    train = Training([], np.eye(2, dtype=np.float32)[np.arange(20) % 2], "class")
    sharp = minirocket._sharpness(train.signs, train)
    certain = minirocket.probabilities(train.signs[0] * sharp, "class").max()
    assert 0.9 < certain < 0.99  # twenty clips, all right: about 21 of 22
