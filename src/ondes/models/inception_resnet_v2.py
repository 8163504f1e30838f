"""Inception-ResNet-v2 (Szegedy et al. 2017, figures 3, 7 and 15 to 18, as in the authors' code)."""

from dataclasses import dataclass, field
from typing import Literal

from ondes.errors import RecipeError
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.plans import Builder, Fork, Plan, Pool, Residual, Unit, fork

CARD = """\
Inception-ResNet-v2 adds what its modules find to what they were given, scaled down to a tenth or a
fifth so that many of them in a row train without trouble. On signals a pair of factors such as 1x7
and 7x1 is one kernel of 7 along time. 55.8 million parameters on images: for little data choose a
`width` well below 1 and fewer `modules`."""

MAX = Pool("max", 3, stride=2)
STEM: Plan = (Unit(32, 3, stride=2), Unit(32, 3), Unit(64, 3), MAX, Unit(80), Unit(192, 3), MAX)
ROW, COLUMN = (1, 7), (7, 1)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of Inception-ResNet-v2.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        width: all channels of the paper times this; less for little data.
        modules: how many of each of the three kinds (A, B, C) stand in a row; in the authors'
            code, whose parameters are the ones quoted, twice as many as the paper draws.
        scales: what each kind's finding is multiplied with before it is added; the last module
            counts in full and is not activated.
        dropout: before the last layer.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    width: float = 1.0
    modules: tuple[int, int, int] = (10, 20, 10)
    scales: tuple[float, float, float] = (0.17, 0.1, 0.2)
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if min(self.modules) < 1:
            raise RecipeError(f"modules={self.modules}: give at least one of each kind")


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the modules, for `channels`; its levels end with the modules A, B and C.

    All padding is 'same', where the paper's stem and reductions have none. There is no gate that
    `context` limits.
    """
    a, b, c = (
        Residual(branches, scale)
        for branches, scale in zip((_a(), _b(), _c()), config.scales, strict=True)
    )
    last = Residual(_c(), 1.0, activated=False)
    times = config.modules
    plans: list[Plan] = [
        (*STEM, _first(), *[a] * times[0]),
        (_reduction_a(), *[b] * times[1]),
        (_reduction_b(), *[c] * (times[2] - 1), last, Unit(1536)),
    ]
    return Builder(dims=config.dims, width=config.width).encoder(plans, channels)


def _first() -> Fork:
    return fork(
        (Unit(96),),
        (Unit(48), Unit(64, 5)),
        (Unit(64), Unit(96, 3), Unit(96, 3)),
        (Pool("mean"), Unit(64)),
    )


def _a() -> tuple[Plan, ...]:
    return (Unit(32),), (Unit(32), Unit(32, 3)), (Unit(32), Unit(48, 3), Unit(64, 3))


def _reduction_a() -> Fork:
    return fork(
        (Unit(384, 3, stride=2),), (Unit(256), Unit(256, 3), Unit(384, 3, stride=2)), (MAX,)
    )


def _b() -> tuple[Plan, ...]:
    return (Unit(192),), (Unit(128), Unit(160, ROW), Unit(192, COLUMN))


def _reduction_b() -> Fork:
    return fork(
        (Unit(256), Unit(384, 3, stride=2)),
        (Unit(256), Unit(288, 3, stride=2)),
        (Unit(256), Unit(288, 3), Unit(320, 3, stride=2)),
        (MAX,),
    )


def _c() -> tuple[Plan, ...]:
    return (Unit(192),), (Unit(192), Unit(224, (1, 3)), Unit(256, (3, 1)))
