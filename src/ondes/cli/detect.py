"""``ondes detect``: recordings in, their events out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ondes.cli import _console, _options
from ondes.cli._alarms import Alarming, rules_of, tell_unheard
from ondes.cli._batch import (
    ALARMS,
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
    from ondes.run.monitor import Alarm, Rules
    from ondes.run.pipeline import Pipeline
    from ondes.run.source import Choice

FULL = ("json", "csv", "tsv")  # formats that carry all there is of an event


def detect(
    inputs: _options.Inputs,
    *,
    model: _options.Model,
    out: _options.Results = None,
    formats: _options.Formats = "csv",
    report: _options.Report = False,
    rules: _options.RulesName = None,
    unit: _options.Unit = None,
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
    alarming = rules_of(rules)
    wanted = Wanted(out, kinds, report=report, alarms=alarming is not None)
    tally = _Tally(json=json, report=report)
    writes = wanted.folder is not None
    with recordings(inputs, opening.suffixes, raw=dtype is not None, writes=writes) as (
        takes,
        missing,
    ):
        if report and out and len(takes) > 1:
            check_first_page(out, wanted, takes)
        pipeline = _options.detector(model, device=device, threads=threads)
        tell_unheard(alarming, pipeline.spec)
        wanted.make_folder()
        heard = _options.choice(channel)
        job = _Detection(
            pipeline, opening, wanted, heard, resample=resample, rules=alarming, unit=unit
        )
        tally.failures += missing
        do = unless_done(job, wanted, skip_existing=skip_existing)
        for outcome in work_through(takes, do):
            tally.add(outcome)
    if json:
        _console.show_json({"model": model, **tally.document()})
    complain(tally.done, tally.failures)
    if report and out and len(takes) > 1:
        _console.note(f"first page: {write_index(out, tally.kept, tally.failures, model=model)}")
    raise typer.Exit(int(bool(tally.failures)))


@dataclass(frozen=True)
class _Detection:
    """Events of a recording, and its results on disk."""

    pipeline: "Pipeline | Classical"
    opening: _options.Opening
    wanted: Wanted
    channels: "Choice"
    resample: bool
    rules: "Rules | None" = None
    unit: str | None = None

    def do(self, take: Take, told: Told) -> Found:
        """Find the events of a recording and write its results.

        What one format cannot hold is told once the others are written.
        """
        file = self.opening(take.path)
        _refuse_beside(take, self.wanted)
        alarming = self._alarming(file)
        detector = alarming.checked(self.pipeline) if alarming else self.pipeline
        events = detector.detect(
            file,
            resample=self.resample,
            channels=self.channels,
            progress=lambda seconds: told(seconds / file.duration_s),
        )
        alarms = alarming.alarms(events, stop=file.n_samples) if alarming else []
        paths = self.wanted.paths(take)
        refused = []
        for kind, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._write(kind, path, file, events, take.name, alarms)
            except InputError as error:
                refused.append(str(error))
        if refused:
            raise InputError("; ".join(refused))
        return Found(
            take.name, paths, file.duration_s, events, alarms=self._rows(alarms, file.rate_hz)
        )

    def _alarming(self, file: SignalFile) -> Alarming | None:
        if self.rules is None:
            return None
        spec = self.pipeline.spec
        return Alarming(self.rules, spec, file.channels, self.channels, self.unit or file.unit)

    def _rows(self, alarms: "Sequence[Alarm]", rate_hz: float) -> list[dict[str, object]] | None:
        """Return alarms as documents have them; None where nothing raises any."""
        if self.rules is None:
            return None
        from ondes.run.monitor import files

        return files.rows(alarms, self.rules, rate_hz=rate_hz)

    def _write(
        self,
        kind: str,
        path: Path,
        file: SignalFile,
        events: EventList,
        name: str,
        alarms: "Sequence[Alarm]",
    ) -> None:
        if kind == REPORT:
            write_page(
                path, self.pipeline, file, events, name=name, alarms=alarms, rules=self.rules
            )
        elif kind == ALARMS and self.rules:
            from ondes.run.monitor import files

            files.write(alarms, path, self.rules, rate_hz=file.rate_hz)
        else:
            write_events(events, path, format=kind, file=name)

    def recall(self, take: Take) -> Found:
        """Read what was found before; most from the format that carries most."""
        file, paths = self.opening(take.path), self.wanted.paths(take)
        kind = next((name for name in FULL if name in paths), next(iter(paths)))
        events = read_events(paths[kind], rate_hz=file.rate_hz, format=kind, file=take.name)
        alarms = self._recalled(paths, file)
        return Found(take.name, paths, file.duration_s, events, before=True, alarms=alarms)

    def _recalled(
        self, paths: Mapping[str, Path], file: SignalFile
    ) -> list[dict[str, object]] | None:
        if ALARMS not in paths:
            return None
        from ondes.run.monitor import files

        return self._rows(files.read(paths[ALARMS]), file.rate_hz)


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
