"""Whole networks around a backbone's encoder."""

from collections.abc import Sequence
from types import ModuleType
from typing import Protocol

from torch import nn

from ondes.models import CONTEXT
from ondes.nn.clipnet import ClipNet
from ondes.nn.encoder import Encoder
from ondes.nn.framenet import FrameNet
from ondes.nn.front import Config as FrontConfig
from ondes.nn.front import Front
from ondes.nn.heads import Head, mean_head
from ondes.nn.init import expect_silence, initialise
from ondes.nn.layers import Dims


class Options(Protocol):
    """What a backbone's ``Config`` has at least."""

    @property
    def dims(self) -> Dims:
        """Of signals, 1, or of images of them, 2."""

    @property
    def front(self) -> FrontConfig:
        """What it is given of a signal."""

    @property
    def dropout(self) -> float:
        """Share of values left out before the last layer."""


def clip_net(
    module: ModuleType, config: Options, *, rate_hz: float, channels: int, classes: Sequence[str]
) -> nn.Module:
    """Return a network that judges clips by the encoder of `module`, and its head if it has one."""
    front = Front(config.front, rate_hz=rate_hz, channels=channels, dims=config.dims)
    encoder: Encoder = module.encoder(config, channels=front.outputs)
    if hasattr(module, "head"):
        head = module.head(config, encoder=encoder, outputs=len(classes))
    else:
        head = Head(mean_head(encoder.outputs, len(classes), dropout=config.dropout))
    net = ClipNet(front, encoder, head, rate_hz=rate_hz, channels=channels, outputs=classes)
    _draw(net, config)
    return net


def frame_net(
    module: ModuleType, config: Options, *, rate_hz: float, channels: int, classes: Sequence[str]
) -> nn.Module:
    """Return a network that judges frames by the encoder of `module`."""
    front = Front(config.front, rate_hz=rate_hz, channels=channels, dims=config.dims)
    net = FrameNet(
        front,
        module.encoder(config, channels=front.outputs, context=CONTEXT),
        dropout=config.dropout,
        rate_hz=rate_hz,
        channels=channels,
        classes=classes,
    )
    _draw(net, config)
    expect_silence(net.head)
    return net


def _draw(net: nn.Module, config: Options) -> None:
    """Draw the initial weights, as ``config.init`` says where there is such an option."""
    initialise(net, getattr(config, "init", "kaiming-uniform"))
