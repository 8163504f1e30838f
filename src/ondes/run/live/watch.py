"""A stream heard while it comes in: source, ring, listener and sinks at work together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

import numpy as np

from ondes.errors import InputError, OndesError, TooShortError
from ondes.run.detector import Detector, Listening
from ondes.run.live.follow import Follower
from ondes.run.live.layout import Bytes, Clipping, Samples
from ondes.run.live.measures import Counts, Durations
from ondes.run.live.reader import Reader
from ondes.run.live.ring import Ring
from ondes.run.live.sinks import Batch, Key, Position, Sink
from ondes.run.live.sources import Source
from ondes.run.monitor import Monitor
from ondes.run.source import Choice
from ondes.timebase import Timebase

Told = Callable[[str], None]
Shown = Callable[[Counts], None]

COMMIT_S = 0.1  # events are handed to the sinks at most so often
MARK_S = 1.0  # and the position at least
SHOW_S = 1.0  # the numbers are shown so often
PATIENCE_S = 0.1
LAST_S = 0.5  # after a stop, a source that gives nothing for so long is left alone
SILENT_S = 5.0  # a paced source that gives nothing for so long is told
WRONG_RATE = 0.2  # share by which the incoming rate may differ before it is told
RESTARTED = "the watch was restarted"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to watch.

    block_s: of signal, heard at once at most.
    buffer_s: of signal that the ring holds.
    full_scale: from this absolute value on a float counts as clipped; integers know theirs.
    resample, channels: as for `Detector.listen`.
    """

    block_s: float = 0.02
    buffer_s: float = 2.0
    full_scale: float | None = None
    resample: bool = False
    channels: Choice = None

    def __post_init__(self) -> None:
        if not 0 < self.block_s <= self.buffer_s / 2:
            raise InputError(
                f"blocks of {self.block_s:g} s in a buffer of {self.buffer_s:g} s: the buffer "
                "holds two blocks at least (--block-ms, --buffer)"
            )


def _keep_quiet(_what: object) -> None:
    """Say nothing."""


