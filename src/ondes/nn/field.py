"""Exact receptive fields, layer by layer, so that a `Spec` states facts and not guesses."""

from typing import NamedTuple


class Field(NamedTuple):
    """What one output frame sees: frame k depends on [k*hop - back, (k+1)*hop + ahead) samples.

    A signal itself is ``Field()``: sample k depends on sample k alone.

    >>> conv = Field().layer(before=1, after=1)  # a convolution of three taps, padded 'same'
    >>> conv
    Field(back=1, ahead=1, hop=1)
    >>> conv.layer(stride=4).layer(before=1, after=1)  # maximum of four, then three more taps
    Field(back=5, ahead=5, hop=4)
    """

    back: int = 0
    ahead: int = 0
    hop: int = 1

    def layer(self, *, before: int = 0, after: int = 0, stride: int = 1) -> "Field":
        """Add a layer whose output k reads inputs [k*stride - before, (k+1)*stride + after)."""
        return Field(
            self.back + before * self.hop, self.ahead + after * self.hop, self.hop * stride
        )

    def same(self, kernel: int) -> "Field":
        """Add a convolution or pooling of `kernel` taps, stride 1, with 'same' padding."""
        before, after = same_padding(kernel)
        return self.layer(before=before, after=after)


def same_padding(kernel: int) -> tuple[int, int]:
    """Return the zeros to put (before, after) so that `kernel` taps keep the length.

    An even kernel takes its odd zero after the signal, as ``torch.nn.Conv1d(padding="same")`` does.

    >>> same_padding(5), same_padding(4)
    ((2, 2), (1, 2))
    """
    return (kernel - 1) // 2, kernel // 2


def widest(*fields: Field) -> Field:
    """Return the field of parallel branches (equal hops) whose outputs are put together."""
    return Field(max(f.back for f in fields), max(f.ahead for f in fields), fields[0].hop)


def split_hop(hop: int, *, parts: int) -> tuple[int, ...]:
    """Split `hop` into `parts` factors as equal as they come, in rising order.

    Small factors come first: the early layers keep the time resolution that later ones summarise.

    >>> split_hop(512, parts=3), split_hop(256, parts=3), split_hop(16, parts=3)
    ((8, 8, 8), (4, 8, 8), (2, 2, 4))
    """
    if parts == 1:
        return (hop,)
    first = max(d for d in range(1, hop + 1) if hop % d == 0 and d**parts <= hop)
    return tuple(sorted((first, *split_hop(hop // first, parts=parts - 1))))
