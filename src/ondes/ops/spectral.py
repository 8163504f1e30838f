"""Short-time spectra: frames, power, magnitude, mel, decibels (Kovanda 2022, section 1.10).

Everything is made of torch operations that export to ONNX with a free length
(`torch.onnx.export(dynamo=True)`, opset 20): framing by slices, the transform by the DFT operator.
In graphs for ONNX Runtime let n_fft be a power of two; its transform of other lengths is good to
three digits only.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from ondes.errors import InputError, TooShortError


def hann(n: int, *, symmetric: bool = False) -> Tensor:
    """Hann window of `n` samples, periodic as in torch.stft, or symmetric (thesis eq. 1.42).

    >>> hann(4), hann(3, symmetric=True)
    (tensor([0.0000, 0.5000, 1.0000, 0.5000]), tensor([0., 1., 0.]))
    """
    return torch.hann_window(n, periodic=not symmetric)


def frames(x: Tensor, *, n_fft: int, hop: int, centred: bool = False) -> Tensor:
    """Cut `[..., t]` into overlapping frames `[..., frame, n_fft]`.

    Frame k holds the samples from k * hop on; `centred` puts sample k * hop in its middle, with
    silence around the signal (`Timebase(rate_hz, hop, start=-hop // 2)`). Samples behind the last
    whole frame are left out. Raises TooShortError if there is no whole frame.

    >>> frames(torch.arange(6), n_fft=4, hop=2)
    tensor([[0, 1, 2, 3],
            [2, 3, 4, 5]])
    """
    if n_fft < 1 or hop < 1:
        raise InputError(f"frames(n_fft={n_fft}, hop={hop}): both must be at least 1")
    if centred:
        x = pad(x, (n_fft // 2, n_fft // 2))
    if not torch.compiler.is_compiling() and x.shape[-1] < n_fft:
        raise TooShortError(
            f"frames(n_fft={n_fft}) of {x.shape[-1]} samples: give at least {n_fft} samples or a "
            "smaller n_fft"
        )
    n_frames = (x.shape[-1] - n_fft) // hop + 1
    parts = -(-n_fft // hop)
    x = pad(x, (0, parts * hop - n_fft))[..., : (n_frames + parts - 1) * hop]
    hops = x.reshape(*x.shape[:-1], -1, hop)
    return torch.cat([hops[..., i : i + n_frames, :] for i in range(parts)], -1)[..., :n_fft]


def power_spectrum(windowed: Tensor) -> Tensor:
    """Squared modulus of the DFT: windowed frames `[..., n_fft]` to `[..., n_fft // 2 + 1]`.

    >>> power_spectrum(torch.tensor([1.0, 0.0, -1.0, 0.0]))
    tensor([0., 4., 0.])
    """
    return torch.view_as_real(torch.fft.rfft(windowed)).square().sum(-1)


def power(
    x: Tensor, *, n_fft: int, hop: int, window: Tensor | None = None, centred: bool = False
) -> Tensor:
    """Spectrogram |STFT|^2 (thesis eq. 1.43), `[..., t]` to `[..., bin, frame]`.

    The window (default: periodic Hann) has `n_fft` samples. With `centred` the frames are those of
    `torch.stft(center=True, pad_mode="constant")`, without those of `center=False`.
    """
    cut = frames(x, n_fft=n_fft, hop=hop, centred=centred)
    return power_spectrum(cut * _window(window, n_fft, x)).transpose(-1, -2)


def magnitude(
    x: Tensor, *, n_fft: int, hop: int, window: Tensor | None = None, centred: bool = False
) -> Tensor:
    """|STFT|, `[..., t]` to `[..., bin, frame]`, as `power`; its gradient is 0 in silence."""
    cut = frames(x, n_fft=n_fft, hop=hop, centred=centred)
    spectrum: Tensor = torch.fft.rfft(cut * _window(window, n_fft, x))
    return spectrum.abs().transpose(-1, -2)


def _window(window: Tensor | None, n_fft: int, x: Tensor) -> Tensor:
    window = hann(n_fft) if window is None else window
    if window.shape != (n_fft,):
        raise InputError(f"a window of shape {tuple(window.shape)} does not fit n_fft={n_fft}")
    return window.to(x)


def decibels(power: Tensor, *, floor: float = 1e-10) -> Tensor:
    """10 log10 of a power, not below 10 log10(floor).

    The thesis's eq. 1.45 read with S the amplitude is twice this; no maximum over the clip enters,
    so that the result does not depend on what comes later.

    >>> decibels(torch.tensor([100.0, 0.0]))
    tensor([  20., -100.])
    """
    return 10 * power.clamp(min=floor).log10()


def mel(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequency in mel, 1127 ln(1 + f / 700) (thesis eq. 1.44, HTK)."""
    return 1127 * np.log1p(np.asarray(frequency_hz) / 700)


def mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of `mel`. (The thesis's eq. 1.44 lacks the -1.)"""
    return 700 * np.expm1(np.asarray(mels) / 1127)


def mel_filters(
    n_bands: int,
    *,
    n_fft: int,
    rate_hz: float,
    fmin: float = 0.0,
    fmax: float | None = None,
    rounded: bool = False,
    norm: Literal["peak", "area"] = "peak",
) -> Tensor:
    """Matrix `[band, n_fft // 2 + 1]` of triangles spaced evenly in mel.

    Apply it to a spectrogram by `filters @ power(...)` (thesis eq. 1.50). The corners lie between
    `fmin` and `fmax` (default: the Nyquist frequency) by eq. 1.46-1.47. `rounded` moves them down
    to bins as eq. 1.48-1.49 do, where a triangle that shrinks to nothing keeps its one bin;
    without it they stay where they are (HTK). Peaks are 1, or every triangle has area 1 over
    hertz ("area", Slaney). Raises InputError if `fmin` and `fmax` do not lie in order between 0
    and the Nyquist frequency, or if a band holds no bin.

    >>> mel_filters(2, n_fft=8, rate_hz=8000).shape
    torch.Size([2, 5])
    """
    top = rate_hz / 2 if fmax is None else fmax
    call = f"mel_filters({n_bands}, n_fft={n_fft}, rate_hz={rate_hz}, fmin={fmin}, fmax={fmax})"
    if not 0 <= fmin < top <= rate_hz / 2:
        raise InputError(f"{call}: give 0 <= fmin < fmax <= {rate_hz / 2} Hz")
    corners = mel_to_hz(np.linspace(mel(np.array(fmin)), mel(np.array(top)), n_bands + 2))
    places = np.floor((n_fft + 1) * corners / rate_hz) if rounded else corners * n_fft / rate_hz
    filters = _triangles(places, n_fft // 2 + 1)
    empty = np.flatnonzero(filters.max(1) == 0)
    if empty.size:
        raise InputError(f"{call}: band {empty[0]} holds no bin; take fewer bands or more n_fft")
    if norm == "area":
        filters *= (2 / (corners[2:] - corners[:-2]))[:, None]
    return torch.from_numpy(filters.astype(np.float32))


def _triangles(corners: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """Triangle m rises from corner m to m + 1 and falls to m + 2, in bins."""
    low, peak, high = (corners[i : len(corners) - 2 + i, None] for i in range(3))
    bins = np.arange(n_bins)
    return np.minimum(_ramp(bins - low, peak - low), _ramp(high - bins, high - peak))


def _ramp(distance: NDArray[np.float64], length: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rise from 0 to 1 over `length`, a step where that is 0."""
    step = np.where(distance >= 0, 1.0, 0.0)
    slope = distance / np.where(length > 0, length, 1)
    return np.where(length > 0, np.clip(slope, 0, 1), step)
