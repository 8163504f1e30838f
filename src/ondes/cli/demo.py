"""``ondes demo``: the main job from end to end, on a recording that comes with ondes."""

import os
import sys
import time
from collections.abc import Mapping
from importlib.resources import files
from itertools import islice
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options
from ondes.events import EventList
from ondes.io import event_suffix, open_signal, read_events, write_events

if TYPE_CHECKING:
    from ondes.run.pipeline import Pipeline

MODEL = "piano-tones"
TAKE = Path(str(files("ondes"))) / "demo" / "prelude.flac"
ABOUT = "J. S. Bach, Prelude in C (BWV 846), on a piano that the model never heard"
RESULTS = {"csv": "table", "audacity": "labels for Audacity", "midi": "MIDI"}
SHOWN = 8
NEXT = """\
Your own recording:  {ondes} detect take.wav --model piano-tones -o out --report
Your own model:      {ondes} train tones/piano-tones --scale laptop -o my-model"""


def demo(
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results.")
    ] = Path("demo"),
    threads: _options.Threads = 1,
) -> None:
    """Find the tones of a piano recording, and score them against the truth."""
    pipeline = _options.loaded(MODEL, device="cpu", threads=threads)
    recording = open_signal(TAKE)
    print(f"{ABOUT}, {recording.duration_s:.0f} s\n")
    began = time.perf_counter()
    events = pipeline.detect(recording)
    speed = recording.duration_s / (time.perf_counter() - began)
    _show_first(events)
    truth = read_events(TAKE.with_suffix(".csv"), rate_hz=recording.rate_hz, file=TAKE.name)
    print(f"{len(events)} tones found, {len(truth)} are true; {speed:.0f} times faster than played")
    scores = _scores(pipeline)
    print(", ".join(f"{name} {value:.3f}" for name, value in scores.items()), end="\n\n")
    for what, path in _written(pipeline, events, truth, scores, out):
        print(f"{what + ':':<20} {path}")
    print(f"\n{NEXT.format(ondes=_command())}")


def _command() -> str:
    """Return what to type for `ondes`: its way from here where the shell does not find it."""
    beside = Path(sys.executable).with_name("ondes")
    return os.path.relpath(beside) if beside.exists() and not which("ondes") else "ondes"


def _show_first(events: EventList) -> None:
    rows = [
        (f"{onset:.3f} s", f"{offset:.3f} s", event.label, f"{event.score:.2f}")
        for event, onset, offset in islice(
            zip(events, events.onset_s, events.offset_s, strict=True), SHOWN
        )
    ]
    _console.show_table(("from", "to", "tone", "how sure"), rows)


def _scores(pipeline: "Pipeline") -> dict[str, float]:
    """Return what is said of the score; notes count within 50 ms of their onset."""
    from ondes.data.sets import recordings
    from ondes.tasks.detect import evaluate

    takes = recordings.build(recordings.Config(folder=str(TAKE)), split="all")
    scores = evaluate(pipeline, takes)
    return {
        "note F1": scores["note_f1"],
        "precision": scores["note_precision"],
        "recall": scores["note_recall"],
        "frame F1": scores["frame_f1"],
        "ROC AUC": scores["roc_auc"],
    }


def _written(
    pipeline: "Pipeline",
    events: EventList,
    truth: EventList,
    scores: Mapping[str, float],
    out: Path,
) -> list[tuple[str, Path]]:
    """Write all results, and return what and where they are."""
    from ondes.report import detection

    out.mkdir(parents=True, exist_ok=True)
    results = {name: out / f"{TAKE.stem}{event_suffix(name)}" for name in RESULTS}
    for name, path in results.items():
        write_events(events, path, format=name, file=TAKE.name)
    page = out / f"{TAKE.stem}.html"
    detection.write(
        page,
        signal=TAKE,
        events=events,
        truth=truth,
        model=MODEL,
        card=_options.summary(pipeline.card),
        scores=scores,
        labels=pipeline.spec.classes,
        command="ondes demo",
    )
    return [("report with player", page), *((RESULTS[name], results[name]) for name in results)]
