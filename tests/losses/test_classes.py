"""Losses of classes, margins and numbers against closed forms and other libraries."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import hinge_loss, log_loss
from torch.nn import functional as F

from ondes.errors import InputError
from ondes.losses import (
    cross_entropy,
    exponential,
    exponential_classes,
    focal_classes,
    hinge,
    hinge_classes,
    huber,
    l1,
    mse,
)

RNG = np.random.default_rng(3)
LOGITS = torch.tensor(RNG.normal(size=(40, 5)))
CLASSES = torch.tensor(RNG.integers(0, 5, 40))
TRUTH = F.one_hot(CLASSES, 5)
MIXED = torch.tensor(RNG.dirichlet(np.ones(5), size=40))
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 3.0, 0.0])
OF_CLASSES = [cross_entropy, focal_classes, hinge_classes, exponential_classes]


def test_cross_entropy_is_the_log_loss():
    probs = np.exp(LOGITS.numpy()) / np.exp(LOGITS.numpy()).sum(1, keepdims=True)
    assert cross_entropy(LOGITS, TRUTH).item() == pytest.approx(log_loss(CLASSES, probs))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_smoothing_and_weights_are_those_of_torch_for_indices(smoothing):
    expected = F.cross_entropy(LOGITS, CLASSES, weight=WEIGHT.double(), label_smoothing=smoothing)
    ours = cross_entropy(LOGITS, TRUTH, smoothing=smoothing, weight=WEIGHT)
    torch.testing.assert_close(ours, expected)


def test_smoothing_spreads_a_share_evenly():
    spread = 0.8 * TRUTH + 0.2 / 5
    torch.testing.assert_close(
        cross_entropy(LOGITS, TRUTH, smoothing=0.2), cross_entropy(LOGITS, spread)
    )


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_a_mixed_target_costs_the_mean_of_its_classes(loss):
    one = [loss(LOGITS, F.one_hot(torch.full((40,), c), 5)).item() for c in range(5)]
    shares = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.0])
    mixed = loss(LOGITS, shares.expand(40, 5))
    assert mixed.item() == pytest.approx(float(np.dot(one, shares.numpy())), rel=1e-6)


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_weights_make_a_weighted_mean_over_items(loss):
    each = np.array([loss(LOGITS[[i]], TRUTH[[i]]).item() for i in range(40)])
    weights = WEIGHT.numpy()[CLASSES]
    expected = np.average(each, weights=weights)
    assert loss(LOGITS, TRUTH, weight=WEIGHT).item() == pytest.approx(expected)
    assert loss(LOGITS, TRUTH, weight=7 * torch.ones(5)).item() == pytest.approx(each.mean())


def test_focal_is_its_closed_form_and_without_gamma_the_cross_entropy():
    p = torch.softmax(LOGITS, 1)[torch.arange(40), CLASSES]
    expected = (-((1 - p) ** 1.5) * torch.log(p)).mean()
    torch.testing.assert_close(focal_classes(LOGITS, TRUTH, gamma=1.5), expected)
    torch.testing.assert_close(focal_classes(LOGITS, MIXED, gamma=0), cross_entropy(LOGITS, MIXED))


def test_the_multiclass_hinge_is_that_of_crammer_and_singer():
    assert hinge_classes(LOGITS, TRUTH).item() == pytest.approx(hinge_loss(CLASSES, LOGITS))


def test_a_tie_costs_one():
    assert hinge_classes(torch.ones(1, 3), torch.eye(3)[:1]).item() == 1


def test_the_multiclass_exponential_is_that_of_its_code():
    code = torch.where(TRUTH == 1, 1.0, -1 / 4).double()
    torch.testing.assert_close(
        exponential_classes(LOGITS, TRUTH), exponential(LOGITS, code, beta=1 / 5)
    )


def test_the_multiclass_exponential_is_least_at_scaled_log_odds():
    """Zhu et al. 2009, eq. 7: f_k = (K - 1) (log p_k - mean of the logs), of shares p."""
    p = torch.tensor([[0.2, 0.5, 0.3]], dtype=torch.float64)
    best = 2 * (p.log() - p.log().mean())
    best.requires_grad_()
    exponential_classes(best, p).backward()
    torch.testing.assert_close(best.grad, torch.zeros_like(p), atol=1e-9, rtol=0)


def test_exponential_is_the_mean_over_items_of_the_whole_product():
    signs = 2.0 * TRUTH.double() - 1
    expected = np.mean([math.exp(-0.7 * float(y @ f)) for y, f in zip(signs, LOGITS, strict=True)])
    assert exponential(LOGITS, signs, beta=0.7).item() == pytest.approx(expected)
    twice = torch.cat([torch.ones(39), torch.tensor([3.0])])
    again = torch.cat([LOGITS, LOGITS[-1:], LOGITS[-1:]])
    torch.testing.assert_close(
        exponential(LOGITS, signs, weight=twice),
        exponential(again, torch.cat([signs, signs[-1:], signs[-1:]])),
    )


def test_hinge_is_that_of_sklearn_in_each_column():
    signs = 2 * TRUTH - 1
    columns = [hinge_loss(signs[:, c], LOGITS[:, c]) for c in range(5)]
    assert hinge(LOGITS, signs).item() == pytest.approx(np.mean(columns))
    weighted = np.average(columns, weights=WEIGHT)
    assert hinge(LOGITS, signs, weight=WEIGHT).item() == pytest.approx(weighted)


def test_losses_of_numbers_are_their_closed_forms():
    outputs, target = LOGITS[:, :2], LOGITS[:, 2:4]
    error = (outputs - target).abs()
    torch.testing.assert_close(mse(outputs, target), (error**2).sum() / 80)
    torch.testing.assert_close(l1(outputs, target), error.sum() / 80)
    cells = torch.where(error <= 0.5, error**2 / 2, 0.5 * (error - 0.25))
    torch.testing.assert_close(huber(outputs, target, delta=0.5), cells.mean())
    weight = torch.tensor([3.0, 1.0])
    torch.testing.assert_close(
        mse(outputs, target, weight=weight), ((error**2) @ weight.double()).sum() / 160
    )


@pytest.mark.parametrize("loss", [*OF_CLASSES, hinge, exponential, mse, l1, huber])
def test_unequal_shapes_are_refused(loss):
    with pytest.raises(InputError, match=r"\[40, 5\]"):
        loss(LOGITS, LOGITS[:, :1])


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_a_single_class_is_refused(loss):
    with pytest.raises(InputError, match="two classes"):
        loss(LOGITS[:, :1], LOGITS[:, :1])


def test_numbers_out_of_range_are_refused():
    with pytest.raises(InputError, match="smoothing"):
        cross_entropy(LOGITS, TRUTH, smoothing=1.5)
    with pytest.raises(InputError, match="gamma"):
        focal_classes(LOGITS, TRUTH, gamma=-1)


@pytest.mark.parametrize("loss", [*OF_CLASSES, hinge, mse, l1, huber])
def test_gradients_are_those_of_finite_differences(loss):
    logits = LOGITS[:3].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, MIXED[:3]), (logits,))


@pytest.mark.parametrize("loss", [cross_entropy, focal_classes, hinge_classes])
def test_great_logits_stay_finite(loss):
    logits = torch.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    value = loss(logits, torch.tensor([[0.0, 1.0, 0.0]]))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
