"""Networks described once and built for signals or for images: the family of Inception."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import nn

from ondes.errors import RecipeError
from ondes.nn.encoder import Encoder
from ondes.nn.layers import Add, Concat, Conv, Each, MaxPool, MeanPool, conv_norm

EPS = 1e-3  # of every batch norm in these networks' own code


@dataclass(frozen=True)
class Unit:
    """A convolution to `outputs` channels, batch norm and ReLU.

    A kernel n means n samples, or n x n bins of an image; a pair (f, t) is one factor of such a
    kernel, 1 x n or n x 1.
    """

    outputs: int
    kernel: int | tuple[int, int] = 1
    stride: int = 1


@dataclass(frozen=True)
class Pool:
    """The maximum or the mean of `kernel` neighbours along each axis."""

    kind: Literal["max", "mean"]
    kernel: int = 3
    stride: int = 1


@dataclass(frozen=True)
class Fork:
    """Parallel branches, put together along channels."""

    branches: tuple["Plan", ...]


@dataclass(frozen=True)
class Residual:
    """ReLU(x + scale * w), w a 1x1 convolution with bias of the branches put together.

    After one that is not `activated` the next unit's batch norm takes w's bias out again: it is
    counted, as in the authors' code, but not trained.
    """

    branches: tuple["Plan", ...]
    scale: float
    activated: bool = True


Layer = Unit | Pool | Fork | Residual
Plan = tuple[Layer, ...]


def fork(*branches: Plan) -> Fork:
    """Return the `Fork` into `branches`."""
    return Fork(branches)


def along_time(plan: Plan) -> Plan:
    """Return the plan for signals, where a kernel has no factors.

    1xn and nx1 in a row become one kernel of n with the channels of the second; side by side
    they become one with the channels of both.

    >>> along_time((Unit(192), Unit(224, (1, 7)), Unit(256, (7, 1))))
    (Unit(outputs=192, kernel=1, stride=1), Unit(outputs=256, kernel=7, stride=1))
    >>> along_time((fork((Unit(384, (1, 3)),), (Unit(384, (3, 1)),)),))
    (Unit(outputs=768, kernel=3, stride=1),)
    """
    merged: list[Layer] = []
    for layer in map(_without_factors, plan):
        if merged and _are_factors(merged[-1], layer):
            merged[-1] = _product(layer)
        else:
            merged.append(layer)
    return tuple(merged)


def scaled(of_paper: int, *, width: float) -> int:
    """Return how many channels stand for so many of the paper's.

    >>> scaled(64, width=0.25), scaled(3, width=0.1)
    (16, 1)
    """
    return max(1, round(width * of_paper))


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Builds plans: for signals (`dims` 1) or images (2), with `width` times their channels.

    Without `norm` a convolution has a bias instead of its batch norm.
    """

    dims: Literal[1, 2]
    width: float = 1.0
    norm: bool = True

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise RecipeError(f"width={self.width}: give a number above 0; 1 is the paper's net")

    def scaled(self, channels: int) -> int:
        """Return how many channels stand for so many of the paper's."""
        return scaled(channels, width=self.width)

    def encoder(self, plans: Sequence[Plan], channels: int) -> Encoder:
        """Return the plans built one after another, for `channels`; each ends with a level."""
        stages: list[nn.Module] = []
        outputs = channels
        for plan in plans:
            stage, outputs = self.chain(plan, outputs)
            stages.append(stage)
        return Encoder(*stages, outputs=outputs)

    def chain(self, plan: Plan, inputs: int) -> tuple[nn.Sequential, int]:
        """Return the plan's layers in a row, for `inputs` channels, and how many they give."""
        layers: list[nn.Module] = []
        for layer in along_time(plan) if self.dims == 1 else plan:
            built, inputs = self._layer(layer, inputs)
            layers.append(built)
        return nn.Sequential(*layers), inputs

    def _layer(self, layer: Layer, inputs: int) -> tuple[nn.Module, int]:
        match layer:
            case Unit():
                return self._unit(layer, inputs)
            case Pool():
                kind = MaxPool if layer.kind == "max" else MeanPool
                return kind(self.dims, layer.kernel, stride=layer.stride), inputs
            case Fork():
                return self._fork(layer.branches, inputs)
            case Residual():
                return self._residual(layer, inputs), inputs

    def _unit(self, unit: Unit, inputs: int) -> tuple[nn.Module, int]:
        outputs = self.scaled(unit.outputs)
        layer = conv_norm(
            self.dims, inputs, outputs, unit.kernel, stride=unit.stride, norm=self.norm, eps=EPS
        )
        return layer, outputs

    def _fork(self, branches: Sequence[Plan], inputs: int) -> tuple[nn.Module, int]:
        chains, outputs = zip(*(self.chain(plan, inputs) for plan in branches), strict=True)
        return Concat(*chains), sum(outputs)

    def _residual(self, layer: Residual, inputs: int) -> nn.Module:
        branches, between = self._fork(layer.branches, inputs)
        last = Conv(self.dims, between, inputs, 1)
        added = Add(nn.Sequential(branches, last), scale=layer.scale)
        if layer.activated:
            return nn.Sequential(added, Each(nn.ReLU()))
        assert last.conv.bias is not None
        last.conv.bias.requires_grad = False
        return added


def _without_factors(layer: Layer) -> Layer:
    match layer:
        case Fork() if all(len(plan) == 1 and _is_factor(plan[0]) for plan in layer.branches):
            units = [plan[0] for plan in layer.branches]
            return _product(*units)
        case Fork():
            return Fork(tuple(map(along_time, layer.branches)))
        case Residual():
            return Residual(tuple(map(along_time, layer.branches)), layer.scale, layer.activated)
    return layer


def _is_factor(layer: Layer) -> bool:
    return isinstance(layer, Unit) and isinstance(layer.kernel, tuple)


def _are_factors(first: Layer, second: Layer) -> bool:
    return _is_factor(first) and _is_factor(second)


def _product(*factors: Layer) -> Unit:
    """Return the unit with the factors' longest kernel and the channels of all of them."""
    units = [unit for unit in factors if isinstance(unit, Unit)]
    kernels = [unit.kernel for unit in units if isinstance(unit.kernel, tuple)]
    return Unit(sum(unit.outputs for unit in units), max(map(max, kernels)))
