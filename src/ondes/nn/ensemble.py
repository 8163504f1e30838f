"""Several networks as one, whose answer is the mean of theirs."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ondes.errors import InputError
from ondes.spec import ClipSpec, Spec

Averages = Literal["class", "tags", "number"]


class Ensemble(nn.ModuleList):
    """Networks that answer together: logits of the mean of their answers, in their members' shape.

    The mean is taken of what the logits stand for: probabilities of one ``class`` (softmax over
    the last axis) or of each of several ``tags`` (sigmoid), or a ``number`` itself. So the softmax,
    or sigmoid, of an ensemble's logits is the mean of its members' (Fawaz et al. 2020, equation 2),
    and whatever reads the logits of one network reads an ensemble's.

    Raises:
        InputError: there is no member, or their specs differ.
    """

    def __init__(self, members: Iterable[nn.Module], *, averages: Averages) -> None:
        super().__init__(members)
        specs = {cast("Spec | ClipSpec", member.spec) for member in self}
        if len(specs) != 1:
            raise InputError(
                f"an ensemble of {len(self)} members with {len(specs)} different specs: give at "
                "least one member, all made for the same clips and classes"
            )
        self.spec, self.averages = specs.pop(), averages

    def forward(self, x: Tensor, *lengths: Tensor | None) -> Tensor:
        """Map samples [b, channel, time] to logits; lengths [b] where the members take some."""
        logits = torch.stack([member(x, *lengths) for member in self])
        return mean_logits(logits, averages=self.averages)

    def heads(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return the logits alone: members are trained one by one."""
        return (self(x, lengths),)


def united(members: Sequence[nn.Module], *, averages: Averages) -> nn.Module:
    """Return the only member, or several as an `Ensemble`."""
    return members[0] if len(members) == 1 else Ensemble(members, averages=averages)


def mean_logits(logits: Tensor, *, averages: Averages) -> Tensor:
    """Return logits [...] of the mean of the answers that logits [member, ...] stand for.

    >>> two = torch.tensor([[[0.0, 0.0]], [[0.0, 1.0]]])
    >>> mean = mean_logits(two, averages="class").softmax(-1)
    >>> torch.allclose(mean, two.softmax(-1).mean(0))
    True
    """
    if averages == "number":
        return logits.mean(0)
    if averages == "class":
        return _log_mean(F.log_softmax(logits, dim=-1))
    return _log_mean(F.logsigmoid(logits)) - _log_mean(F.logsigmoid(-logits))


def _log_mean(logs: Tensor) -> Tensor:
    """Return the logarithm of the mean over members."""
    return torch.logsumexp(logs, dim=0) - math.log(len(logs))
