"""The modules of the published InceptionTime classifier (Fawaz et al. 2020, figures 1 and 2)."""

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from ondes.nn import inception_rows
from ondes.nn.field import Field
from ondes.nn.layers import Add, Concat, Conv, Dims, Each, MaxPool, Norm, field_of
from ondes.nn.ragged import Ragged

BANDS = 3  # neighbours in frequency that a long kernel spans on images


class Inception(nn.Sequential):
    """Parallel convolutions of several lengths, batch norm and ReLU.

    A 1x1 bottleneck to `filters` channels (none for a single channel) feeds one convolution per
    kernel length, and a maximum over three feeds a 1x1 convolution. Nothing has a bias: the batch
    norm would take it out again. On images a kernel of k spans k times and 3 bands.

    Attributes:
        outputs: ``filters * (len(kernels) + 1)`` channels.
    """

    def __init__(self, dims: Dims, inputs: int, *, filters: int, kernels: Sequence[int]) -> None:
        outputs = filters * (len(kernels) + 1)
        narrow = filters if inputs > 1 else 1
        bottleneck = [Conv(dims, inputs, filters, 1, bias=False)] if inputs > 1 else []
        sizes = [(min(BANDS, k), k) for k in kernels]
        long = Concat(*(Conv(dims, narrow, filters, size, bias=False) for size in sizes))
        beside = Conv(dims, inputs, filters, 1, bias=False)
        super().__init__(
            Concat(
                nn.Sequential(*bottleneck, long),
                nn.Sequential(MaxPool(dims, 3, stride=1), beside),
            ),
            Norm(dims, outputs),
            Each(nn.ReLU()),
        )
        self.outputs = outputs

    @property
    def norm(self) -> nn.BatchNorm1d | nn.BatchNorm2d:
        """The batch norm."""
        return cast(Norm, self[1]).norm

    @property
    def narrow(self) -> Tensor | None:
        """Weights of the bottleneck, if there is one."""
        before, *_ = first = self._long()
        return cast(Conv, before).conv.weight if len(first) > 1 else None

    @property
    def long(self) -> list[Tensor]:
        """Weights of the long convolutions."""
        return [cast(Conv, conv).conv.weight for conv in cast(Concat, self._long()[-1]).branches]

    @property
    def beside(self) -> Tensor:
        """Weights after the maximum."""
        _, last = cast(Concat, self[0]).branches
        return cast(Conv, cast(nn.Sequential, last)[-1]).conv.weight

    def _long(self) -> nn.Sequential:
        first, _ = cast(Concat, self[0]).branches
        return cast(nn.Sequential, first)


class InceptionStage(nn.Module):
    """Modules in a row and, where `residual`, a shortcut around them, added before a last ReLU.

    The shortcut is a batch norm, after a 1x1 convolution where the channels differ. Signals are
    computed by rows where that is faster: `ondes.nn.inception_rows`.
    """

    def __init__(
        self,
        dims: Dims,
        inputs: int,
        *,
        modules: int,
        filters: int,
        kernels: Sequence[int],
        residual: bool,
    ) -> None:
        super().__init__()
        blocks: list[Inception] = []
        for _ in range(modules):
            before = blocks[-1].outputs if blocks else inputs
            blocks.append(Inception(dims, before, filters=filters, kernels=kernels))
        body = nn.Sequential(*blocks)
        self.dims, self.inputs, self.outputs = dims, inputs, blocks[-1].outputs
        self.kernels = tuple(kernels)
        self.layers = body
        if residual:
            shortcut = _shortcut(dims, inputs, self.outputs)
            self.layers = nn.Sequential(Add(body, shortcut), Each(nn.ReLU()))

    @property
    def blocks(self) -> list[Inception]:
        """The modules, in order."""
        return [module for module in self.modules() if isinstance(module, Inception)]

    @property
    def shortcut(self) -> nn.Sequential | None:
        """What is added, if there is a shortcut."""
        first = self.layers[0]
        return cast(nn.Sequential, first.shortcut) if isinstance(first, Add) else None

    def field(self, before: Field) -> Field:
        """Return the receptive field along time, given that of what comes in."""
        return field_of(self.layers, before)

    def forward(self, x: Ragged) -> Ragged:
        """Map [b, inputs, (f,) t] to [b, outputs, (f,) t]."""
        if inception_rows.suits(self, x.values, lengths=x.lengths):
            return Ragged(inception_rows.run(self, x.values, lengths=x.lengths), x.lengths)
        y: Ragged = self.layers(x)
        return y


def _shortcut(dims: Dims, inputs: int, outputs: int) -> nn.Sequential:
    if inputs == outputs:
        return nn.Sequential(Norm(dims, outputs))
    return nn.Sequential(Conv(dims, inputs, outputs, 1, bias=False), Norm(dims, outputs))
