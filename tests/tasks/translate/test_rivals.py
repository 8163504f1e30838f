"""Rivals of translators, each against what it must find in closed form."""

import numpy as np
import pytest
import torch
from torch import nn

from ondes.errors import InputError, NotFiniteError
from ondes.protocols import Pair
from ondes.tasks.translate import rivals
from ondes.tasks.translate.rivals import Given

CLIPS, CHANNELS, TIME = 60, 3, 40


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def drawn(rng, *, clips=CLIPS):
    return rng.standard_normal((clips, CHANNELS, TIME)).astype(np.float32)


class Means(nn.Module):
    """A linear classifier of the channels' means and powers."""

    def __init__(self, outputs=2):
        super().__init__()
        self.dense = nn.Linear(2 * CHANNELS, outputs)

    def forward(self, x):
        return self.dense(torch.cat([x.mean(2), x.square().mean(2)], dim=1))


class Normed(nn.Module):
    """A batch norm and a dense layer."""

    def __init__(self):
        super().__init__()
        self.norm, self.dense = nn.BatchNorm1d(CHANNELS), nn.Linear(CHANNELS, 2)

    def forward(self, x):
        return self.dense(torch.tanh(self.norm(x)).mean(2))


def given(source, target, network=None, **few):
    return Given(source, target, network or Means(), **few)


def test_affine_finds_gains_and_offsets(rng):
    x = drawn(rng)
    gain, offset = np.float32([[2.0], [-1.0], [0.0]]), np.float32([[1.0], [0.0], [3.0]])
    turn = rivals.fit("affine", given(x, gain * x + offset)).translate
    fresh = drawn(rng)
    np.testing.assert_allclose(turn(fresh), gain * fresh + offset, atol=1e-5)


def test_affine_takes_the_mean_for_a_constant_channel(rng):
    x, y = drawn(rng), drawn(rng)
    x[:, 1] = 5.0
    turn = rivals.fit("affine", given(x, y)).translate
    np.testing.assert_allclose(turn(x)[:, 1], y[:, 1].mean(), atol=1e-5)


def test_moments_are_the_old_sensors(rng):
    x, y = 3 * drawn(rng) + 2, drawn(rng) - 1
    shuffled = y[rng.permutation(CLIPS)]
    made = rivals.fit("moments", given(x, y)).translate(x)
    np.testing.assert_allclose(made.mean((0, 2)), y.mean((0, 2)), atol=1e-5)
    np.testing.assert_allclose(made.std((0, 2)), y.std((0, 2)), rtol=1e-5)
    again = rivals.fit("moments", given(x, shuffled)).translate(x)
    np.testing.assert_allclose(made, again, atol=1e-5)


def test_wiener_finds_the_filter_between_all_channels(rng):
    x = drawn(rng, clips=200)
    x[..., 0] = x[..., -1] = 0  # nothing beyond the ends, where the filter sees silence
    filters = rng.standard_normal((CHANNELS, CHANNELS, 3))
    y = np.zeros_like(x)
    for out in range(CHANNELS):
        for into in range(CHANNELS):
            y[:, out] += np.stack(
                [np.convolve(row, filters[out, into], mode="same") for row in x[:, into]]
            )
    turn = rivals.fit("wiener", given(x, y + 4), options={"taps": 3, "ridge": 0.0}).translate
    np.testing.assert_allclose(turn(x)[:, :, 1:-1], y[:, :, 1:-1] + 4, atol=0.02)


def test_wiener_shrinks_by_signal_and_noise(rng):
    clean = rng.standard_normal((500, 1, 100)).astype(np.float32)
    noisy = clean + rng.standard_normal(clean.shape).astype(np.float32)
    network = nn.Sequential(nn.Flatten(), nn.Linear(100, 2))
    turn = rivals.fit("wiener", given(noisy, clean, network), options={"taps": 1}).translate
    ones = np.ones((1, 1, 100), np.float32)
    assert float((turn(ones) - turn(0 * ones)).mean()) == pytest.approx(1 / 2, abs=0.02)


class Rough(nn.Module):
    """Answers by how rough clips are, as sigma squared against 1."""

    def forward(self, x):
        power = 4 * x.square().mean((1, 2))
        return torch.stack([power, torch.zeros_like(power)], dim=1)


def test_speckle_is_as_loud_as_what_lacks(rng):
    target = drawn(rng, clips=200)
    quiet = 0.8 * drawn(rng, clips=200)
    levels = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    rival = rivals.fit("speckle", given(quiet, target, Rough()), options={"levels": levels})
    added = rival.translate(quiet) - quiet
    assert added.std() == pytest.approx(0.6, abs=0.01)  # 0.6^2 + 0.8^2 = 1
    assert rivals.fit("speckle", given(target, target, Rough())).translate(quiet) is not None
    still = rivals.fit("speckle", given(target, target, Rough())).translate(quiet)
    np.testing.assert_array_equal(still, quiet)


