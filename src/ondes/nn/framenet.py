"""A network that judges every frame: front end, encoder, 1x1 convolution."""

from collections.abc import Sequence

from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.checks import check_input
from ondes.nn.encoder import Encoder
from ondes.nn.front import Front
from ondes.nn.init import expect_silence
from ondes.nn.ragged import Ragged
from ondes.spec import Spec


class FrameNet(nn.Module):
    """Samples [b, c, t] to logits [b, 1, class, t // hop] by an encoder's last level.

    Each of its entries is a frame; along frequency it is averaged.

    Args:
        front: what the network is given of the samples.
        encoder: from that to levels, none of which looks at the whole clip.
        dropout: before the 1x1 convolution.
        rate_hz: sampling rate of the signals.
        channels: of the signals.
        classes: what the logits stand for.

    Raises:
        RecipeError: the front end looks at the whole clip.
    """

    def __init__(
        self,
        front: Front,
        encoder: Encoder,
        *,
        dropout: float,
        rate_hz: float,
        channels: int,
        classes: Sequence[str],
    ) -> None:
        super().__init__()
        if front.config.scale != "none":
            raise RecipeError(
                f'front.scale="{front.config.scale}" looks at the whole clip, which a network for '
                'every frame never has: give "none"'
            )
        if front.shortest:
            raise RecipeError(
                f"front.shortest_s={front.config.shortest_s:g} for a network that judges frames, "
                "whose recordings have no edges: give 0"
            )
        self.front, self.encoder = front, encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv1d(encoder.outputs, len(classes), 1)
        expect_silence(self.head)
        seen = encoder.field
        field = front.field.layer(before=seen.back, after=seen.ahead, stride=seen.hop)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=tuple(classes),
            hop=field.hop,
            look_back=field.back,
            look_ahead=field.ahead,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map x [b, channels, t] to logits [b, 1, classes, t // hop].

        Raises:
            InputError: x has the wrong axes or channels, is too short or not finite.
        """
        check_input(x, self.spec)
        frames = self.encoder(self.front(Ragged(x)))[-1].values
        frames = frames.mean(2) if frames.ndim == 4 else frames
        logits: Tensor = self.head(self.dropout(frames))
        return logits[..., : x.shape[-1] // self.spec.hop].unsqueeze(1)
