"""Which part of a recording carried a label: attribution by captum, with its sanity check."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ondes.errors import (
    ChannelError,
    InputError,
    MissingExtraError,
    RateError,
    TooShortError,
    few,
    nearest,
)
from ondes.signal import Signal
from ondes.tasks.explain import layers
from ondes.tasks.explain.goals import Outputs
from ondes.tasks.explain.layers import Layer
from ondes.tasks.explain.plan import Subject

Way = Literal["integrated-gradients", "occlusion", "grad-cam"]

STEPS = 32  # of the path that gradients are integrated along
PIECES = 64  # windows that a recording is hidden in, each half over the next
AT_ONCE = 8
LONGEST = 2**20  # samples


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """How much each sample of a recording spoke for a label.

    Attributes:
        way: by which method. label: which one.
        logit: the network's, of frames their mean.
        values: float32 [time]; above 0 spoke for the label, below against it, in the method's own
            unit: integrated gradients add up to the logit less that of silence, occlusion is the
            logit less that with the window around hidden, Grad-CAM is never below 0.
        sanity: rank correlation, -1 to 1, of its size with that of the same network whose weights
            were shuffled; near 1 it says nothing of what was learnt (Adebayo et al. 2018).
    """

    way: Way
    label: str
    logit: float
    values: NDArray[np.float32]
    sanity: float


def attribute(
    subject: Subject,
    signal: Signal,
    *,
    label: str | None = None,
    ways: tuple[Way, ...] = get_args(Way),
    layer: str | None = None,
    seed: int = 0,
) -> list[Attribution]:
    """Return which part of a recording carried a label, by each of several methods.

    Sources: Sundararajan et al. 2017 (integrated gradients, from silence); Zeiler and Fergus 2014
    (occlusion); Selvaraju et al. 2017 (Grad-CAM, of the last convolution along time).

    Args:
        subject: the network and its outputs.
        signal: a recording at its rate, with its channels.
        label: one of its outputs; None is the likeliest.
        ways: the methods.
        layer: of Grad-CAM; None is the deepest that has still several values along time.
        seed: of the shuffled weights.

    Raises:
        InputError: there is no such output, layer or method, no convolution, or the recording is
            too long or refused.
        NotFiniteError: a weight is NaN or infinite.
        RateError, ChannelError, TooShortError: the recording does not fit.
        MissingExtraError: captum is not installed.
    """
    captum = _package()
    _check(subject, signal, ways)
    x = torch.from_numpy(np.array(signal.samples))[None]
    shuffled = _shuffled(subject.model, seed)
    with layers.still(subject.model):
        logits = _logits(subject, x)
        place = int(logits.argmax()) if label is None else _place(subject, label)
        maps = [
            [_map(captum, way, net, subject, x, place, layer) for way in ways]
            for net in (subject.model, shuffled)
        ]
    return [
        Attribution(
            way=way,
            label=subject.outputs[place],
            logit=float(logits[place]),
            values=values,
            sanity=_rank_correlation(np.abs(values), np.abs(other)),
        )
        for way, values, other in zip(ways, *maps, strict=True)
    ]


def _package() -> Any:  # noqa: ANN401 - a module that may be missing
    """Return captum's attributions; raises `MissingExtraError` where it is not installed."""
    try:
        from captum import attr
    except ImportError as error:
        raise MissingExtraError(
            "attribution needs the package captum; install it with: pip install 'ondes[explain]'"
        ) from error
    return attr


def _check(subject: Subject, signal: Signal, ways: tuple[Way, ...]) -> None:
    for way in ways:
        if way not in get_args(Way):
            raise InputError(
                f"attribute(ways={ways}): no method is called {way!r}{nearest(way, get_args(Way))}"
            )
    layers.check(subject.model)
    if not subject.outputs:
        raise InputError(f"attribute({subject.name}): name its outputs, outputs=[...]")
    if signal.rate_hz != subject.rate_hz:
        raise RateError(
            f"attribute: a recording at {signal.rate_hz:.10g} Hz for a model made for "
            f"{subject.rate_hz:.10g} Hz: resample it (ondes.resample)"
        )
    if signal.n_channels != subject.channels:
        raise ChannelError(
            f"attribute: a recording of {signal.n_channels} channels for a model of "
            f"{subject.channels}: pick with signal.channel(name)"
        )
    if signal.n_samples < subject.least:
        raise TooShortError(
            f"attribute: {signal.n_samples} samples for a model that takes {subject.least} or more"
        )
    if signal.n_samples > LONGEST:
        raise InputError(
            f"attribute: {signal.n_samples:,} samples are more than {LONGEST:,}: crop to what is "
            "asked about (signal[start:stop], in seconds)"
        )


