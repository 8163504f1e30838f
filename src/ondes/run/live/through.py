"""Translators before whatever hears a stream: what was trained on one sensor hears another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ondes.errors import ChannelError, InputError, RateError
from ondes.events import EventList
from ondes.run.classifier import Classifier
from ondes.run.detector import Detecting, Detector, Listening
from ondes.run.labels import Stretch, Timeline
from ondes.run.mapping import Map, Maps
from ondes.run.source import Choice, Samples
from ondes.run.translating import Parts, Stream
from ondes.run.translator import Translator
from ondes.spec import Spec
from ondes.timebase import Timebase


@dataclass(frozen=True)
class Through(Detecting):
    """A detector of one sensor's signals, or a classifier in windows, that hears another's.

    Args:
        translator: into the sensor that `detector` knows.
        detector: what hears the translation.

    Raises:
        RateError, ChannelError: it does not take what the translator gives.
    """

    translator: Translator
    detector: Detector

    def __post_init__(self) -> None:
        try:
            self._inner()
        except (RateError, ChannelError) as error:
            raise type(error)(
                f"of what {self.translator.card.name!r} translates into: {error}; name with --with "
                "a model of the sensor that is translated into"
            ) from error

    @property
    def spec(self) -> Spec:
        """What the detector gives, of what the translator takes; it looks ahead as far as both."""
        source, inner = self.translator.way.source, self.detector.spec
        hop = max(1, inner.timebase.rescale(inner.hop, source.rate_hz))
        ahead_s = inner.timebase.seconds(inner.look_ahead) + self.translator.latency_s
        ahead = int(Timebase(source.rate_hz).samples(ahead_s))
        return Spec(source.rate_hz, source.n_channels, inner.classes, hop, 0, ahead)

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> Hearing:
        """Return what hears a recording block by block."""
        own, target = self.translator, self.translator.target
        stream = own.stream(rate_hz=rate_hz, channels=channels, choice=choice, resample=resample)
        one_rate = {rate_hz, own.spec.rate_hz, target.rate_hz, self.detector.spec.rate_hz}
        grid = math.lcm(own.way.pace.hop, self.detector.spec.hop) if len(one_rate) == 1 else None
        fade = own.way.pace.size - own.way.pace.hop
        rates_hz = (rate_hz, target.rate_hz)
        return Hearing(stream, self._inner(), start=start, rates_hz=rates_hz, grid=grid, fade=fade)

    def _inner(self) -> Listening:
        """Return what hears the translation."""
        target = self.translator.target
        rows = tuple(map(str, range(target.n_channels)))
        return self.detector.listen(rate_hz=target.rate_hz, channels=rows)


class Hearing:
    """One recording on its way, as `ondes.run.detector.Listening`.

    `grid` counts samples between places at which a new hearing does what this one does; None where
    rates differ, and a new one has to begin where this one did.
    """

    def __init__(
        self,
        stream: Stream,
        inner: Listening,
        *,
        start: int,
        rates_hz: tuple[float, float],
        grid: int | None,
        fade: int,
    ) -> None:
        self._stream, self._inner, self._start = stream, inner, start
        self._own, self._target = map(Timebase, rates_hz)
        self._grid, self._fade = grid, fade

    @property
    def decided(self) -> int:
        """As of `Listening`."""
        return self._start + self._target.rescale(self._inner.decided, self._own.rate_hz)

    @property
    def restart(self) -> int:
        """As of `Listening`."""
        if self._grid is None:
            return self._start
        whole = max(self._inner.restart - self._fade, 0) // self._grid * self._grid
        return self._start + whole

    def push(self, block: Samples) -> EventList:
        """Take the next samples [channel, time]; return the events that are now over."""
        return self._placed(self._heard(self._stream.push(block)))

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends."""
        last = self._heard(self._stream.finish())
        return self._placed(last + self._inner.finish())

    def _heard(self, made: Parts) -> EventList:
        if not made.result.shape[1]:
            return EventList.empty(self._target.rate_hz)
        return self._inner.push(made.result)

    def _placed(self, events: EventList) -> EventList:
        return events.resample(self._own.rate_hz).shift(self._start)


@dataclass(frozen=True)
class ThroughMaps(Detecting):
    """A classifier of maps that hears a stream of radar frames, map by map.

    Args:
        translator: of maps that are made of frames.
        classifier: of its translations.
        hop_s: from one map to the next; None sets them end to end.

    Raises:
        InputError: the translator knows of no frames, or the classifier tells numbers.
    """

    translator: Translator
    classifier: Classifier
    hop_s: float | None = None

    def __post_init__(self) -> None:
        if self.classifier.reading.kind == "number":
            raise InputError(
                f"{self.classifier.card.name!r} tells numbers, and events have labels: translate "
                "with --with, or classify what was translated"
            )
        self._maps(channels=None)

    @property
    def spec(self) -> Spec:
        """Maps as frames of a detector: one a hop, which looks ahead as far as the map goes on."""
        maps, frames = self._maps(channels=None), self.translator.frames
        assert frames is not None, "or there were no maps"
        ahead = maps.pace.size - maps.pace.hop
        names = self.classifier.classes
        return Spec(frames.rate_hz, frames.n_channels, names, maps.pace.hop, 0, ahead)

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,  # noqa: ARG002 - frames are not
        start: int = 0,
    ) -> MapHearing:
        """Return what hears a recording block by block."""
        maps = self._maps(channels=channels, rate_hz=rate_hz, choice=choice)
        return MapHearing(maps, self.translator, self.classifier, rate_hz=rate_hz, start=start)

    def _maps(
        self,
        *,
        channels: Sequence[str] | None,
        rate_hz: float | None = None,
        choice: Choice = None,
    ) -> Maps:
        frames = self.translator.frames
        own_hz, n = (frames.rate_hz, frames.n_channels) if frames else (1.0, 1)
        names = tuple(map(str, range(n))) if channels is None else channels
        return self.translator.mapping(
            rate_hz=rate_hz or own_hz, channels=names, choice=choice, hop_s=self.hop_s
        )


class MapHearing:
    """Frames on their way, as `ondes.run.detector.Listening`."""

    def __init__(
        self,
        maps: Maps,
        translator: Translator,
        classifier: Classifier,
        *,
        rate_hz: float,
        start: int,
    ) -> None:
        self._maps, self._translator, self._classifier = maps, translator, classifier
        self._rate_hz, self._start = rate_hz, start

    @property
    def decided(self) -> int:
        """As of `Listening`."""
        return self._start + self._maps.decided

    @property
    def restart(self) -> int:
        """As of `Listening`: the last place on the grid of maps."""
        return self.decided - (self.decided - self._start) % self._maps.pace.hop

    def push(self, block: Samples) -> EventList:
        """Take the next frames; return what the maps are that are now whole."""
        return self._events(self._maps.push(block))

    def finish(self) -> EventList:
        """Return what the map of the last frames is."""
        return self._events(self._maps.finish())

    def _events(self, maps: Iterable[Map]) -> EventList:
        rows = [self._stretch(one) for one in maps]
        return Timeline.of(self._classifier.classes, rows, self._rate_hz).events

    def _stretch(self, one: Map) -> Stretch:
        made = np.ascontiguousarray(self._translator.parts_of(one.x).result)
        labels = self._classifier.classify(made, rate_hz=self._translator.target.rate_hz)
        return Stretch(self._start + one.start, self._start + one.stop, labels)
