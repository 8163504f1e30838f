"""Inception-v3 (Szegedy et al. 2016, "Rethinking the Inception architecture", table 1)."""

from dataclasses import dataclass, field
from typing import Literal

from torch import nn

from ondes.nn.auxiliary import AuxiliaryHeads
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import mean_head
from ondes.nn.layers import GlobalMean
from ondes.nn.plans import Builder, Fork, Plan, Pool, Unit, fork

CARD = """\
Inception-v3 factorises: two 3x3 convolutions stand for one of 5x5, 1x7 and 7x1 for one of 7x7,
and pooling and strided convolutions reduce side by side. On signals such a pair is one kernel of 7
along time. 23.8 million parameters on images; an auxiliary head helps while it learns. Like all its
family it wants much data, or a `width` well below 1."""

MAX = Pool("max", 3, stride=2)
STEM: Plan = (Unit(32, 3, stride=2), Unit(32, 3), Unit(64, 3), MAX, Unit(80), Unit(192, 3), MAX)
ROW, COLUMN = (1, 7), (7, 1)
SIDES = fork((Unit(384, (1, 3)),), (Unit(384, (3, 1)),))


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of Inception-v3.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        width: all channels of the paper times this; less for little data.
        auxiliary: have the auxiliary head, on the last modules of 7x7.
        dropout: before the last layer.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    width: float = 1.0
    auxiliary: bool = True
    dropout: float = 0.5


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the modules, for `channels`; its levels are those of 7x7 and the last.

    All padding is 'same', where the paper's stem and reductions have none. There is no gate that
    `context` limits.
    """
    middle = [_sevens(between) for between in (128, 160, 160, 192)]
    plans = (
        (*STEM, _fives(32), _fives(64), _fives(64), _to_middle(), *middle),
        (_to_last(), _wide(), _wide()),
    )
    return Builder(dims=config.dims, width=config.width).encoder(plans, channels)


def head(config: Config, *, encoder: Encoder, outputs: int) -> AuxiliaryHeads:
    """Return mean, dropout and dense layer; in training one on the level before, too."""
    main = mean_head(encoder.outputs, outputs, dropout=config.dropout)
    return AuxiliaryHeads(main, [_auxiliary(config, outputs)] if config.auxiliary else [])


def _auxiliary(config: Config, outputs: int) -> nn.Sequential:
    builder = Builder(dims=config.dims, width=config.width)
    plan = (Pool("mean", 5, stride=3), Unit(128), Unit(768, 5))
    body, width = builder.chain(plan, 4 * builder.scaled(192))
    return nn.Sequential(body, GlobalMean(), nn.Linear(width, outputs))


def _fives(beside: int) -> Fork:
    return fork(
        (Unit(64),),
        (Unit(48), Unit(64, 5)),
        (Unit(64), Unit(96, 3), Unit(96, 3)),
        (Pool("mean"), Unit(beside)),
    )


def _to_middle() -> Fork:
    return fork((Unit(384, 3, stride=2),), (Unit(64), Unit(96, 3), Unit(96, 3, stride=2)), (MAX,))


def _sevens(c: int) -> Fork:
    twice = (Unit(c, COLUMN), Unit(c, ROW), Unit(c, COLUMN), Unit(192, ROW))
    return fork(
        (Unit(192),),
        (Unit(c), Unit(c, ROW), Unit(192, COLUMN)),
        (Unit(c), *twice),
        (Pool("mean"), Unit(192)),
    )


def _to_last() -> Fork:
    return fork(
        (Unit(192), Unit(320, 3, stride=2)),
        (Unit(192), Unit(192, ROW), Unit(192, COLUMN), Unit(192, 3, stride=2)),
        (MAX,),
    )


def _wide() -> Fork:
    return fork(
        (Unit(320),),
        (Unit(384), SIDES),
        (Unit(448), Unit(384, 3), SIDES),
        (Pool("mean"), Unit(192)),
    )
