"""Masks hide stretches of bands and of time in training, whatever is padded."""

import math

import pytest
import torch

from ondes.errors import RecipeError
from ondes.nn.front import Config, Front
from ondes.nn.masks import Masks
from ondes.nn.ragged import Ragged

HIGH, LONG = 40, 100


def masked(masks, x, *, seed=0):
    torch.manual_seed(seed)
    return masks(x)


def batch(*, items=200, channels=2, lengths=None):
    """Return images in which no value is its item's mean."""
    return Ragged(1 + torch.rand(items, channels, HIGH, LONG), lengths)


def hidden(masks, x, *, seed=0):
    """Tell what was hidden, bool [b, c, f, t]."""
    return masked(masks, x, seed=seed).values != x.values


def test_out_of_training_and_without_masks_nothing_is_hidden():
    x = batch(items=3)
    assert Masks(count=2, bands=0.5, time=0.5).eval()(x) is x
    assert Masks(count=0, bands=0.5, time=0.5)(x) is x
    assert not hidden(Masks(count=3, bands=0.0, time=0.0), x).any()


@pytest.mark.parametrize("share", [0.25, 1.0])
@pytest.mark.parametrize("along", [2, 3])
def test_a_stretch_is_at_most_its_share_and_on_average_half_of_it(along, share):
    bands, time = (share, 0.0) if along == 2 else (0.0, share)
    gone = hidden(Masks(count=1, bands=bands, time=time), batch())
    line, size = gone.any(5 - along)[:, 0], gone.shape[along]
    assert torch.equal(line, gone.all(5 - along)[:, 0])
    assert int(line.sum(1).max()) <= math.ceil(share * size)
    assert line.sum(1).float().mean().item() == pytest.approx(share * size / 2, rel=0.15)
    edges = torch.nn.functional.pad(line.int(), (1, 1)).diff(dim=1).abs().sum(1)
    assert int(edges.max()) == 2  # one stretch, no more


def test_more_masks_hide_more_in_both_directions():
    shares = [
        hidden(Masks(count=count, bands=0.15, time=0.15), batch()).float().mean().item()
        for count in (1, 2, 3)
    ]
    # a place is hidden unless all stretches miss it, which each does but for half its share
    for count, share in zip((1, 2, 3), shares, strict=True):
        assert share == pytest.approx(1 - (1 - 0.075) ** (2 * count), abs=0.02)


def test_what_is_hidden_is_each_channels_mean_over_what_is_valid():
    lengths = torch.tensor([LONG, 30])
    x = batch(items=2, lengths=lengths)
    found = masked(Masks(count=2, bands=0.5, time=0.5), x)
    gone = found.values != x.values
    for item, n in enumerate(lengths.tolist()):
        for channel in range(2):
            inside = x.values[item, channel, :, :n]
            filled = found.values[item, channel, :, :n][gone[item, channel, :, :n]]
            torch.testing.assert_close(filled, inside.mean().expand_as(filled))
    assert torch.equal(gone[:, 0], gone[:, 1])
    assert found.lengths is lengths


def test_stretches_of_time_are_shares_of_the_items_own_length():
    lengths = torch.tensor([LONG] * 200 + [20] * 200)
    gone = hidden(Masks(count=1, bands=0.0, time=0.5), batch(items=400, lengths=lengths))
    widths = gone[:, 0, 0].sum(1)
    assert 40 < int(widths[:200].max()) <= 50
    assert 7 < int(widths[200:].max()) <= 10
    assert not gone[200:, ..., 20:].any()


def test_padding_influences_nothing():
    masks, lengths = Masks(count=2, bands=0.3, time=0.3), torch.tensor([60, LONG - 10])
    x = batch(items=2, lengths=lengths)
    longer = Ragged(torch.cat([x.values, 1e3 * torch.rand(2, 2, HIGH, 57)], -1), lengths)
    longer.values[0, ..., 60:] = -1e3
    one, other = masked(masks, x), masked(masks, longer)
    for item, n in enumerate(lengths.tolist()):
        torch.testing.assert_close(other.values[item, ..., :n], one.values[item, ..., :n])
    whole = Ragged(x.values[:, ..., :60])
    told = Ragged(x.values[:, ..., :60], torch.tensor([60, 60]))
    torch.testing.assert_close(masked(masks, whole).values, masked(masks, told).values)


def test_a_seed_decides_and_items_differ():
    masks, x = Masks(count=1, bands=0.3, time=0.3), batch(items=20)
    assert torch.equal(hidden(masks, x, seed=3), hidden(masks, x, seed=3))
    assert not torch.equal(hidden(masks, x, seed=3), hidden(masks, x, seed=4))
    assert len(hidden(masks, x)[:, 0].flatten(1).unique(dim=0)) > 15


def test_gradients_pass_by_what_is_hidden():
    masks, x = Masks(count=1, bands=0.5, time=0.5), batch(items=4)
    values = x.values.requires_grad_()
    y = masked(masks, Ragged(values))
    torch.autograd.backward(y.values.sum())
    assert torch.isfinite(values.grad).all()
    torch.testing.assert_close(values.grad.sum((2, 3)), torch.full((4, 2), 1.0 * HIGH * LONG))


@pytest.mark.parametrize("dims", [1, 2])
def test_a_front_end_masks_its_levels_in_training_alone(dims):
    config = Config(kind="mel", bands=20, window_s=0.02, hop_s=0.01, masks=2, mask_bands=0.5)
    front = Front(config, rate_hz=8000, channels=2, dims=dims)
    x = Ragged(torch.randn(3, 2, 4000))
    plain = front.eval()(x).values
    assert torch.equal(plain, front(x).values)
    assert not torch.equal(plain, masked(front.train(), x).values)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "mel", "masks": -1}, "give 0 or more masks"),
        ({"kind": "mel", "masks": 1, "mask_bands": 1.5}, "shares from 0 to 1"),
        ({"kind": "mel", "masks": 1, "mask_time": -0.1}, "shares from 0 to 1"),
        ({"masks": 1}, "vary the clips"),
    ],
)
def test_masks_that_make_no_sense_are_refused(options, says):
    with pytest.raises(RecipeError, match=says):
        Config(**options)
