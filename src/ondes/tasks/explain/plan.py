"""What is to be explained and how: a network, options, and the jobs that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.tasks.explain import layers, waves
from ondes.tasks.explain.climb import AUTHORS_LENGTH, Climbing
from ondes.tasks.explain.given import check_choice, check_whole
from ondes.tasks.explain.goals import Filters, Goal, Outputs
from ondes.tasks.explain.layers import OUTPUT, Layer

Precision = Literal["auto", "float32", "bfloat16"]

FIELDS = 2  # receptive fields that a waveform holds, if it may
LEAST, MOST = 2048, 16_384  # values of waveforms, over all channels, unless they are asked for
FEWEST, FEWEST_OF_LONGEST = 256, 2048  # samples that these are in any number of channels
EFFORT = 1000 * 2**20  # bytes that all starts of all filters keep in a step, unless all are wanted
FEW = 4  # filters of a layer, whatever the effort
MOST_SEEDS = 2**63  # as torch takes them
BUDGET = 256 * 2**20  # bytes that a step may keep for its gradient
LARGEST_BATCH = 128


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a network is explained.

    Attributes:
        layers: names of layers, "output" too; None is all.
        filters: at most so many of each layer, evenly spread, or "all"; None is as many as a few
            minutes allow, and of outputs first.
        samples: longest waveform; None is 16,384 values over all channels, but 2,048 samples at
            least, and the network's least where that is more.
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
    filters: int | Literal["all"] | None = None
    samples: int | None = None
    exact: bool = False
    seeds: int = 2
    seed: int = 0
    middle: bool = False
    contrasts: Sequence[tuple[str, str]] = ()
    climbing: Climbing = field(default_factory=Climbing)
    precision: Precision = "auto"
    batch: int = 0

    def __post_init__(self) -> None:
        if self.filters not in (None, "all"):
            check_whole("filters", self.filters, least=1)
        if self.samples is not None:
            check_whole("samples", self.samples, least=2)
        for name, least in (("seeds", 1), ("seed", 0), ("batch", 0)):
            check_whole(name, getattr(self, name), least=least)
        check_choice("precision", self.precision, get_args(Precision))
        if self.seed + self.seeds > MOST_SEEDS:
            raise InputError(f"explain(seed={self.seed}): give a smaller one, below 2**63")
        if not (_is_list(self.contrasts) and all(_is_list(pair, 2) for pair in self.contrasts)):
            raise InputError(
                f'explain(contrasts={self.contrasts!r}): give pairs of outputs, as [("yes", "no")]'
            )
        if self.layers is not None and not self.layers:
            raise InputError("explain(layers=[]): name at least one, or leave it out for all")


def _is_list(given: object, length: int | None = None) -> bool:
    return isinstance(given, (tuple, list)) and length in (None, len(given))


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
    """A layer, or the outputs, to explain; the last `extra` of them are never left out."""

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
    extra: int = 0

    @property
    def batch(self) -> int:
        """How many waveforms go together."""
        return max(1, min(LARGEST_BATCH, BUDGET // self.bytes))

    def cost(self, most: int | None = None) -> int:
        """Return what it costs to climb at most so many, or all: bytes that a step keeps."""
        count = len(self.index) - self.extra
        return (min(count, most or count) + self.extra) * self.bytes

    def limited(self, most: int) -> Job:
        """Return the same of at most so many, evenly spread."""
        count = len(self.index) - self.extra
        kept = torch.cat([some(count, most), torch.arange(count, count + self.extra)])
        labels = tuple(self.labels[int(k)] for k in kept)
        return replace(
            self, index=self.index[kept], labels=labels, weights=self.weights[kept.numpy()]
        )


def planned(subject: Subject, options: Options, found: list[Layer]) -> list[Job]:
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
    jobs = [_filters_job(subject, options, layer) for layer in wanted]
    if asked and subject.outputs:
        jobs.append(_output_job(subject, options, found))
    if not jobs:
        raise InputError(
            f"explain({subject.name}): it has no named outputs and calls none of its convolutions"
        )
    return _limited(jobs, options)


def longest(subject: Subject, options: Options) -> int:
    """Return how many samples waveforms have at most."""
    own = max(FEWEST_OF_LONGEST, MOST // subject.channels)
    return max(options.samples or own, subject.least)


def left_out(jobs: list[Job]) -> str:
    """Return what a reader has to know of filters that were left out unasked; nothing of none."""
    if all(len(job.index) == job.goal.size for job in jobs):
        return ""
    share = sum(job.cost() for job in jobs) / sum(job.goal.size * job.bytes for job in jobs)
    return (
        f"Not all filters were climbed, but so many of each layer, evenly spread, as take "
        f'{share:.0%} of the time that all would (--filters all, filters="all").'
    )


def _limited(jobs: list[Job], options: Options) -> list[Job]:
    """Return as much of jobs as was asked for, or as some effort allows: half of it for outputs."""
    if options.filters == "all":
        return jobs
    if options.filters is not None:
        return [job.limited(options.filters) for job in jobs]
    effort = EFFORT // options.seeds
    outputs = [job for job in jobs if job.kind == OUTPUT]
    inner = [job for job in jobs if job.kind != OUTPUT]
    outputs = _affordable(outputs, effort // 2 if inner else effort)
    inner = _affordable(inner, effort - sum(job.cost() for job in outputs))
    return [*inner, *outputs]


def _affordable(jobs: list[Job], effort: int) -> list[Job]:
    """Return jobs with at most so many filters of each that together they cost that effort."""
    sizes = {len(job.index) for job in jobs}
    counts = range(max(sizes, default=0), FEW, -1)
    most = next((n for n in counts if sum(job.cost(n) for job in jobs) <= effort), FEW)
    return [job.limited(most) for job in jobs]


def _filters_job(subject: Subject, options: Options, layer: Layer) -> Job:
    goal = Filters(subject.model, layer, middle=options.middle)
    samples = _samples(subject, options, layer.field)
    return Job(
        name=layer.name,
        kind=layer.kind,
        goal=goal,
        labels=tuple(str(k) for k in range(layer.filters)),
        index=torch.arange(layer.filters),
        field=layer.field,
        hop=layer.hop,
        samples=samples,
        weights=layer.weights.numpy(),
        bytes=_bytes(goal, subject, samples),
    )


def _output_job(subject: Subject, options: Options, found: list[Layer]) -> Job:
    goal = Outputs(subject.model, subject.outputs, contrasts=options.contrasts)
    reach = max((layer.field for layer in found), default=longest(subject, options))
    samples = _samples(subject, options, reach)
    return Job(
        name=OUTPUT,
        kind=OUTPUT,
        goal=goal,
        labels=goal.names,
        index=torch.arange(goal.size),
        field=reach,
        hop=max((layer.hop for layer in found), default=1),
        samples=samples,
        weights=np.zeros((goal.size, 0, 0), np.float32),
        bytes=_bytes(goal, subject, samples),
        extra=len(options.contrasts),
    )


def _samples(subject: Subject, options: Options, reach: int) -> int:
    """Return how long waveforms are of what sees `reach` samples."""
    if options.climbing.method == "samplecnn":
        return max(AUTHORS_LENGTH, subject.least)
    most = longest(subject, options)
    if options.exact or FIELDS * reach >= most:
        return most
    least = max(FEWEST, LEAST // subject.channels, FIELDS * reach, subject.least)
    return min(most, waves.round_length(least, multiple=subject.multiple))


def some(total: int, most: int) -> Tensor:
    """Return at most so many of the numbers below `total`, evenly spread."""
    if most >= total:
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
    what = f"explain: {subject.name} cannot be computed for waveforms"
    with (
        layers.computing(what, x, cure=f"give {layers.AS_IT_TAKES}"),
        torch.autograd.graph.saved_tensors_hooks(weigh, lambda tensor: tensor),
    ):
        goal.one(x, torch.zeros(1, dtype=torch.int64))
    return max(kept, x.numel() * 4)