def _logits(subject: Subject, x: Tensor) -> Tensor:
    """Return the logits [output] of a recording; raises `InputError` where it is refused."""
    what = f"attribute: {subject.name} cannot be computed for a recording"
    with layers.computing(what, x, cure="give one as it takes them"):
        return Outputs(subject.model, subject.outputs).all(x)[0]


def _place(subject: Subject, label: str) -> int:
    if label not in subject.outputs:
        raise InputError(
            f"attribute(label={label!r}): no output is called so"
            f"{nearest(label, subject.outputs)}; there are {few(subject.outputs, most=12)}"
        )
    return subject.outputs.index(label)


def _map(
    captum: Any,  # noqa: ANN401 - a module that may be missing
    way: Way,
    model: nn.Module,
    subject: Subject,
    x: Tensor,
    place: int,
    layer: str | None,
) -> NDArray[np.float32]:
    """Return one attribution [time], summed over channels."""
    goal = Outputs(model, subject.outputs)

    def answer(given: Tensor) -> Tensor:
        return goal.one(given, torch.full((len(given),), place)).objective

    if way == "integrated-gradients":
        values = captum.IntegratedGradients(answer).attribute(
            x, n_steps=STEPS, internal_batch_size=AT_ONCE
        )
    elif way == "occlusion":
        values = _hidden(captum, answer, x)
    else:
        values = _cam(captum, answer, model, x, layer)
    summed: NDArray[np.float32] = values.detach()[0].sum(0).float().numpy()
    return summed


def _hidden(captum: Any, answer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:  # noqa: ANN401
    window = max(1, 2 * x.shape[-1] // PIECES)
    with torch.no_grad():
        values: Tensor = captum.Occlusion(answer).attribute(
            x,
            sliding_window_shapes=(x.shape[1], window),
            strides=(x.shape[1], max(1, window // 2)),
            perturbations_per_eval=AT_ONCE,
        )
    return values


def _cam(
    captum: Any,  # noqa: ANN401 - a module that may be missing
    answer: Callable[[Tensor], Tensor],
    model: nn.Module,
    x: Tensor,
    layer: str | None,
) -> Tensor:
    chosen = _deepest(model, x, layer)
    given = x.clone().requires_grad_()
    values: Tensor = captum.LayerGradCam(answer, chosen.conv).attribute(given)
    values = F.relu(values).flatten(2, -2).mean(2) if values.ndim == 4 else F.relu(values[:, 0])
    return F.interpolate(
        values.view(1, 1, -1), size=x.shape[-1], mode="linear", align_corners=False
    )


def _deepest(model: nn.Module, x: Tensor, name: str | None) -> Layer:
    """Return the layer of a name, or the last one that gives eight values or more along time."""
    found = layers.find(model, channels=x.shape[1], samples=x.shape[-1])
    if name is not None:
        return layers.chosen(found, [name])[0]
    inner = [one for one in found if not one.is_output] or found
    several = [one for one in inner if x.shape[-1] // one.hop >= PIECES // 8]
    return (several or inner)[-1]


def _shuffled(model: nn.Module, seed: int) -> nn.Module:
    """Return a copy whose weights have changed places, each tensor within itself."""
    generator = torch.Generator().manual_seed(seed)
    copy = deepcopy(model).eval().requires_grad_(requires_grad=False)
    for weight in copy.parameters():
        order = torch.randperm(weight.numel(), generator=generator)
        weight.copy_(weight.flatten()[order].view_as(weight))
    return copy


def _rank_correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return Spearman's; NaN where one is constant."""
    from scipy.stats import spearmanr

    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(spearmanr(a, b).statistic)
