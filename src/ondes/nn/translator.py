"""Networks that turn one sensor's signal into another's: any size in, the same size out."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ondes.errors import ChannelError, InputError, NotFiniteError
from ondes.nn.mirror import cropped, mirrored
from ondes.nn.unet import depth_for
from ondes.spec import TranslatorSpec


class Translation(NamedTuple):
    """What a translator gives, every part of the size that came in.

    result: [b, outputs, (f,) t]. coarse: the same, before attention or texture changed it; the
    result itself where nothing does. attention: [b, M, (f,) t], shares of M candidates, and
    log_uncertainty: [b, 1, (f,) t], 0 or less; none where the network tells neither.
    """

    result: Tensor
    coarse: Tensor
    attention: Tensor | None = None
    log_uncertainty: Tensor | None = None

    def stacked(self) -> Tensor:
        """Return result, coarse and log-uncertainty, if any, as channels of one [b, n, (f,) t]."""
        parts = (self.result, self.coarse, self.log_uncertainty)
        return torch.cat([part for part in parts if part is not None], dim=1)


class Translator(nn.Module):
    """A body, for signals or maps of any size: mirrored to a multiple inside, and cut again.

    Args:
        body: the network, which gives a `Translation` of inputs whose axes are multiples of
            2 ** depth.
        spec: what it takes and gives.
        depth: levels of the body.

    Attributes:
        notes: what its maker should be told.
    """

    def __init__(
        self, body: nn.Module, spec: TranslatorSpec, *, depth: int, notes: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.body, self.spec, self.depth, self.notes = body, spec, depth, notes

    def forward(self, x: Tensor) -> Translation:
        """Translate x [b, channels, (f,) t].

        Raises:
            InputError: x has other axes or is empty, or a map has other than ``spec.bins`` bins.
            ChannelError: x has other than ``spec.channels`` channels.
            NotFiniteError: a value is NaN or infinite.
        """
        check_translatable(x, self.spec)
        sizes = x.shape[2:]
        wide, before = mirrored(x, 2**self.depth, axes=self.spec.dims)
        made: Translation = self.body(wide)
        cut = [None if part is None else cropped(part, sizes, before) for part in made]
        return Translation(*cut)  # type: ignore[arg-type]  # the first two are there


class Exportable(nn.Module):
    """A translator that gives its parts stacked, its result and, if any, its log-uncertainty."""

    def __init__(self, translator: Translator) -> None:
        super().__init__()
        self.translator, self.spec = translator, translator.spec
        self.train(translator.training)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Translate x [b, channels, (f,) t]."""
        made: Translation = self.translator(x)
        last = () if made.log_uncertainty is None else (made.log_uncertainty,)
        return made.stacked(), made.result, *last


def room(depth: int, size: tuple[int, ...]) -> tuple[int, tuple[str, ...]]:
    """Return how many levels there is room for, and a note where they are fewer than `depth`.

    >>> room(8, (64, 400))
    (6, ('6 levels rather than 8: examples of 64 x 400 cannot be halved more often',))
    """
    levels = depth_for(depth, size)
    if levels == depth:
        return levels, ()
    shape = " x ".join(map(str, size)) if len(size) > 1 else f"{size[0]} samples"
    said = f"{levels} levels rather than {depth}: examples of {shape} cannot be halved more often"
    return levels, (said,)


def check_translatable(x: Tensor, spec: TranslatorSpec) -> None:
    """Check that x is a batch of finite signals or maps as `spec` wants them.

    Skipped while a network is compiled or exported, when there is nothing to look at.

    Raises:
        InputError, ChannelError, NotFiniteError: as `Translator.forward` tells.
    """
    if torch.compiler.is_compiling():
        return
    call, axes = f"a batch of shape {list(x.shape)}", "channel, time"
    if spec.dims == 2:
        axes = "channel, bin, time"
    if x.ndim != 2 + spec.dims or 0 in x.shape:
        raise InputError(f"{call} given; the translator takes [batch, {axes}], none of them empty")
    if x.shape[1] != spec.channels:
        raise ChannelError(
            f"{call} has {x.shape[1]} channels, the translator takes {spec.channels}; choose "
            f"channels or train one for {x.shape[1]}"
        )
    if spec.bins is not None and x.shape[2] != spec.bins:
        raise InputError(
            f"{call} has {x.shape[2]} bins, the translator was trained on {spec.bins}; give maps "
            f"of {spec.bins} bins or train one on these"
        )
    wrong = int((~torch.isfinite(x)).sum())
    if wrong:
        raise NotFiniteError(
            f"{wrong} of {x.numel()} values of {call} are NaN or infinite; repair the recording "
            "or cut that part out"
        )