def test_coral_gives_features_the_old_mean_and_covariance(rng):
    mix = rng.standard_normal((CHANNELS, CHANNELS)).astype(np.float32)
    y, x = drawn(rng), np.einsum("ij,njt->nit", mix, drawn(rng)) + 1
    network = nn.Sequential(nn.Flatten(), nn.Linear(CHANNELS * TIME, 4), nn.Linear(4, 4))
    with torch.no_grad():
        network[2].weight.copy_(torch.eye(4))
        network[2].bias.zero_()
    rival = rivals.fit("coral", given(x, y, network), options={"ridge": 1e-9})
    found = rival.logits(x)  # the features themselves, as the last layer was the identity
    wanted = network(torch.from_numpy(y)).detach().double().numpy()
    np.testing.assert_allclose(found.mean(0), wanted.mean(0), atol=1e-4)
    np.testing.assert_allclose(np.cov(found.T), np.cov(wanted.T), rtol=1e-3, atol=1e-4)


def test_batch_norms_undo_gain_and_offset(rng):
    network = Normed()
    x = drawn(rng)
    network.train()
    for _ in range(200):
        network(torch.from_numpy(x))
    rival = rivals.fit("batch-norm", given(5 * x + 2, x, network.eval()))
    plain = network(torch.from_numpy(x)).detach().double().numpy()
    np.testing.assert_allclose(rival.logits(5 * x + 2), plain, atol=1e-3)
    assert "batch-norm" not in rivals.possible(given(x, x))


def test_the_last_layer_is_at_the_minimum(rng):
    x, y = drawn(rng), np.eye(2, dtype=np.float32)[rng.integers(2, size=CLIPS)]
    network = Means()
    rival = rivals.fit("last-layer", given(x, x, network, few=x, few_y=y), options={"ridge": 0.1})
    layer, before = rival.network.dense, network.dense
    logits = rival.network(torch.from_numpy(x))
    change = torch.cat([(layer.weight - before.weight).flatten(), layer.bias - before.bias])
    loss = -(torch.from_numpy(y) * logits.log_softmax(-1)).sum(1).mean()
    slopes = torch.autograd.grad(loss + 0.1 * change.square().sum(), [layer.weight, layer.bias])
    assert max(slope.abs().max().item() for slope in slopes) < 1e-4
    assert change.detach().abs().max().item() > 0.01


def test_the_whole_net_learns_the_few(rng):
    x = drawn(rng)
    truth = (np.square(x[:, 0]).mean(1) > 1).astype(int)
    network = Means()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    options = {"steps": 150, "lr": 0.1, "smoothing": 0.0, "half": False}
    labelled = given(x, x, network, few=x, few_y=np.eye(2, dtype=np.float32)[truth])
    rival = rivals.fit("whole-net", labelled, options=options)
    assert (rival.logits(x).argmax(1) == truth).mean() > 0.9
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    again = rivals.fit("whole-net", labelled, options=options)
    np.testing.assert_array_equal(rival.logits(x), again.logits(x))


def test_distilling_undoes_what_the_sensor_did(rng):
    y = drawn(rng)
    x = -y[:, [2, 0, 1]]  # other channels, upside down
    network = Means()
    with torch.no_grad():
        network.dense.weight.mul_(5)
    options = {"steps": 400, "lr": 0.1, "weight_decay": 0.0, "half": False}
    rival = rivals.fit("distil", given(x, y, network), options=options)
    wanted = network(torch.from_numpy(y)).softmax(1).detach().numpy()
    found = torch.from_numpy(rival.logits(x)).softmax(1).numpy()
    assert np.abs(found - wanted).max() < 0.03


def test_labels_are_said_and_asked_for(rng):
    x = drawn(rng)
    plain = given(x, x)
    assert set(rivals.names()) - set(rivals.possible(plain)) == {
        "batch-norm",
        "last-layer",
        "whole-net",
    }
    with pytest.raises(InputError, match="labelled clips"):
        rivals.fit("whole-net", plain)
    with pytest.raises(InputError, match="did you mean 'affine'"):
        rivals.fit("afine", plain)
    with pytest.raises(InputError, match="no option"):
        rivals.fit("wiener", plain, options={"tap": 3})
    assert not rivals.fit("affine", plain).labelled
    assert all(rivals.about(name) for name in rivals.names())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"target": np.zeros((2, 3, 4), np.float32)}, InputError),
        ({"few": np.zeros((2, 3, 4), np.float32)}, InputError),
        ({"source": np.full((CLIPS, CHANNELS, TIME), np.nan, np.float32)}, NotFiniteError),
        (
            {
                "few": np.zeros((2, 3, 4), np.float32),
                "few_y": np.zeros((2, 2), np.float32),
            },
            InputError,
        ),
    ],
)
def test_what_does_not_go_together_is_said(rng, change, error):
    x = drawn(rng)
    with pytest.raises(error):
        Given(**{"source": x, "target": x, "network": Means(), **change})


class Endless:
    """Pairs whose second half is the first, turned over."""

    def __init__(self, x):
        self.x, self.asked = x, []

    def __getitem__(self, index):
        self.asked.append(index)
        x = self.x[index % len(self.x)]
        return Pair(-x, x)


def test_distilling_takes_varied_pairs_where_there_are_some(rng):
    y = drawn(rng)
    varied = Endless(drawn(rng))
    options = {"steps": 5, "batch": 4, "half": False}
    rival = rivals.fit("distil", given(y, y, varied=varied), options=options)
    assert varied.asked == [*range(20)]
    assert rival.translate is None
