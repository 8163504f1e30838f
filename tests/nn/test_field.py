"""Receptive-field arithmetic against the thesis's formula and torch's own layers."""

from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ondes.nn.field import Field, same_padding, split_hop, widest


def test_stacked_kernels_follow_equation_2_4():
    field, kernels = Field(), (3, 9, 21, 41)
    for kernel in kernels:
        field = field.same(kernel)
    assert field.back + 1 + field.ahead == 1 + sum(k - 1 for k in kernels)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 7, 10])
def test_same_padding_is_torchs(kernel):
    conv = nn.Conv1d(1, 1, kernel, padding="same")
    assert same_padding(kernel) == tuple(conv._reversed_padding_repeated_twice)


def test_a_strided_stack_sees_what_its_gradient_says():
    net = nn.Sequential(
        nn.ConstantPad1d((1, 2), 0.0),
        nn.Conv1d(1, 1, 4, bias=False),
        nn.AvgPool1d(3),
        nn.Conv1d(1, 1, 5, padding=2, bias=False),
        nn.AvgPool1d(2),
    )
    field = Field().same(4).layer(stride=3).same(5).layer(stride=2)
    x = torch.zeros(1, 1, 120, requires_grad=True)
    net(x)[0, 0, 7].backward()
    touched = x.grad[0, 0].nonzero()
    assert touched.min().item() == 7 * field.hop - field.back
    assert touched.max().item() + 1 == 8 * field.hop + field.ahead


def test_parallel_branches_see_the_widest():
    assert widest(Field().same(4), Field().same(3)) == Field(1, 2, 1)


@given(st.integers(1, 4096), st.integers(1, 4))
def test_a_split_is_ordered_factors_of_the_hop(hop, parts):
    factors = split_hop(hop, parts=parts)
    assert len(factors) == parts
    assert prod(factors) == hop
    assert list(factors) == sorted(factors)
