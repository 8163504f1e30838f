"""Events in office scenes: our network beside a random forest on spectral features.

Both learn from the same mixtures, have their decoders fitted on the same validation scenes and are
scored on the same recordings, which neither has heard. Every run holds out other recordings and
draws other weights. Trainings lie in `runs/benchmarks/office`, where an interrupted one goes on
and a finished one is scored again; delete the folder to train anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from sklearn.ensemble import RandomForestClassifier

from benchmarks._page import spread, table
from ondes import recipe
from ondes.metrics import (
    FrameCounts,
    event_scores,
    macro_f1,
    merged,
    segment_scores,
    total,
)
from ondes.ops.spectral import mel_filters, power
from ondes.protocols import Dataset
from ondes.recipe import Recipe, build, run
from ondes.run.pipeline import load
from ondes.spec import Spec
from ondes.tasks.detect import Decoder, Detector, Tolerances, decode, predictions, tuned

Floats = NDArray[np.float32]

RECIPE, SCALE = "office/mel", "laptop"
RUNS = Path("runs/benchmarks/office")
FOLDS = 3
SPLITS = {"test": "own times", "annotated": "annotated times"}
COLLAR_S, SEGMENT_S = 0.2, 1.0

CLIPS = 1200  # of training, for the forest
EVERY = 8  # frames of these, of which neighbours say the same
TREES, LEAF = 100, 2
N_FFT, HOP, BANDS = 1024, 512, 40
CONTEXT = 47  # frames, 1 s
SMOOTH = 17  # frames over which its probabilities are averaged, the best on validation
SHIFTS = (2, 8)  # frames, of deltas
QUIET = 1e-9


HEAD = (
    "detector",
    "scenes",
    "onset F1",
    "onset F1, mean of classes",
    "onset and offset F1",
    "segment F1",
    "frame F1",
)
ABOUT = """
## Office events

