"""Fit a decoder to validation data: thresholds, filters, shifts and the calibration of scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ondes.errors import InputError
from ondes.events import EventList
from ondes.protocols import Dataset
from ondes.tasks.detect.decode import decode
from ondes.tasks.detect.decoder import FEATURES, Decoder
from ondes.tasks.detect.pieces import Bools, Doubles, Floats
from ondes.tasks.detect.score import Detector, predictions
from ondes.timebase import Timebase

Objective = Literal["both", "event", "frame"]
Counts = npt.NDArray[np.int64]

WEIGHTS: Mapping[str, tuple[float, float]] = {
    "both": (0.5, 0.5),
    "event": (1.0, 0.0),
    "frame": (0.0, 1.0),
}
LEVELS = (0.03, 0.05, 0.08, 0.12, 0.18, 0.27, 0.38, 0.5, 0.62, 0.73, 0.82, 0.88, 0.92, 0.95)
GRID: Mapping[str, Sequence[float]] = {
    "onset": LEVELS,
    "restart": LEVELS,
    "high": LEVELS,
    "low_ratio": (0.2, 0.35, 0.5, 0.65, 0.8, 1.0),
    "min_frames": (1, 2, 3, 4, 5),
    "median": (1, 3, 5, 7),
    "gap_frames": (0, 1, 2, 4, 8),
    "attach": (1, 2, 3, 4),
    "offset": (0.1, 0.2, 0.35, 0.5, 0.7, 1.0),
    "min_score": (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6),
}
HEADS_NEEDED = {"onset": 2, "restart": 2, "attach": 2, "offset": 3}
APART = 64  # silent frames between clips: more than any decoder of GRID looks around
STEPS = 512  # of the grid for thresholds of the frame map
PRIOR_EVENTS, PRIOR_FRAMES = 20, 500  # a class with this many weighs as much as all together
LEVEL = 0.002  # of the range of a curve: what differs less is as good
FEWEST_EVENTS = 20  # right ones and wrong ones, each, to calibrate on


def fit_decoder(
    probs_list: Sequence[Floats],
    truths: Sequence[EventList],
    timebase: Timebase,
    labels: Sequence[str],
    *,
    objective: Objective = "both",
    onset_s: float = 0.05,
    start: Decoder | None = None,
) -> Decoder:
    """Return the decoder that does best on validation clips.

    A coordinate search over all of its numbers; then high thresholds per class, drawn towards the
    common one the more the fewer events a class has; shifts by the median error; scores by
    logistic regression (Platt 1999) of "this event is right" on `FEATURES`.

    Args:
        probs_list: per clip probabilities [head, class, frame], heads as for `decode`.
        truths: per clip the true events, at the rate of `timebase`; channels are not told apart.
        timebase: of every clip.
        labels: one per class.
        objective: what becomes largest: pooled F1 of events (label and onset), of frames, or the
            mean of both.
        onset_s: by how many seconds a right onset may differ.
        start: where the search begins.

    Raises:
        InputError: no clips, not one truth per clip, no event in any, or a label not in `labels`.
    """
    if objective not in WEIGHTS:
        raise InputError(f"fit_decoder(objective={objective!r}): one of {', '.join(WEIGHTS)}")
    bench = Bench(_joined(probs_list, truths, timebase), tuple(labels), objective, onset_s)
    heads = len(bench.clips.probs)
    names = [name for name in GRID if HEADS_NEEDED.get(name, 1) <= heads]
    decoder = bench.with_frame_thresholds(start or Decoder())
    decoder = bench.climbed(replace(decoder, min_score=0.0), names[:-1])
    decoder = bench.climbed(bench.calibrated(bench.shifted(decoder)), names)
    decoder = bench.calibrated(bench.shifted(bench.with_high_thresholds(decoder)))
    return bench.climbed(decoder, ["min_score"])


def tuned(detector: Detector, dataset: Dataset, *, objective: Objective = "both") -> Decoder:
    """Return the decoder that does best on a data set, as `fit_decoder` from the detector's own.

    Raises:
        ChannelError, RateError, InputError: the data set does not fit the network, or no event
            is in it.
    """
    found = list(predictions(detector, dataset))
    return fit_decoder(
        [prediction.probs for prediction in found],
        [prediction.truth for prediction in found],
        detector.spec.timebase,
        detector.spec.classes,
        objective=objective,
        onset_s=detector.tolerances.onset_s,
        start=detector.decoder,
    )


@dataclass(frozen=True)
class Clips:
    """All clips end to end with silence between; `real` [frame] tells clips from silence."""

    probs: Floats
    truth: EventList
    timebase: Timebase
    real: Bools


@dataclass(frozen=True)
class Tally:
    """Counts per class: right, found and true events, and the same for frames."""

    events: Counts
    frames: Counts


@dataclass(frozen=True, eq=False)
class Bench:
    """Validation data, and steps that each return a decoder that does no worse on them."""

    clips: Clips
    labels: tuple[str, ...]
    objective: Objective
    onset_s: float

    @cached_property
    def truth_map(self) -> Bools:
        """The true frame map [class, frame]."""
        return self._map(self.clips.truth)

    @cached_property
    def _known(self) -> dict[Decoder, float]:
        return {}

    def value(self, decoder: Decoder) -> float:
        """Return what is to become largest, 0 to 1."""
        if decoder not in self._known:
            tally = self.tally(decoder)
            on_events, on_frames = WEIGHTS[self.objective]
            self._known[decoder] = on_events * _f1(tally.events) + on_frames * _f1(tally.frames)
        return self._known[decoder]

    def tally(self, decoder: Decoder) -> Tally:
        """Count what a decoder finds, per class."""
        found, truth = self.decode(decoder), self.clips.truth
        pairs = truth.compare(found, onset_s=self.onset_s).pairs
        right = self._count(truth.label[pairs[:, 0]])
        events = np.stack([right, self._count(found.label), self._count(truth.label)])
        return Tally(events, self._frame_counts(found))

    def decode(self, decoder: Decoder) -> EventList:
        """Return the events a decoder finds."""
        return decode(self.clips.probs, self.clips.timebase, self.labels, decoder)

    def climbed(self, decoder: Decoder, names: Sequence[str]) -> Decoder:
        """Go along each coordinate to its best value."""
        for name in names:
            values: list[Any] = [(v,) if name == "high" else v for v in GRID[name]]
            decoder = max(
                [decoder, *(replace(decoder, **{name: value}) for value in values)], key=self.value
            )
        return decoder

    def with_frame_thresholds(self, decoder: Decoder) -> Decoder:
        """Set the frame map's thresholds, and begin with the common one for events."""
        counts = self._frame_curves()
        common = float(_thresholds()[_middle(_f1(counts)[:, None])[0]])
        chosen = _thresholds()[_shrunk(_gains(counts), counts[2, 0], prior=PRIOR_FRAMES)]
        return replace(decoder, frame=tuple(chosen.tolist()), high=(common,))

    def with_high_thresholds(self, decoder: Decoder) -> Decoder:
        """Give each class its own high threshold, unless they exclude each other."""
        if decoder.exclusive:
            return decoder
        near = [level for level in LEVELS if 0.4 < level / decoder.high[0] < 2.5]
        levels = near or [decoder.high[0]]
        tallies = [self.tally(replace(decoder, high=(level,))) for level in levels]
        on_events, on_frames = WEIGHTS[self.objective]
        events = np.stack([tally.events for tally in tallies], axis=1)
        frames = np.stack([tally.frames for tally in tallies], axis=1)
        gains = on_events * _gains(events) + on_frames * _gains(frames)
        best = _shrunk(gains, events[2, 0], prior=PRIOR_EVENTS)
        own = replace(decoder, high=tuple(levels[i] for i in best))
        return max((decoder, own), key=self.value)

    def shifted(self, decoder: Decoder) -> Decoder:
        """Remove the median error of onsets and offsets."""
        plain = replace(decoder, onset_shift=0.0, offset_shift=0.0)
        found, truth = self.decode(plain), self.clips.truth
        pairs = truth.compare(found, onset_s=max(self.onset_s, 4 * self._frame_s)).pairs
        if not len(pairs):
            return decoder
        early = truth.onset[pairs[:, 0]] - found.onset[pairs[:, 1]]
        short = truth.offset[pairs[:, 0]] - found.offset[pairs[:, 1]]
        by_onset = replace(plain, onset_shift=self._shift(early))
        by_both = replace(by_onset, offset_shift=self._shift(short))
        return max((decoder, plain, by_onset, by_both), key=self.value)

    def calibrated(self, decoder: Decoder) -> Decoder:
        """Make the score the probability that an event is right."""
        from sklearn.linear_model import LogisticRegression

        decoder = replace(decoder, min_score=0.0)
        features, right = self._features(decoder), self._right(decoder)
        if min(right.sum(), (~right).sum()) < FEWEST_EVENTS:
            return decoder
        varies = features.std(axis=0) > 1e-6
        model = LogisticRegression(C=100.0).fit(features[:, varies], right)
        weights = np.zeros(len(FEATURES))
        weights[varies] = model.coef_[0]
        mean, top, onset, frames = np.round(weights, 4).tolist()
        bias = round(float(model.intercept_[0]), 4)
        return replace(decoder, weights=(mean, top, onset, frames), bias=bias)

    @property
    def _hop(self) -> int:
        return self.clips.timebase.hop

    @property
    def _frame_s(self) -> float:
        return self.clips.timebase.seconds(self._hop)

    def _shift(self, late: Counts) -> float:
        return round(min(max(float(np.median(late)) / self._hop, -8.0), 8.0), 4)

    def _map(self, events: EventList) -> Bools:
        n_frames = len(self.clips.real)
        return events.to_frames(self.clips.timebase, self.labels, n_frames) & self.clips.real

    def _count(self, label: npt.NDArray[np.str_]) -> Counts:
        place = {name: row for row, name in enumerate(self.labels)}
        return np.bincount([place[name] for name in label.tolist()], minlength=len(self.labels))

    def _frame_counts(self, found: EventList) -> Counts:
        found_map, truth = self._map(found), self.truth_map
        return np.stack([m.sum(axis=1) for m in (found_map & truth, found_map, truth)])

    def _frame_curves(self) -> Counts:
        """Count right, found and true frames [3, threshold, class] for every threshold."""
        step = np.minimum(self.clips.probs[0] * np.float32(STEPS), STEPS - 1).astype(np.int64)
        cell = step + STEPS * np.arange(len(self.labels))[:, None]
        size = STEPS * len(self.labels)
        kinds = (self.truth_map, np.broadcast_to(self.clips.real, cell.shape))
        counts = [np.bincount(cell[kind], minlength=size).reshape(-1, STEPS) for kind in kinds]
        right, found = (np.cumsum(c[:, ::-1], axis=1)[:, ::-1].T for c in counts)
        return np.stack([right, found, np.broadcast_to(right[0], right.shape)])[:, 1:]

    def _features(self, decoder: Decoder) -> Doubles:
        """Return the features [event, feature]: each the log odds of a score made of it alone."""
        alone: Any = np.eye(len(FEATURES)).tolist()
        readers = [replace(decoder, weights=tuple(weights), bias=0.0) for weights in alone]
        score = np.stack([self.decode(reader).score for reader in readers], axis=1)
        return np.asarray(np.log(score / (1 - score)))

    def _right(self, decoder: Decoder) -> Bools:
        found = self.decode(decoder)
        pairs = self.clips.truth.compare(found, onset_s=self.onset_s).pairs
        return np.isin(np.arange(len(found)), pairs[:, 1])


