"""What the systems that are compared have in common: they hear clips, and are read and scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from benchmarks._clips import Clips, Samples
from benchmarks._scores import Doubles, Floats, best_threshold, frame_f1, note_f1, roc_auc
from ondes.events import EventList
from ondes.tasks.detect import decode, fit_decoder
from ondes.timebase import Timebase


class Heard(NamedTuple):
    """What a system makes of a clip: maps [head, label, frame] from 0 to 1 on the common grid.

    Heads are frame, onset and offset, in this order; the last ones may be missing. `output` is
    what else the system needs for its own way to notes.
    """

    probs: Floats
    output: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Reading:
    """A way to read a system; thresholds of its frame map are a number or [label, 1]."""

    name: str
    threshold: float | Floats
    notes: Callable[[Heard], EventList]


class System(Protocol):
    """Hears clips, and can be read in several ways."""

    @property
    def name(self) -> str:
        """What to call it."""

    def hear(self, x: Samples) -> Heard:
        """What it makes of a clip float32 [time]."""

    def readings(self, valid: Clips, heard: Sequence[Heard]) -> list[Reading]:
        """The ways to read it, fitted to validation clips where they are fitted."""


Row = list[str]


@dataclass(frozen=True)
class Contest:
    """The validation clips that systems are fitted to, and the tests by name."""

    valid: Clips
    tests: Mapping[str, Clips]

    def rows(self, system: System) -> list[Row]:
        """A line of the table for each test and reading."""
        readings = system.readings(self.valid, [system.hear(x) for x in self.valid.x])
        lines = []
        for test, clips in self.tests.items():
            heard = [system.hear(x) for x in clips.x]
            lines += [
                [test, system.name, reading.name, *scored(reading, clips, heard)]
                for reading in readings
            ]
        return lines


HEAD = ("tones", "system", "thresholds", "frame F1", "ROC AUC", "note F1", "note F1 with offsets")


def scored(reading: Reading, clips: Clips, heard: Sequence[Heard]) -> Row:
    """The numbers of a line, as HEAD names them."""
    truth, probs = clips.maps(), frame_map(heard)
    notes = [reading.notes(one) for one in heard]
    thresholds = np.broadcast_to(reading.threshold, (len(probs), 1))
    values = (
        frame_f1(truth, probs >= thresholds),
        roc_auc(truth, probs),
        note_f1(clips.truth, notes),
        note_f1(clips.truth, notes, offset_ratio=0.2),
    )
    return [f"{value:.4f}" for value in values]


def frame_map(heard: Sequence[Heard]) -> Floats:
    """The frame maps of all clips end to end, [label, frame]."""
    return np.concatenate([one.probs[0] for one in heard], axis=1)


def on_grid(values: Floats, times_s: Doubles, grid: Timebase, n_frames: int) -> Floats:
    """Values [head, label, time] at the centres of frames, by linear interpolation."""
    centres = grid.seconds(grid.centre_of(np.arange(n_frames)))
    rows = [np.interp(centres, times_s, row) for row in values.reshape(-1, len(times_s))]
    return np.reshape(rows, (*values.shape[:-1], n_frames)).astype(np.float32)


def fitted(valid: Clips, heard: Sequence[Heard]) -> Reading:
    """The decoder of ondes and one threshold of the frame map, both fitted to validation clips."""
    probs = [one.probs for one in heard]
    decoder = fit_decoder(probs, valid.truth, valid.grid, valid.labels)
    return Reading(
        "decoder of ondes, fitted",
        best_threshold(valid.maps(), frame_map(heard)),
        lambda one: decode(one.probs, valid.grid, valid.labels, decoder),
    )
