"""InceptionTime beside tsai's: samples a second and accuracy of one architecture."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks import _steps, _tsai
from benchmarks._page import table
from benchmarks._steps import Job
from ondes import models
from ondes.data.clips import Clips
from ondes.data.sets import archive

SHAPES = ((64, 1, 1024), (16, 12, 5000))
SETS = ("ArrowHead", "BasicMotions", "GunPoint")
HEAD = (
    "batch",
    "threads",
    "",
    "tsai, 1/s",
    "ours, 1/s",
    "times",
    "ours bf16, 1/s",
    "times",
    "of tsai's bf16",
)
ABOUT = """
## InceptionTime beside tsai

The published classifier (six modules, kernels of 39, 19 and 9 samples, 32 filters), {tsai} in a
process of its own with the same torch. Batches of noise, items a second, medians of {rounds}
round(s) in turns; ratios are medians over rounds. Training is a step of Adam with forward and
backward pass. On one thread processor time counts, on two the clock. Times are of tsai's float32,
in the last column of its own bfloat16 (both by `torch.autocast`).

{speed}

Accuracy after {epochs} epochs on TRAIN, on TEST, mean of {seeds} seed(s), one loop for both: Adam,
learning rate 1e-3 falling along half a cosine, batches of 16; every clip has zero mean and unit
variance in each channel. Epochs are fixed beforehand; nothing is chosen by TEST.

{accuracy}
""".strip()


def report(
    *, rounds: int = 5, threads: str = "1,2", epochs: int = 100, seeds: int = 3, folder: str = ""
) -> str:
    """Time and learn; tsai's environment is in `folder`, made where there is none."""
    place = Path(folder) if folder else Path.home() / ".cache" / "ondes" / "benchmarks" / "tsai"
    counts = [int(number) for number in threads.split(",")]
    speed = [row for n in counts for row in speeds(place, threads=n, rounds=rounds)]
    scores = list(accuracies(place, epochs=epochs, seeds=seeds))
    return ABOUT.format(
        tsai=_tsai.NAME,
        rounds=rounds,
        epochs=epochs,
        seeds=seeds,
        speed=table(HEAD, speed, texts=3),
        accuracy=table(("set", "tsai", "ours", "tsai, bf16", "ours, bf16"), scores),
    )


def network(channels: int, classes: int) -> nn.Module:
    """Our network of that architecture."""
    names = [str(k) for k in range(classes)]
    return models.build("inception_time", rate_hz=1, channels=channels, classes=names, level="clip")


def speeds(place: Path, *, threads: int, rounds: int) -> Iterator[list[str]]:
    """Lines of the table of speed on so many threads."""
    with on_threads(threads), _tsai.started(place, threads=threads) as ask:
        for shape in SHAPES:
            for train in (True, False):
                yield speed_row(ask, shape, train=train, rounds=rounds)


def speed_row(
    ask: _tsai.Ask, shape: tuple[int, int, int], *, train: bool, rounds: int
) -> list[str]:
    """A line: one batch, learnt from or answered, by both in turns, in float32 and bfloat16."""
    jobs = [Job(shape, half, train) for half in (False, True)]
    ours = [_steps.once(network, job) for job in jobs]
    taken = np.array(
        [[ask("once", *job) for job in jobs] + [one() for one in ours] for _ in range(rounds + 1)]
    )[1:]
    theirs, theirs_half, single, half = taken.T
    return [
        "x".join(map(str, shape)),
        str(torch.get_num_threads()),
        "training" if train else "inference",
        *(f"{shape[0] / np.median(each):.1f}" for each in (theirs, single)),
        f"{np.median(theirs / single):.2f}",
        f"{shape[0] / np.median(half):.1f}",
        f"{np.median(theirs / half):.2f}",
        f"{np.median(theirs_half / half):.2f}",
    ]


@contextmanager
def on_threads(n: int) -> Iterator[None]:
    """Let torch have so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def accuracies(place: Path, *, epochs: int, seeds: int) -> Iterator[list[str]]:
    """Lines of the table of accuracy."""
    with _tsai.started(place, threads=1) as ask, tempfile.TemporaryDirectory() as folder:
        for name in SETS:
            file = str(Path(folder, f"{name}.npz"))
            np.savez(file, **arrays(name))
            found = [
                np.mean([score(file, epochs, seed, half) for seed in range(seeds)])
                for half in (False, True)
                for score in (partial(ask, "accuracy"), accuracy)
            ]
            yield [name, *(f"{each:.3f}" for each in found)]


def accuracy(file: str, epochs: int, seed: int, half: bool) -> float:  # noqa: FBT001 - as tsai's
    """Accuracy of ours on a set in a file."""
    return _steps.accuracy(network, file, epochs=epochs, seed=seed, half=half)


def arrays(name: str) -> dict[str, np.ndarray]:
    """A set of the archive, all of TRAIN and TEST, standardised clip by clip."""
    config = archive.Config(name=name, parts=0)
    found: dict[str, np.ndarray] = {}
    for split, end in (("train", ""), ("test", "_test")):
        clips = archive.build(config, split=split)
        found |= {f"x{end}": scaled(clips), f"y{end}": clips.y.argmax(1)}
    return found


def scaled(clips: Clips) -> np.ndarray:
    """Clips [n, c, t] of one length with zero mean and unit variance in each channel."""
    x = np.stack(clips.arrays)
    return (x - x.mean(-1, keepdims=True)) / np.maximum(x.std(-1, keepdims=True), 1e-8)