def _joined(probs_list: Sequence[Floats], truths: Sequence[EventList], timebase: Timebase) -> Clips:
    if not probs_list or len(probs_list) != len(truths) or not any(map(len, truths)):
        raise InputError(
            f"fit_decoder with {len(probs_list)} clips, {len(truths)} truths and "
            f"{sum(map(len, truths))} events in them; give one truth for each of at least one "
            f"clip, and events to find in some"
        )
    silence = np.zeros((*probs_list[0].shape[:2], APART), np.float32)
    parts = [part for probs in probs_list for part in (probs, silence)]
    lengths = np.array([part.shape[2] for part in parts])
    samples = lengths.reshape(-1, 2).sum(axis=1) * timebase.hop
    truth = EventList.concatenate(truths, samples.tolist())
    return Clips(
        np.concatenate(parts, axis=2),
        replace(truth, channel=np.zeros(len(truth), np.int64)),
        timebase,
        np.repeat(np.arange(len(parts)) % 2 == 0, lengths),
    )


def _thresholds() -> Doubles:
    return np.arange(1, STEPS) / STEPS


def _f1(counts: Counts) -> Any:  # noqa: ANN401 - a number or an array
    """Return F1 of counts [3, ...] of right, found and true, pooled over the last axis."""
    right, found, true = counts.sum(axis=-1)
    return 2 * right / np.maximum(found + true, 1)


def _gains(counts: Counts) -> Doubles:
    """Return what each choice [choice, class] adds to the pooled F1 where it is best.

    F1 = 2R / (F + T) is largest where 2R - F1* (F + T) is, which adds up over classes
    (Dinkelbach 1967).
    """
    best = _f1(counts).max()
    right, found, true = counts
    return np.asarray((2 * right - best * (found + true)) / max(true[0].sum(), 1))


def _shrunk(gains: Doubles, true: Counts, *, prior: float) -> Counts:
    """Return the best choice per class, of its own gain and `prior` events' worth of all."""
    common = gains.sum(axis=1, keepdims=True) * prior / max(true.sum(), 1)
    return _middle(gains + common)


def _middle(gains: Doubles) -> Counts:
    """Return per column the middle of the choices around the best that are hardly worse."""
    best = gains.argmax(axis=0)
    worse = gains < gains.max(axis=0) - LEVEL * np.ptp(gains, axis=0)
    choice = np.arange(len(gains))[:, None]
    below = np.where(worse & (choice < best), choice, -1).max(axis=0)
    above = np.where(worse & (choice > best), choice, len(gains)).min(axis=0)
    return np.asarray((below + above) // 2)
