"""Range-Doppler maps of radar frames.

A frame is the profile over range, in bins, that follows one pulse; frames follow each other at the
frame rate. A scatterer that comes nearer at v shifts the carrier by 2 v / wavelength, so that the
spectrum of each bin over the frames tells how fast what lies in it moves (Richards, Fundamentals
of Radar Signal Processing, 2014, chapter 3).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError, InputError, TooShortError

LIGHT_MPS = 299_792_458.0

Complex = NDArray[np.complex64]
Float = NDArray[np.float32]
Still = Literal["mean", "keep"]


def parts(frames: Complex) -> Float:
    """Complex frames [bin, frame] as channels [2 bin, frame]: real parts first, then imaginary."""
    return np.concatenate([frames.real, frames.imag]).astype(np.float32, copy=False)


def joined(x: Float) -> Complex:
    """What `parts` took apart; ChannelError for an odd number of channels.

    >>> joined(np.array([[1.0], [2.0]], np.float32))
    array([[1.+2.j]], dtype=complex64)
    """
    if x.shape[0] % 2:
        raise ChannelError(
            f"{x.shape[0]} channels are no complex range bins: give the real parts of all bins, "
            "then the imaginary ones"
        )
    bins = x.shape[0] // 2
    return (x[:bins] + 1j * x[bins:]).astype(np.complex64)


def range_doppler(frames: Complex | Float, *, still: Still = "mean") -> Float:
    """Power [..., bin, Doppler] of frames [..., bin, frame], complex or real.

    As many Doppler bins as frames, from minus half the frame rate up, 0 at bin n // 2; what comes
    nearer lies above it. Real frames cannot tell coming from going: their map is symmetric. `still`
    "mean" takes each bin's mean over the frames away, and with it what does not move. A periodic
    Hann window over the frames. Raises TooShortError below two frames.
    """
    n = frames.shape[-1]
    if n < 2:
        raise TooShortError(f"range_doppler of {n} frame: two or more tell how fast things move")
    moving = frames - frames.mean(axis=-1, keepdims=True) if still == "mean" else frames
    window = np.hanning(n + 1)[:-1].astype(np.float32)
    spectrum = np.fft.fftshift(np.fft.fft(moving * window, axis=-1), axes=-1)
    power: Float = np.square(np.abs(spectrum)).astype(np.float32) / np.float32((window**2).sum())
    return power


def velocities(n: int, *, rate_hz: float, carrier_hz: float) -> NDArray[np.float64]:
    """Speeds in m/s of the Doppler bins of `range_doppler`, above zero coming nearer.

    >>> velocities(4, rate_hz=200.0, carrier_hz=7.29e9).round(2)
    array([-2.06, -1.03,  0.  ,  1.03])
    """
    shifts = np.fft.fftshift(np.fft.fftfreq(n, 1 / rate_hz))
    return shifts * (LIGHT_MPS / carrier_hz / 2)


def pooled(power: Float, shape: tuple[int, int]) -> Float:
    """Means over tiles: power [..., bin, Doppler] brought down to [..., *shape].

    Tiles differ by one cell where a size is no multiple. Raises InputError where there are fewer
    cells than tiles.

    >>> pooled(np.array([[1.0, 3.0], [5.0, 7.0]], np.float32), (1, 2))
    array([[3., 5.]], dtype=float32)
    """
    for axis, tiles in zip((-2, -1), shape, strict=True):
        cells = power.shape[axis]
        if not 1 <= tiles <= cells:
            raise InputError(f"pooled({cells} cells, {tiles} tiles): give 1 to {cells} tiles")
        edges = np.linspace(0, cells, tiles + 1).round().astype(int)
        sizes = np.diff(edges).astype(np.float32)
        sums = np.add.reduceat(power, edges[:-1], axis=axis)
        power = (sums / (sizes[:, None] if axis == -2 else sizes)).astype(np.float32)
    return power


def decibels(power: Float, *, span_db: tuple[float, float] = (-10.0, 50.0)) -> Float:
    """Levels over the map's own median, which is that of its noise, kept within `span_db`.

    >>> decibels(np.array([[1.0, 1.0, 100.0]], np.float32)).round(2)
    array([[ 0.,  0., 20.]], dtype=float32)
    """
    floor = np.median(power, axis=(-2, -1), keepdims=True)
    least = np.finfo(np.float32).tiny
    levels = 10 * np.log10(np.maximum(power, least) / np.maximum(floor, least))
    return np.asarray(np.clip(levels, *span_db), np.float32)
