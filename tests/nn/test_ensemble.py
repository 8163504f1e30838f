"""Logits of an ensemble stand for the mean of what its members' logits stand for."""

import pytest
import torch
from torch import nn

from ondes.errors import InputError
from ondes.nn.ensemble import Ensemble, mean_logits, united
from ondes.spec import ClipSpec

SPEC = ClipSpec(100, 1, ("a", "b", "c"), least=1)


class Net(nn.Module):
    def __init__(self, seed, spec=SPEC):
        super().__init__()
        torch.manual_seed(seed)
        self.dense, self.spec = nn.Linear(1, 3), spec

    def forward(self, x, lengths=None):
        return self.dense(x.mean(-1))


@pytest.mark.parametrize("averages", ["class", "tags", "number"])
def test_logits_stand_for_the_mean(averages):
    logits = 8 * torch.randn(5, 4, 3, dtype=torch.float64, generator=torch.manual_seed(0))
    stands = {"class": lambda z: z.softmax(-1), "tags": torch.sigmoid, "number": lambda z: z}
    answer = stands[averages]
    torch.testing.assert_close(
        answer(mean_logits(logits, averages=averages)), answer(logits).mean(0)
    )


def test_members_that_are_sure_do_not_overflow():
    sure = torch.tensor([[[900.0, -900.0]], [[-900.0, 900.0]], [[900.0, -900.0]]])
    for averages in ("class", "tags"):
        logits = mean_logits(sure, averages=averages)
        assert logits.isfinite().all()
        assert logits[0, 0] > logits[0, 1]


def test_weights_lie_under_the_members_numbers():
    nets = [Net(k) for k in range(3)]
    whole = united(nets, averages="class")
    assert isinstance(whole, Ensemble)
    assert whole.spec == SPEC
    assert set(whole.state_dict()) == {
        f"{k}.dense.{n}" for k in range(3) for n in ("weight", "bias")
    }
    x = torch.ones(2, 1, 10)
    assert torch.equal(whole.heads(x, torch.tensor([10, 5]))[0], whole(x))
    assert united(nets[:1], averages="class") is nets[0]


def test_members_of_other_classes_are_refused():
    other = ClipSpec(100, 1, ("a", "b", "d"), least=1)
    with pytest.raises(InputError, match="2 different specs"):
        Ensemble([Net(0), Net(1, other)], averages="class")
