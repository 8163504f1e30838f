"""``ondes translate``: recordings of one sensor in, what another would have shown out."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
import typer

from ondes.cli import _console, _options
from ondes.cli._batch import Told, complain, failed_rows, make_folder, work_through
from ondes.cli._takes import Failure, Take, recordings
from ondes.cli._targets import Targets, opened
from ondes.cli._translations import AS_IS, COARSE, TARGET, TRANSLATED, Done, Part, Results, scores
from ondes.errors import InputError
from ondes.io import SignalFile, signal_formats, signal_suffix, write
from ondes.signal import Signal

if TYPE_CHECKING:
    from ondes.report.translation import Item
    from ondes.run.classifier import Classifier
    from ondes.run.labels import Labels
    from ondes.run.source import Choice
    from ondes.run.translating import Translated
    from ondes.run.translator import Translator

PAGE = "report.html"
NPY = ".npy"

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|DIR|FILE",
        help="One of `ondes models`, a folder, an ONNX file.",
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where results go.")]
Formats = Annotated[
    str,
    typer.Option(
        "--format", "-f", metavar="NAME,...", help=f"One or more of {', '.join(signal_formats())}."
    ),
]
ReportPage = Annotated[
    bool, typer.Option("--report", help=f"Write an HTML page of all recordings, {PAGE}.")
]
TargetsPlace = Annotated[
    Path | None,
    typer.Option(
        "--targets",
        metavar="DIR",
        help="What the other sensor truly recorded: files that are called like the inputs.",
    ),
]
Judge = Annotated[
    str | None,
    typer.Option(
        "--with",
        "-w",
        metavar="NAME|DIR|FILE",
        help="A classifier of the other sensor: what it says of inputs, translations and targets.",
    ),
]
Channel = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME|mix",
        help="Channel to take, may be repeated, in the order in which the model takes them; mix is "
        "the mean of all.",
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
    model: Model,
    out: Out,
    formats: Formats = "npy",
    report: ReportPage = False,
    targets: TargetsPlace = None,
    judge: Judge = None,
    hop_s: HopS = None,
    channel: Channel = None,
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

    NPY files do not tell their rate: without --rate they are taken for the sensor's. Exit status: 0
    all done, 1 some inputs failed (named at the end), 2 the call is wrong.
    """
    opening = _options.Opening(
        rate_hz=rate, dtype=dtype, channels=channels, truncated=truncated, part=part
    )
    kinds = {name.strip(): signal_suffix(name.strip()) for name in formats.split(",")}
    if skip_existing and (report or judge or targets):
        raise InputError("--skip-existing tells nothing of what is there: leave out --report, "
                         "--with and --targets, or translate anew")  # fmt: skip
    suffixes = (*opening.suffixes, *(() if NPY in opening.suffixes else (NPY,)))
    with recordings(inputs, suffixes, raw=dtype is not None, writes=True) as (takes, missing):
        loaded = _options.translator(model, device=device, threads=threads)
        judging = _judging(judge, loaded, device=device, threads=threads)
        known = Targets.of(targets, opening, loaded, takes)
        make_folder(out)
        job = _Translation(
            loaded,
            opening,
            Results(out, kinds, skip_existing),
            known,
            judging,
            "mix" if channel == ["mix"] else channel,
            resample,
            hop_s,
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


def _judging(
    name: str | None, translator: "Translator", *, device: str, threads: int
) -> "Classifier | None":
    """Return the classifier of ``--with``; raises InputError where it takes other signals."""
    if name is None:
        return None
    judge, target = _options.classifier(name, device=device, threads=threads), translator.target
    takes = judge.spec.rate_hz, judge.spec.channels
    if takes != target[:2]:
        raise InputError(
            f"--with {name} takes {takes[1]} channels at {takes[0]:.10g} Hz, the translator gives "
            f"{target.n_channels} at {target.rate_hz:.10g} Hz: name a classifier of the sensor "
            "that is translated into"
        )
    return judge


class _Piece(NamedTuple):
    """A recording, or the map of its frames [start, stop), and what it is translated into."""

    source: Signal
    made: "Translated"
    frames: tuple[int, int] | None = None


@dataclass(frozen=True)
class _Translation:
    """What a recording becomes, and its results on disk."""

    translator: "Translator"
    opening: _options.Opening
    results: Results
    targets: Targets | None
    judge: "Classifier | None"
    channels: "Choice"
    resample: bool
    hop_s: float | None

    def do(self, take: Take, told: Told) -> Done:
        """Translate a recording and write its results."""
        file = self.open(take)
        n_maps, parts = self._n_maps(file), []
        if there := self.results.there(take, n_maps):
            return Done(take, [Part(paths, {}) for paths in there], file.duration_s, before=True)
        for number, piece in enumerate(self.pieces(file, told)):
            target = self.target(take, piece)
            paths = self.results.paths(take, number if n_maps > 1 else None)
            _write(piece.made.result, paths, take)
            figures, labels = _figures(piece, target), self._labels(piece, target)
            span = (at / file.rate_hz for at in piece.frames) if piece.frames else (None, None)
            parts.append(Part(paths, figures, labels, *span))
        return Done(take, parts, file.duration_s)

    def open(self, take: Take) -> SignalFile:
        """Open a recording, at the sensor's rate where neither file nor call tells one."""
        return opened(take.path, self.opening, self.translator, self.translator.way.source)

    def pieces(self, file: SignalFile, told: Told = lambda _: None) -> Iterator[_Piece]:
        """Yield what a recording is made into: itself, or the maps of its frames."""
        if self.translator.is_of_frames(file.rate_hz) or self.hop_s is not None:
            for one in self.translator.maps(file, channels=self.channels, hop_s=self.hop_s):
                yield _Piece(one.source, one.made, (one.start, one.stop))
                told(one.stop / file.n_samples)
            return
        source = self.translator.chosen(file.read(), self.channels, resample=self.resample)
        made = self.translator.parts(
            source,
            resample=self.resample,
            progress=lambda seconds: told(seconds / file.duration_s),
        )
        yield _Piece(source, made)

    def target(self, take: Take, piece: _Piece) -> Signal | None:
        """Return what the other sensor recorded of a piece, where that is known."""
        if self.targets is None:
            return None
        return self.targets.find(take, piece.made.result, piece.frames)

    def shown(self, take: Take, number: int) -> tuple[_Piece, Signal | None]:
        """Return a piece anew, and its target, to be drawn."""
        piece = next(islice(self.pieces(self.open(take)), number, None))
        return piece, self.target(take, piece)

    def _n_maps(self, file: SignalFile) -> int:
        if not self.translator.is_of_frames(file.rate_hz):
            return 1
        pace = self.translator.mapping(
            rate_hz=file.rate_hz, channels=file.channels, choice=self.channels, hop_s=self.hop_s
        ).pace
        return 1 + -(-max(file.n_samples - pace.size, 0) // pace.hop)

    def _labels(self, piece: _Piece, target: Signal | None) -> "dict[str, Labels]":
        if self.judge is None:
            return {}
        takes = self.judge.spec.rate_hz, self.judge.spec.channels
        made = piece.made
        clips = {AS_IS: piece.source, TRANSLATED: made.result, TARGET: target}
        if not np.array_equal(made.coarse.samples, made.result.samples):
            clips[COARSE] = made.coarse
        return {
            which: self.judge.classify(clip)
            for which, clip in clips.items()
            if clip is not None and (clip.rate_hz, clip.n_channels) == takes
        }


def _write(result: Signal, paths: dict[str, Path], take: Take) -> None:
    for kind, path in paths.items():
        if path.exists() and path.resolve() == take.path.resolve():
            raise InputError(f"{path} is the input itself: name another folder with -o")
        path.parent.mkdir(parents=True, exist_ok=True)
        write(result, path, format=kind)


def _figures(piece: _Piece, target: Signal | None) -> dict[str, float]:
    """Return the mean uncertainty and, where the target is known, mean absolute errors."""
    made, found = piece.made, {}
    if made.uncertainty is not None:
        found["uncertainty"] = float(made.uncertainty.samples.mean(dtype=np.float64))
    if target is None:
        return found
    found["l1"] = _l1(made.result, target)
    alike = (piece.source.rate_hz, piece.source.samples.shape) == (
        target.rate_hz,
        target.samples.shape,
    )
    return {**found, "l1_as_is": _l1(piece.source, target)} if alike else found


def _l1(one: Signal, other: Signal) -> float:
    return float(np.abs(one.samples - other.samples).mean(dtype=np.float64))


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


def _write_page(path: Path, job: _Translation, tally: _Tally, model: str) -> None:
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


def _items(job: _Translation, done: Sequence[Done]) -> "list[Item]":
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
