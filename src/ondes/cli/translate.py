"""``ondes translate``: recordings of one sensor in, what another would have shown out."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options
from ondes.cli._batch import complain, failed_rows, work_through
from ondes.cli._takes import Failure, Take, recordings
from ondes.cli._targets import Targets
from ondes.cli._translating import Translation
from ondes.cli._translations import Done, Part, Results, scores
from ondes.errors import InputError
from ondes.io import make_folder, signal_formats, signal_suffix

if TYPE_CHECKING:
    from ondes.report.translation import Item
    from ondes.run.translator import Translator

PAGE = "report.html"
NPY = ".npy"

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where results go.")]
Formats = Annotated[
    str,
    typer.Option(
        "--format", "-f", metavar="NAME,...", help=f"One or more of {', '.join(signal_formats())}."
    ),
]
TargetsPlace = Annotated[
    Path | None,
    typer.Option(
        "--targets",
        metavar="DIR",
        help="What the other sensor truly recorded: files that are called like the inputs.",
    ),
]
HopS = Annotated[
    float | None,
    typer.Option(
        "--hop",
        metavar="S",
        help="Of radar frames: from one map to the next; end to end without.",
    ),
]


def translate(
    inputs: _options.Inputs,
    *,
    model: _options.TrainedModel,
    out: Out,
    formats: Formats = "npy",
    report: _options.ReportPage = False,
    targets: TargetsPlace = None,
    judge: _options.Judge = None,
    hop_s: HopS = None,
    channel: _options.ChannelInOrder = None,
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
    """Translate recordings of one sensor into what another would have shown.

    With a classifier of that sensor (--with), the results and the page say what it makes of the
    recordings as they are, of their translations and of the targets.

    NPY files do not tell their rate: without --rate they are taken for the sensor's. Exit status: 0
    all done, 1 some inputs failed (named at the end), 2 the call is wrong.
    """
    opening = _options.Opening(
        rate_hz=rate, dtype=dtype, channels=channels, truncated=truncated, part=part
    )
    kinds = {name.strip(): signal_suffix(name.strip()) for name in formats.split(",")}
    if skip_existing and (report or judge or targets):
        told = "leave out --report, --with and --targets, or translate anew"
        raise InputError(f"--skip-existing tells nothing of what is there: {told}")
    suffixes = (*opening.suffixes, *(() if NPY in opening.suffixes else (NPY,)))
    with recordings(inputs, suffixes, raw=dtype is not None, writes=True) as (takes, missing):
        loaded = _options.translator(model, device=device, threads=threads)
        judging = (
            None if judge is None else _options.judge(judge, loaded, device=device, threads=threads)
        )
        known = Targets.of(targets, opening, loaded, takes)
        make_folder(out)
        job = Translation(
            loaded,
            opening,
            Results(out, kinds, skip_existing),
            known,
            judging,
            _options.choice(channel),
            resample,
            hop_s,
            report,
        )
        _tell_assumed(takes, opening, loaded)
        tally = _Tally(json=json, failures=list(missing))
        for outcome in work_through(takes, job.do):
            tally.add(outcome)
        if report:
            _write_page(out / PAGE, job, tally, model)
    _finish(tally, out / PAGE if report else None, model=model, judge=judge, json=json)


def _tell_assumed(
    takes: Sequence[Take], opening: _options.Opening, translator: "Translator"
) -> None:
    """Say what NPY files are taken for, which do not tell their rate."""
    if opening.rate_hz is None and any(take.path.suffix.lower() == NPY for take in takes):
        source = translator.way.source
        frames = translator.frames
        several = f", or for frames at {frames.rate_hz:g} Hz" if frames else ""
        name = source.name or "the sensor"
        _console.note(
            f"NPY files tell no rate: taken for signals of {name} at {source.rate_hz:g} Hz{several}"
            " (--rate says otherwise)"
        )


@dataclass
class _Tally:
    """What became of the recordings; printed as they come where there is no document."""

    json: bool
    failures: list[Failure] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)

    def add(self, outcome: Done | Failure) -> None:
        """Count a recording, and say what became of it unless a document will."""
        if isinstance(outcome, Failure):
            self.failures.append(outcome)
            return
        self.done.append(outcome)
        if not self.json:
            print(outcome.line())


def _write_page(path: Path, job: Translation, tally: _Tally, model: str) -> None:
    """Write the page of all recordings."""
    from ondes.report import translation

    card = job.translator.card
    translation.write(
        path,
        _items(job, tally.done),
        failures=[(failure.name, failure.reason) for failure in tally.failures],
        sensors=(job.translator.way.source.name, job.translator.target.name),
        model=card.name or model,
        judge=job.judge.card.name if job.judge else "",
        is_of_frames=job.translator.frames is not None,
        scores=scores(tally.done),
        card=_options.summary(card),
        command=shlex.join(["ondes", *sys.argv[1:]]),
    )


def _items(job: Translation, done: Sequence[Done]) -> "list[Item]":
    from ondes.report.translation import Item, Shown

    def shown(take: Take, number: int) -> Shown:
        piece, target = job.shown(take, number)
        return Shown(piece.source, target, *piece.made, is_map=job.translator.spec.dims == 2)

    return [
        Item(
            name=_named(one, part),
            figures=part.figures,
            answers=part.labels,
            opened=partial(shown, one.take, number),
        )
        for one in done
        for number, part in enumerate(one.parts)
    ]


def _named(one: Done, part: Part) -> str:
    if part.onset_s is None or len(one.parts) == 1:
        return one.take.name
    return f"{one.take.name}, {part.onset_s:.6g} to {part.offset_s:.6g} s"


def _finish(tally: _Tally, page: Path | None, *, model: str, judge: str | None, json: bool) -> None:
    """Say how it went, and leave."""
    found = scores(tally.done)
    if json:
        document = {
            "model": model,
            **({"with": judge} if judge else {}),
            **({"report": page} if page else {}),
            "recordings": [one.document() for one in tally.done],
            "scores": found,
            "failed": failed_rows(tally.failures),
        }
        _console.show_json(document)
    elif any(name.startswith(("agreement", "l1")) for name in found):
        figures = ", ".join(f"{name.replace('_', ' ')} {found[name]:.3g}" for name in found)
        _console.note(figures)
    if page:
        _console.note(f"report: {page}")
    complain(len(tally.done), tally.failures)
    raise typer.Exit(int(bool(tally.failures)))
