"""A network explained: every layer climbed from several seeds, judged, and told as arrays."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from ondes.errors import InputError, NotFiniteError
from ondes.tasks.explain import judge, layers, waves
from ondes.tasks.explain.climb import Climbed, authors, climb
from ondes.tasks.explain.given import is_number
from ondes.tasks.explain.layers import OUTPUT
from ondes.tasks.explain.plan import Job, Options, Subject, left_out, longest, planned, some
from ondes.tasks.explain.result import Explained, Explanation, Step
from ondes.tasks.explain.sweep import Sweep

Progress = Callable[[float, str], None]
"""Is told what share of the work is done, 0 to 1, and what is being worked on."""

WATCHED = 6  # filters whose way is recorded
RESOLVED = 512  # of the rate: to which part of it peaks are blurred, at most
RETRIES = 2  # new starts for what stays dead


def explain(
    subject: Subject, *, options: Options | None = None, progress: Progress | None = None
) -> Explanation:
    """Return what excites the filters of a network most, layer by layer.

    Raises:
        InputError: the network has no convolutions, refuses noise, or a name is unknown.
        NotFiniteError: a weight is NaN or infinite.
    """
    options = options or Options()
    layers.check(subject.model)
    if not (is_number(subject.rms) and subject.rms > 0):
        raise InputError(
            f"explain(rms={subject.rms!r}): the signals it was trained on must sound; give an RMS "
            "above 0, or data whose variance is not 0"
        )
    with layers.still(subject.model):
        found = layers.find(
            subject.model,
            channels=subject.channels,
            samples=longest(subject, options),
            rms=subject.rms,
            exact=options.exact,
        )
        jobs = planned(subject, options, found)
        work = _Work(subject, options, jobs, progress)
        explained = tuple(work.explained(job) for job in jobs)
    unasked = left_out(jobs) if options.filters is None else ""
    return Explanation(
        name=subject.name or type(subject.model).__name__,
        rate_hz=subject.rate_hz,
        rms=subject.rms,
        channels=subject.channels,
        layers=explained,
        seeds=options.seeds,
        method=options.climbing.method,
        notes=(*subject.notes, *options.climbing.notes, *filter(None, [unasked])),
    )


class _Work:
    """Jobs done one after the other, with their progress."""

    def __init__(
        self, subject: Subject, options: Options, jobs: Sequence[Job], progress: Progress | None
    ) -> None:
        self._subject, self._options, self._progress = subject, options, progress
        self._sweep = Sweep(subject, jobs, batch=options.batch)
        self._total, self._done = max(sum(job.cost() for job in jobs), 1), 0.0
        self._half = _is_half(options.precision, next(subject.model.parameters()).device)

    def explained(self, job: Job) -> Explained:
        """Climb from every seed, keep the highest, and judge it."""
        swept = self._sweep.of(job)
        began = time.perf_counter()
        runs, reached = self._runs(job, self._options.batch or job.batch)
        self._check(reached, job)
        best = reached.argmax(0)
        x = torch.stack([run.x for run in runs])[best, torch.arange(len(job.index))]
        spectra = torch.stack([waves.power(run.x) for run in runs])
        bins = job.samples / job.field / 4  # a quarter of what it tells apart
        found = judge.peaks(spectra, bins=min(job.samples / RESOLVED, bins))
        judged = self._sweep.judged(job, found)
        answer, silence = reached.max(0).values.numpy(), judged.silence.numpy()
        steps = torch.stack([run.steps for run in runs])[best, torch.arange(len(job.index))]
        to_hz = self._subject.rate_hz / job.samples
        return Explained(
            name=job.name,
            kind=job.kind,
            labels=job.labels,
            index=job.index.numpy(),
            total=job.goal.size,
            field=job.field,
            hop=job.hop,
            rate_hz=self._subject.rate_hz,
            waves=x.numpy(),
            power=waves.power(x).numpy(),
            answer=answer,
            silence=silence,
            steps=steps.numpy(),
            peak_hz=found.double().numpy() * to_hz,
            tone_hz=swept.cycles.double().numpy() * to_hz,
            tones=judged.tones.numpy(),
            at_peak=judged.at_peak.numpy(),
            tone_response=(judged.rise if job.kind == OUTPUT else judged.response).numpy(),
            tone_rise=judged.rise.numpy(),
            dead=answer <= silence if job.kind == OUTPUT else answer <= 0,
            seed_peak_hz=spectra.argmax(-1).double().numpy() * to_hz,
            repeatability=judge.agreement(spectra, bins=max(1.5, bins)).numpy(),
            weights=job.weights,
            watched=some(len(job.index), WATCHED).numpy(),
            record=_record(runs, best, x),
            heights=np.asarray(runs[0].heights, np.float32),
            seconds=time.perf_counter() - began + swept.seconds,
        )

    def _check(self, reached: Tensor, job: Job) -> None:
        if not torch.isfinite(reached).all():
            raise NotFiniteError(
                f"explain(rms={self._subject.rms:g}): {job.name} answers waveforms of that RMS by "
                "NaN or infinity: give the RMS of the signals that it was trained on, or the "
                "network in a higher precision"
            )

    def _runs(self, job: Job, batch: int) -> tuple[list[Climbed], Tensor]:
        """Climb from every seed; return the climbs, and what is answered to each, [seed, filter].

        What one seed could not wake, however often it started, starts but once from the next.
        """
        runs, reached = list[Climbed](), list[Tensor]()
        for seed in range(self._options.seed, self._options.seed + self._options.seeds):
            hopeless = (
                reached[-1] <= 0 if reached else torch.zeros(len(job.index), dtype=torch.bool)
            )
            runs.append(self._run(job, seed, batch, hopeless))
            reached.append(judge.own(job.goal, runs[-1].x, job.index, batch=batch))
        return runs, torch.stack(reached)

    def _run(self, job: Job, seed: int, batch: int, hopeless: Tensor) -> Climbed:
        """Climb from one seed, batch by batch; what stays dead starts again, if there is hope."""
        generator = torch.Generator().manual_seed(seed)
        watched = some(len(job.index), WATCHED)
        parts = []
        for begin in range(0, len(job.index), batch):
            index = job.index[begin : begin + batch]
            inside = watched[(watched >= begin) & (watched < begin + len(index))] - begin
            part = self._climbed(job, index, generator, inside)
            spare = hopeless[begin : begin + batch]
            parts.append(self._woken(job, index, part, generator, spare))
            self._tell(job, len(index) / self._options.seeds)
        return _joined(parts)

    def _climbed(
        self, job: Job, index: Tensor, generator: torch.Generator, watched: Tensor | None
    ) -> Climbed:
        channels, rms = self._subject.channels, self._subject.rms
        if self._options.climbing.method == "samplecnn":
            return authors(job.goal, index, channels=channels, generator=generator, watched=watched)
        start = waves.flat((len(index), channels, job.samples), rms=rms, generator=generator)
        return climb(
            job.goal,
            index,
            start,
            rms=rms,
            jitter=self._jitter(job),
            how=self._options.climbing,
            generator=generator,
            cast=self._cast,
            watched=watched,
        )

    def _jitter(self, job: Job) -> int:
        """Return by how much waveforms move: what a filter sees, of outputs a stride; units not."""
        if self._options.middle and job.kind != OUTPUT:
            return 1
        return job.hop if job.kind == OUTPUT else min(job.field, job.samples)

    def _woken(
        self, job: Job, index: Tensor, run: Climbed, generator: torch.Generator, spare: Tensor
    ) -> Climbed:
        """Start again what is silent, but for what is spared."""
        if job.kind == OUTPUT or self._options.climbing.method == "samplecnn":
            return run
        for _ in range(RETRIES):
            answers = judge.own(job.goal, run.x, index, batch=len(index))
            silent = torch.nonzero((answers <= 0) & ~spare)[:, 0]
            if len(silent) == 0:
                return run
            again = self._climbed(job, index[silent], generator, None)
            run.x[silent], run.steps[silent] = again.x, again.steps
        return run

    def _cast(self) -> AbstractContextManager[object]:
        device = next(self._subject.model.parameters()).device.type
        return torch.autocast(device, torch.bfloat16) if self._half else nullcontext()

    def _tell(self, job: Job, share: float) -> None:
        self._done += share * job.bytes / self._total
        if self._progress:
            self._progress(min(self._done, 1.0), job.name)


def _record(runs: Sequence[Climbed], best: Tensor, x: Tensor) -> tuple[Step, ...]:
    """Return how the best of some waveforms x arose, each by the run that it is of."""
    watched = some(len(x), WATCHED)
    which = [runs[run] for run in best[watched].tolist()]
    steps = sorted({step for run in which for step, _ in run.record})
    ways = [
        torch.stack([_standing(run, step)[row] for row, run in enumerate(which)]) for step in steps
    ]
    return tuple(
        Step(step, shown.numpy())
        for step, shown in zip(steps, [*ways[:-1], x[watched]], strict=True)
    )


def _joined(parts: Sequence[Climbed]) -> Climbed:
    """Return batches as one; those that took fewer steps stay where they arrived."""
    steps = sorted({step for part in parts for step, _ in part.record})
    record = [(step, torch.cat([_standing(part, step) for part in parts])) for step in steps]
    return Climbed(
        torch.cat([part.x for part in parts]),
        torch.cat([part.steps for part in parts]),
        parts[0].heights,
        record,
    )


def _standing(part: Climbed, step: int) -> Tensor:
    return [shown for at, shown in part.record if at <= step][-1]


def _is_half(precision: str, device: torch.device) -> bool:
    if precision != "auto":
        return precision == "bfloat16"
    return device.type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16", False))
