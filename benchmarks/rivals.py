"""Tones of a piano never heard: ondes beside basic-pitch and KL-NMF.

All hear the same clips, those that `piano-tones` is scored on. What is fitted is fitted to other
clips, of the split `valid`.
"""

from __future__ import annotations

from collections.abc import Iterator

import ondes
from benchmarks import _basic_pitch
from benchmarks._clips import BANK, Clips
from benchmarks._nmf import Nmf
from benchmarks._ours import Ours
from benchmarks._page import table
from benchmarks._systems import HEAD, Contest, System
from ondes.data.banks import Bank

TESTS = {"test": "a piano never heard", "same_bank": "training bank, unheard recordings"}
ABOUT = """
## Tones of a piano never heard

{tests} clips of {seconds:.2f} s with 2 to 30 augmented tones for each test, {valid} for
validation; frames of 10.67 ms, MIDI 21-105. Thresholds are those a system comes with, or fitted to
validation: for the frame map one, for notes those of its own decoder or all that the decoder of
ondes has. Notes are counted by mir_eval: right pitch, onset within 50 ms; in the last column the
offset within a fifth of the duration, or 50 ms. All clips are pooled.
""".strip()


def report(*, model: str = "piano-tones", clips: int = 100) -> str:
    """Score all on that many clips of each split; `model` is a name or a folder, or empty."""
    contest = contest_of(clips)
    systems = list(systems_for(contest.valid, model))
    rows = [row for system in systems for row in contest.rows(system)]
    by_test = sorted(rows, key=lambda row: list(contest.tests).index(row[0]))
    lines = [table(HEAD, by_test, texts=3)]
    if _basic_pitch.missing():
        lines.append(f"basic-pitch is left out: {_basic_pitch.missing()} not installed.")
    return "\n\n".join([said_of(contest), *lines])


def contest_of(n: int) -> Contest:
    """The validation and the test clips, n of each split."""
    return Contest(
        Clips.of("valid", n), {title: Clips.of(split, n) for split, title in TESTS.items()}
    )


def systems_for(valid: Clips, model: str) -> Iterator[System]:
    """The systems that are installed."""
    if model:
        yield Ours(ondes.load(model, device="cpu"), valid.grid)
    if not _basic_pitch.missing():
        yield _basic_pitch.BasicPitch(valid.grid, valid.labels)
    bank = Bank.open(BANK, rate_hz=round(valid.grid.rate_hz), split="train")
    yield Nmf.of(bank, valid.grid, valid.labels)


def said_of(contest: Contest) -> str:
    """What was measured, how, and on how much."""
    tests = next(iter(contest.tests.values()))
    seconds = tests.grid.seconds(tests.x[0].size)
    return ABOUT.format(tests=len(tests.x), valid=len(contest.valid.x), seconds=seconds)
