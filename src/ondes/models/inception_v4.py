"""Inception-v4 (Szegedy et al. 2017, "Inception-v4, Inception-ResNet ...", figures 3 to 9)."""

from dataclasses import dataclass, field
from typing import Literal

from ondes.errors import RecipeError
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.plans import Builder, Fork, Plan, Pool, Unit, fork

CARD = """\
Inception-v4 is Inception-v3 made uniform and deeper: a stem that reduces by pooling and strided
convolutions side by side, then 4, 7 and 3 equal modules with reductions between. On signals a pair
of factors such as 1x7 and 7x1 is one kernel of 7 along time. 42.7 million parameters on images: for
little data choose a `width` well below 1 and fewer `modules`."""

MAX, MEAN = Pool("max", 3, stride=2), Pool("mean")
ROW, COLUMN = (1, 7), (7, 1)
SIDES = fork((Unit(256, (1, 3)),), (Unit(256, (3, 1)),))


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of Inception-v4.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        width: all channels of the paper times this; less for little data.
        modules: how many of each of the three kinds (A, B, C) stand in a row.
        dropout: before the last layer.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    width: float = 1.0
    modules: tuple[int, int, int] = (4, 7, 3)
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if min(self.modules) < 1:
            raise RecipeError(f"modules={self.modules}: give at least one of each kind")


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the modules, for `channels`; its levels end with the modules A, B and C.

    All padding is 'same', where the paper's stem and reductions have none. There is no gate that
    `context` limits.
    """
    a, b, c = config.modules
    plans = (
        (*_stem(), *[_a()] * a),
        (_reduction_a(), *[_b()] * b),
        (_reduction_b(), *[_c()] * c),
    )
    return Builder(dims=config.dims, width=config.width).encoder(plans, channels)


def _stem() -> Plan:
    factors = (Unit(64), Unit(64, ROW), Unit(64, COLUMN), Unit(96, 3))
    return (
        Unit(32, 3, stride=2),
        Unit(32, 3),
        Unit(64, 3),
        fork((MAX,), (Unit(96, 3, stride=2),)),
        fork((Unit(64), Unit(96, 3)), factors),
        fork((Unit(192, 3, stride=2),), (MAX,)),
    )


def _a() -> Fork:
    return fork(
        (MEAN, Unit(96)),
        (Unit(96),),
        (Unit(64), Unit(96, 3)),
        (Unit(64), Unit(96, 3), Unit(96, 3)),
    )


def _reduction_a() -> Fork:
    return fork(
        (MAX,), (Unit(384, 3, stride=2),), (Unit(192), Unit(224, 3), Unit(256, 3, stride=2))
    )


def _b() -> Fork:
    twice = (Unit(192, COLUMN), Unit(224, ROW), Unit(224, COLUMN), Unit(256, ROW))
    return fork(
        (MEAN, Unit(128)),
        (Unit(384),),
        (Unit(192), Unit(224, ROW), Unit(256, COLUMN)),
        (Unit(192), *twice),
    )


def _reduction_b() -> Fork:
    return fork(
        (MAX,),
        (Unit(192), Unit(192, 3, stride=2)),
        (Unit(256), Unit(256, ROW), Unit(320, COLUMN), Unit(320, 3, stride=2)),
    )


def _c() -> Fork:
    return fork(
        (MEAN, Unit(256)),
        (Unit(256),),
        (Unit(384), SIDES),
        (Unit(384), Unit(448, (3, 1)), Unit(512, (1, 3)), SIDES),
    )
