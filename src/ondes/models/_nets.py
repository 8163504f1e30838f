"""Whole networks around a backbone's encoder."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from torch import nn

from ondes.models import CONTEXT
from ondes.nn.clipnet import ClipNet
from ondes.nn.framenet import FrameNet
from ondes.nn.front import Front
from ondes.nn.heads import Head, mean_head
from ondes.nn.init import initialise


def clip_net(
    module: ModuleType, config: Any, *, rate_hz: float, channels: int, classes: Sequence[str]
) -> nn.Module:
    """Return a network that judges clips by the encoder of `module`, and its head if it has one."""
    front = Front(config.front, rate_hz=rate_hz, channels=channels, dims=config.dims)
    encoder = module.encoder(config, channels=front.outputs)
    if hasattr(module, "head"):
        head = module.head(config, encoder=encoder, outputs=len(classes))
    else:
        head = Head(mean_head(encoder.outputs, len(classes), dropout=config.dropout))
    net = ClipNet(front, encoder, head, rate_hz=rate_hz, channels=channels, outputs=classes)
    return _drawn(net, config)


def frame_net(
    module: ModuleType, config: Any, *, rate_hz: float, channels: int, classes: Sequence[str]
) -> nn.Module:
    """Return a network that judges frames by the encoder of `module`."""
    front = Front(config.front, rate_hz=rate_hz, channels=channels, dims=config.dims)
    encoder = module.encoder(config, channels=front.outputs, context=CONTEXT)
    net = FrameNet(
        front,
        encoder,
        dropout=config.dropout,
        rate_hz=rate_hz,
        channels=channels,
        classes=classes,
    )
    return _drawn(net, config)


def _drawn(net: nn.Module, config: Any) -> nn.Module:
    """Draw the initial weights, as ``config.init`` says where there is such an option."""
    initialise(net, getattr(config, "init", "kaiming-uniform"))
    return net
