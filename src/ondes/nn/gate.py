"""Squeeze and excitation: channels weighed by what they all hold."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.nn.activation import ActivationName
from ondes.nn.activation import activation as activated
from ondes.nn.clip import global_mean
from ondes.nn.field import Field
from ondes.nn.ragged import Ragged


class Gate(nn.Module):
    """Weigh every channel by sigmoid(W2 a(W1 mean)): [b, c, (f,) t] -> the same shape.

    Hu et al. 2018, "Squeeze-and-excitation networks", eq. 2-4. The mean is over the valid clip,
    and frequency; with `context` over that many entries to both sides of each and itself, as far
    as they are there, so that what comes out looks no further: for detection.

    Args:
        channels: of what comes in, c.
        hidden: values between the two dense layers.
        context: entries to both sides; None for the whole clip.
        activation: a, between the dense layers.

    Raises:
        InputError: `context` is below 0.
    """

    def __init__(
        self,
        channels: int,
        *,
        hidden: int,
        context: int | None = None,
        activation: ActivationName = "relu",
    ) -> None:
        super().__init__()
        if context is not None and context < 0:
            raise InputError(f"Gate(context={context}): give 0 or more entries, or None")
        self.context = context
        self.squeeze = nn.Conv1d(channels, hidden, 1)
        self.activation = activated(activation)
        self.excite = nn.Conv1d(hidden, channels, 1)

    def field(self, before: Field) -> Field:
        """Return the receptive field along time; without context that of what comes in."""
        reach = self.context or 0
        return before.layer(before=reach, after=reach)

    def forward(self, x: Ragged) -> Ragged:
        """Weigh the channels of every item."""
        return Ragged(x.values * self.weight(x), x.lengths)

    def weight(self, x: Ragged) -> Tensor:
        """Return the weights, from 0 to 1: [b, c, (1,) 1], or t of them with context."""
        mean = global_mean(x)[..., None] if self.context is None else _around(x, self.context)
        weight = torch.sigmoid(self.excite(self.activation(self.squeeze(mean))))
        return weight if x.values.ndim == 3 else weight.unsqueeze(2)


def _around(x: Ragged, context: int) -> Tensor:
    """Return means over the valid entries within `context`, and frequency: [b, c, t]."""
    flat = Ragged(x.values if x.values.ndim == 3 else x.values.mean(2), x.lengths)
    share = flat.inside().to(flat.values.dtype)
    size = 2 * context + 1
    total, seen = (F.avg_pool1d(y, size, stride=1, padding=context) for y in (flat.filled(), share))
    return total / seen.clamp(min=0.5 / size)
