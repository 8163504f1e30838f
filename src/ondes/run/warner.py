"""Warnings of abnormal beats in a person who never had one: a network of beats, and when to warn.

Research software, not a medical device.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np

from ondes.errors import ArtefactError, ChannelError, InputError, RateError
from ondes.events import EventList
from ondes.io import read
from ondes.ops import beats as beats_
from ondes.ops.degrade import Doubles
from ondes.ops.signals import resample as resampled
from ondes.run.classifier import Classifier
from ondes.run.loading import load
from ondes.signal import Signal

NORMAL, QUICKNESS = "N", "quickness"
THRESHOLD = 1.0
"""Amid those that persons of `docs/results.md` chose for each other, -1.1 to 2.3."""
BATCH = 512


@dataclass(frozen=True)
class Warner:
    """What tells the abnormal among the beats of the one person it was made for.

    classifier: as the recipe `ecg/warning` trains it.
    threshold: evidence from which on a beat is one to warn of: the logarithm of how many times as
        likely as a normal one the network thinks it. A lower one warns sooner, and more often for
        nothing.
    second_look: whether nobody is warned of a beat that comes when it is due and is as quick as the
        person's normal ones (`ondes.ops.beats.suspect`), whatever the network thinks of its shape.

    Raises ArtefactError where the classifier was trained for something else.
    """

    classifier: Classifier
    threshold: float = THRESHOLD
    second_look: bool = True

    def __post_init__(self) -> None:
        spec = self.classifier.spec
        given = (spec.channels, spec.rate_hz, spec.outputs[0], QUICKNESS)
        made = (beats_.CHANNELS, beats_.RATE_HZ, NORMAL, *self.classifier.card.facts)
        if given != made or len(spec.outputs) < 2:
            raise ArtefactError(
                f"{self.classifier.card.name!r} judges {spec.channels} channels at "
                f"{spec.rate_hz:.10g} Hz as {', '.join(spec.outputs)}, and is no warner: train one "
                "with ondes train ecg/warning --set data.options.patient=RECORD.hea"
            )

    @classmethod
    def load(cls, model: str | os.PathLike[str], *, threshold: float = THRESHOLD) -> Warner:
        """Return the warner in a folder that `ondes train ecg/warning` made.

        Raises ArtefactError where there is none.
        """
        found = load(model)
        if not isinstance(found, Classifier):
            raise ArtefactError(
                f"{os.fspath(model)} finds events: name the folder of a model that ondes train "
                "ecg/warning made"
            )
        return cls(found, threshold)

    def warn(
        self,
        recording: Signal | str | os.PathLike[str],
        beats: EventList,
        *,
        lead: str | None = None,
        resample: bool = False,
    ) -> EventList:
        """Return all beats, each labelled N or as the abnormal class it is likeliest to be.

        A score is the probability that the beat is not normal. What a beat is depends on nothing
        later than the next beat.

        Args:
            recording: in mV, as the one that was learnt from.
            beats: an event for each, from its R peak on, in order of time; labels do not matter.
            lead: which; the first if None. Give the lead that was learnt from.
            resample: bring another rate to 360 Hz; nothing is unasked.

        Raises:
            RateError: the recording is at another rate, or the beats are at another than it.
            ChannelError: there is no such lead.
            InputError: there is no beat, they are not in order, or lie outside the recording.
        """
        evidence, likeliest = self._judged(recording, beats, lead, resample=resample)
        names = np.array(self.classifier.classes[1:], np.str_)[likeliest]
        label = np.where(evidence >= self.threshold, names, NORMAL)
        with np.errstate(over="ignore"):
            return replace(beats, label=label, score=1 / (1 + np.exp(-evidence)))

    def evidence(
        self,
        recording: Signal | str | os.PathLike[str],
        beats: EventList,
        *,
        lead: str | None = None,
        resample: bool = False,
    ) -> Doubles:
        """Return for each beat the logarithm of how many times as likely it is abnormal as normal.

        -inf for one that the second look finds normal. Takes and raises what `warn` does.
        """
        return self._judged(recording, beats, lead, resample=resample)[0]

    def _beats(
        self, signal: Signal, beats: EventList, lead: str | None, *, resample: bool
    ) -> tuple[Doubles, Doubles]:
        """The beats [beat, sample] and their rhythm [beat, 2]."""
        if not len(beats):
            raise InputError("warn of no beats: find them first, as with ondes.load('ecg-beats')")
        if beats.rate_hz != signal.rate_hz:
            raise RateError(
                f"beats at {beats.rate_hz:.10g} Hz in a recording at {signal.rate_hz:.10g} Hz: "
                "bring them to its rate with beats.resample(rate_hz)"
            )
        if lead is not None and lead not in signal.channels:
            raise ChannelError(f"no lead {lead!r}; there are {', '.join(signal.channels)}")
        row = 0 if lead is None else signal.channels.index(lead)
        if signal.rate_hz != beats_.RATE_HZ:
            if not resample:
                raise RateError(
                    f"a recording at {signal.rate_hz:.10g} Hz for a warner of "
                    f"{beats_.RATE_HZ:g} Hz: say resample=True (--resample)"
                )
            signal, beats = resampled(signal, beats_.RATE_HZ), beats.resample(beats_.RATE_HZ)
        peaks = beats.onset - signal.start
        return beats_.shapes(signal.samples[row], peaks), beats_.rhythm(peaks)

    def _judged(
        self,
        recording: Signal | str | os.PathLike[str],
        beats: EventList,
        lead: str | None,
        *,
        resample: bool,
    ) -> tuple[Doubles, np.ndarray]:
        """For each beat the evidence, and the likeliest abnormal class."""
        signal = recording if isinstance(recording, Signal) else read(recording)
        shapes, rhythm = self._beats(signal, beats, lead, resample=resample)
        clips = beats_.clips(shapes, rhythm)
        parts = [
            self.classifier.predictor(clips[k : k + BATCH]).astype(np.float64)
            for k in range(0, len(clips), BATCH)
        ]
        logits = np.concatenate(parts)
        evidence = np.logaddexp.reduce(logits[:, 1:], axis=1) - logits[:, 0]
        if self.second_look:
            usual = self.classifier.card.facts[QUICKNESS]
            suspect = beats_.suspect(shapes, rhythm, usual=usual)
            evidence = np.where(suspect, evidence, -np.inf)
        return evidence, logits[:, 1:].argmax(axis=1)
