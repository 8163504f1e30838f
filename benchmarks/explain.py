"""Activation maximisation on networks that learnt pure tones, beside the published recipe."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._page import table
from ondes import models
from ondes.tasks.explain import Climbing, Explanation, Options, Subject, explain
from ondes.tasks.explain.climb import Method

RATE_HZ, SAMPLES, CLASSES, RMS = 8000, 2048, 16, 0.4
LOW_HZ, HIGH_HZ = 100.0, 3600.0
NETWORK = {"widths": [16, 32, 32, 64], "strides": [2, 2, 4, 4]}
METHODS: dict[Method, str] = {
    "sphere": "ours",
    "adam": "Adam on the spectrum",
    "samplecnn": "SampleCNN's authors",
}
HEAD = ("layer", "recipe", "filters", "tone response", "from silence", "dead", "repeatability", "s")
ABOUT = """
## What networks learnt: the tones that filters answer

Strided CNNs of four layers ({filters} filters) learnt in {steps} steps which of {classes} bands
from {low:.0f} to {high:.0f} Hz a tone in noise lies in; {nets} network(s) with seeds of their own,
accuracy on new tones {accuracy}. Then every filter of every layer was climbed from {seeds} starts.
*Tone response* is what the filter answers to the pure tone at the peak of the spectrum that was
found, over what it answers to the best of all pure tones, all of one RMS; *from silence* counts
both from the answer to silence, and leaves out filters that no tone excites. Medians over all
filters of all networks, in brackets the lowest median of a single network. *Dead* are filters left
with no answer at all, *repeatability* is the cosine of the spectra from different starts.

{rows}
""".strip()


def report(*, nets: int = 5, steps: int = 200, seeds: int = 2) -> str:
    """Train networks on tones, explain each in every way, and compare."""
    trained = [network(seed, steps=steps) for seed in range(nets)]
    found = {
        method: [explained(net, method, seeds=seeds) for net, _ in trained] for method in METHODS
    }
    accuracies = ", ".join(f"{accuracy:.2f}" for _, accuracy in trained)
    return ABOUT.format(
        filters=sum(NETWORK["widths"]),
        steps=steps,
        classes=CLASSES,
        low=LOW_HZ,
        high=HIGH_HZ,
        nets=nets,
        seeds=seeds,
        accuracy=accuracies,
        rows=table(HEAD, rows(found), texts=2),
    )


def tones(generator: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
    """Tones in noise [b, 1, time] and the bands they lie in [b]."""
    edges = torch.logspace(math.log10(LOW_HZ), math.log10(HIGH_HZ), CLASSES + 1)
    band = torch.randint(CLASSES, (count,), generator=generator)
    place, phase, loud, noise = torch.rand(4, count, 1, generator=generator)
    hertz = edges[band, None] * (edges[band + 1] / edges[band])[:, None] ** place
    time = torch.arange(SAMPLES) / RATE_HZ
    x = (0.1 + 0.9 * loud) * torch.sin(2 * math.pi * (hertz * time + phase))
    return (x + 0.1 * noise * torch.randn(count, SAMPLES, generator=generator))[:, None], band


def network(seed: int, *, steps: int) -> tuple[nn.Module, float]:
    """A network that learnt tones, and its accuracy on new ones."""
    torch.manual_seed(seed)
    names = [str(k) for k in range(CLASSES)]
    net = models.build(
        "strided_cnn", NETWORK, rate_hz=RATE_HZ, channels=1, classes=names, level="clip"
    )
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(steps):
        x, band = tones(generator, 32)
        loss = F.cross_entropy(net(x), band)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    x, band = tones(generator, 400)
    with torch.no_grad():
        right = net.eval()(x).argmax(1) == band
    return net, float(right.float().mean())


def explained(net: nn.Module, method: Method, *, seeds: int) -> Explanation:
    """All filters of a network, climbed in one way."""
    subject = Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=RMS)
    return explain(subject, options=Options(seeds=seeds, climbing=Climbing(method=method)))


def rows(found: dict[Method, list[Explanation]]) -> Iterator[list[str]]:
    """Lines of the table: every layer in every way."""
    for place in range(len(NETWORK["widths"])):
        for method, name in METHODS.items():
            layers = [explanation.layers[place] for explanation in found[method]]
            dead = np.concatenate([layer.dead for layer in layers])
            yield [
                str(place + 1),
                name,
                str(len(dead)),
                _spread([layer.tone_response[~layer.dead] for layer in layers]),
                _spread([layer.tone_rise[~layer.dead] for layer in layers]),
                f"{dead.mean():.0%}",
                f"{np.nanmedian([layer.repeatability for layer in layers]):.3f}",
                f"{np.mean([layer.seconds for layer in layers]):.1f}",
            ]


def _spread(of_each: Sequence[np.ndarray]) -> str:
    """Median of all, and the lowest of one network."""
    lowest = min(float(np.nanmedian(values)) for values in of_each)
    return f"{np.nanmedian(np.concatenate(of_each)):.3f} ({lowest:.3f})"
