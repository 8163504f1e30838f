"""``ondes warn``: a person's abnormal beats, by a warner made before they ever had one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options
from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import SignalFile, read_events, write_events

if TYPE_CHECKING:
    from ondes.run.warner import Warner

BESIDE = ".atr"

Record = Annotated[
    Path, typer.Argument(metavar="RECORD", help="An electrocardiogram, as a WFDB header.")
]
WarnerFolder = Annotated[
    str, typer.Option("--model", "-m", metavar="DIR", help="What ondes train ecg/warning made.")
]
Beats = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|MODEL",
        help="Events, one for each beat, or what detects them; the .atr beside RECORD without.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(metavar="X", help="Evidence from which on to warn; lower is sooner and oftener."),
]
Lead = Annotated[
    str | None, typer.Option(metavar="NAME", help="The lead that was learnt from; else the first.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="All beats as judged, in any event format."),
]


def warn(
    record: Record,
    *,
    model: WarnerFolder,
    beats: Beats = None,
    threshold: Threshold = None,
    lead: Lead = None,
    out: Out = None,
    resample: _options.Resample = False,
    json: _options.Json = False,
    threads: _options.Threads = 1,
) -> None:
    """Tell a person's abnormal beats, by a warner made of normal ones and of others' filters.

    Research software, not a medical device.
    """
    _options.use_threads(threads)
    warner = _warner(model, threshold)
    file = _options.Opening()(record)
    marked = _beats(beats, file, record, lead, threads=threads)
    judged = warner.warn(file.read(), marked, lead=lead, resample=resample)
    abnormal = judged[judged.label != "N"]
    if out is not None:
        write_events(judged, out, file=record.name)
    if json:
        _console.show_json(_document(record, model, file, judged, abnormal))
        return
    _console.show_events(abnormal, record.name, with_header=True)
    hours = file.duration_s / 3600
    _console.note(
        f"{len(abnormal)} of {len(judged)} beats to warn of in {hours:.3g} h; research software, "
        "not a medical device"
    )


def _warner(model: str, threshold: float | None) -> "Warner":
    from ondes.run.warner import THRESHOLD, Warner

    return Warner.load(model, threshold=THRESHOLD if threshold is None else threshold)


def _beats(
    beats: str | None, file: SignalFile, record: Path, lead: str | None, *, threads: int
) -> EventList:
    """The beats: those that a file tells, or that a model, at its own rate, finds in the lead."""
    from ondes.io.beats import beats as only_beats

    path = record.with_suffix(BESIDE) if beats is None else Path(beats)
    if path.is_file():
        told = read_events(path, rate_hz=file.rate_hz, file=record.name)
        return only_beats(told) if path.suffix == BESIDE else told
    if beats is None:
        raise InputError(
            f"there is no {path}: name a file of beats or what finds them, --beats ecg-beats"
        )
    detector = _options.detector(beats, device="cpu", threads=threads)
    return detector.detect(file, resample=True, channels=[lead or file.channels[0]])


def _document(
    record: Path, model: str, file: SignalFile, judged: EventList, abnormal: EventList
) -> dict[str, object]:
    seconds = [file.timebase.seconds(onset) for onset in abnormal.onset.tolist()]
    return {
        "record": record,
        "model": model,
        "duration_s": file.duration_s,
        "beats": len(judged),
        "warnings": [
            {"onset_s": at, "label": label, "score": score}
            for at, label, score in zip(
                seconds, abnormal.label.tolist(), abnormal.score.tolist(), strict=True
            )
        ],
        "limits": "research software, not a medical device",
    }
