"""Pure tones through a network: one pass of each for all layers whose waveforms are as long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ondes.tasks.explain import judge, waves
from ondes.tasks.explain.goals import Filters
from ondes.tasks.explain.layers import read
from ondes.tasks.explain.plan import Job, Subject

MOST_TONES = 384
PHASES = tuple(0.3 + 2 * np.pi * k / 3 for k in range(3))


@dataclass(frozen=True)
class Swept:
    """Answers [tone, filter] of all filters of a layer to tones of so many cycles a clip [tone].

    Means over three phases a third apart: where strides meet the same phase again and again, as of
    a tone at a quarter of the rate by strides of four, one alone, or two, may be answered by
    nothing.
    """

    cycles: Tensor
    answers: Tensor
    seconds: float


class Judged(NamedTuple):
    """Answers of the filters of a job: to all tones [filter, tone]; to the tone at the found peak,
    to silence, and the first over the best tone's, as it is and counted from silence, [filter].
    """

    tones: Tensor
    at_peak: Tensor
    silence: Tensor
    response: Tensor
    rise: Tensor


class Sweep:
    """Pure tones through the layers of some jobs, computed when the first of a length is asked for.

    batch: tones at once; 0 lets the memory decide.
    """

    def __init__(self, subject: Subject, jobs: Sequence[Job], *, batch: int = 0) -> None:
        self._subject, self._jobs, self._batch = subject, jobs, batch
        self._swept: dict[str, Swept] = {}

    def of(self, job: Job) -> Swept:
        """Return what the filters of a job answer."""
        if job.name not in self._swept:
            began = time.perf_counter()
            alike = [other for other in self._jobs if _together(job, other)]
            cycles = waves.sweep(job.samples, most=MOST_TONES)
            answers = self._answers(alike, cycles)
            seconds = (time.perf_counter() - began) / len(alike)
            for other, its in zip(alike, answers, strict=True):
                self._swept[other.name] = Swept(cycles, its, seconds)
        return self._swept[job.name]

    def judged(self, job: Job, peaks: Tensor) -> Judged:
        """Return how the tones at the found peaks, in cycles a clip [filter], do among all."""
        channels, batch = self._subject.channels, self._batch or job.batch
        tones = self._tones(peaks, job.samples)
        answers = [judge.own(job.goal, x, job.index, batch=batch) for x in tones]
        at_peak = torch.stack(answers).mean(0)
        silence = job.goal.all(torch.zeros(1, channels, job.samples))[0, job.index]
        swept = self.of(job).answers[:, job.index].T
        best = swept.max(1).values
        return Judged(
            tones=swept,
            at_peak=at_peak,
            silence=silence,
            response=judge.tone_response(at_peak, best),
            rise=judge.tone_rise(at_peak, best, silence),
        )

    def _answers(self, jobs: Sequence[Job], cycles: Tensor) -> list[Tensor]:
        parts = []
        for some in torch.split(cycles, self._batch or min(job.batch for job in jobs)):
            phases = [_heard(jobs, self._subject, x) for x in self._tones(some, jobs[0].samples)]
            parts.append([torch.stack(answers).mean(0) for answers in zip(*phases, strict=True)])
        return [torch.cat(answers) for answers in zip(*parts, strict=True)]

    def _tones(self, cycles: Tensor, samples: int) -> Iterator[Tensor]:
        """Yield tones [b, channel, time] of so many cycles a clip [b], phase after phase."""
        channels, rms = self._subject.channels, self._subject.rms
        for phase in PHASES:
            yield waves.tones(cycles, phase=phase, channels=channels, samples=samples, rms=rms)


def _together(job: Job, other: Job) -> bool:
    """Tell whether two jobs hear their tones in one pass."""
    layers = isinstance(job.goal, Filters) and isinstance(other.goal, Filters)
    return job is other or (layers and job.samples == other.samples)


def _heard(jobs: Sequence[Job], subject: Subject, x: Tensor) -> list[Tensor]:
    """Return all answers [b, size] of each of several layers, or of the outputs alone."""
    goals = [job.goal for job in jobs if isinstance(job.goal, Filters)]
    if not goals:
        return [job.goal.all(x) for job in jobs]
    values = read(subject.model, [goal.layer for goal in goals], x)
    return [goal.of(its) for goal, its in zip(goals, values, strict=True)]
