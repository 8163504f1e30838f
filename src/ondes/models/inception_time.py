"""InceptionTime detector on raw signals (thesis, sections 2.9, 4.5 and 4.7)."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.activation import PooledName
from ondes.nn.checks import check_input
from ondes.nn.field import Field, split_hop
from ondes.nn.inception import InceptionModule
from ondes.nn.init import expect_silence, kaiming_uniform
from ondes.spec import Spec

CARD = """\
InceptionTime works on the raw signal: modules of parallel convolutions of three lengths, each
followed by max-pooling, then one 1x1 convolution to the classes. The first module's kernels (63,
127, 255 samples) stand for the spectrogram that it does without. It finds short events that
seldom overlap; of many sounds at once it finds few. It was described for piano tones at 48 kHz
and for acoustic emission bursts at 1.5625 MHz (thesis, tables 4.1 and 4.3)."""

MODULES = {"small": 1, "middle": 2, "big": 3}


@dataclass(frozen=True)
class Config:
    """Options of the detector.

    Attributes:
        size: small has 1 module, middle 2, big 3.
        hop: samples per output frame, the total reduction; 512 at 48 kHz (256 at 24 kHz) is the
            tones' grid of 10.7 ms, 16 the bursts'.
        pools: the max-pooling after each module; its product is `hop`. Empty: as equal as they
            come, the smaller ones first (512 = 8*8*8, 256 = 4*8*8, 16 = 2*2*4 - the split that
            the thesis gives for bursts; for tones it gives none). Then no module sees the signal
            much more coarsely than its neighbours, and the modules of a net for half the rate
            see the same time scales.
        activation: "mish" or "selu".
        filters: channels of each branch of a module.
        first: kernel lengths of the first module, in samples.
        later: kernel lengths of the following ones, in samples of their input.
    """

    size: Literal["small", "middle", "big"] = "small"
    hop: int = 512
    pools: tuple[int, ...] = ()
    activation: PooledName = "mish"
    filters: int = 32
    first: tuple[int, ...] = (63, 127, 255)
    later: tuple[int, ...] = (11, 21, 41)

    def __post_init__(self) -> None:
        if self.size not in MODULES:
            raise RecipeError(f"size={self.size!r}: choose one of {', '.join(MODULES)}")
        if self.hop < 1 or self.filters < 1:
            raise RecipeError(f"hop={self.hop}, filters={self.filters}: both must be at least 1")
        self._check_pools()

    def _check_pools(self) -> None:
        wanted = MODULES[self.size]
        if self.pools and (len(self.pools) != wanted or prod(self.pools) != self.hop):
            raise RecipeError(
                f"pools={self.pools} with size={self.size!r} and hop={self.hop}: give {wanted} "
                f"numbers whose product is {self.hop}, such as {split_hop(self.hop, parts=wanted)}"
            )

    def pooling(self) -> tuple[int, ...]:
        """Return the max-pooling after each module."""
        return self.pools or split_hop(self.hop, parts=MODULES[self.size])


class Module(nn.Module):
    """The network: [b, channels, t] -> logits [b, 1, classes, t // hop]."""

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        blocks = _blocks(config, channels)
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Conv1d(blocks[-1].outputs, len(classes), 1)
        kaiming_uniform(self)
        expect_silence(self.head)
        field = Field()
        for block in blocks:
            field = block.field(field)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
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
        logits: Tensor = self.head(self.blocks(x))
        return logits.unsqueeze(1)


def _blocks(config: Config, channels: int) -> list[InceptionModule]:
    blocks: list[InceptionModule] = []
    for pool in config.pooling():
        blocks.append(
            InceptionModule(
                blocks[-1].outputs if blocks else channels,
                filters=config.filters,
                kernels=config.later if blocks else config.first,
                activation_name=config.activation,
                pool=pool,
            )
        )
    return blocks
