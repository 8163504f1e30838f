"""How long detection takes on one core, from a file to its events, beside basic-pitch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import ondes
from benchmarks import _basic_pitch, _recording
from benchmarks._clips import dataset
from benchmarks._page import table
from benchmarks._stopwatch import Call, Times, in_turns
from ondes import recipe
from ondes.recipe import build
from ondes.run.pipeline import Pipeline, pack
from ondes.tasks.detect import DetectTask

NETWORKS = {
    "InceptionTime, small": "tones/inception-time-small-lr1e-3",
    "InceptionTime, big": "tones/inception-time-big-lr1e-3",
    "Spec2Map, small": "tones/spec2map-small-augmented-48k",
    "Spec2Map, big": "tones/spec2map-big-augmented-48k",
}
HEAD = ("system", "real-time factor", "times real time", "times ours")
ABOUT = """
## Speed

One recording of {seconds} s at 48 kHz, from the file to the list of events, models loaded before.
Processor time on one core, medians of {rounds} round(s) in turns. The networks of the thesis have
random weights and give frame maps, no events. {absent}
""".strip()


def report(*, model: str = "piano-tones", seconds: int = 180, rounds: int = 5) -> str:
    """Time all on one recording; `model` is a name or a folder."""
    pipeline = ondes.load(model, device="cpu")
    ours = f"ondes, {pipeline.card.name}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tones.wav")
        _recording.write(path, seconds=seconds)
        calls: dict[str, Call] = {ours: partial(pipeline.detect, path), **dict(calls_on(path))}
        times = in_turns(calls, rounds=rounds)
    missing = _basic_pitch.missing()
    absent = f"basic-pitch is left out: {missing} not installed." if missing else ""
    about = ABOUT.format(seconds=seconds, rounds=rounds, absent=absent).strip()
    return f"{about}\n\n{table(HEAD, (row(times, name, ours, seconds) for name in calls))}"


def calls_on(path: Path) -> Iterator[tuple[str, Call]]:
    """What the rival and the networks of the thesis do with a file."""
    if not _basic_pitch.missing():
        yield _basic_pitch.NAME, partial(_basic_pitch.notes_of, path, _basic_pitch.loaded())
    for name, source in NETWORKS.items():
        yield name, partial(untrained(source).frames, path)


def untrained(source: str) -> Pipeline:
    """The network of a recipe with random weights."""
    chosen = recipe.load(source)
    examples = dataset("test", f"data.options.rate_hz={_recording.RATE_HZ}")
    task = cast(DetectTask, build.task(chosen, examples))
    return pack(task, name=source, model=chosen.model.model_dump())


def row(times: Times, name: str, ours: str, seconds: int) -> list[str]:
    """A line of the table."""
    taken = times.median(name)
    return [
        name,
        f"{taken / seconds:.4f}",
        f"{seconds / taken:.0f}",
        f"{times.ratio(name, ours):.2f}",
    ]
