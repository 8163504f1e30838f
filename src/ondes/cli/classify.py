"""``ondes classify``: recordings in, what they are out."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options
from ondes.cli._batch import Told, complain, failed_rows, work_through
from ondes.cli._labels import Answer, Part, Table
from ondes.cli._takes import Failure, Take, recordings
from ondes.cli._truth import Truth, truth_of
from ondes.errors import InputError
from ondes.io import SignalFile, make_folder
from ondes.signal import Signal

if TYPE_CHECKING:
    from ondes.report.judged import Item, Outputs
    from ondes.run.classifier import Classifier
    from ondes.run.source import Choice

TABLE, PAGE = "labels.csv", "report.html"
OTHERS = (".tsv", ".txt", ".json", ".html", ".xlsx")

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE.csv|DIR",
        help=f"Table to write, or a folder for {TABLE} and {PAGE}; without it CSV on stdout.",
    ),
]
TruthPlace = Annotated[
    Path | None,
    typer.Option(
        "--truth",
        metavar="FILE.csv|DIR",
        help="What recordings are: a table file,label or a folder of one folder a class. Without "
        "it the folders they lie in, where these are called as classes.",
    ),
]
SkipExisting = Annotated[
    bool, typer.Option("--skip-existing", help="Keep what the table says of recordings already.")
]


def classify(
    inputs: _options.Inputs,
    *,
    model: _options.TrainedModel,
    out: Out = None,
    window_s: _options.WindowS = None,
    hop_s: _options.HopS = None,
    report: _options.ReportPage = False,
    truth: TruthPlace = None,
    channel: _options.ChannelInOrder = None,
    skip_existing: SkipExisting = False,
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
    """Tell what recordings are: their class, their tags or their numbers, and how surely.

    The table has the columns file, label, score (of what is chosen), and one for each class;
    with --window also onset_s and offset_s. Tags are joined by semicolons. Exit status: 0 all
    done, 1 some inputs failed (named at the end), 2 the call is wrong.
    """
    opening = _options.Opening(
        rate_hz=rate, dtype=dtype, channels=channels, truncated=truncated, part=part
    )
    places = _Places.of(out, report=report)
    if skip_existing and places.table is None:
        raise InputError("--skip-existing without -o: there is no table that has anything already")
    with recordings(inputs, opening.suffixes, raw=dtype is not None, ways=True) as (
        takes,
        missing,
    ):
        loaded = _options.classifier(model, device=device, threads=threads)
        _check_windows(loaded, window_s, hop_s)
        table = Table(loaded.classes, loaded.reading.kind, windows=window_s is not None)
        known = truth_of(loaded, takes, truth) if truth or report or json else None
        places.make(truth)
        job = _Classification(
            loaded,
            opening,
            _options.choice(channel),
            resample,
            window_s,
            hop_s,
            places.known(table) if skip_existing else {},
        )
        tally = _Tally(table, json=json, writes=places.table is not None, failures=list(missing))
        _work(job, takes, tally, places.table)
        page = _Page(job, known, model)
        if places.page:
            page.write(places.page, tally)
        scores = page.scores(tally.answers)
    _finish(tally, places, known, scores, model=model, json=json)


def _work(
    job: "_Classification", takes: Sequence[Take], tally: "_Tally", table: Path | None
) -> None:
    """Classify all recordings; what is done when someone interrupts is in the table as well."""
    try:
        for outcome in work_through(takes, job.do):
            tally.add(outcome)
    except KeyboardInterrupt:
        if table and tally.answers:
            tally.write(table, job.known)
        raise
    if table:
        tally.write(table, job.known)


def _check_windows(model: "Classifier", window_s: float | None, hop_s: float | None) -> None:
    """Raise what is wrong with windows before any recording is opened."""
    from ondes.run.windows import Pace

    if window_s is not None:
        Pace.of(model.spec, window_s=window_s, hop_s=hop_s)
    elif hop_s is not None:
        raise InputError(f"--hop {hop_s:g} without --window: say how long windows are")


@dataclass(frozen=True)
class _Places:
    """Where the table and the page go; None for nowhere."""

    table: Path | None = None
    page: Path | None = None

    @classmethod
    def of(cls, out: Path | None, *, report: bool) -> "_Places":
        """Read the words of a call; raises InputError where they do not fit together."""
        if out is None:
            if report:
                raise InputError("--report without -o: name a table or a folder to write to")
            return cls()
        if out.suffix.lower() == ".csv" and not out.is_dir():
            return cls(out, out.with_suffix(".html") if report else None)
        if out.is_file() or out.suffix.lower() in OTHERS:
            raise InputError(f"-o {out}: name a table that ends in .csv, or a folder")
        return cls(out / TABLE, out / PAGE if report else None)

    def known(self, table: Table) -> Mapping[str, Sequence[Part]]:
        """Return what the table says already, where there is one."""
        return table.read(self.table) if self.table and self.table.exists() else {}

    def make(self, truth: Path | None) -> None:
        """Make the folder, before any work is done; the truth is not to be written over."""
        if self.table is None:
            return
        if truth is not None and truth.resolve() == self.table.resolve():
            raise InputError(f"-o {self.table} is the truth itself: name another file")
        make_folder(self.table.parent)


@dataclass(frozen=True)
class _Classification:
    """What a recording is; what a table says already is `known` by its name."""

    model: "Classifier"
    opening: _options.Opening
    channels: "Choice"
    resample: bool
    window_s: float | None
    hop_s: float | None
    known: Mapping[str, Sequence[Part]]

    def do(self, take: Take, told: Told) -> Answer:
        """Classify a recording, or each of its windows."""
        if take.name in self.known:
            return Answer(take, self.known[take.name], before=True)
        file = self.opening(take.path)
        if self.window_s is None:
            labels = self.model.classify(file, resample=self.resample, channels=self.channels)
            return Answer(take, [Part(labels)])
        line = self.model.classify(
            file,
            resample=self.resample,
            channels=self.channels,
            window_s=self.window_s,
            hop_s=self.hop_s,
            progress=lambda seconds: told(seconds / file.duration_s),
        )
        ends = zip(line, line.onset_s.tolist(), line.offset_s.tolist(), strict=True)
        return Answer(take, [Part(row.labels, onset, offset) for row, onset, offset in ends])

    def clip(self, answer: Answer, part: Part) -> SignalFile | Signal:
        """Return what a part is about: a file, or the samples of a window."""
        file = self.opening(answer.take.path)
        if part.onset_s is None:
            return file
        return file.read(start_s=part.onset_s, stop_s=part.offset_s)


@dataclass
class _Tally:
    """What became of the recordings; printed as they come where there is no document."""

    table: Table
    json: bool
    writes: bool
    failures: list[Failure] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def add(self, outcome: Answer | Failure) -> None:
        """Count a recording, and say what it is unless a document will."""
        if isinstance(outcome, Failure):
            self.failures.append(outcome)
            return
        if not self.json and self.writes:
            print(self.table.line(outcome))
        elif not self.json:
            header = [] if self.answers else [self.table.header]
            print(self.table.text([*header, *self.table.rows(outcome)]), end="")
        self.answers.append(outcome)

    def write(self, path: Path, known: Mapping[str, Sequence[Part]]) -> None:
        """Write the table: what it says of other recordings already, then all answers."""
        done = {answer.take.name for answer in self.answers}
        rest = [
            Answer(Take(Path(name), name), parts, before=True)
            for name, parts in known.items()
            if name not in done
        ]
        self.table.write(path, [*rest, *self.answers])


@dataclass(frozen=True)
class _Page:
    """The page of all recordings, and how right the model is where that is known."""

    job: _Classification
    truth: Truth | None
    model: str

    def write(self, path: Path, tally: _Tally) -> None:
        """Write the page."""
        from ondes.report import classification

        card = self.job.model.card
        classification.write(
            path,
            self._items(tally.answers),
            outputs=self._outputs,
            failures=[(failure.name, failure.reason) for failure in tally.failures],
            truth=self.truth.told if self.truth else "",
            model=card.name,
            card=_options.summary(card),
            command=shlex.join(["ondes", *sys.argv[1:]]),
        )

    def scores(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """Return the scores of what is known; each window of a recording is what that is."""
        if self.truth is None:
            return {}
        from ondes.report import judged

        known = [item for item in self._items(answers) if item.truth is not None]
        return judged.scores(known, self._outputs) if known else {}

    @property
    def _outputs(self) -> "Outputs":
        from ondes.report.judged import Outputs

        reading = self.job.model.reading
        return Outputs(
            names=self.job.model.classes, kind=reading.kind, thresholds=reading.thresholds
        )

    def _items(self, answers: Sequence[Answer]) -> "list[Item]":
        from ondes.report.judged import Item

        targets = self.truth.targets if self.truth else {}
        return [
            Item(
                file=_named(answer, one),
                scores=one.labels.scores,
                chosen=one.labels.chosen,
                truth=targets.get(answer.take.name),
                opened=partial(self.job.clip, answer, one),
            )
            for answer in answers
            for one in answer.parts
        ]


def _named(answer: Answer, part: Part) -> str:
    place = "" if part.onset_s is None else f", {part.onset_s:.6g} to {part.offset_s:.6g} s"
    return f"{answer.take.name}{place}"


def _finish(
    tally: _Tally,
    places: _Places,
    truth: Truth | None,
    scores: Mapping[str, float],
    *,
    model: str,
    json: bool,
) -> None:
    """Say how it went, and leave."""
    table = tally.table
    written = {"table": places.table, "report": places.page}
    if json:
        document = {
            "model": model,
            "kind": table.kind,
            "names": list(table.names),
            "written": {name: path for name, path in written.items() if path},
            "recordings": [table.document(answer) for answer in tally.answers],
            "failed": failed_rows(tally.failures),
        }
        known = {"truth": truth.told, "scores": dict(scores)} if truth and scores else {}
        _console.show_json({**document, **known})
    if truth and scores:
        figures = ", ".join(
            f"{name} {value:.3g}" for name, value in scores.items() if "/" not in name
        )
        _console.note(f"by {truth.told}: {figures}")
    if places.page:
        _console.note(f"report: {places.page}")
    complain(len(tally.answers), tally.failures)
    raise typer.Exit(int(bool(tally.failures)))