Scenes of isolated events of DCASE 2016 task 2, 11 classes, -6 to 6 dB over noise, at random times
and at those the set annotates. Recordings are held out: tests and thresholds are on ones that
training never heard. Both detectors learn from the same mixtures (`ondes train {recipe}`, {steps}
steps; {trees} trees on {clips} clips), and decoders and thresholds of both are fitted to the same
validation scenes in the same way. Onsets and offsets may differ by {collar} s (offsets by half the
duration), segments last 1 s. Mean ± standard deviation of {folds} runs, each with other recordings
held out and other weights; {minutes:.0f} minutes in all on one core.
""".strip()


class Result(NamedTuple):
    """F1 of one detector on one split."""

    onset: float
    onset_macro: float
    event: float
    segment: float
    frame: float


@dataclass(eq=False)
class Forest:
    """A random forest that tells for every frame which classes sound."""

    labels: tuple[str, ...]
    rate_hz: float
    decoder: Decoder = field(default_factory=Decoder)
    tolerances = Tolerances(onset_s=COLLAR_S)

    @property
    def spec(self) -> Spec:
        """What it takes and gives."""
        reach = (CONTEXT // 2 + max(SHIFTS)) * HOP + N_FFT
        return Spec(self.rate_hz, 1, self.labels, HOP, look_back=reach, look_ahead=reach)

    def fit(self, examples: Dataset, *, seed: int) -> None:
        """Learn from every eighth frame of the first clips."""
        x, y = zip(*(self._frames(examples, index) for index in range(CLIPS)), strict=True)
        self.trees = RandomForestClassifier(
            TREES, min_samples_leaf=LEAF, n_jobs=1, random_state=seed
        )
        self.trees.fit(np.concatenate(x), np.concatenate(y))

    def probabilities(self, x: Floats, *, rate_hz: float) -> Floats:
        """Return probabilities [1, class, frame] of a clip [1, time]."""
        shares = self.trees.predict_proba(features(x[0], rate_hz))
        probs = np.stack([share[:, 1] for share in shares])[None].astype(np.float32)
        smooth: Floats = uniform_filter1d(probs, SMOOTH, mode="constant")
        return smooth

    def _frames(self, examples: Dataset, index: int) -> tuple[Floats, NDArray[np.bool_]]:
        x, events = examples[index]
        seen = features(x[0], examples.rate_hz)
        truth = events.to_frames(self.spec.timebase, self.labels, len(seen))
        first = index % EVERY
        return seen[first::EVERY], truth[:, first::EVERY].T


def features(x: Floats, rate_hz: float) -> Floats:
    """Return what is usual in sound event detection, [frame, feature], whatever the gain.

    The log mel spectrum above the level around, its differences over 4 and 16 frames, its mean and
    spread over a second; centroid, bandwidth, flatness and loudness, and these over a second.
    """
    spare = (N_FFT - HOP) // 2
    spectrum = power(
        torch.nn.functional.pad(torch.from_numpy(x), (spare, spare)), n_fft=N_FFT, hop=HOP
    )
    mel = mel_filters(BANDS, n_fft=N_FFT, rate_hz=rate_hz) @ spectrum
    loud = np.log(mel.numpy().T + QUIET)
    level = _around(loud.mean(axis=1, keepdims=True))
    shape = np.concatenate(
        [_shape(spectrum.numpy().T), loud.mean(axis=1, keepdims=True) - level], 1
    )
    bands = loud - level
    deltas = [np.roll(loud, -shift, 0) - np.roll(loud, shift, 0) for shift in SHIFTS]
    parts = [bands, *deltas, _around(bands), _spread(bands), shape, _around(shape), _spread(shape)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _shape(spectrum: Floats) -> Floats:
    """Return centroid, bandwidth and log flatness [frame, 3] of power spectra [frame, bin]."""
    spectrum = spectrum + QUIET
    bins = np.linspace(0, 1, spectrum.shape[1], dtype=np.float32)
    share = spectrum / spectrum.sum(axis=1, keepdims=True)
    centroid = share @ bins
    width = np.sqrt(np.maximum(share @ bins**2 - centroid**2, 0))
    flatness = np.log(spectrum).mean(axis=1) - np.log(spectrum.mean(axis=1))
    return np.stack([centroid, width, flatness], axis=1)


def _around(x: Floats) -> Floats:
    averaged: Floats = uniform_filter1d(x, CONTEXT, axis=0, mode="nearest")
    return averaged


def _spread(x: Floats) -> Floats:
    return np.sqrt(np.maximum(_around(x**2) - _around(x) ** 2, 0))


def scored(detector: Detector, examples: Dataset) -> Result:
    """Score the events a detector decodes, all scenes together."""
    onsets, events, segments = [], [], []
    frames = FrameCounts()
    spec, decoder = detector.spec, detector.decoder
    for probs, truth, _ in predictions(detector, examples):
        found = decode(probs, spec.timebase, spec.classes, decoder)
        onsets.append(event_scores(truth, found, onset_s=COLLAR_S, offset_s=None))
        events.append(event_scores(truth, found, onset_s=COLLAR_S, offset_s=COLLAR_S))
        segments.append(segment_scores(truth, found, segment_s=SEGMENT_S))
        said = probs[0] >= decoder.frames(len(spec.classes))[:, None]
        frames = _added(frames, truth.to_frames(spec.timebase, spec.classes, said.shape[1]), said)
    onset = merged(onsets)
    return Result(
        onset=total(onset).f1,
        onset_macro=macro_f1(onset),
        event=total(merged(events)).f1,
        segment=total(merged(segments)).f1,
        frame=frames.f1,
    )


def _added(counts: FrameCounts, truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> FrameCounts:
    right, wrong, missed = (truth & said).sum(), (~truth & said).sum(), (truth & ~said).sum()
    rest = truth.size - right - wrong - missed
    return FrameCounts(*map(int, np.add(counts, (right, wrong, missed, rest))))


def ours(experiment: Recipe) -> Detector:
    """Train the recipe, or go on with it, and return its pipeline."""
    folder = RUNS / f"{experiment.name.rpartition('/')[2]}-{experiment.seed}"
    return load(run.train(experiment, folder, resume=True))


def theirs(experiment: Recipe) -> Detector:
    """Train the forest on the recipe's mixtures and fit its decoder on the same scenes as ours."""
    examples = build.dataset(experiment, "train")
    forest = Forest(examples.labels, examples.rate_hz)
    forest.fit(examples, seed=experiment.seed)
    forest.decoder = tuned(forest, build.dataset(experiment, "valid"))
    return forest


RIVALS = {"mel": ours, "random forest": theirs}


def measured(fold: int) -> Iterator[tuple[str, str, Result]]:
    """Yield detector, split and scores of one run."""
    changes = [f"seed={fold}", f"data.options.fold={fold}"]
    experiment = recipe.load(RECIPE, scale=SCALE, overrides=changes)
    for name, trained in RIVALS.items():
        detector = trained(experiment)
        for split in SPLITS:
            yield name, split, scored(detector, build.dataset(experiment, split))


def row(name: str, split: str, results: Sequence[Result]) -> list[str]:
    """One line of the table: means and, of several runs, the standard deviation."""
    return [name, SPLITS[split], *(spread(values, 2) for values in zip(*results, strict=True))]


def report(*, folds: int = FOLDS) -> str:
    """Train and score so many times, each with other recordings held out."""
    began = time.process_time()
    results: dict[tuple[str, str], list[Result]] = {}
    for fold in range(folds):
        for name, split, result in measured(fold):
            results.setdefault((split, name), []).append(result)
    rows = [row(name, split, values) for (split, name), values in sorted(results.items())]
    minutes = (time.process_time() - began) / 60
    return "\n\n".join([_about(folds, minutes), table(HEAD, reversed(rows), texts=2)])


def _about(folds: int, minutes: float) -> str:
    return ABOUT.format(
        folds=folds,
        steps=recipe.load(RECIPE, scale=SCALE).train.steps,
        recipe=f"{RECIPE} --scale {SCALE}",
        trees=TREES,
        clips=CLIPS,
        collar=COLLAR_S,
        minutes=minutes,
    )
