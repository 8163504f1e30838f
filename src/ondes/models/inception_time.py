"""InceptionTime: the thesis's detector and the published classifier.

The detector (thesis, sections 2.9, 4.5 and 4.7) is `Module`; the classifier (Fawaz et al. 2020,
"InceptionTime: Finding AlexNet for time series classification") is `encoder` and the usual head.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.activation import PooledName
from ondes.nn.checks import check_input
from ondes.nn.encoder import Encoder
from ondes.nn.field import Field, split_hop
from ondes.nn.front import Config as FrontConfig
from ondes.nn.heads import Head, mean_head
from ondes.nn.inception import InceptionModule
from ondes.nn.inception_stage import InceptionStage
from ondes.nn.init import expect_silence, kaiming_uniform
from ondes.spec import Spec

CARD = """\
InceptionTime is made of modules of parallel convolutions of three lengths. To classify clips
(Fawaz et al. 2020) it has six of them with shortcuts around three and three, then the mean over the
clip: a sound choice for clips of any kind, best as an ensemble of five. To detect events it works
on the raw signal, each module followed by max-pooling, then one 1x1 convolution to the classes. The
first module's kernels (63, 127, 255 samples) stand for the spectrogram that it does without. It
finds short events that seldom overlap; of many sounds at once it finds few. It was described for
piano tones at 48 kHz and for acoustic emission bursts at 1.5625 MHz (thesis, tables 4.1 and
4.3)."""

MODULES = {"small": 1, "middle": 2, "big": 3}


THREE = 3  # modules that a shortcut goes around
DETECTOR = ("size", "hop", "pools", "activation", "first", "later")
CLASSIFIER = ("dims", "front", "depth", "kernels", "residual", "dropout")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Options of the detector, of the classifier, and of both.

    Attributes:
        filters: channels of each branch of a module, and of its bottleneck.
        size: of the detector: small has 1 module, middle 2, big 3.
        hop: of the detector: samples per output frame, the total reduction; 512 at 48 kHz (256 at
            24 kHz) is the tones' grid of 10.7 ms, 16 the bursts'.
        pools: of the detector: the max-pooling after each module; its product is `hop`. Empty: as
            equal as they come, the smaller ones first (512 = 8*8*8, 256 = 4*8*8, 16 = 2*2*4 - the
            split that the thesis gives for bursts; for tones it gives none). Then no module sees
            the signal much more coarsely than its neighbours, and the modules of a net for half
            the rate see the same time scales.
        activation: of the detector: "mish" or "selu".
        first: of the detector: kernel lengths of the first module, in samples.
        later: of the detector: kernel lengths of the following ones, in samples of their input.
        dims: of the classifier: 1 for signals, 2 for images of them, such as spectrograms.
        front: of the classifier: what it is given of a signal.
        depth: of the classifier: so many modules.
        kernels: of the classifier: kernel lengths of each module, in samples.
        residual: of the classifier: shortcuts around three modules each.
        dropout: of the classifier: before the last layer; the paper has none.
    """

    filters: int = 32
    size: Literal["small", "middle", "big"] = "small"
    hop: int = 512
    pools: tuple[int, ...] = ()
    activation: PooledName = "mish"
    first: tuple[int, ...] = (63, 127, 255)
    later: tuple[int, ...] = (11, 21, 41)
    dims: Literal[1, 2] = 1
    front: FrontConfig = field(default_factory=FrontConfig)
    depth: int = 6
    kernels: tuple[int, ...] = (39, 19, 9)
    residual: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.size not in MODULES:
            raise RecipeError(f"size={self.size!r}: choose one of {', '.join(MODULES)}")
        if self.hop < 1 or self.filters < 1:
            raise RecipeError(f"hop={self.hop}, filters={self.filters}: both must be at least 1")
        if self.depth < 1 or not self.kernels or min(self.kernels) < 1:
            raise RecipeError(
                f"depth={self.depth}, kernels={self.kernels}: give at least one module and one "
                "kernel, of one sample or more"
            )
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


def encoder(config: Config, *, channels: int, context: int | None = None) -> Encoder:  # noqa: ARG001
    """Return the classifier's modules, a level for every three; there is no gate for `context`.

    Raises:
        RecipeError: options are given that the detector alone has.
    """
    _refuse(config, DETECTOR, "the detector's alone; a classifier has", CLASSIFIER)
    stages: list[InceptionStage] = []
    for before in range(0, config.depth, THREE):
        modules = min(THREE, config.depth - before)
        stages.append(
            InceptionStage(
                config.dims,
                stages[-1].outputs if stages else channels,
                modules=modules,
                filters=config.filters,
                kernels=config.kernels,
                residual=config.residual and modules == THREE,
            )
        )
    return Encoder(*stages, outputs=stages[-1].outputs)


def head(config: Config, *, encoder: Encoder, outputs: int) -> Head:
    """Return a mean over the clip and a dense layer."""
    return Head(mean_head(encoder.outputs, outputs, dropout=config.dropout))


def _refuse(config: Config, names: Sequence[str], whose: str, others: Sequence[str]) -> None:
    plain = Config()
    for name in names:
        if (value := getattr(config, name)) != getattr(plain, name):
            raise RecipeError(f"{name}={value!r} is {whose} {', '.join(('filters', *others))}")


class Module(nn.Module):
    """The detector: [b, channels, t] -> logits [b, 1, classes, t // hop]."""

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        _refuse(config, CLASSIFIER, "the classifier's alone; a detector has", DETECTOR)
        self.config = config
        blocks = _blocks(config, channels)
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Conv1d(blocks[-1].outputs, len(classes), 1)
        kaiming_uniform(self)
        expect_silence(self.head)
        seen = Field()
        for block in blocks:
            seen = block.field(seen)
        self.spec = Spec(
            rate_hz=rate_hz,
            channels=channels,
            classes=classes,
            hop=seen.hop,
            look_back=seen.back,
            look_ahead=seen.ahead,
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
