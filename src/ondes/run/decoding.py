"""Frames of a recording become events as they come out of the engine."""

from collections.abc import Sequence

from ondes.events import EventList
from ondes.run.detector import Known, joined
from ondes.run.engine import Frames, Samples, Stream
from ondes.spec import Spec
from ondes.tasks.detect.decode import Scan
from ondes.tasks.detect.decoder import Decoder
from ondes.timebase import Timebase


class Decoding:
    """The rows of one recording through a network and its decoder; see `detector.Hearing`."""

    def __init__(
        self, stream: Stream, spec: Spec, decoder: Decoder, *, rate_hz: float, n_rows: int
    ) -> None:
        self._stream = stream
        self._rate_hz, self._model = rate_hz, Timebase(spec.rate_hz)
        self._scan = Scan(
            decoder,
            timebase=spec.timebase,
            labels=spec.classes,
            channels=range(n_rows if spec.channels == 1 else 1),
        )
        self._none = EventList.empty(rate_hz)
        self._over = False

    @property
    def decided(self) -> int:
        """Sample up to which all is said."""
        if self._over:
            return self._stream.n_samples
        first = self._model.rescale(self._scan.decided, self._rate_hz)
        return min(max(first, 0), self._stream.n_samples)

    @property
    def known(self) -> Known:
        """What is sure to go on, and up to where nothing else begins."""
        if self._over:
            return Known(self._stream.n_samples)
        events, settled = self._scan.sounding
        first = self._model.rescale(settled, self._rate_hz)
        return Known(min(max(first, 0), self._stream.n_samples), self._events([events]))

    @property
    def restart(self) -> int:
        """Sample from which a new hearing gives what is still to come."""
        return self._stream.restart(self._scan.restart)

    def push(self, block: Samples) -> EventList:
        """Take the next samples [row, time]; return the events that are now over.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        return self._events(self._scanned(self._stream.push(block)))

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends; nothing can be pushed after.

        Raises:
            TooShortError: the whole recording is shorter than one frame.
        """
        last = self._scanned(self._stream.finish())
        self._over = True
        return self._events([*last, self._scan.finish()])

    def _scanned(self, parts: Sequence[Frames]) -> list[EventList]:
        return [self._scan.push(frames.values) for frames in parts]

    def _events(self, parts: Sequence[EventList]) -> EventList:
        """Bring events from the network's rate to the recording's, within its length."""
        if not any(map(len, parts)):
            return self._none
        events = joined(parts, self._model.rate_hz).resample(self._rate_hz)
        return events.crop(0, self._stream.n_samples)