class Watch:
    """One watch over one stream, from `run` until the stream's end or `stop`.

    Args:
        detector: what finds events.
        source: where samples come from.
        sinks: where events go, in this order.
        settings: how.
        position, known: of a store, to go on from.
        monitor: raises alarms; with what the store has of it, where that is gone on from.
        told: gets what a person should know, once each.
        shown: gets the numbers every second.

    Raises:
        RateError, ChannelError: the detector does not take such a stream.
    """

    def __init__(
        self,
        detector: Detector,
        source: Source,
        *,
        sinks: Sequence[Sink] = (),
        settings: Settings | None = None,
        position: Position | None = None,
        known: Collection[Key] = (),
        monitor: Monitor | None = None,
        told: Told = _keep_quiet,
        shown: Shown = _keep_quiet,
    ) -> None:
        settings, layout = settings or Settings(), source.layout
        self.failure: Exception | None = None
        self._sinks, self._told, self._shown = sinks, told, shown
        self._monitor = monitor
        self._source, self._layout, self._settings = source, layout, settings
        self._block = max(1, Timebase(layout.rate_hz).samples(settings.block_s))
        n_frames = max(2 * self._block, Timebase(layout.rate_hz).samples(settings.buffer_s))
        self._ring = Ring(frame_bytes=layout.frame_bytes, n_frames=n_frames)
        begin = _beginning(source, position)
        self._listen = partial(self._listener, detector)
        self._follower = Follower(
            self._listen,
            rate_hz=layout.rate_hz,
            shortest=_frame(detector, layout.rate_hz),
            position=begin,
            known=known if source.replays else (),
        )
        self._listen(begin.restart)  # a wrong rate is told before anything begins
        if begin.taken and not source.replays:
            self._follower.gap(0, RESTARTED)
        first = begin.restart if source.replays else 0
        self._reader = Reader(source, self._ring, start=first, told=told)
        self._clipping = Clipping(*_bounds(source, settings), n_channels=layout.n_channels)
        self._counts = Counts(rate_hz=layout.rate_hz, channels=layout.n_channels)
        self._latency = Durations()
        self._begun = self._committed = self._ticked = time.monotonic()
        self._busy_s = self._stopped_s = 0.0
        self._asked = Event()
        self._warned: set[str] = set()

    def stop(self) -> None:
        """Ask it to come to an end: what has arrived is heard, and nothing more."""
        self._asked.set()
        self._reader.stop()

    def run(self) -> Counts:
        """Watch to the end; return the numbers. `failure` tells what ended it, if anything did."""
        self._warm_up()
        self._begun = self._committed = self._ticked = time.monotonic()
        self._reader.start()
        try:
            while not self._is_over():
                self._step()
            self._follower.finish()
            self._commit(last=True)
            self.failure = self._reader.failure
        except (OndesError, OSError) as error:
            self.failure = error
        finally:
            self._reader.stop()
            self._reader.join(LAST_S)
        return self.counts()

    def counts(self) -> Counts:
        """Return the numbers so far."""
        counts, follower, reader = self._counts, self._follower, self._reader
        counts.samples, counts.events = follower.n_samples, follower.n_events
        counts.seconds = follower.n_samples / counts.rate_hz
        counts.gaps, counts.missing = follower.n_gaps, follower.missing
        counts.not_finite, counts.position = follower.not_finite, follower.at
        counts.drops, counts.reconnects = reader.dropped, reader.reconnects
        counts.cut_off, counts.incoming_hz = reader.cut_off, reader.rate_hz
        counts.lag_s = self._ring.waiting / counts.rate_hz
        counts.max_lag_s = max(counts.max_lag_s, counts.lag_s)
        counts.latency_p50_s = self._latency.quantile(0.5)
        counts.latency_p99_s = self._latency.quantile(0.99)
        counts.busy = self._busy_s / max(time.monotonic() - self._begun, 1e-9)
        return counts

    def _warm_up(self) -> None:
        """Hear a block of silence, so that the first of the stream need not wait for libraries."""
        listener = self._listen(0)
        with suppress(TooShortError):
            listener.push(np.zeros((self._layout.n_channels, self._block), np.float32))
            listener.finish()

    def _is_over(self) -> bool:
        if self._asked.is_set() and not self._ring.waiting:
            now = time.monotonic()
            self._stopped_s = self._stopped_s or now
            return self._ring.over() or now - self._stopped_s > LAST_S
        return self._ring.over()

    def _step(self) -> None:
        """Hear the next block, or pass a gap, or wait."""
        self._ring.wait(self._block, timeout_s=min(self._settings.block_s, PATIENCE_S))
        raw = self._ring.frames(self._block)
        if len(raw):
            self._hear(raw)
        elif missing := self._ring.passed():
            self._follower.gap(missing.lost, missing.reason)
            self._tell_gap(missing.lost, missing.reason)
        self._tick()

    def _hear(self, raw: Bytes) -> None:
        begun = time.monotonic()
        x = self._layout.planar(raw)
        self._ring.release(x.shape[1])
        arrived = self._ring.arrival()
        self._count_clipped(x)
        self._follower.push(x)
        now = time.monotonic()
        self._busy_s += now - begun
        self._latency.add(now - arrived)
        self._counts.latency_max_s = float(np.fmax(self._counts.latency_max_s, now - arrived))
        lag_s = (self._ring.waiting + x.shape[1]) / self._layout.rate_hz
        self._counts.max_lag_s = max(self._counts.max_lag_s, lag_s)

    def _count_clipped(self, x: Samples) -> None:
        clipped = self._clipping.count(x)
        self._counts.clipped += clipped
        if clipped:
            self._warn(
                "clipped",
                f"clipped: samples from {self._follower.at} on stay at full scale; turn the gain "
                "down",
            )

    def _tick(self) -> None:
        """Do what is due: tell what is wrong, commit, show the numbers."""
        now, follower = time.monotonic(), self._follower
        if follower.not_finite:
            self._warn(
                "nan",
                f"NaN, infinite or absurd samples before {follower.at}: taken for a gap; where "
                "there are many, --dtype or --channels is wrong",
            )
        since_s = now - self._committed
        if since_s >= MARK_S or (since_s >= COMMIT_S and follower.pending):
            self._commit()
        if now - self._ticked >= SHOW_S:
            self._ticked = now
            self._check_incoming(now)
            self._shown(self.counts())

    def _commit(self, *, last: bool = False) -> None:
        batch = self._follower.batch()
        if self._monitor:
            batch = self._watched(self._monitor, batch, last=last)
        for sink in self._sinks:
            sink.write(batch)
        self._committed = time.monotonic()
        for alarm in batch.alarms:
            self._counts.alarms += alarm.offset is None
            self._told(self._monitor.said(alarm) if self._monitor else alarm.rule)

    def _watched(self, monitor: Monitor, batch: Batch, *, last: bool) -> Batch:
        """Return a batch with the alarms that it raises, or ends."""
        gaps = [(gap.start, gap.stop) for gap in batch.gaps]
        alarms = monitor.push(batch.events, self._follower.known, gaps=gaps)
        if last:
            alarms += monitor.finish(self._follower.at)
        return replace(batch, alarms=alarms, monitor=monitor.save())

    def _check_incoming(self, now: float) -> None:
        if not self._source.paced or not self._reader.last_s:
            return
        if now - self._reader.last_s > SILENT_S:
            self._warn("silence", f"nothing has come for {SILENT_S:g} s")
        measured, said = self._reader.rate_hz, self._layout.rate_hz
        if measured is None or abs(measured / said - 1) <= WRONG_RATE:
            return
        self._warn(
            "rate",
            f"{measured:.0f} samples a second come in, --rate says {said:g}: one of the rate, the "
            "type and the number of channels is wrong, or the sender does not keep up",
        )

    def _tell_gap(self, lost: int, reason: str) -> None:
        missing = f"{lost} samples are missing" if lost else "it is not known how many are missing"
        self._told(f"gap at sample {self._follower.at - lost}: {reason}; {missing}")

    def _warn(self, what: str, text: str) -> None:
        """Tell something once; the counters tell how often."""
        if what not in self._warned:
            self._warned.add(what)
            self._told(text)

    def _listener(self, detector: Detector, start: int) -> Listening:
        return detector.listen(
            rate_hz=self._layout.rate_hz,
            channels=self._layout.channels,
            choice=self._settings.channels,
            resample=self._settings.resample,
            start=start,
        )


def _beginning(source: Source, position: Position | None) -> Position:
    """Return where to begin: what can be replayed a little earlier, anything else at the next."""
    if position is None:
        return Position()
    if source.replays:
        return position
    return Position(position.taken, position.taken, position.taken)


def _bounds(source: Source, settings: Settings) -> tuple[float, float]:
    if settings.full_scale is None:
        return source.layout.full_scale
    return -settings.full_scale, settings.full_scale


def _frame(detector: Detector, rate_hz: float) -> int:
    """Return the samples of a frame, at the stream's own rate."""
    spec = detector.spec
    return max(1, spec.timebase.rescale(spec.hop, rate_hz))
