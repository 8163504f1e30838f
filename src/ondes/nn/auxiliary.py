"""A head with auxiliary ones on the levels before the last."""

from collections.abc import Sequence

from torch import Tensor, nn

from ondes.nn.ragged import Ragged


class AuxiliaryHeads(nn.Module):
    """A main head on the last level of an encoder; auxiliary head i on level i, in training alone.

    Each head maps a `Ragged` to logits [b, outputs]. Auxiliary ones bring gradients to the middle
    of a deep network (Szegedy et al. 2015, section 5).
    """

    def __init__(self, main: nn.Module, auxiliary: Sequence[nn.Module]) -> None:
        super().__init__()
        self.main = main
        self.auxiliary = nn.ModuleList(auxiliary)

    def forward(self, levels: tuple[Ragged, ...]) -> tuple[Tensor, ...]:
        """Return the main logits and, in training, those of the auxiliary heads."""
        main: Tensor = self.main(levels[-1])
        if not self.training:
            return (main,)
        pairs = zip(self.auxiliary, levels[: len(self.auxiliary)], strict=True)
        return (main, *(head(level) for head, level in pairs))
