"""Spec2Map: a spectrogram becomes a map (thesis, section 4.6, figures 4.5 and 4.6)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.activation import ActivationName, activation
from ondes.nn.checks import check_input
from ondes.nn.conv import SameConv1d
from ondes.nn.field import Field
from ondes.nn.init import expect_silence, kaiming_uniform
from ondes.ops.spectral import hann, magnitude
from ondes.spec import Spec

CARD = """\
Spec2Map takes the magnitude of the short-time Fourier transform, cleans it with a few 5x5
convolutions over frequency and time, then reads frequency as channels and narrows these to the
classes with convolutions over time. It was described for piano tones (thesis, table 4.2), many of
them at once; events much shorter than its window of 1024 samples it does not find (table 4.3)."""

KERNEL = 5
PLANES = {"small": (8, 1), "big": (8, 8, 8, 1)}
WIDTHS = {"small": (512, 256), "big": (512, 256, 128)}


@dataclass(frozen=True)
class Config:
    """Options of the detector.

    Attributes:
        size: "big" has four convolutions in two dimensions and four in one; "small" has two of
            the first kind and one of the second less.
        n_fft: samples in the window of the transform, which has n_fft // 2 + 1 frequencies.
        hop: samples between windows, and per output frame; 256 for tones, 16 for bursts.
        activation: after each convolution but the last; "mish" or "selu" in the thesis, and any
            other of `ondes.nn.activation`.
    """

    size: Literal["small", "big"] = "small"
    n_fft: int = 1024
    hop: int = 256
    activation: ActivationName = "mish"

    def __post_init__(self) -> None:
        if self.size not in PLANES:
            raise RecipeError(f"size={self.size!r}: choose one of {', '.join(PLANES)}")
        if not 1 <= self.hop < self.n_fft or (self.n_fft - self.hop) % 2:
            raise RecipeError(
                f"n_fft={self.n_fft}, hop={self.hop}: a window is longer than a hop, and both are "
                f"even or both odd, so that windows can be centred on frames"
            )


class Module(nn.Module):
    """The network: [b, channels, t] -> logits [b, 1, classes, t // hop].

    The window of frame k is centred on the frame's own samples [k*hop, (k+1)*hop).
    """

    window: Tensor

    def __init__(
        self, config: Config, *, rate_hz: float, channels: int, classes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.config = config
        planes = (channels, *PLANES[config.size])
        widths = (config.n_fft // 2 + 1, *WIDTHS[config.size], len(classes))
        self.register_buffer("window", hann(config.n_fft), persistent=False)
        self.planes = nn.ModuleList(
            nn.Conv2d(i, o, KERNEL, padding=KERNEL // 2) for i, o in pairwise(planes)
        )
        self.lines = nn.ModuleList(SameConv1d(i, o, KERNEL) for i, o in pairwise(widths))
        self.activation = activation(config.activation)
        kaiming_uniform(self)
        expect_silence(self.lines[-1])
        field = _field(config, convolutions=len(self.planes) + len(self.lines))
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
        y = self.magnitude(x)
        for conv in self.planes:
            y = self.activation(conv(y))
        y = y.squeeze(1)
        for conv in self.lines[:-1]:
            y = self.activation(conv(y))
        logits: Tensor = self.lines[-1](y)
        return logits.unsqueeze(1)

    def magnitude(self, x: Tensor) -> Tensor:
        """Return |STFT| of x [b, c, t]: [b, c, n_fft // 2 + 1, t // hop]; zeros surround x."""
        n_fft, hop = self.config.n_fft, self.config.hop
        margin = (n_fft - hop) // 2
        return magnitude(F.pad(x, (margin, margin)), n_fft=n_fft, hop=hop, window=self.window)


def _field(config: Config, *, convolutions: int) -> Field:
    """Return what a frame sees; a periodic Hann window is zero at its first sample."""
    margin = (config.n_fft - config.hop) // 2
    field = Field().layer(before=margin - 1, after=margin, stride=config.hop)
    for _ in range(convolutions):
        field = field.same(KERNEL)
    return field
