"""Batch norms that know the new sensor's means and variances (Li et al. 2017, AdaBN)."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ondes.tasks.translate.rivals._given import BATCH, Given

ABOUT = "The classifier's batch norms are given means and variances of the new sensor's clips."
LABELLED = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """There are none."""


def lacks(given: Given) -> str:
    """Say whether the classifier has no batch norm."""
    return "" if _norms(given.network) else "its classifier has no batch norm"


@torch.no_grad()
def classifier(given: Given, options: Options, *, seed: int) -> nn.Module:  # noqa: ARG001
    """Return a copy whose running means and variances are those over batches of the new clips."""
    copy = deepcopy(given.network).eval()
    for norm in _norms(copy):
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
        norm.train()
    for part in torch.split(torch.from_numpy(given.source), BATCH):
        copy(part)
    for norm, before in zip(_norms(copy), _norms(given.network), strict=True):
        norm.momentum = before.momentum
    return copy.eval()


def _norms(network: nn.Module) -> list[_BatchNorm]:
    return [m for m in network.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
