"""Backbones as their papers have them: on images, without a front end; with all their heads."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from ondes import models
from ondes.errors import RecipeError
from ondes.nn.ragged import ragged


class Backbone(nn.Module):
    """Encoder and head of a network that judges clips: images [b, c, h, w] to logits [b, o]."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, x: Tensor) -> Tensor:
        """Map images [b, c, h, w] to logits [b, o]."""
        return self.heads(x)[0]

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of `forward` and, in training, those of auxiliary heads."""
        logits: tuple[Tensor, ...] = self.head(self.encoder(ragged(x, None)))
        return logits


class AllHeads(nn.Module):
    """A network of clips or images with the heads that serve training alone."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the logits [b, o] of all heads, the main ones first."""
        head, heads = self.net.head, self.net.heads
        assert isinstance(head, nn.Module)
        assert callable(heads)
        head.training = True  # alone: what is within it stays as it is
        logits: tuple[Tensor, ...] = heads(x)
        return logits


def backbone(name: str, options: Mapping[str, Any], *, channels: int, outputs: int) -> Backbone:
    """Return the architecture `name` for images of so many channels.

    Raises:
        RecipeError: there is no such architecture or option, or it is none for images.
    """
    if "clip" not in models.levels(name):
        raise RecipeError(f"{name} sees signals alone: draw it without images")
    given = {"front": {"kind": "mel"}, **options, "dims": 2}
    net = models.build(
        name, given, rate_hz=16_000, channels=channels, classes=_numbered(outputs), level="clip"
    )
    encoder, head = net.encoder, net.head
    assert isinstance(encoder, nn.Module)
    assert isinstance(head, nn.Module)
    return Backbone(encoder, head)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(k) for k in range(count))
