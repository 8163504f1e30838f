"""basic-pitch (Bittner et al. 2022, ICASSP), as its package brings it, in ONNX Runtime.

It hears files at 22,050 Hz, frames of 11.6 ms, MIDI notes 21-108.
"""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks._clips import Clips, Samples
from benchmarks._scores import best_threshold, note_f1
from benchmarks._systems import Heard, Reading, fitted, frame_map, on_grid
from ondes.events import EventList
from ondes.io.pitch import name as pitch_name
from ondes.timebase import Timebase

NAME = "basic-pitch 0.4.0"
LOWEST = 21  # MIDI note of the first row
NEEDED = ("basic_pitch", "librosa", "onnxruntime", "pretty_midi", "resampy")


def missing() -> str:
    """Say what is not installed; empty where all is there."""
    return ", ".join(name for name in NEEDED if find_spec(name) is None)


@dataclass(frozen=True)
class Settings:
    """What its notes depend on; the defaults are the package's own."""

    onset: float = 0.5
    frame: float = 0.3
    shortest_frames: int = 11


GRID: Mapping[str, Sequence[Any]] = {
    "onset": (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    "frame": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
    "shortest_frames": (3, 5, 7, 9, 11, 14),
}


@dataclass(frozen=True)
class BasicPitch:
    """basic-pitch on clips of one grid and these labels."""

    grid: Timebase
    labels: tuple[str, ...]
    name: str = NAME

    @cached_property
    def model(self) -> Any:  # noqa: ANN401 - the package has no types
        """Its network, on one thread."""
        return loaded()

    def hear(self, x: Samples) -> Heard:
        """Its posteriorgrams of notes and onsets, and its output as it is."""
        model = self.model
        from basic_pitch.inference import run_inference
        from basic_pitch.note_creation import model_frames_to_time

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "clip.wav")
            soundfile.write(path, x, round(self.grid.rate_hz), subtype="FLOAT")
            output = run_inference(path, model)
        maps = np.stack([output[head].T[: len(self.labels)] for head in ("note", "onset")])
        times_s = model_frames_to_time(maps.shape[2])
        n_frames = self.grid.frames_in(x.size)
        return Heard(on_grid(maps, times_s, self.grid, n_frames).clip(0, 1), output)

    def readings(self, valid: Clips, heard: Sequence[Heard]) -> list[Reading]:
        """Its own way to notes with default and with fitted thresholds, and ours."""
        best = self._tuned(valid, heard)
        threshold = best_threshold(valid.maps(), frame_map(heard))
        usual = Settings()
        return [
            Reading("its own", usual.frame, partial(self.notes, settings=usual)),
            Reading("its own, fitted", threshold, partial(self.notes, settings=best)),
            fitted(valid, heard),
        ]

    def notes(self, heard: Heard, settings: Settings) -> EventList:
        """Its own notes of a clip, those of our labels."""
        from basic_pitch.note_creation import model_output_to_notes

        _, notes = model_output_to_notes(
            heard.output,
            onset_thresh=settings.onset,
            frame_thresh=settings.frame,
            min_note_len=settings.shortest_frames,
            include_pitch_bends=False,
        )
        rows = [
            (float(onset_s), float(offset_s), pitch_name(int(pitch)))
            for onset_s, offset_s, pitch, *_ in notes
            if pitch < LOWEST + len(self.labels)
        ]
        return EventList.from_seconds(rows, rate_hz=self.grid.rate_hz)

    def _tuned(self, valid: Clips, heard: Sequence[Heard]) -> Settings:
        """Go along each setting to the best note F1 on validation clips, twice."""

        def value(settings: Settings) -> float:
            return note_f1(valid.truth, [self.notes(one, settings) for one in heard])

        best = Settings()
        for name in (*GRID, *GRID):
            choices = [replace(best, **{name: number}) for number in GRID[name]]
            best = max([best, *choices], key=value)
        return best


def loaded() -> Any:  # noqa: ANN401
    """The package's model with an ONNX Runtime session of one thread."""
    with quiet():
        from basic_pitch import FilenameSuffix, build_icassp_2022_model_path
        from basic_pitch.inference import Model
        from onnxruntime import InferenceSession, SessionOptions

        path = build_icassp_2022_model_path(FilenameSuffix.onnx)
        model = Model(path)
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model.model = InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return model


def notes_of(path: Path, model: Any) -> Any:  # noqa: ANN401
    """Its notes of a whole file, with its own settings: what `basic-pitch` does before writing."""
    from basic_pitch.inference import predict

    with redirect_stdout(io.StringIO()):
        return predict(path, model)[2]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep back what the package warns of when imported: other runtimes that are not there."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
