"""From noise to what excites a filter most: gradient ascent, many waveforms as one batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import torch
from torch import Tensor

from ondes.errors import InputError
from ondes.tasks.explain import waves
from ondes.tasks.explain.given import check_choice, check_share, check_whole
from ondes.tasks.explain.goals import Goal

Method = Literal["sphere", "adam", "adam-time", "samplecnn"]

WINDOW = 4  # steps over which answers are averaged before they are compared
BETAS = 0.9, 0.999  # of Adam
AUTHORS_LENGTH, AUTHORS_STEPS, AUTHORS_START = 729, 18, 0.015


@dataclass(frozen=True, kw_only=True)
class Climbing:
    """How waveforms climb.

    Attributes:
        method: "sphere" steps from where a waveform is towards its gradient, both of the same RMS;
            "adam" moves the parts of its spectrum by Adam, "adam-time" its samples; "samplecnn" is
            the published recipe, see `authors`.
        first: the first step: "sphere"'s share of the gradient in the new waveform, a tenth of it
            is Adam's rate.
        last: a waveform has arrived when its step has shrunk to this.
        shrink: what a step is multiplied with when an answer no longer rises by `gain`.
        gain: relative rise over four steps that counts as one.
        most: steps at most.
        tv: share of total variation's own gradient that is taken off; 0 is none. It prefers low
            frequencies, which are what the pictures show: leave it at 0 to believe them.
        pink: exponent by which the gradient falls with frequency; 0 is flat. The same holds.

    Raises:
        InputError: a number is out of its range.
    """

    method: Method = "sphere"
    first: float = 0.5
    last: float = 0.02
    shrink: float = 0.6
    gain: float = 0.02
    most: int = 192
    tv: float = 0.0
    pink: float = 0.0

    def __post_init__(self) -> None:
        check_choice("method", self.method, get_args(Method))
        check_whole("most", self.most, least=1)
        for name in ("first", "last", "shrink", "gain", "tv", "pink"):
            check_share(name, getattr(self, name))
        if not (0 < self.last <= self.first <= 1 and 0 < self.shrink < 1):
            raise InputError(
                f"explain(first={self.first}, last={self.last}, shrink={self.shrink}): give "
                "0 < last <= first <= 1, and shrink between 0 and 1"
            )

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be known of what is found so."""
        priors = {"Total variation": self.tv, "A spectrum that falls with frequency": self.pink}
        return tuple(
            f"{name} ({share:g}) was asked for: it prefers low frequencies, which is the axis that "
            "is plotted, so that what is low was partly put there."
            for name, share in priors.items()
            if share
        )


@dataclass(frozen=True)
class Climbed:
    """Waveforms at the end of a climb.

    x: float32 [b, channel, time]. steps: how many each took, [b]. heights: mean objective of all
    that still moved, step by step. record: (step, waveforms of those that are watched) as it went.
    """

    x: Tensor
    steps: Tensor
    heights: list[float]
    record: list[tuple[int, Tensor]]


Cast = Callable[[], AbstractContextManager[object]]
"""What makes the context in which networks are computed, as of another precision."""


def climb(
    goal: Goal,
    index: Tensor,
    x: Tensor,
    *,
    rms: float,
    jitter: int,
    how: Climbing,
    generator: torch.Generator,
    cast: Cast,
    watched: Tensor | None = None,
) -> Climbed:
    """Climb from waveforms x [b, channel, time], the i-th for thing index[i] of a goal.

    Each stays at `rms` with a mean of 0. Before every step all are rolled by up to `jitter`
    samples, and back after it, so that nothing depends on where strides begin. A waveform whose
    answer no longer rises takes smaller steps, and has arrived when they are small; it is then
    left alone.
    """
    rule: _Rule = _Sphere(x, rms, how) if how.method == "sphere" else _Adam(x, rms, how)
    pace = torch.full((len(x),), how.first)
    before, since = torch.full((len(x),), -torch.inf), torch.zeros(len(x))
    taken = torch.zeros(len(x), dtype=torch.int64)
    moving, heights = torch.arange(len(x)), list[float]()
    record = [(0, x[watched].clone())] if watched is not None else []
    for step in range(1, how.most + 1):
        gradient, height = _slope(goal, index[moving], rule.x[moving], jitter, generator, cast)
        rule.step(moving, gradient, pace[moving], step)
        heights.append(float(height.mean()))
        since[moving] += height / WINDOW
        taken[moving] = step
        if watched is not None and _is_recorded(step):
            record.append((step, rule.x[watched].clone()))
        if step % WINDOW == 0:
            rises = since > before + how.gain * before.abs().nan_to_num(posinf=0.0)
            pace = torch.where(rises, pace, how.shrink * pace)
            before, since = since, torch.zeros(len(x))
            moving = torch.nonzero(pace >= how.last)[:, 0]
            if len(moving) == 0:
                break
    if watched is not None and record[-1][0] != int(taken.max()):
        record.append((int(taken.max()), rule.x[watched].clone()))
    return Climbed(rule.x, taken, heights, record)


