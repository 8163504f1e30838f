"""A network explained: every layer climbed from several seeds, judged, and told as arrays."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from ondes.errors import InputError
from ondes.tasks.explain import judge, layers, waves
from ondes.tasks.explain.climb import Climbed, authors, climb
from ondes.tasks.explain.layers import OUTPUT
from ondes.tasks.explain.plan import MOST, Job, Options, Subject, planned, some
from ondes.tasks.explain.result import Explained, Explanation, Step

Progress = Callable[[float, str], None]
"""Is told what share of the work is done, 0 to 1, and what is being worked on."""

BUDGET = 256 * 2**20  # bytes of what a step keeps for its gradient
LARGEST_BATCH = 128
WATCHED = 6  # filters whose way is recorded
MOST_TONES = 384
PHASES = tuple(0.3 + 2 * np.pi * k / 3 for k in range(3))  # of tones
RESOLVED = 512  # of the rate: to which part of it peaks are blurred, at most
RETRIES = 3  # new starts for what stays dead


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
    if not (np.isfinite(subject.rms) and subject.rms > 0):
        raise InputError(
            f"explain(rms={subject.rms}): the signals it was trained on must sound; give an RMS "
            "above 0, or data whose variance is not 0"
        )
    most = max(options.samples or MOST, subject.least)
    with layers.still(subject.model):
        found = layers.find(
            subject.model,
            channels=subject.channels,
            samples=most,
            rms=subject.rms,
            exact=options.exact,
        )
        jobs = planned(subject, options, found, most=most)
        work = _Work(subject, options, sum(job.weight for job in jobs), progress)
        explained = tuple(work.explained(job) for job in jobs)
    return Explanation(
        name=subject.name or type(subject.model).__name__,
        rate_hz=subject.rate_hz,
        rms=subject.rms,
        channels=subject.channels,
        layers=explained,
        seeds=options.seeds,
        method=options.climbing.method,
        notes=(*subject.notes, *options.climbing.notes),
    )


class _Work:
    """Jobs done one after the other, with their progress."""

    def __init__(
        self, subject: Subject, options: Options, total: float, progress: Progress | None
    ) -> None:
        self._subject, self._options, self._total = subject, options, max(total, 1.0)
        self._progress, self._done = progress, 0.0
        self._half = _is_half(options.precision, next(subject.model.parameters()).device)

    def explained(self, job: Job) -> Explained:
        """Climb from every seed, keep the highest, and judge it."""
        began, options = time.perf_counter(), self._options
        batch = options.batch or max(1, min(LARGEST_BATCH, BUDGET // job.bytes))
        runs = [self._run(job, options.seed + k, batch) for k in range(options.seeds)]
        reached = torch.stack([judge.own(job.goal, run.x, job.index, batch=batch) for run in runs])
        best = reached.argmax(0)
        x = torch.stack([run.x for run in runs])[best, torch.arange(len(job.index))]
        spectra = torch.stack([waves.power(run.x) for run in runs])
        bins = job.samples / job.field / 4  # a quarter of what it tells apart
        found = judge.peaks(spectra, bins=min(job.samples / RESOLVED, bins))
        values = _judged(job, self._subject, found, batch=batch)
        answer = reached.max(0).values.numpy()
        silence = values["silence"]
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
            tone_hz=values["tone_hz"],
            tones=values["tones"],
            at_peak=values["at_peak"],
            tone_response=values["tone_response"],
            tone_rise=values["tone_rise"],
            dead=answer <= silence if job.kind == OUTPUT else answer <= 0,
            seed_peak_hz=spectra.argmax(-1).double().numpy() * to_hz,
            repeatability=judge.agreement(spectra, bins=max(1.5, bins)).numpy(),
            weights=job.weights,
            watched=some(len(job.index), WATCHED).numpy(),
            record=_record(runs, best, x),
            heights=np.asarray(runs[0].heights, np.float32),
            seconds=time.perf_counter() - began,
        )

    def _run(self, job: Job, seed: int, batch: int) -> Climbed:
        """Climb from one seed, batch by batch; what stays dead starts again."""
        generator = torch.Generator().manual_seed(seed)
        watched = some(len(job.index), WATCHED)
        parts = []
        for begin in range(0, len(job.index), batch):
            index = job.index[begin : begin + batch]
            inside = watched[(watched >= begin) & (watched < begin + len(index))] - begin
            part = self._climbed(job, index, generator, inside)
            parts.append(self._woken(job, index, part, generator))
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

    def _woken(self, job: Job, index: Tensor, run: Climbed, generator: torch.Generator) -> Climbed:
        if job.kind == OUTPUT or self._options.climbing.method == "samplecnn":
            return run
        for _ in range(RETRIES):
            silent = torch.nonzero(judge.own(job.goal, run.x, index, batch=len(index)) <= 0)[:, 0]
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


def _judged(job: Job, subject: Subject, peaks: Tensor, *, batch: int) -> dict[str, np.ndarray]:
    """Return what pure tones and silence are answered, and how the found peaks do among them.

    Answers are means over three phases a third apart: where strides meet the same phase again and
    again, as of a tone at a quarter of the rate by strides of four, one alone, or two, may be
    answered by nothing.
    """
    cycles = waves.sweep(job.samples, most=MOST_TONES)

    def tones(which: Tensor, phase: float) -> Tensor:
        return waves.tones(
            which, phase=phase, channels=subject.channels, samples=job.samples, rms=subject.rms
        )

    def swept(phase: float) -> Tensor:
        return judge.answers(
            job.goal, lambda a, b: tones(cycles[a:b], phase), len(cycles), batch=batch
        )

    def at_peaks(phase: float) -> Tensor:
        return judge.own(job.goal, tones(peaks, phase), job.index, batch=batch)

    of_each = torch.stack([swept(phase) for phase in PHASES]).mean(0)[:, job.index].T
    at_peak = torch.stack([at_peaks(phase) for phase in PHASES]).mean(0)
    silence = job.goal.all(torch.zeros(1, subject.channels, job.samples))[0, job.index]
    best = of_each.max(1).values
    rise = judge.tone_rise(at_peak, best, silence)
    response = rise if job.kind == OUTPUT else judge.tone_response(at_peak, best)
    return {
        "tone_hz": cycles.double().numpy() * (subject.rate_hz / job.samples),
        "tones": of_each.numpy(),
        "at_peak": at_peak.numpy(),
        "silence": silence.numpy(),
        "tone_response": response.numpy(),
        "tone_rise": rise.numpy(),
    }


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
