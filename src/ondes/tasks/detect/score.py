"""How well a detector does on a data set: frames, notes, events, segments, PSDS and speed."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from ondes.errors import ChannelError, InputError, nearest
from ondes.events import EventList
from ondes.metrics import (
    FrameCounts,
    Histogram,
    Score,
    event_scores,
    macro_f1,
    merged,
    note_score,
    psds,
    segment_scores,
    total,
)
from ondes.metrics.psds import Criteria
from ondes.protocols import Dataset, Example
from ondes.spec import Spec
from ondes.tasks.detect.decode import decode
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.pieces import Bools, Floats
from ondes.timebase import Timebase

TIMED_S = 60.0
PSDS_LEVELS = tuple(np.linspace(0, 0.95, 20).tolist())  # of the events' scores


class Tolerances(NamedTuple):
    """By how many seconds onsets of notes and ends of events may differ; length of segments."""

    onset_s: float = 0.05
    event_s: float = 0.2
    segment_s: float = 1.0


class Detector(Protocol):
    """What can be scored: a task while it is trained, or a pipeline as it is used."""

    @property
    def spec(self) -> Spec:
        """What the network takes and gives."""

    @property
    def decoder(self) -> Decoder:
        """How events are read from its probabilities."""

    @property
    def tolerances(self) -> Tolerances:
        """What counts as right."""

    def probabilities(self, x: Floats, *, rate_hz: float) -> Floats:
        """Return probabilities [head, class, frame] of a clip [channel, time]."""


@runtime_checkable
class Finder(Protocol):
    """A detector that says itself which events there are, rather than by its probabilities."""

    def events(self, x: Floats, *, rate_hz: float) -> EventList:
        """Return the events of a clip [channel, time]."""


class Prediction(NamedTuple):
    """Probabilities [head, class, frame] of an example and its true events, at one rate.

    `signal_s` is how long the example is, `found` what a `Finder` says.
    """

    probs: Floats
    truth: EventList
    signal_s: float
    found: EventList | None = None


def predictions(detector: Detector, dataset: Dataset) -> Iterator[Prediction]:
    """Yield what a detector makes of each example; channels of events are not told apart.

    Raises:
        ChannelError: the data set has another number of channels than the network.
        RateError: the detector cannot take its rate.
        InputError: it has no example, or labels that the network does not know.
    """
    if dataset.n_channels != detector.spec.channels:
        raise ChannelError(
            f"a data set of {dataset.n_channels} channels for a network of "
            f"{detector.spec.channels}; choose channels in the data set, or mix them (--mix)"
        )
    classes = detector.spec.classes
    if unknown := [label for label in dataset.labels if label not in classes]:
        raise InputError(
            f"the data have the labels {', '.join(unknown[:5])}{', ...' * (len(unknown) > 5)}, the "
            f"network knows {len(classes)} others, {classes[0]} to {classes[-1]}"
            f"{nearest(unknown[0], classes)}: write labels in the event lists as it does"
        )
    if not len(dataset):
        raise InputError(f"the data set {dataset!r} holds no example; nothing can be scored on it")
    return (_prediction(detector, dataset[i], rate_hz=dataset.rate_hz) for i in range(len(dataset)))


def evaluate(
    detector: Detector, dataset: Dataset, *, tolerances: Tolerances | None = None
) -> dict[str, float]:
    """Return the scores of a detector; all examples are pooled, NaN is what has no value.

    What counts as right, `tolerances` say, or the detector's own.

    ``frame_accuracy``, ``frame_precision``, ``frame_recall``, ``frame_f1`` at the decoder's
    thresholds, ``half_f1`` at .5, ``decoded_f1`` of the frames of the decoded events; ``roc_auc``
    and ``pr_auc`` of the frames. ``note_precision``, ``note_recall``, ``note_f1``: right label and
    onset, also called ``onset_f1`` where events are no notes; ``note_offset_f1``: offset too, to
    the tolerance or a fifth of the length. ``event_f1``, ``event_macro_f1``, ``segment_f1``,
    ``segment_macro_f1`` as in DCASE. ``psds`` over the events' scores, up to 100 wrong in 3,600
    segments, which is the paper's hour where a segment is a second. ``rtf``: seconds of work,
    decoding included, per second of a minute of the examples end to end. ``examples``, ``events``,
    ``seconds``: how much there was.

    Raises:
        ChannelError, RateError, InputError: the data set does not fit the network.
    """
    tally = _Tally(detector.spec, detector.decoder, tolerances or detector.tolerances)
    for prediction in predictions(detector, dataset):
        tally.add(prediction)
    return tally.scores() | {"rtf": real_time_factor(detector, dataset)}


def real_time_factor(detector: Detector, dataset: Dataset) -> float:
    """Return the seconds of work per second of signal, on a minute of the examples end to end."""
    x = _in_a_row(dataset)
    began = time.perf_counter()
    probs = detector.probabilities(x, rate_hz=dataset.rate_hz)
    decode(probs, detector.spec.timebase, detector.spec.classes, detector.decoder)
    return (time.perf_counter() - began) / Timebase(dataset.rate_hz).seconds(x.shape[1])


def _in_a_row(dataset: Dataset) -> Floats:
    wanted = Timebase(dataset.rate_hz).samples(TIMED_S)
    clips, length = [], 0
    for i in range(len(dataset)):
        clips.append(dataset[i].x[:, : wanted - length])
        length += clips[-1].shape[1]
        if length == wanted:
            break
    return np.concatenate(clips, axis=1)


@dataclass(eq=False)
class _Tally:
    """What adds up over examples."""

    spec: Spec
    decoder: Decoder
    tolerances: Tolerances
    histogram: Histogram = field(default_factory=Histogram)
    frames: dict[str, FrameCounts] = field(default_factory=dict)
    matches: dict[str, list[dict[str, Score]]] = field(default_factory=dict)
    truth: list[EventList] = field(default_factory=list)
    found: list[EventList] = field(default_factory=list)
    signal_s: list[float] = field(default_factory=list)

    def add(self, prediction: Prediction) -> None:
        anything = prediction.found
        if anything is None:
            anything = decode(
                prediction.probs,
                self.spec.timebase,
                self.spec.classes,
                replace(self.decoder, min_score=0.0),
            )
        found = anything.filter(min_score=self.decoder.min_score)
        self.signal_s.append(prediction.signal_s)
        self.truth.append(prediction.truth)
        self.found.append(anything)
        self._add_frames(prediction, found)
        self._add_events(prediction.truth, found)

    def _add_frames(self, prediction: Prediction, found: EventList) -> None:
        probs = prediction.probs[0]
        truth = self._map(prediction.truth, probs)
        self.histogram.add(truth, probs)
        thresholds = self.decoder.frames(len(probs))[:, None]
        answers = {
            "frame": probs >= thresholds,
            "half": probs >= 0.5,
            "decoded": self._map(found, probs),
        }
        for name, said in answers.items():
            before = self.frames.get(name, FrameCounts())
            self.frames[name] = FrameCounts(
                *map(sum, zip(before, _counts(truth, said), strict=True))
            )

    def _map(self, events: EventList, probs: Floats) -> Bools:
        return events.to_frames(self.spec.timebase, self.spec.classes, probs.shape[1])

    def _add_events(self, truth: EventList, found: EventList) -> None:
        onset_s, event_s, segment_s = self.tolerances
        notes = note_score(truth, found, onset_s=onset_s)
        whole = note_score(truth, found, onset_s=onset_s, offset_ratio=0.2, offset_s=onset_s)
        results = {
            "note": {"": notes},
            "note_offset": {"": whole},
            "event": event_scores(truth, found, onset_s=event_s, offset_s=event_s),
            "segment": segment_scores(truth, found, segment_s=segment_s),
        }
        for name, scores in results.items():
            self.matches.setdefault(name, []).append(scores)

    def scores(self) -> dict[str, float]:
        """Return what `evaluate` says."""
        sums = {name: merged(scores) for name, scores in self.matches.items()}
        frame, notes = self.frames["frame"], total(sums["note"])
        return {
            "frame_accuracy": frame.accuracy,
            "frame_precision": frame.precision,
            "frame_recall": frame.recall,
            "frame_f1": frame.f1,
            "half_f1": self.frames["half"].f1,
            "decoded_f1": self.frames["decoded"].f1,
            "roc_auc": self.histogram.roc_auc(),
            "pr_auc": self.histogram.pr_auc(),
            "note_precision": notes.precision,
            "note_recall": notes.recall,
            "note_f1": notes.f1,
            "onset_f1": notes.f1,
            "note_offset_f1": total(sums["note_offset"]).f1,
            "event_f1": total(sums["event"]).f1,
            "event_macro_f1": macro_f1(sums["event"]),
            "segment_f1": total(sums["segment"]).f1,
            "segment_macro_f1": macro_f1(sums["segment"]),
            "psds": self._psds(),
            "examples": len(self.truth),
            "events": notes.truth,
            "seconds": sum(self.signal_s),
        }

    def _psds(self) -> float:
        """Return PSDS with the paper's criteria, under which it is the mean over the labels."""
        truth, found = self._end_to_end(self.truth), self._end_to_end(self.found)
        values = [self._psds_of(label, truth, found) for label in truth.labels]
        return sum(values) / len(values) if values else math.nan

    def _psds_of(self, label: str, truth: EventList, found: EventList) -> float:
        mine = found.filter(label=label)
        levels = [[mine.filter(min_score=level)] for level in PSDS_LEVELS]
        criteria = Criteria(e_max=Criteria.e_max / self.tolerances.segment_s)
        return psds(
            [truth.filter(label=label)],
            levels,
            durations_s=[sum(self.signal_s)],
            criteria=criteria,
        ).value

    def _end_to_end(self, lists: Sequence[EventList]) -> EventList:
        lengths = [self.spec.timebase.samples(seconds) for seconds in self.signal_s]
        cropped = [events.crop(0, n) for events, n in zip(lists, lengths, strict=True)]
        return EventList.concatenate(cropped, lengths)


def _prediction(detector: Detector, example: Example, *, rate_hz: float) -> Prediction:
    probs = detector.probabilities(example.x, rate_hz=rate_hz)
    found = detector.events(example.x, rate_hz=rate_hz) if isinstance(detector, Finder) else None
    signal_s = Timebase(rate_hz).seconds(example.x.shape[1])
    own_hz = detector.spec.rate_hz
    return Prediction(
        probs,
        _mono(example.events).resample(own_hz),
        signal_s,
        None if found is None else _mono(found).resample(own_hz),
    )


def _mono(events: EventList) -> EventList:
    """The events without their channels, which scores do not tell apart."""
    return replace(events, channel=np.zeros(len(events), np.int64))


def _counts(truth: Bools, said: Bools) -> FrameCounts:
    right, true, found = int((truth & said).sum()), int(truth.sum()), int(said.sum())
    return FrameCounts(right, found - right, true - right, truth.size - true - found + right)
