"""Residual blocks (He et al. 2016, "Deep residual learning for image recognition", section 3)."""

from collections.abc import Callable, Sequence

from torch import nn

from ondes.nn.activation import ActivationName
from ondes.nn.activation import activation as activated
from ondes.nn.encoder import Encoder
from ondes.nn.layers import Add, Dims, Each, MaxPool, conv_norm

WIDENING = 4  # channels that a bottleneck gives, against those of its middle in ResNet

Block = Callable[[int, int, int], nn.Module]
"""Makes a block of (inputs, width of the stage, stride)."""


def basic(
    dims: Dims, inputs: int, outputs: int, *, stride: int, activation: ActivationName
) -> nn.Module:
    """Return two convolutions of 3 and a shortcut; where sizes differ it is a 1x1 convolution."""
    body = nn.Sequential(
        conv_norm(dims, inputs, outputs, 3, stride=stride, activation=activation),
        conv_norm(dims, outputs, outputs, 3, activation=None),
    )
    return _with_shortcut(dims, body, inputs, outputs, stride=stride, activation=activation)


def bottleneck(
    dims: Dims,
    inputs: int,
    outputs: int,
    *,
    middle: int,
    stride: int,
    groups: int = 1,
    activation: ActivationName,
) -> nn.Module:
    """Return 1x1, 3 and 1x1 convolutions over `middle` channels and a shortcut.

    The stride is that of the convolution of 3, as in the authors' and torchvision's later code,
    which looks at every entry; the paper's first 1x1 convolution skips some.
    """
    body = nn.Sequential(
        conv_norm(dims, inputs, middle, 1, activation=activation),
        conv_norm(dims, middle, middle, 3, stride=stride, groups=groups, activation=activation),
        conv_norm(dims, middle, outputs, 1, activation=None),
    )
    return _with_shortcut(dims, body, inputs, outputs, stride=stride, activation=activation)


def residual_encoder(
    dims: Dims,
    channels: int,
    *,
    width: int,
    widening: int,
    blocks: Sequence[int],
    block: Block,
    kernel: int,
    activation: ActivationName,
) -> Encoder:
    """Return the stem and the stages of blocks, each of which gives a level.

    The stem is a convolution of stride 2 and a maximum of stride 2; each stage but the first
    halves the length again and doubles the width. Stage i has ``blocks[i]`` blocks and gives
    ``widening * width * 2**i`` channels.
    """
    stem = conv_norm(dims, channels, width, kernel, stride=2, activation=activation)
    stages, inputs = [], width
    for i, count in enumerate(blocks):
        wide = width * 2**i
        row: list[nn.Module] = [] if i else [stem, MaxPool(dims, 3, stride=2)]
        for k in range(count):
            row.append(block(inputs, wide, 2 if i and not k else 1))
            inputs = widening * wide
        stages.append(nn.Sequential(*row))
    return Encoder(*stages, outputs=inputs)


def _with_shortcut(
    dims: Dims,
    body: nn.Module,
    inputs: int,
    outputs: int,
    *,
    stride: int,
    activation: ActivationName,
) -> nn.Module:
    same = inputs == outputs and stride == 1
    shortcut = None if same else conv_norm(dims, inputs, outputs, 1, stride=stride, activation=None)
    return nn.Sequential(Add(body, shortcut), Each(activated(activation)))
