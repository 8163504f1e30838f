"""Classifiers where a detector hears a stream: each window is an event of what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ondes.errors import InputError
from ondes.events import EventList
from ondes.run.classifier import Classifier, Listener
from ondes.run.detector import Progress
from ondes.run.source import Choice, Recording, Samples
from ondes.run.windows import Pace
from ondes.spec import Spec


@dataclass(frozen=True)
class Windowed:
    """A classifier or tagger as a `Detector`, whose events are windows, one for each chosen name.

    Args:
        classifier: which.
        window_s, hop_s: of the windows, as for `Classifier.classify`.

    Raises:
        InputError: it tells numbers, of which none is chosen; or the windows do not fit.
        TooShortError: the network takes longer windows alone.
    """

    classifier: Classifier
    window_s: float
    hop_s: float | None = None

    def __post_init__(self) -> None:
        if self.classifier.reading.kind == "number":
            raise InputError(
                f"{self.classifier.card.name!r} tells numbers, and events have labels: use its "
                "listen(window_s=...), or ondes classify --window"
            )
        self._pace()

    @property
    def spec(self) -> Spec:
        """Windows as frames: one a hop, which looks ahead as far as the window goes on."""
        own, pace = self.classifier.spec, self._pace()
        ahead = pace.size - pace.hop
        return Spec(own.rate_hz, own.channels, own.outputs, pace.hop, 0, ahead)

    def detect(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
        progress: Progress | None = None,
    ) -> EventList:
        """Return the windows of a whole recording."""
        return self.classifier.classify(
            recording,
            rate_hz=rate_hz,
            resample=resample,
            channels=channels,
            window_s=self.window_s,
            hop_s=self.hop_s,
            progress=progress,
        ).events

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
        listener = self.classifier.listen(
            window_s=self.window_s,
            hop_s=self.hop_s,
            rate_hz=rate_hz,
            channels=channels,
            choice=choice,
            resample=resample,
            start=start,
        )
        same = rate_hz == self.classifier.spec.rate_hz
        return Hearing(listener, start=start, hop=self._pace().hop if same else None)

    def _pace(self) -> Pace:
        return Pace.of(self.classifier.spec, window_s=self.window_s, hop_s=self.hop_s)


class Hearing:
    """One recording on its way, as `ondes.run.detector.Listening`.

    `hop` is of the windows in samples of the recording; None where that is resampled, and a new
    hearing has to begin where this one did.
    """

    def __init__(self, listener: Listener, *, start: int, hop: int | None) -> None:
        self._listener, self._start, self._hop = listener, start, hop

    @property
    def decided(self) -> int:
        """As of `Listening`."""
        return self._listener.decided

    @property
    def restart(self) -> int:
        """As of `Listening`: the last place on the grid of windows."""
        if self._hop is None:
            return self._start
        return self.decided - (self.decided - self._start) % self._hop

    def push(self, block: Samples) -> EventList:
        """Take the next samples; return the windows that are now over."""
        return self._listener.push(block).events

    def finish(self) -> EventList:
        """Return the windows that the end of the recording ends."""
        return self._listener.finish().events
