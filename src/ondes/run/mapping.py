"""Frames of a radar on their way: blocks in, the maps that are made of them out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ondes.data.uwb.maps import Frames
from ondes.errors import RateError
from ondes.run.engine import Samples
from ondes.run.source import Choice, together
from ondes.run.translating import Translated
from ondes.run.windows import Pace, Window, Windows
from ondes.signal import Signal
from ondes.spec import ClipSpec


class Map(NamedTuple):
    """A map [bin, cell] of the frames [start, stop) of a recording; `still` if all are the same."""

    start: int
    stop: int
    x: Samples
    still: bool


class Mapped(NamedTuple):
    """A map of the frames [start, stop) of a recording, and what it is translated into."""

    start: int
    stop: int
    source: Signal
    made: Translated


class Maps:
    """The maps of one recording, at fixed places, each as soon as its last frame is there.

    Args:
        frames: of which they are made.
        rate_hz, channels, choice: of the recording, as for `Translator.stream`.
        hop_s: from one map to the next; None sets them end to end.

    Raises:
        RateError, ChannelError: the recording does not fit.
        InputError: the hop does not.
    """

    def __init__(
        self,
        frames: Frames,
        *,
        rate_hz: float,
        channels: Sequence[str],
        choice: Choice = None,
        hop_s: float | None = None,
    ) -> None:
        self._frames = frames
        heard = ClipSpec(frames.rate_hz, frames.n_channels, ("map",), least=frames.size)
        if rate_hz != frames.rate_hz:
            raise RateError(
                f"frames at {rate_hz:.10g} Hz for maps of frames at {frames.rate_hz:.10g} Hz: "
                "take such, or train a translator for these"
            )
        self._route = together(choice, channels, heard)
        self.pace = Pace.of(heard, window_s=heard.timebase.seconds(frames.size), hop_s=hop_s)
        self._windows = Windows(self.pace, spec=heard, resampler=None, rate_hz=rate_hz)

    @property
    def decided(self) -> int:
        """Frame before which no map to come begins."""
        return self._windows.decided

    def push(self, block: Samples) -> Iterator[Map]:
        """Take the next frames [channel, frame]; yield the maps that are now whole.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        return self._maps(self._windows.push(self._route(block)))

    def finish(self) -> Iterator[Map]:
        """Yield the last map, that of the recording's last frames.

        Raises:
            TooShortError: the whole recording is shorter than a map takes.
        """
        return self._maps(self._windows.finish())

    def _maps(self, windows: Iterable[Window]) -> Iterator[Map]:
        for window in windows:
            still = bool((window.x == window.x[:, :1]).all())
            yield Map(window.start, window.stop, self._frames.map_of(window.x), still)
