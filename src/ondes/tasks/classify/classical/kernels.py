"""Proportions of positive values after convolution by 84 fixed kernels at many dilations.

A. Dempster, D. F. Schmidt and G. I. Webb, "MiniRocket: a very fast (almost) deterministic transform
for time series classification", KDD 2021: kernels of nine weights, three of them 2 and the others
-1, at dilations spaced exponentially over the length of a clip; biases are quantiles of what the
kernel makes of a clip from training; of several channels each kernel and dilation hears the sum of
a few. Every other kernel is followed over the whole clip with silence around it, the rest where it
lies within the clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

TAPS = 9
KERNELS = np.full((84, TAPS), -1, np.float32)
for _row, _places in zip(KERNELS, combinations(range(TAPS), 3), strict=True):
    _row[list(_places)] = 2

MOST_DILATIONS = 32
MOST_CHANNELS = 9
PIECE = 512  # samples looked at together: they stay in the cache, and counts fit 16 bits
GOLDEN = (5**0.5 + 1) / 2


@dataclass(frozen=True)
class Layer:
    """What is done at one dilation.

    channels float32 [84, channel]: 1 where a kernel hears the channel, else 0.
    biases float32 [84, feature]: what its output is compared with.
    inside: 0 if kernels of even number stay within the clip, 1 if those of odd number do.
    """

    dilation: int
    channels: Samples
    biases: Samples
    inside: int

    def __call__(self, x: Samples) -> Samples:
        """Return the share of outputs above each bias, [84 * feature], of x [channel, time]."""
        t = x.shape[-1]
        counts = np.zeros(self.biases.shape, np.int64)
        margin = self.margin(t)
        for start in range(0, t, PIECE):
            stop = min(start + PIECE, t)
            y = convolved(x, self.dilation, self.channels, start, stop)
            whole, part = slice(1 - self.inside, None, 2), slice(self.inside, None, 2)
            counts[whole] += _above(y[whole], self.biases[whole])
            within = y[part, max(margin - start, 0) : max(t - margin - start, 0)]
            counts[part] += _above(within, self.biases[part])
        out = np.full((len(KERNELS), 1), t)
        out[self.inside :: 2] -= 2 * margin
        return np.asarray(counts / out, np.float32).ravel()

    def margin(self, t: int) -> int:
        """Return how much of either end is left out by kernels that stay within `t` samples.

        Nothing is where nothing would be left.
        """
        reach = TAPS // 2 * self.dilation
        return reach if t > 2 * reach else 0


def layers(
    clips: Sequence[Samples], *, features: int, rng: np.random.Generator
) -> tuple[Layer, ...]:
    """Return layers for clips [channel, time], of `features` features, rounded to whole 84s."""
    made: list[Layer] = []
    first = 0
    n_channels = len(clips[0])
    longest = max(clip.shape[-1] for clip in clips)
    for i, (dilation, n) in enumerate(_spread(longest, max(1, features // len(KERNELS)))):
        channels = _heard(n_channels, rng)
        number = np.arange(first + 1, first + 1 + len(KERNELS) * n).reshape(-1, n)
        chosen = rng.integers(len(clips), size=len(KERNELS))
        biases = np.zeros(number.shape, np.float32)
        for kernel, clip in enumerate(chosen):
            only = slice(kernel, kernel + 1)
            x = clips[clip]
            y = convolved(x, dilation, channels, 0, x.shape[-1], kernels=only)
            biases[kernel] = np.quantile(y, number[kernel] * GOLDEN % 1)
        made.append(Layer(dilation, channels, biases, inside=(i + 1) % 2))
        first += number.size
    return tuple(made)


def convolved(
    x: Samples,
    dilation: int,
    channels: Samples,
    start: int,
    stop: int,
    *,
    kernels: slice = slice(None),
) -> Samples:
    """Return the kernels' outputs [kernel, stop - start], with silence around x [channel, time]."""
    reach = TAPS // 2 * dilation
    first, last = max(start - reach, 0), min(stop + reach, x.shape[-1])
    padded = np.zeros((len(x), stop - start + 2 * reach), np.float32)
    padded[:, first - start + reach : last - start + reach] = x[:, first:last]
    moved = [padded[:, k * dilation : k * dilation + stop - start] for k in range(TAPS)]
    weights = KERNELS[kernels, :, None] * channels[kernels, None, :]
    y: Samples = weights.reshape(len(weights), -1) @ np.concatenate(moved)
    return y


def _above(y: Samples, biases: Samples) -> NDArray[np.int64]:
    """How many values of each row [row, time] lie above each of its biases [row, feature]."""
    counts = np.empty(biases.shape, np.int64)
    for k, bias in enumerate(biases.T):
        above = (y > bias[:, None]).view(np.uint8)
        counts[:, k] = np.add.reduce(above, axis=1, dtype=np.uint16)
    return counts


def _spread(longest: int, per_kernel: int) -> Iterator[tuple[int, int]]:
    """Yield dilations for clips of up to `longest` samples, and each one's features per kernel."""
    slots = min(per_kernel, MOST_DILATIONS)
    largest = np.log2(max((longest - 1) / (TAPS - 1), 1))
    dilations, counts = np.unique(
        np.exp2(np.linspace(0, largest, slots)).astype(int), return_counts=True
    )
    features = counts * per_kernel // slots
    for k in range(per_kernel - features.sum()):
        features[k % len(features)] += 1
    yield from zip(dilations.tolist(), features.tolist(), strict=True)


def _heard(n_channels: int, rng: np.random.Generator) -> Samples:
    """Draw which channels each kernel hears: one to nine, few more often than many."""
    heard = np.zeros((len(KERNELS), n_channels), np.float32)
    most = np.log2(min(n_channels, MOST_CHANNELS) + 1)
    for row in heard:
        n = int(2 ** rng.uniform(0, most))
        row[rng.choice(n_channels, n, replace=False)] = 1
    return heard
