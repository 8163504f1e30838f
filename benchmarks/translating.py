"""Whether a translator and the old sensor's classifier keep up with a radar, on one core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from benchmarks import _stopwatch
from benchmarks._page import table
from ondes import models
from ondes.data.uwb.maps import Form, Frames
from ondes.data.uwb.scenes import LABELS
from ondes.data.uwb.sensors import NEW, OLD
from ondes.models import translators
from ondes.protocols import Sensor
from ondes.run.card import Card
from ondes.run.classifier import Classifier
from ondes.run.live.through import ThroughMaps
from ondes.run.predictors.torch import Network
from ondes.run.translator import Translator
from ondes.run.way import Way
from ondes.tasks.classify import Reading
from ondes.tasks.translate import Reading as Scales

NAMES = ("pix2pix", "sig2sig", "residual", "texture")
WINDOW_S = 2.0
HEAD = (
    *("translator", "width", "parameters", "maps, real-time factor", "maps and answers"),
    *("a map every 0.5 s", "frames as images"),
)
ABOUT = """
## Translating live

{seconds} s of a simulated radar's frames, {rate} a second of {bins} complex bins, through
`ondes watch`'s hearing: windows of {frames} frames become range-Doppler maps of {map}, are
translated, and judged by the old sensor's classifier. Processor time over signal time; below 1 is
faster than the sensor. Weights are drawn, which changes no time. Width 16 is the default, {wide}
the papers'. "Frames as images" are the frames themselves, real and imaginary parts as two images
of {bins} x {frames}, in windows that are faded into each other.
""".strip()


class Factors(NamedTuple):
    """Processor time over signal time."""

    maps: float
    answers: float
    often: float
    images: float


def report(*, seconds: int = 20, rounds: int = 3, wide: int = 64) -> str:
    """Translate so many seconds of frames by each translator, of the usual and of a wide width."""
    frames = _frames(seconds)
    rows = [
        row(name, width, measured(name, width, frames, seconds=seconds, rounds=rounds))
        for width in (16, wide)
        for name in NAMES
    ]
    about = ABOUT.format(
        seconds=seconds,
        rate=f"{NEW.rate_hz:g}",
        bins=NEW.n_bins,
        frames=round(WINDOW_S * NEW.rate_hz),
        map=" x ".join(map(str, Form().shape)),
        wide=wide,
    )
    return f"{about}\n\n{table(HEAD, rows)}"


def row(name: str, width: int, found: tuple[int, Factors]) -> list[str]:
    """A line of the table."""
    parameters, factors = found
    return [name, str(width), f"{parameters / 1e6:.2f} M", *(f"{one:.3f}" for one in factors)]


def measured(
    name: str, width: int, frames: np.ndarray, *, seconds: int, rounds: int
) -> tuple[int, Factors]:
    """Parameters of a translator of maps, and its factors."""
    of_maps, judge, of_images = _of_maps(name, width), _judge(), _of_images(name, width)
    rate_hz = NEW.rate_hz
    often = ThroughMaps(of_maps, judge, hop_s=0.5)
    times = _stopwatch.in_turns(
        {
            "maps": lambda: list(of_maps.maps(frames, rate_hz=rate_hz)),
            "answers": lambda: ThroughMaps(of_maps, judge).detect(frames, rate_hz=rate_hz),
            "often": lambda: often.detect(frames, rate_hz=rate_hz),
            "images": lambda: of_images.translate(frames, rate_hz=rate_hz),
        },
        rounds=rounds,
    )
    n = sum(parameter.numel() for parameter in of_maps.predictor.model.parameters())
    return n, Factors(*(times.median(each) / seconds for each in Factors._fields))


@dataclass(frozen=True)
class _Shape:
    """Of what a translator takes: maps of a size, several at once, at a rate."""

    size: tuple[int, int]
    maps: int
    rate_hz: float


def _of_maps(name: str, width: int) -> Translator:
    form = Form()
    frames = Frames.of(form, NEW, seconds=WINDOW_S)
    shape = _Shape(form.shape, 1, form.rate_hz(NEW))
    return _translator(name, width, shape, facts={"frames": frames.to_dict()})


def _of_images(name: str, width: int) -> Translator:
    size = (NEW.n_bins, round(WINDOW_S * NEW.rate_hz))
    return _translator(name, width, _Shape(size, 2, NEW.rate_hz), facts={})


def _translator(name: str, width: int, shape: _Shape, *, facts: dict[str, object]) -> Translator:
    torch.manual_seed(0)
    outputs = [f"old {k}" for k in range(shape.maps)]
    net = translators.build(
        name,
        {"width": width},
        rate_hz=shape.rate_hz,
        channels=shape.maps,
        outputs=outputs,
        size=shape.size,
    ).eval()
    rows = shape.maps * shape.size[0]
    sensors = [Sensor(shape.rate_hz, rows, side) for side in ("new", "old")]
    way = Way(source=sensors[0], target=sensors[1], size=shape.size, step=2**net.depth)
    card = Card(name=name, model={}, spec={}, task={}, facts=facts)
    return Translator(Network(net), net.spec, Scales(), way, card)


def _judge() -> Classifier:
    torch.manual_seed(0)
    form = Form()
    net = models.build(
        "spectral",
        {"width": 16, "blocks": 4, "front": {"kind": "map"}},
        rate_hz=form.rate_hz(OLD),
        channels=form.channels(OLD),
        classes=LABELS,
        level="clip",
    ).eval()
    card = Card(name="old", model={}, spec={}, task={})
    return Classifier(Network(net), net.spec, Reading(kind="class"), card)


def _frames(seconds: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    shape = (2 * NEW.n_bins, round(seconds * NEW.rate_hz))
    return rng.normal(size=shape).astype(np.float32)
