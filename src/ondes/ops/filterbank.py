"""Filterbank with constant bandwidth in octaves, as a matrix over the bins of a DFT."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ondes.errors import InputError


def centres(n_bins: int, *, fmin: float, bins_per_octave: float) -> NDArray[np.float64]:
    """Centre frequencies in hertz: `fmin` * 2^(k / bins_per_octave).

    >>> centres(3, fmin=440.0, bins_per_octave=1)
    array([ 440.,  880., 1760.])
    """
    return fmin * 2.0 ** (np.arange(n_bins) / bins_per_octave)


def log_frequency(
    n_bins: int,
    *,
    fmin: float,
    bins_per_octave: float,
    n_fft: int,
    rate_hz: float,
    shape: Literal["triangular", "gaussian"] = "triangular",
) -> Tensor:
    """Matrix `[n_bins, n_fft // 2 + 1]`, every row a weighted mean (weights >= 0, sum 1).

    Row k is centred on `fmin` * 2^(k / bins_per_octave). A triangle reaches the centres of its
    neighbours; a Gaussian has half of its height half-way to them. Where neighbours are closer
    than the bins of the DFT, a row is as wide as one bin, so it interpolates and none is empty.
    Apply it to a power spectrum `[..., frame, bin]` by `power @ filters.T`. Raises InputError if a
    centre lies outside (0, Nyquist].

    >>> log_frequency(85, fmin=27.5, bins_per_octave=12, n_fft=4096, rate_hz=24000).shape
    torch.Size([85, 2049])
    """
    peaks = centres(n_bins, fmin=fmin, bins_per_octave=bins_per_octave)
    if fmin <= 0 or bins_per_octave <= 0 or peaks[-1] > rate_hz / 2:
        raise InputError(
            f"log_frequency({n_bins}, fmin={fmin}, bins_per_octave={bins_per_octave}, "
            f"rate_hz={rate_hz}): centres run from {peaks[0]:g} to {peaks[-1]:g} Hz but must lie "
            f"above 0 and up to {rate_hz / 2:g} Hz; take fewer bins or a lower fmin"
        )
    distance = _distance(peaks, bins_per_octave=bins_per_octave, n_fft=n_fft, rate_hz=rate_hz)
    rows = np.maximum(1 - distance, 0) if shape == "triangular" else 0.0625 ** (distance**2)
    return torch.from_numpy((rows / rows.sum(1, keepdims=True)).astype(np.float32))


def _distance(
    peaks: NDArray[np.float64], *, bins_per_octave: float, n_fft: int, rate_hz: float
) -> NDArray[np.float64]:
    """How far each bin is from each peak, 1 being the next peak or the next bin."""
    bin_hz = rate_hz / n_fft
    bins = np.arange(n_fft // 2 + 1) * bin_hz
    with np.errstate(divide="ignore"):
        octaves = np.abs(np.log2(bins / peaks[:, None])) * bins_per_octave
    hertz = np.abs(bins - peaks[:, None]) / bin_hz
    narrow = peaks * (1 - 2 ** (-1 / bins_per_octave)) < bin_hz
    return np.where(narrow[:, None], hertz, octaves)
