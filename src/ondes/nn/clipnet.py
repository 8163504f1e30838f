"""A network that judges clips as a whole: front end, encoder, head."""

from collections.abc import Sequence

from torch import Tensor, nn

from ondes.nn.checks import check_clips
from ondes.nn.encoder import Encoder
from ondes.nn.front import Front
from ondes.nn.ragged import Ragged, ragged
from ondes.spec import ClipSpec


class ClipNet(nn.Module):
    """Samples [b, c, t], of unequal lengths or one, to one logit per output: [b, o].

    Args:
        front: what the network is given of the samples.
        encoder: from that to levels.
        head: from levels to logits [b, o], the main ones and, in training, auxiliary ones.
        rate_hz: sampling rate of the clips.
        channels: of the clips.
        outputs: what the logits stand for.
    """

    def __init__(
        self,
        front: Front,
        encoder: Encoder,
        head: nn.Module,
        *,
        rate_hz: float,
        channels: int,
        outputs: Sequence[str],
    ) -> None:
        super().__init__()
        self.front, self.encoder, self.head = front, encoder, head
        self.spec = ClipSpec(rate_hz, channels, tuple(outputs), least=front.least)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x [b, c, t] to logits [b, o]; lengths: int64 [b], valid samples of each item.

        Raises:
            InputError: x has the wrong axes or channels, is too short or not finite, or the
                lengths do not fit it.
        """
        return self.heads(x, lengths)[0]

    def heads(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return the logits of `forward` and, in training, those of auxiliary heads."""
        logits: tuple[Tensor, ...] = self.head(self._levels(x, lengths))
        return logits

    def seen(self, x: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """Return the encoder's levels, [b, channel, ...] each, and the logits of `forward`."""
        levels = self._levels(x, None)
        return tuple(level.values for level in levels), self.head(levels)[0]

    def _levels(self, x: Tensor, lengths: Tensor | None) -> tuple[Ragged, ...]:
        batch = ragged(x, lengths)
        check_clips(batch, self.spec)
        levels: tuple[Ragged, ...] = self.encoder(self.front(batch))
        return levels