def authors(
    goal: Goal,
    index: Tensor,
    *,
    channels: int,
    generator: torch.Generator,
    watched: Tensor | None = None,
) -> Climbed:
    """Climb as the authors of SampleCNN did (Kim, Lee and Nam, 2018; their public script).

    729 samples, uniform in ±.015 at first; 18 times the gradient over its RMS is added.
    """
    shape = (len(index), channels, AUTHORS_LENGTH)
    x = AUTHORS_START * (2 * torch.rand(shape, generator=generator) - 1)
    record = [(0, x)]
    for step in range(1, AUTHORS_STEPS + 1):
        given = x.requires_grad_()
        (slope,) = torch.autograd.grad(_post(goal, given, index).sum(), given)
        size = slope.square().mean((-2, -1), keepdim=True).sqrt() + 1e-5
        x = (x + slope / size).detach()
        if _is_recorded(step) or step == AUTHORS_STEPS:
            record.append((step, x))
    way = [] if watched is None else [(step, at.detach()[watched]) for step, at in record]
    return Climbed(x, torch.full((len(x),), AUTHORS_STEPS), [], way)


def _post(goal: Goal, x: Tensor, index: Tensor) -> Tensor:
    """Return the answer itself, without softplus: where it is 0, so is its gradient."""
    objective, answer = goal.one(x, index)
    return torch.where(answer == 0, torch.zeros_like(objective), objective)


def _slope(
    goal: Goal, index: Tensor, x: Tensor, jitter: int, generator: torch.Generator, cast: Cast
) -> tuple[Tensor, Tensor]:
    """Return the gradient [b, channel, time] of waveforms somewhere near, and their heights [b]."""
    shift = int(torch.randint(0, max(1, jitter), (1,), generator=generator))
    given = waves.rolled(x, shift).requires_grad_()
    with cast():
        objective = goal.one(given, index).objective
    (slope,) = torch.autograd.grad(objective.sum(), given)
    return waves.rolled(slope, -shift), objective.detach()


def _is_recorded(step: int) -> bool:
    """Tell whether a step is a power of two, or half-way between two."""
    return step & (step - 1) == 0 or (step % 3 == 0 and (step // 3) & (step // 3 - 1) == 0)


class _Rule(Protocol):
    """How a gradient moves waveforms."""

    x: Tensor

    def step(self, moving: Tensor, gradient: Tensor, pace: Tensor, count: int) -> None:
        """Move those that are moving, the `count`-th time."""


class _Sphere:
    """Towards the gradient on the sphere of one RMS: power iteration, where a goal is linear."""

    def __init__(self, x: Tensor, rms: float, how: Climbing) -> None:
        self.x, self._rms, self._how = x.clone(), rms, how

    def step(self, moving: Tensor, gradient: Tensor, pace: Tensor, count: int) -> None:  # noqa: ARG002
        """Take a share of the gradient, which has the same RMS."""
        share, now = pace[:, None, None], self.x[moving]
        aim = _wanted(now, gradient, rms=self._rms, how=self._how)
        self.x[moving] = waves.scaled((1 - share) * now + share * aim, self._rms)


class _Adam:
    """Adam on the parts of the spectrum, each 1 at first in the mean, or on the samples."""

    def __init__(self, x: Tensor, rms: float, how: Climbing) -> None:
        self.x, self._rms, self._how = x.clone(), rms, how
        self._spectral = how.method == "adam"
        given = torch.view_as_real(torch.fft.rfft(x)) if self._spectral else x
        axes = tuple(range(1, given.ndim))
        self._at = given / given.square().mean(axes, keepdim=True).sqrt()
        self._mean, self._square = torch.zeros_like(self._at), torch.zeros_like(self._at)

    def step(self, moving: Tensor, gradient: Tensor, pace: Tensor, count: int) -> None:
        """Move every parameter by about a tenth of the pace."""
        aim = _wanted(self.x[moving], gradient, rms=1.0, how=self._how)
        slope = torch.view_as_real(torch.fft.rfft(aim)) if self._spectral else aim
        slope = slope / slope.square().mean(tuple(range(1, slope.ndim)), keepdim=True).sqrt()
        a, b = BETAS
        mean = self._mean[moving] = a * self._mean[moving] + (1 - a) * slope
        square = self._square[moving] = b * self._square[moving] + (1 - b) * slope.square()
        step = mean / (1 - a**count) / ((square / (1 - b**count)).sqrt() + 1e-8)
        rate = (pace / 10).view(-1, *[1] * (step.ndim - 1))
        now = self._at[moving] = self._at[moving] + rate * step
        if self._spectral:
            now = torch.fft.irfft(torch.view_as_complex(now.contiguous()), n=self.x.shape[-1])
        self.x[moving] = waves.scaled(now, self._rms)


def _wanted(x: Tensor, gradient: Tensor, *, rms: float, how: Climbing) -> Tensor:
    """Return the direction to go, at `rms`: the gradient, less the priors' where there are any."""
    if how.pink:
        spectrum = torch.fft.rfft(gradient)
        bins = torch.arange(spectrum.shape[-1]).clamp(min=1)
        gradient = torch.fft.irfft(spectrum * bins**-how.pink, n=x.shape[-1])
    aim = waves.scaled(gradient, rms)
    if how.tv:
        jump = torch.sign(x - waves.rolled(x, 1))
        aim = aim - how.tv * waves.scaled(jump - waves.rolled(jump, -1), rms)
    return waves.scaled(aim, rms)
