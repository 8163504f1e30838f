"""``ondes report``: detectors compared on one's own recordings."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options
from ondes.cli._batch import (
    REPORT,
    Found,
    Told,
    Wanted,
    failed_rows,
    unless_done,
    work_through,
)
from ondes.cli._pages import check_first_page, write_index
from ondes.cli._takes import Failure, Take, gather
from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import SignalFile, read_events

if TYPE_CHECKING:
    from ondes.run.card import Json
    from ondes.run.classical import Classical
    from ondes.run.pipeline import Pipeline
    from ondes.run.source import Choice

USUAL = ("threshold", "sta-lta")
LEAST_SAMPLES = 256  # events nearer than that are one, unless the call says otherwise


def report(
    inputs: _options.Inputs,
    *,
    model: _options.Model,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            "-w",
            metavar="NAME|DIR|FILE",
            help="Another detector, may be repeated; without it threshold and sta-lta.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where pages go.")],
    tolerance_s: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            metavar="S",
            help="Events whose onsets are nearer than so many seconds are one; without it what "
            "the model counts as right, and no less than 256 samples.",
        ),
    ] = None,
    channel: _options.Channel = None,
    json: _options.Json = False,
    resample: _options.Resample = False,
    rate: _options.Rate = None,
    dtype: _options.Dtype = None,
    channels: _options.Channels = None,
    truncated: _options.Truncated = False,
    device: _options.Device = "auto",
    threads: _options.Threads = 1,
) -> None:
    """Show on a page what several detectors find in a recording, and where they differ.

    Classical detectors that were tuned with the model are taken as tuned. Where an event list lies
    beside a recording (x.wav, x.csv), each is scored against it. Exit status: 0 all done, 1 some
    inputs failed (named at the end), 2 the call is wrong.
    """
    opening = _options.Opening(rate_hz=rate, dtype=dtype, channels=channels, truncated=truncated)
    if tolerance_s is not None and not tolerance_s > 0:
        raise InputError(f"--tolerance {tolerance_s}: give seconds, above 0")
    wanted = Wanted(out, (), report=True)
    takes, missing = gather(inputs, opening.suffixes, writes=True)
    if len(takes) > 1:
        check_first_page(out, wanted, takes)
    first = _options.detector(model, device=device, threads=threads)
    tuned = first.card.baselines
    detectors = [first] + [
        _tuned(name, tuned[name])
        if name in tuned
        else _options.detector(name, device=device, threads=threads)
        for name in others or USUAL
    ]
    names = _different([detector.card.name for detector in detectors])
    wanted.make_folder()
    heard = _options.choice(channel)
    job = _Comparison(detectors, names, opening, wanted, heard, resample, tolerance_s)
    found, failures = [], list(missing)
    for outcome in work_through(takes, unless_done(job, wanted)):
        if isinstance(outcome, Failure):
            failures.append(outcome)
            continue
        found.append(outcome)
        if not json:
            print(_said(outcome, job.counts[outcome.name]))
    if len(takes) > 1:
        _console.note(f"first page: {write_index(out, found, failures, model=model)}")
    if json:
        _console.show_json(_document(found, failures, job))
    for failure in failures:
        _console.note(f"failed: {failure.told}")
    raise typer.Exit(int(bool(failures)))


def _tuned(family: str, numbers: "Json") -> "Classical":
    """Return a classical detector as it was tuned on a model's validation data."""
    from ondes.run import classical
    from ondes.tasks.detect.classical import from_dict

    return classical.of(from_dict(numbers), name=f"{family}, tuned")


@dataclass
class _Comparison:
    """All detectors on one recording after the other; `counts` keeps what each found."""

    detectors: "Sequence[Pipeline | Classical]"
    names: Sequence[str]
    opening: _options.Opening
    wanted: Wanted
    channels: "Choice"
    resample: bool
    tolerance_s: float | None

    def __post_init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}

    def do(self, take: Take, told: Told) -> Found:
        """Find the events of a recording by each detector, and write its page."""
        from ondes.report import compare

        file = self.opening(take.path)
        answers = [
            compare.Answer(name, self._events(i, file, told), _options.summary(detector.card))
            for i, (name, detector) in enumerate(zip(self.names, self.detectors, strict=True))
        ]
        path = self.wanted.paths(take)[REPORT]
        path.parent.mkdir(parents=True, exist_ok=True)
        onset_s = self._onset_s(file.rate_hz)
        compare.write(
            path,
            signal=file,
            answers=answers,
            truth=_truth(take, file),
            tolerance_s=self.tolerance_s or max(onset_s, LEAST_SAMPLES / file.rate_hz),
            onset_s=onset_s,
            file=take.name,
            command=shlex.join(["ondes", *sys.argv[1:]]),
        )
        self.counts[take.name] = {answer.name: len(answer.events) for answer in answers}
        return Found(take.name, {REPORT: path}, file.duration_s, answers[0].events)

    def recall(self, take: Take) -> Found:
        """Do it again: a page alone does not say what was found."""
        return self.do(take, lambda _: None)

    def _events(self, i: int, file: SignalFile, told: Told) -> EventList:
        return self.detectors[i].detect(
            file,
            resample=self.resample,
            channels=self.channels,
            progress=lambda seconds: told((i + seconds / file.duration_s) / len(self.detectors)),
        )

    def _onset_s(self, rate_hz: float) -> float:
        """Return by how much a right onset may differ: what the model says, else 64 samples."""
        from ondes.run.pipeline import Pipeline

        if self.tolerance_s:
            return self.tolerance_s
        model = self.detectors[0]
        return model.tolerances.onset_s if isinstance(model, Pipeline) else 64 / rate_hz


def _different(names: Sequence[str]) -> list[str]:
    """Return the names; raises InputError where one stands twice."""
    if len(set(names)) < len(names):
        raise InputError(
            f"{', '.join(names)}: a page needs detectors with different names, each once"
        )
    return list(names)


def _truth(take: Take, file: SignalFile) -> EventList | None:
    """Return the event list beside a recording, if there is one."""
    path = take.path.with_suffix(".csv")
    if not path.exists():
        return None
    return read_events(path, rate_hz=file.rate_hz, file=take.path.name)


def _said(found: Found, counts: dict[str, int]) -> str:
    each = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"{found.name}: {each}; {found.written[REPORT]}"


def _document(
    found: Sequence[Found], failures: Sequence[Failure], job: _Comparison
) -> dict[str, object]:
    return {
        "detectors": job.names,
        "recordings": [
            {
                "file": one.name,
                "duration_s": one.duration_s,
                "written": str(one.written[REPORT]),
                "events": job.counts[one.name],
            }
            for one in found
        ],
        "failed": failed_rows(failures),
    }
