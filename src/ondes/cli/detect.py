"""``ondes detect``: recordings in, their events out."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ondes.cli import _console, _options
from ondes.cli._batch import REPORT, Found, Told, Wanted, work_through
from ondes.cli._takes import STDIN, Failure, Take, from_stdin, gather
from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import SignalFile, write_events

if TYPE_CHECKING:
    from ondes.run.pipeline import Pipeline


def detect(
    inputs: _options.Inputs,
    *,
    model: _options.Model,
    out: _options.Results = None,
    formats: _options.Formats = "csv",
    report: _options.Report = False,
    channel: _options.Channel = None,
    skip_existing: _options.SkipExisting = False,
    json: _options.Json = False,
    resample: _options.Resample = False,
    rate: _options.Rate = None,
    dtype: _options.Dtype = None,
    channels: _options.Channels = None,
    truncated: _options.Truncated = False,
    device: _options.Device = "auto",
    threads: _options.Threads = 0,
) -> None:
    """Find the events of recordings: what, from when to when, how sure.

    Exit status: 0 all done, 1 some inputs failed (named at the end), 2 the call is wrong.
    """
    opening = _options.Opening(rate_hz=rate, dtype=dtype, channels=channels, truncated=truncated)
    wanted = Wanted(out, tuple(formats.split(",")), report=report)
    tally = _Tally(keep=json)
    with _recordings(inputs, opening) as (takes, missing):
        pipeline = _options.loaded(model, device=device, threads=threads)
        job = _Job(pipeline, opening, wanted, channel, resample=resample)
        tally.failures += missing
        for outcome in work_through(takes, job, wanted, skip_existing=skip_existing):
            tally.add(outcome)
    if json:
        _console.show_json({"model": model, **tally.document()})
    tally.complain()
    raise typer.Exit(int(bool(tally.failures)))


@dataclass(frozen=True)
class _Job:
    """Detection in one recording, and its results on disk."""

    pipeline: "Pipeline"
    opening: _options.Opening
    wanted: Wanted
    channels: Sequence[str] | None
    resample: bool

    def __call__(self, take: Take, told: Told) -> Found:
        file = self.opening(take.path)
        events = self.pipeline.detect(
            file,
            resample=self.resample,
            channels="mix" if self.channels == ["mix"] else self.channels,
            progress=lambda seconds: told(seconds / file.duration_s),
        )
        paths = self.wanted.paths(take)
        for kind, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == REPORT:
                self._write_report(path, file, events, take.name)
            else:
                write_events(events, path, format=kind, file=take.name)
        return Found(take.name, paths, file.duration_s, events)

    def _write_report(self, path: Path, file: SignalFile, events: EventList, name: str) -> None:
        from ondes.report import detection

        detection.write(
            path,
            signal=file,
            events=events,
            file=name,
            model=self.pipeline.card.name,
            card=_options.summary(self.pipeline.card),
            labels=self.pipeline.spec.classes,
            command=shlex.join(["ondes", *sys.argv[1:]]),
        )


@contextmanager
def _recordings(
    inputs: Sequence[str], opening: _options.Opening
) -> Iterator[tuple[list[Take], list[Failure]]]:
    """Lend the recordings that the call names, and the inputs that name none."""
    if STDIN not in inputs:
        yield gather(inputs, opening.suffixes)
    elif len(inputs) > 1:
        raise InputError(f"{' '.join(inputs)}: take stdin (-) in its own call")
    else:
        with from_stdin(raw=opening.dtype is not None) as take:
            yield [take], []


@dataclass
class _Tally:
    """What became of the recordings; `keep` collects for a document what is else told at once."""

    keep: bool
    done: int = 0
    found: list[Found] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, outcome: Found | Failure) -> None:
        if isinstance(outcome, Failure):
            self.failures.append(outcome)
            return
        if self.keep:
            self.found.append(outcome)
        elif outcome.written:
            print(outcome.line())
        elif outcome.events is not None:
            _console.show_events(outcome.events, outcome.name, with_header=not self.done)
        self.done += 1

    def document(self) -> dict[str, object]:
        return {
            "recordings": [one.document() for one in self.found],
            "failed": [{"file": one.name, "reason": one.reason} for one in self.failures],
        }

    def complain(self) -> None:
        if self.failures:
            _console.note(f"{self.done} done, {len(self.failures)} failed:")
        for failure in self.failures:
            _console.note(f"  {failure.name}: {failure.reason}")
