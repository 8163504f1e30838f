"""What is to be explained and how: a network, options, and the jobs that they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.tasks.explain import layers, waves
from ondes.tasks.explain.climb import AUTHORS_LENGTH, Climbing
from ondes.tasks.explain.goals import Filters, Goal, Outputs
from ondes.tasks.explain.layers import OUTPUT, Layer

LEAST, MOST = 2048, 16_384  # samples of waveforms, unless they are asked for
FIELDS = 2  # receptive fields that a waveform holds, if it may


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a network is explained.

    Attributes:
        layers: names of layers, "output" too; None is all.
        filters: at most so many of each layer, evenly spread; None is all.
        samples: longest waveform; None is 16,384, or the network's least where that is more.
        exact: take waveforms of just so many samples everywhere, not what a layer's field needs.
        seeds: starts of each filter, which agree or not.
        seed: the first one.
        middle: climb the unit in the middle, not the mean over time.
        contrasts: pairs of outputs, whose differences are climbed beside the outputs.
        climbing: how waveforms climb.
        precision: of the climb: "auto" is bfloat16 where the processor has matrix units for it; all
            that is judged is float32.
        batch: waveforms at once; 0 lets the memory decide.

    Raises:
        InputError: a number is out of its range.
    """

    layers: tuple[str, ...] | None = None
    filters: int | None = None
    samples: int | None = None
    exact: bool = False
    seeds: int = 2
    seed: int = 0
    middle: bool = False
    contrasts: tuple[tuple[str, str], ...] = ()
    climbing: Climbing = field(default_factory=Climbing)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    batch: int = 0

    def __post_init__(self) -> None:
        for name, least in (("filters", 1), ("samples", 2)):
            if (value := getattr(self, name)) is not None and value < least:
                raise InputError(f"explain({name}={value}): give {least} or more")
        if any(len(pair) != 2 for pair in self.contrasts):
            raise InputError(
                f"explain(contrasts={list(self.contrasts)}): give pairs of outputs, "
                'as [("yes", "no")]'
            )
        if self.seeds < 1 or self.seed < 0 or self.batch < 0:
            raise InputError(
                f"explain(seeds={self.seeds}, seed={self.seed}, batch={self.batch}): give at least "
                "one seed, and nothing below 0"
            )


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A network and what it hears.

    model: maps [batch, channels, time] at `rate_hz` to logits. outputs: their names, none where it
    has none of interest. rms: of the signals it was trained on. least: samples it takes at least.
    multiple: of which its lengths are best.
    """

    model: nn.Module
    rate_hz: float
    channels: int
    rms: float
    outputs: tuple[str, ...] = ()
    least: int = 1
    multiple: int = 1
    name: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A layer, or the outputs, to explain."""

    name: str
    kind: str
    goal: Goal
    labels: tuple[str, ...]
    index: Tensor
    field: int
    hop: int
    samples: int
    weights: np.ndarray
    bytes: int

    @property
    def weight(self) -> float:
        """What it costs, about."""
        return float(len(self.index)) * self.bytes


def planned(subject: Subject, options: Options, found: list[Layer], *, most: int) -> list[Job]:
    """Return the layers that are asked for, and the outputs, as jobs.

    A last convolution that gives the outputs is none of the layers where the outputs are named.

    Raises:
        InputError: a layer is unknown, or there is nothing to explain.
    """
    inner = [layer for layer in found if not (layer.is_output and subject.outputs)]
    asked = options.layers is None or OUTPUT in options.layers
    if options.layers is not None and asked and not subject.outputs:
        raise InputError(
            f"explain(layers={list(options.layers)}): this network has no named outputs: name them "
            "(outputs=), or give the names of layers"
        )
    if options.contrasts and not (asked and subject.outputs):
        why = (
            f"{OUTPUT!r} is none of the layers" if subject.outputs else "there are no named outputs"
        )
        raise InputError(
            f"explain(contrasts={list(options.contrasts)}): {why}, so that no difference of "
            "outputs is climbed; ask for them, or for no contrasts"
        )
    besides = [OUTPUT] if subject.outputs else []
    wanted = layers.chosen(inner, options.layers, besides=besides)
    jobs = [_filters_job(subject, options, layer, most=most) for layer in wanted]
    if asked and subject.outputs:
        jobs.append(_output_job(subject, options, found, most=most))
    if not jobs:
        raise InputError(
            f"explain({subject.name}): it has no named outputs and calls none of its convolutions"
        )
    return jobs


def _filters_job(subject: Subject, options: Options, layer: Layer, *, most: int) -> Job:
    goal = Filters(subject.model, layer, middle=options.middle)
    samples = _samples(subject, options, layer.field, most=most)
    index = some(layer.filters, options.filters)
    weights = layer.weights[index].numpy()
    return Job(
        name=layer.name,
        kind=layer.kind,
        goal=goal,
        labels=tuple(str(int(k)) for k in index),
        index=index,
        field=layer.field,
        hop=layer.hop,
        samples=samples,
        weights=weights,
        bytes=_bytes(goal, subject, samples),
    )


def _output_job(subject: Subject, options: Options, found: list[Layer], *, most: int) -> Job:
    goal = Outputs(subject.model, subject.outputs, contrasts=options.contrasts)
    samples = _samples(subject, options, most, most=most)
    plain = len(subject.outputs)
    differences = torch.arange(plain, goal.size)  # all that were asked for, whatever `filters` is
    index = torch.cat([some(plain, options.filters), differences])
    return Job(
        name=OUTPUT,
        kind=OUTPUT,
        goal=goal,
        labels=tuple(goal.names[int(k)] for k in index),
        index=index,
        field=samples,
        hop=max((layer.hop for layer in found), default=1),
        samples=samples,
        weights=np.zeros((len(index), 0, 0), np.float32),
        bytes=_bytes(goal, subject, samples),
    )


def _samples(subject: Subject, options: Options, reach: int, *, most: int) -> int:
    """Return how long the waveforms of a layer are that sees `reach` samples."""
    if options.climbing.method == "samplecnn":
        return max(AUTHORS_LENGTH, subject.least)
    if options.exact or FIELDS * reach >= most:
        return most
    least = max(LEAST, FIELDS * reach, subject.least)
    return min(most, waves.quick_length(least, multiple=subject.multiple))


def some(total: int, most: int | None) -> Tensor:
    """Return at most so many of the numbers below `total`, evenly spread."""
    if most is None or most >= total:
        return torch.arange(total)
    return torch.arange(most) * total // most


def _bytes(goal: Goal, subject: Subject, samples: int) -> int:
    """Return what a step keeps of one waveform for its gradient, the weights aside."""
    own = {weight.untyped_storage().data_ptr() for weight in subject.model.state_dict().values()}
    kept = 0

    def weigh(tensor: Tensor) -> Tensor:
        nonlocal kept
        if tensor.untyped_storage().data_ptr() not in own:
            kept += tensor.numel() * tensor.element_size()
        return tensor

    x = torch.zeros(1, subject.channels, samples).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(weigh, lambda tensor: tensor):
        goal.one(x, torch.zeros(1, dtype=torch.int64))
    return max(kept, x.numel() * 4)
