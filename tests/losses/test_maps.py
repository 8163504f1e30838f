"""Losses against closed forms and torch's and sklearn's own."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from ondes.errors import InputError
from ondes.losses import bce, focal

P = 0.8
LOGIT = math.log(P / (1 - P))


def cells(value: float) -> torch.Tensor:
    return torch.full((2, 1, 3, 4), value, dtype=torch.float64)


def test_bce_is_the_mean_log_loss_of_all_cells():
    rng = np.random.default_rng(1)
    logits, target = rng.normal(size=(2, 3, 5)), rng.integers(0, 2, (2, 3, 5))
    expected = log_loss(target.ravel(), 1 / (1 + np.exp(-logits.ravel())))
    assert bce(torch.tensor(logits), torch.tensor(target)).item() == pytest.approx(expected)


def test_bce_of_a_soft_target_is_least_at_the_target():
    p = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    losses = [bce(torch.logit(q), torch.tensor(0.3, dtype=torch.float64)).item() for q in p]
    assert p[int(np.argmin(losses))].item() == pytest.approx(0.3)


def test_weights_make_a_weighted_mean():
    logits, target = torch.tensor([0.0, LOGIT]), torch.tensor([1.0, 1.0])
    loss = bce(logits, target, weight=torch.tensor([3.0, 1.0]))
    assert loss.item() == pytest.approx((3 * math.log(2) - math.log(P)) / 4)


@pytest.mark.parametrize("loss", [bce, focal])
def test_weight_broadcasts_and_zero_takes_a_cell_out(loss):
    logits, target = torch.randn(2, 1, 3, 4), torch.ones(2, 1, 3, 4)
    weight = torch.tensor([1.0, 0.0, 1.0])[:, None]
    assert loss(logits, target, weight=weight).item() == pytest.approx(
        loss(logits[:, :, ::2], target[:, :, ::2]).item()
    )


def test_all_weights_zero_is_no_loss():
    assert bce(torch.zeros(3), torch.ones(3), weight=torch.zeros(1)).item() == 0


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_focal_follows_equation_5(gamma):
    positive = focal(cells(LOGIT), cells(1), gamma=gamma, alpha=0.25).item()
    negative = focal(cells(LOGIT), cells(0), gamma=gamma, alpha=0.25).item()
    assert positive == pytest.approx(-0.25 * (1 - P) ** gamma * math.log(P))
    assert negative == pytest.approx(-0.75 * P**gamma * math.log(1 - P))


def test_focal_without_focus_is_bce():
    logits, target = torch.randn(5, 7), torch.rand(5, 7)
    assert focal(logits, target, gamma=0).item() == pytest.approx(bce(logits, target).item())


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_extreme_logits_give_finite_losses_and_gradients(gamma):
    logits = torch.tensor([-1e4, 0.0, 1e4, 1e4], requires_grad=True)
    loss = focal(logits, torch.tensor([0.0, 1.0, 1.0, 0.0]), gamma=gamma)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("loss", [bce, focal])
def test_unequal_shapes_are_refused(loss):
    with pytest.raises(InputError, match="equal shapes"):
        loss(torch.zeros(2, 3), torch.zeros(3))


@pytest.mark.parametrize(("gamma", "alpha"), [(-1.0, None), (2.0, 1.5)])
def test_focal_refuses_what_has_no_meaning(gamma, alpha):
    with pytest.raises(InputError, match="gamma must be >= 0"):
        focal(torch.zeros(2), torch.zeros(2), gamma=gamma, alpha=alpha)
