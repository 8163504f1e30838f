"""``ondes detect``: recordings in, their events out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ondes.cli import _console, _options
from ondes.cli._batch import (
    REPORT,
    Found,
    Told,
    Wanted,
    complain,
    failed_rows,
    unless_done,
    work_through,
)
from ondes.cli._pages import check_first_page, write_index, write_page
from ondes.cli._takes import Failure, Take, recordings
from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import SignalFile, read_events, write_events

if TYPE_CHECKING:
    from ondes.run.classical import Classical
    from ondes.run.pipeline import Pipeline

FULL = ("json", "csv", "tsv")  # formats that carry all there is of an event


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
    part: _options.Part = None,
    truncated: _options.Truncated = False,
    device: _options.Device = "auto",
    threads: _options.Threads = 1,
) -> None:
    """Find the events of recordings: what, from when to when, how sure.

    Exit status: 0 all done, 1 some inputs failed (named at the end), 2 the call is wrong.
    """
    opening = _options.Opening(
        rate_hz=rate, dtype=dtype, channels=channels, truncated=truncated, part=part
    )
    kinds = tuple(dict.fromkeys(name.strip() for name in formats.split(",")))
    wanted = Wanted(out, kinds, report=report)
    tally = _Tally(json=json, report=report)
    writes = wanted.folder is not None
    with recordings(inputs, opening.suffixes, raw=dtype is not None, writes=writes) as (
        takes,
        missing,
    ):
        if report and out and len(takes) > 1:
            check_first_page(out, wanted, takes)
        pipeline = _options.detector(model, device=device, threads=threads)
        wanted.make_folder()
        job = _Detection(pipeline, opening, wanted, channel, resample=resample)
        tally.failures += missing
        do = unless_done(job, wanted, skip_existing=skip_existing)
        for outcome in work_through(takes, do):
            tally.add(outcome)
    if report and out and len(takes) > 1:
        _console.note(f"first page: {write_index(out, tally.kept, tally.failures, model=model)}")
    if json:
        _console.show_json({"model": model, **tally.document()})
    complain(tally.done, tally.failures)
    raise typer.Exit(int(bool(tally.failures)))


@dataclass(frozen=True)
class _Detection:
    """Events of a recording, and its results on disk."""

    pipeline: "Pipeline | Classical"
    opening: _options.Opening
    wanted: Wanted
    channels: Sequence[str] | None
    resample: bool

    def do(self, take: Take, told: Told) -> Found:
        """Find the events of a recording and write its results.

        What one format cannot hold is told once the others are written.
        """
        file = self.opening(take.path)
        _refuse_beside(take, self.wanted)
        events = self.pipeline.detect(
            file,
            resample=self.resample,
            channels="mix" if self.channels == ["mix"] else self.channels,
            progress=lambda seconds: told(seconds / file.duration_s),
        )
        paths = self.wanted.paths(take)
        refused = []
        for kind, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._write(kind, path, file, events, take.name)
            except InputError as error:
                refused.append(str(error))
        if refused:
            raise InputError("; ".join(refused))
        return Found(take.name, paths, file.duration_s, events)

    def _write(self, kind: str, path: Path, file: SignalFile, events: EventList, name: str) -> None:
        if kind == REPORT:
            write_page(path, self.pipeline, file, events, name=name)
        else:
            write_events(events, path, format=kind, file=name)

    def recall(self, take: Take) -> Found:
        """Read what was found before; most from the format that carries most."""
        file, paths = self.opening(take.path), self.wanted.paths(take)
        kind = next((name for name in FULL if name in paths), next(iter(paths)))
        events = read_events(paths[kind], rate_hz=file.rate_hz, format=kind, file=take.name)
        return Found(take.name, paths, file.duration_s, events, before=True)


def _refuse_beside(take: Take, wanted: Wanted) -> None:
    """Keep what stands beside a recording under its name: it may be its true events."""
    for path in wanted.paths(take).values():
        if path.exists() and path.parent.resolve() == take.path.parent.resolve():
            raise InputError(
                f"{path} stands beside its recording already, and may be its own list: name "
                "another folder with -o, or move it away"
            )


@dataclass
class _Tally:
    """What became of the recordings; what a document or a first page needs is kept for the end."""

    json: bool
    report: bool
    done: int = 0
    kept: list[Found] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, outcome: Found | Failure) -> None:
        """Count a recording, and say what was found unless a document will."""
        if isinstance(outcome, Failure):
            self.failures.append(outcome)
            return
        if self.json or self.report:
            self.kept.append(outcome)
        if not self.json:
            outcome.tell(with_header=not self.done)
        self.done += 1

    def document(self) -> dict[str, object]:
        """Return what ``--json`` says of all recordings."""
        return {
            "recordings": [one.document() for one in self.kept],
            "failed": failed_rows(self.failures),
        }
