"""Losses of translations against closed forms and torch's own."""

import math

import pytest
import torch
from torch.nn import functional as F

from ondes.errors import InputError
from ondes.losses import judged_as, l1, same_answers, signal_l1, texture, uncertain_l1

torch.manual_seed(0)
X, Y = torch.randn(2, 3, 8, 9, dtype=torch.float64), torch.randn(2, 3, 8, 9, dtype=torch.float64)


def test_without_doubt_it_is_the_mean_absolute_error():
    torch.testing.assert_close(uncertain_l1(X, Y, torch.zeros(2, 1, 8, 9)), l1(X, Y))


def test_one_map_of_doubt_counts_for_all_channels():
    s = -torch.rand(2, 1, 8, 9, dtype=torch.float64)
    torch.testing.assert_close(uncertain_l1(X, Y, s), uncertain_l1(X, Y, s.expand(2, 3, 8, 9)))


def test_the_best_uncertainty_is_the_error():
    error = torch.tensor([[[0.1, 0.4, 0.9]]])
    s = error.log().requires_grad_()
    loss = uncertain_l1(error, torch.zeros(1, 1, 3), s)
    loss.backward()
    assert loss.item() == pytest.approx(1 + error.log().mean().item())
    torch.testing.assert_close(s.grad, torch.zeros(1, 1, 3), atol=1e-6, rtol=0)


def test_doubt_of_another_size_is_refused():
    with pytest.raises(InputError, match="one channel"):
        uncertain_l1(X, Y, torch.zeros(2, 2, 8, 9))


def test_signal_weighs_by_what_is_above_the_floor():
    outputs, target = torch.zeros(1, 1, 4), torch.tensor([[[-1.0, 0.0, 1.0, 3.0]]])
    weights = torch.tensor([1.0, 1.0, 1 + 2 * 1 / 1, 1 + 2 * 3 / 1])  # the mean above 0 is 1
    expected = (weights * target[0, 0].abs()).sum() / weights.sum()
    torch.testing.assert_close(signal_l1(outputs, target, emphasis=2, floor=0.0), expected)
    swings = 1 + 2 * target[0, 0].abs() / 1.25
    expected = (swings * target[0, 0].abs()).sum() / swings.sum()
    torch.testing.assert_close(signal_l1(outputs, target, emphasis=2), expected)


def test_without_emphasis_or_signal_all_entries_count_alike():
    torch.testing.assert_close(signal_l1(X, Y, emphasis=0), l1(X, Y))
    zeros = torch.zeros_like(X)
    torch.testing.assert_close(signal_l1(X, zeros), l1(X, zeros))


def test_least_squares_are_those_of_mao():
    torch.testing.assert_close(judged_as(X, real=True), ((X - 1) ** 2).mean())
    torch.testing.assert_close(judged_as(X, real=False), (X**2).mean())


def test_logistic_judgements_are_minus_the_log_of_what_is_right():
    real, made = (judged_as(X, real=r, kind="logistic") for r in (True, False))
    torch.testing.assert_close(real, -torch.sigmoid(X).log().mean())
    torch.testing.assert_close(made, -(1 - torch.sigmoid(X)).log().mean())


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_same_answers_is_the_divergence_of_distributions(temperature):
    logits, wanted = X[0, :, :, 0], Y[0, :, :, 0]
    p = [torch.distributions.Categorical(logits=z / temperature) for z in (wanted, logits)]
    expected = temperature**2 * torch.distributions.kl_divergence(*p).mean()
    torch.testing.assert_close(same_answers(logits, wanted, temperature=temperature), expected)
    assert same_answers(wanted, wanted).item() == pytest.approx(0, abs=1e-12)


def test_no_gradient_goes_to_the_answers_on_true_partners():
    logits, wanted = torch.randn(2, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    same_answers(logits, wanted).backward()
    assert wanted.grad is None
    expected = (torch.softmax(logits, 1) - torch.softmax(wanted, 1)) / 2
    torch.testing.assert_close(logits.grad, expected)


def test_texture_is_the_gap_of_standard_deviations():
    def rough(x):
        patches = x.unfold(2, 3, 1).unfold(3, 3, 1).flatten(-2)
        return patches.std(-1, correction=0)

    expected = (rough(X) - rough(Y)).abs().mean()
    torch.testing.assert_close(texture(X, Y, stretch=3), expected)
    torch.testing.assert_close(texture(100 + X, Y, stretch=3), expected)


def test_other_noise_of_the_same_loudness_costs_little_and_none_costs_much():
    one, other = torch.randn(1, 1, 4000), torch.randn(1, 1, 4000)
    same, silent = (texture(x, other, stretch=50).item() for x in (one, torch.zeros_like(one)))
    assert same < 0.15
    assert silent == pytest.approx(1, abs=0.1)
    assert l1(one, other) > l1(torch.zeros_like(one), other)  # which is why there is such a loss


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: uncertain_l1(x, Y[:1, :, :4, :3], -torch.ones(1, 1, 4, 3)),
        lambda x: signal_l1(x, Y[:1, :, :4, :3], floor=-0.5),
        lambda x: judged_as(x, real=True),
        lambda x: judged_as(x, real=False, kind="logistic"),
        lambda x: same_answers(x[0, 0], Y[0, 0, :4, :3], temperature=2),
        lambda x: texture(x, Y[:1, :, :4, :3], stretch=2),
    ],
)
def test_slopes_are_those_of_differences(loss):
    # slopes of means that hold no part of the gradient would show here
    x = X[:1, :, :4, :3].clone().requires_grad_()
    assert torch.autograd.gradcheck(loss, (x,))


def test_flat_results_have_finite_slopes():
    x = torch.zeros(1, 1, 9, requires_grad=True)
    texture(x, torch.randn(1, 1, 9)).backward()
    assert torch.isfinite(x.grad).all()


def test_calls_without_meaning_are_refused():
    with pytest.raises(InputError, match="emphasis=-1"):
        signal_l1(X, Y, emphasis=-1)
    with pytest.raises(InputError, match="'hinge'"):
        judged_as(X, real=True, kind="hinge")
    with pytest.raises(InputError, match="two classes"):
        same_answers(X[0, 0, :, :1], Y[0, 0, :, :1])
    with pytest.raises(InputError, match="temperature=0"):
        same_answers(X[0, 0], Y[0, 0], temperature=0)
    with pytest.raises(InputError, match="stretch=10"):
        texture(X, Y, stretch=10)
    for loss in (signal_l1, texture):
        with pytest.raises(InputError, match="equal shapes"):
            loss(X, Y[:1])


def test_a_certain_classifier_stays_finite():
    sure = torch.tensor([[1e4, -1e4]])
    assert math.isfinite(same_answers(-sure, sure).item())
    assert F.softmax(sure, 1)[0, 0] == 1
