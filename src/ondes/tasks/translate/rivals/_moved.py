"""A copy of a classifier, trained on towards wanted answers."""

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ondes.errors import InputError

WARM = 20  # steps of rising learning rate
MEMORY = 0.99  # of the running mean of weights, which is kept


@dataclass(frozen=True, kw_only=True)
class Steps:
    """How a copy is trained.

    steps, batch: of AdamW. lr: the highest learning rate, from which a cosine leads to 0.
    weight_decay: of AdamW. half: whether products are taken in bfloat16.
    """

    steps: int = 300
    batch: int = 32
    lr: float = 1e-3
    weight_decay: float = 0.02
    half: bool = True

    def __post_init__(self) -> None:
        if min(self.steps, self.batch) < 1 or self.lr <= 0 or self.weight_decay < 0:
            raise InputError(f"{self}: give 1 or more steps and clips, and a rate above 0")


Draw = Callable[[int], tuple[Tensor, Tensor]]
"""Gives the clips [clip, channel, time] of a step, and the probabilities wanted, [clip, output]."""


def moved(network: nn.Module, draw: Draw, how: Steps, *, seed: int) -> nn.Module:
    """Return a copy that learnt to answer what is drawn as wanted.

    The loss is the Kullback-Leibler divergence from what is wanted; what is kept is the running
    mean of weights.
    """
    copy = deepcopy(network).train()
    copy.requires_grad_(True)  # noqa: FBT003 - torch's own name
    kept = deepcopy(copy)
    optimiser = torch.optim.AdamW(copy.parameters(), lr=how.lr, weight_decay=how.weight_decay)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of dropout and masks
        for step in range(how.steps):
            for group in optimiser.param_groups:
                group["lr"] = how.lr * _rate(step, how.steps)
            optimiser.zero_grad()
            loss = _loss(copy, *draw(step), half=how.half)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(copy.parameters(), 1.0)
            optimiser.step()
            _follow(kept, copy, min(MEMORY, (1 + step) / (10 + step)))
    return kept.eval()


def drawn(many: int, batch: int, *, seed: int) -> Callable[[int], NDArray[np.int64]]:
    """Return what tells of a step which of so many clips it takes: each once in every pass."""

    def places(step: int) -> NDArray[np.int64]:
        at = np.arange(step * batch, (step + 1) * batch)
        passes = {turn: _order(many, seed, turn) for turn in set((at // many).tolist())}
        return np.array([passes[k // many][k % many] for k in at.tolist()])

    return places


@lru_cache(maxsize=4)
def _order(many: int, seed: int, turn: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, turn)).permutation(many)


def _loss(network: nn.Module, x: Tensor, wanted: Tensor, *, half: bool) -> Tensor:
    with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
        logits = network(x)
    return F.kl_div(F.log_softmax(logits.float(), -1), wanted, reduction="batchmean")


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARM) * (1 + math.cos(math.pi * step / steps)) / 2


@torch.no_grad()
def _follow(kept: nn.Module, moving: nn.Module, memory: float) -> None:
    values = zip(kept.state_dict().values(), moving.state_dict().values(), strict=True)
    for own, new in values:
        if own.is_floating_point():
            own.lerp_(new, 1 - memory)
        else:
            own.copy_(new)
