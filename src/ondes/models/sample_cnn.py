"""SampleCNN (Lee et al. 2017) with the blocks and the head of Kim et al. 2018."""

from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.encoder import Encoder
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import Head, mean_head
from ondes.nn.layers import Add, Dims, Each, Gate, GlobalMax, MaxPool, conv_norm
from ondes.nn.ragged import Ragged

CARD = """\
SampleCNN hears samples: kernels of three and maxima of three all the way, 3 ** 10 = 59,049 samples
into one frame. Its blocks may weigh their channels (squeeze and excitation), add what they were
given (residuals), or both; its head may look at the last three levels at once. Made for tagging
music at 22.05 kHz; any length goes. With fewer `blocks` its frames become short enough to say when
something happens."""

STEP = 3  # kernel, stride and pool
LEVELS = 3  # that the multi-level head looks at
Block = Literal["basic", "se", "res", "rese"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of SampleCNN.

    Attributes:
        dims: 1 for signals, 2 for images of them, such as spectrograms.
        front: what the network is given of a signal.
        block: "basic" is convolution, batch norm, ReLU, maximum; "se" weighs its channels
            afterwards; "res" is convolutions, batch norm and a shortcut, then ReLU and maximum;
            "rese" weighs the channels of its convolutions before it adds the shortcut.
        convs: convolutions in a residual block: the n of Res-n and ReSE-n.
        blocks: so many; the frames are 3 ** (blocks + 1) samples apart.
        filters: channels of the first two blocks; twice as many in the following ones, four times
            in the last.
        ratio: values inside squeeze and excitation, as a multiple of the channels; 16 amplifies,
            1/8 reduces.
        multi: judge a clip by the maxima of the last three levels, through a dense layer of as
            many units; else by the last level, after a 1x1 convolution.
        dropout: before the last layer.
        dropout_block: between the two convolutions of a residual block.
    """

    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    block: Block = "basic"
    convs: Literal[1, 2] = 2
    blocks: int = 9
    filters: int = 128
    ratio: float = 16.0
    multi: bool = False
    dropout: float = 0.5
    dropout_block: float = 0.2

    def __post_init__(self) -> None:
        if self.block not in get_args(Block):
            raise RecipeError(f"block={self.block!r}: choose one of {', '.join(get_args(Block))}")
        least = LEVELS if self.multi else 1
        if self.blocks < least or self.filters < 1:
            raise RecipeError(
                f"blocks={self.blocks}, filters={self.filters}, multi={self.multi}: give at least "
                f"{least} blocks and one filter"
            )

    def widths(self) -> tuple[int, ...]:
        """Return the channels of each block.

        >>> Config().widths()
        (128, 128, 256, 256, 256, 256, 256, 256, 512)
        """
        last = self.blocks - 1
        doublings = ((i >= 2) + (i >= last) for i in range(self.blocks))
        return tuple(self.filters * 2**n for n in doublings)


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:
    """Return a convolution of three by three and the blocks, for `channels`; a level per block.

    All padding is 'same'; from 3 ** (blocks + 1) samples, or a multiple of it, there is none
    around the strided convolution and the maxima. With `context` squeeze and excitation looks at
    so many frames to both sides and not at the whole clip.
    """
    widths = config.widths()
    blocks = [
        _block(config, i, o, context)
        for i, o in zip((config.filters, *widths), widths, strict=False)
    ]
    stem = conv_norm(config.dims, channels, config.filters, STEP, stride=STEP)
    blocks[0] = nn.Sequential(stem, blocks[0])
    if not config.multi:
        blocks[-1] = nn.Sequential(blocks[-1], conv_norm(config.dims, widths[-1], widths[-1], 1))
    return Encoder(*blocks, outputs=widths[-1])


def head(config: Config, *, encoder: Encoder, outputs: int) -> nn.Module:
    """Return the multi-level head, or mean, dropout and dense layer."""
    if config.multi:
        return _MultiLevel(config, outputs)
    return Head(mean_head(encoder.outputs, outputs, dropout=config.dropout))


class _MultiLevel(nn.Module):
    """Maxima of the last levels, a dense layer with batch norm, dropout and a dense layer."""

    def __init__(self, config: Config, outputs: int) -> None:
        super().__init__()
        width = sum(config.widths()[-LEVELS:])
        self.peaks = GlobalMax()
        self.dense = conv_norm(1, width, width, 1)
        self.last = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(width, outputs))

    def forward(self, levels: tuple[Ragged, ...]) -> tuple[Tensor, ...]:
        """Map levels to logits [b, outputs], alone in a tuple."""
        peaks = torch.cat([self.peaks(level) for level in levels[-LEVELS:]], dim=1)
        logits: Tensor = self.last(self.dense(Ragged(peaks[..., None])).values[..., 0])
        return (logits,)


def _block(config: Config, inputs: int, outputs: int, context: int | None) -> nn.Sequential:
    gates: list[nn.Module] = []
    if config.block in ("se", "rese"):
        hidden = max(1, round(config.ratio * outputs))
        gates.append(Gate(outputs, hidden=hidden, context=context))
    pool = MaxPool(config.dims, STEP)
    if config.block in ("basic", "se"):
        return nn.Sequential(conv_norm(config.dims, inputs, outputs, STEP), pool, *gates)
    return nn.Sequential(_residual(config, inputs, outputs, gates), Each(nn.ReLU()), pool)


def _residual(config: Config, inputs: int, outputs: int, gates: list[nn.Module]) -> Add:
    dims: Dims = config.dims
    body: list[nn.Module] = []
    if config.convs == 2:
        body += [conv_norm(dims, inputs, outputs, STEP), Each(nn.Dropout(config.dropout_block))]
    last = outputs if body else inputs
    body += [conv_norm(dims, last, outputs, STEP, activation=None), *gates]
    other = None if inputs == outputs else conv_norm(dims, inputs, outputs, 1, activation=None)
    return Add(nn.Sequential(*body), other)
