"""What backbones have in common: stages, one after another, each of which gives a level."""

from torch import nn

from ondes.nn.layers import field_of
from ondes.nn.ragged import Ragged


class Encoder(nn.Module):
    """Stages in a row, from [b, c, (f,) t] to what each of them gives, the deepest last.

    Attributes:
        outputs: channels of the last level.
        field: receptive field along time of the last level's entries, in entries of what comes in.
    """

    def __init__(self, *stages: nn.Module, outputs: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.outputs = outputs
        self.field = field_of(nn.Sequential(*stages))

    def forward(self, x: Ragged) -> tuple[Ragged, ...]:
        """Return the levels."""
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        return tuple(levels)
