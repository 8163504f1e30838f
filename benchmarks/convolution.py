"""Convolution: every kernel by shape, and the thesis's InceptionTime at 1.5625 MHz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._page import table
from benchmarks._stopwatch import Call, Times, in_turns
from ondes import models
from ondes.nn.inception import InceptionModule
from ondes.ops.convolution import choice
from ondes.ops.convolution.job import Job
from ondes.ops.convolve import convolve, fixed

RATE_HZ = 1_562_500
KERNELS = ("direct", "blocked", "fft", "banded", "split", "half")
SHAPES = (  # channels, outputs, groups, taps
    (1, 32, 1, 63),
    (1, 32, 1, 255),
    (32, 32, 1, 41),
    (32, 32, 1, 255),
    (16, 16, 16, 255),
)
SIZES = ("small", "middle", "big")
ABOUT = """
## Convolution

One signal of {samples} samples in single precision, processor time on one thread, medians of
{rounds} round(s) in turns. Ratios say how many times as fast as torch's `conv1d` a kernel is,
without gradients and, after the stroke, forward and backward; the error is the largest, of the
largest output. `auto` is what the probe chose, named after it. `half` (bfloat16 alone) is never
chosen unless bfloat16 is asked for.

{kernels}

### InceptionTime at 1.5625 MHz

The thesis's networks with a hop of 16, in evaluation, weights random, norms as after some batches.
Plain are torch's own layers, one after the other, on the same block; ours is the same network as
`ondes` runs it. The real-time factor is seconds of one core for a second of one channel; the error
is the largest, of the largest logit.

{networks}
""".strip()


def report(*, samples: int = 65536, rounds: int = 7) -> str:
    """Time all on one block of so many samples."""
    names = ("auto", *KERNELS)
    head = ("channels, taps", *names, "chosen", "error")
    rows = [shape_row(shape, names, samples=samples, rounds=rounds) for shape in SHAPES]
    kernels = table(head, rows)
    head = ("network", "plain, RTF", "ours, RTF", "times as fast", "bfloat16, RTF", "error")
    networks = table(head, (network_row(size, samples=samples, rounds=rounds) for size in SIZES))
    return ABOUT.format(samples=samples, rounds=rounds, kernels=kernels, networks=networks)


def shape_row(
    shape: tuple[int, int, int, int], names: Sequence[str], *, samples: int, rounds: int
) -> list[str]:
    """A line of the table of kernels."""
    channels, outputs, groups, taps = shape
    x, weight = noise(1, channels, samples), noise(outputs, channels // groups, taps) / taps**0.5
    forward = in_turns({n: by(n, x, weight, back=False) for n in names}, rounds=rounds)
    back = in_turns({n: by(n, x, weight, back=True) for n in names}, rounds=max(1, rounds // 2))
    chosen = choice.chosen(Job.of(x, [weight], rounded=False)).name
    inside = f"{channels} to {outputs}" + (f" in {groups} groups" if groups > 1 else "")
    gains = [f"{gain(forward, name):.1f} / {gain(back, name):.1f}" for name in names]
    return [f"{inside}, {taps}", *gains, chosen, f"{error(x, weight):.0e}"]


def by(name: str, x: Tensor, weight: Tensor, *, back: bool) -> Call:
    """What convolves with one kernel, and back again with gradients of signal and weights."""
    leaves = [tensor.clone().requires_grad_(back) for tensor in (x, weight)]

    def call() -> object:
        with fixed(name), torch.set_grad_enabled(back):
            y = convolve(leaves[0], leaves[1])
            return torch.autograd.grad(y, leaves, torch.ones_like(y)) if back else y

    return call


def gain(times: Times, name: str) -> float:
    """How many times as fast as torch's own."""
    return times.ratio("direct", to=name)


def error(x: Tensor, weight: Tensor) -> float:
    """The error of what the probe chose, of the largest output."""
    groups, padding = x.shape[1] // weight.shape[1], weight.shape[-1] // 2
    exact = F.conv1d(x.double(), weight.double(), padding=padding, groups=groups)
    return float((convolve(x, weight) - exact).abs().max() / exact.abs().max())


@torch.no_grad()
def network_row(size: str, *, samples: int, rounds: int) -> list[str]:
    """A line of the table of networks."""
    network, x = inception_time(size), noise(1, 1, samples)
    calls = {
        "plain": partial(plain, network, x),
        "ours": partial(network, x),
        "bfloat16": partial(half, network, x),
    }
    times = in_turns(calls, rounds=rounds)
    plain_s, ours_s, half_s = (times.median(name) * RATE_HZ / samples for name in calls)
    wrong = (network(x) - plain(network, x)).abs().max() / plain(network, x).abs().max()
    ratio = times.ratio("plain", to="ours")
    row = (f"{plain_s:.3f}", f"{ours_s:.3f}", f"{ratio:.1f}", f"{half_s:.3f}", f"{wrong:.0e}")
    return [f"InceptionTime, {size}", *row]


def inception_time(size: str) -> nn.Module:
    """The network with random weights, its norms moved by some batches."""
    options = {"size": size, "hop": 16}
    network = models.build(
        "inception_time", options, rate_hz=RATE_HZ, channels=1, classes=("fracture", "delamination")
    )
    for _ in range(3):
        network.train()(noise(1, 1, 8192))
    return network.eval()


def plain(network: nn.Module, x: Tensor) -> Tensor:
    """The network by torch's own layers."""
    for module in modules(network):
        narrow = module.bottleneck(x)
        branches = [F.conv1d(narrow, w, padding=w.shape[-1] // 2) for w in weights(module)]
        branches.append(module.beside(F.max_pool1d(x, 3, 1, 1)))
        y = module.activation(module.norm(torch.cat(branches, 1)))
        x = F.max_pool1d(y, module.pool)
    head = network.get_submodule("head")
    logits: Tensor = head(x)
    return logits.unsqueeze(1)


def half(network: nn.Module, x: Tensor) -> Tensor:
    """The network where bfloat16 is asked for."""
    with torch.autocast("cpu", torch.bfloat16):
        logits: Tensor = network(x)
    return logits


def modules(network: nn.Module) -> Iterator[InceptionModule]:
    """The network's modules, in order."""
    return (module for module in network.modules() if isinstance(module, InceptionModule))


def weights(module: InceptionModule) -> Iterator[Tensor]:
    """The long convolutions' weights."""
    return (conv.get_parameter("weight") for conv in module.convs)


def noise(*shape: int) -> Tensor:
    """The same noise every time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))
