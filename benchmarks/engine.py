"""What the windowing engine and the decoder cost beside the network, live on many channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks._page import table
from benchmarks._stopwatch import in_turns
from ondes.run.card import Card
from ondes.run.engine import Engine
from ondes.run.pipeline import Pipeline
from ondes.spec import Spec
from ondes.tasks.detect import Decoder

RATE_HZ, HOP, LENGTH = 1_562_500, 16, 16  # of a frame in samples, of a burst in frames
SPEC = Spec(
    RATE_HZ,
    channels=1,
    classes=("a", "b"),
    hop=HOP,
    look_back=512,
    look_ahead=512,
    heads=("frame", "onset", "offset"),
)
DECODER = Decoder(median=3, gap_frames=2)
BLOCKS = (1024, 16384)  # samples that arrive at once
BURSTS = (0, 1, 10)  # per channel and window
HEAD = ("bursts per second", "samples per block", "engine, % of a core", "with decoder")
ABOUT = """
## The engine

{channels} channels at 1.5625 MHz, live: frames of {hop} samples, two classes, three heads, which is
{frames:,.0f} frames a second and channel. Processor time of everything but the network - checks for
NaN, the tape of latest samples, windows and a copy of each, decoding - in percent of one core in
real time; medians of {rounds} rounds of {seconds} s. The network is a stand-in that answers from
memory.
""".strip()

Floats = NDArray[np.float32]


@dataclass
class StandIn:
    """A network that copies what it gets, and finds so many bursts in every window."""

    bursts: int
    known: dict[tuple[int, ...], Floats] = field(default_factory=dict)

    def __call__(self, x: Floats) -> Floats:
        """Probabilities [b, head, class, frame], the same ones for every x of a shape."""
        x = np.array(x, order="C")
        if x.shape not in self.known:
            self.known[x.shape] = self._answer(len(x), x.shape[2] // HOP)
        return self.known[x.shape]

    def _answer(self, rows: int, frames: int) -> Floats:
        rng, probs = np.random.default_rng(0), np.zeros((rows, 3, 2, frames), np.float32)
        for row in range(rows):
            for place in rng.integers(100, frames - 100, self.bursts):
                name, stop = rng.integers(2), place + LENGTH
                probs[row, 0, name, place:stop] = 0.9
                probs[row, 1, name, place - 1 : place + 2] = (0.4, 0.9, 0.4)
                probs[row, 2, name, stop - 1 : stop + 2] = (0.4, 0.9, 0.4)
        return probs

    def save(self, path: object, card: Card) -> None:
        """Nothing there is to be saved."""
        raise NotImplementedError


def report(*, channels: int = 16, seconds: int = 2, rounds: int = 5) -> str:
    """Time all on noise that arrives in blocks."""
    about = ABOUT.format(
        channels=channels, hop=HOP, frames=RATE_HZ / HOP, rounds=rounds, seconds=seconds
    )
    lines = rows(channels=channels, seconds=seconds, rounds=rounds)
    return f"{about}\n\n{table(HEAD, lines, texts=0)}"


def rows(*, channels: int, seconds: int, rounds: int) -> Iterator[list[str]]:
    """The lines of the table."""
    for bursts in BURSTS:
        pipeline = Pipeline(
            StandIn(bursts), SPEC, DECODER, Card(name="", model={}, spec={}, task={})
        )
        per_s = bursts * channels * RATE_HZ / (pipeline.engine.window.frames * HOP)
        for block in BLOCKS:
            x = np.random.default_rng(0).normal(size=(channels, block)).astype(np.float32)
            times = seconds * RATE_HZ // block
            calls = {
                "engine": partial(run_engine, pipeline.engine, x, times),
                "all": partial(run_all, pipeline, x, times),
            }
            taken, signal_s = in_turns(calls, rounds=rounds), times * block / RATE_HZ
            shares = [f"{100 * taken.median(name) / signal_s:.1f}" for name in calls]
            yield [f"{per_s:,.0f}", f"{block}", *shares]


def run_engine(engine: Engine, x: Floats, times: int) -> None:
    """Push a block so many times through the engine alone."""
    stream = engine.stream(rate_hz=RATE_HZ, n_channels=len(x))
    for _ in range(times):
        stream.push(x)


def run_all(pipeline: Pipeline, x: Floats, times: int) -> None:
    """Push a block so many times, and have the events."""
    names = tuple(map(str, range(len(x))))
    listener = pipeline.listen(rate_hz=RATE_HZ, channels=names)
    for _ in range(times):
        listener.push(x)
