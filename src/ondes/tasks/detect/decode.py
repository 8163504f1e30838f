"""Events from frame probabilities, at once or stretch by stretch with the same answer."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from ondes.errors import InputError
from ondes.events import EventList
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.pieces import (
    UNIT,
    Doubles,
    Floats,
    Pieces,
    Places,
    Stretch,
    Thresholds,
    piece,
)
from ondes.timebase import Timebase

BLOCK = 4096  # frames cut at once: bounds the memory, changes no answer
SUMS = {"total", "frames", "votes"}  # what adds up where pieces of an event meet


class Scan:
    """Frames in, events out as soon as they are over; what it keeps does not grow with time.

    It keeps ``2 * decoder.halo`` frames and, per class, one event that sounds and one that may yet
    be joined to the next. Events do not depend on how the frames are cut into blocks. The frames
    of several channels go through at once, and cost little where nothing reaches a threshold.

    >>> scan = Scan(Decoder(), timebase=Timebase(8000, hop=100), labels=("knock",))
    >>> quiet, knock = np.zeros((1, 1, 20), np.float32), np.ones((1, 1, 3), np.float32)
    >>> [len(scan.push(block)) for block in (quiet, knock, quiet)]
    [0, 0, 1]
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        timebase: Timebase,
        labels: Sequence[str],
        channels: Sequence[int] = (0,),
    ) -> None:
        self.decoder = decoder
        self.timebase = timebase
        self.labels = np.tile(np.asarray(labels, np.str_), len(channels))
        self.channels = np.repeat(np.asarray(channels, np.int64), len(labels))
        self._shape = (len(channels), len(labels))
        self._votes = len(labels) if decoder.exclusive else 0
        classes = 1 if decoder.exclusive else len(labels)
        self._thresholds = Thresholds.of(decoder, classes=classes, times=len(channels))
        self._halo = decoder.halo
        self._kept: Floats | None = None
        self._frame = -self._halo  # the first frame that is not yet cut
        self._nothing = np.zeros(0, piece(self._votes))
        self._sounding = self._waiting = self._nothing
        self._quiet = self._nothing  # per row the last run that was no event
        self._none = EventList.empty(timebase.rate_hz)

    @property
    def decided(self) -> int:
        """Sample up to which all is said: no event still to come has its onset before it."""
        begun = np.concatenate([self._sounding, self._waiting])
        later = self.timebase.sample_of(self._frame - self.decoder.early)
        return int(self._samples(begun["start"], begun["onset"]).min(initial=later))

    @property
    def sounding(self) -> tuple[EventList, int]:
        """Events that are not over and sure to be given, each up to where it lasts at least; and
        the sample up to which no event begins that is neither given nor one of these.
        """
        rows, heard = self._begun()
        long = rows["stop"] - rows["start"] >= self.decoder.min_frames
        sure = heard & long & (not self._votes and not self.decoder.min_score)
        onset = self._samples(rows["start"], rows["onset"])
        later = self.timebase.sample_of(self._frame - self.decoder.early)
        settled = int(onset[~sure].min(initial=later))
        onset, row = onset[sure], rows["label"][sure]
        events = EventList(
            onset,
            np.maximum(self.timebase.sample_of(rows["stop"][sure]), onset + 1),
            self.labels[row],
            self.channels[row],
            np.full(len(row), np.nan),
            self.timebase.rate_hz,
        )
        return events, settled

    def _begun(self) -> tuple[Pieces, npt.NDArray[np.bool_]]:
        """Return what has begun and is not over, up to the least of its ends; and whether it is
        an event for sure, if it is long enough.
        """
        going, waiting = self._sounding.copy(), self._waiting.copy()
        heard = np.append(going["loud"] | going["struck"], np.ones(len(waiting), np.bool_))
        going["stop"] = self._frame
        joins = np.isin(waiting["label"], going["label"][~going["struck"]])
        late = np.searchsorted(going["label"], waiting["label"][joins])
        for name in ("start", "onset"):
            going[name][late] = waiting[name][joins]
        rows = np.concatenate([going, waiting[~joins]])
        rows["stop"] -= self.decoder.blurred
        return rows, heard[: len(rows)]

    @property
    def restart(self) -> int:
        """Frame from which a new scan must get what this one got, to go on where it is decided."""
        near = self._quiet["stop"] + self.decoder.gap_frames
        joins = self._quiet[near >= self._next_start()[self._quiet["label"]]]
        first = joins["start"].min(initial=self.timebase.frame_of(self.decided))
        return int(first) - 2 * self.decoder.halo - self.decoder.gap_frames - 1

    def push(self, probs: Floats) -> EventList:
        """Take the next frames, probabilities [head, class, frame]; return the events now over.

        Those of several channels are [channel, head, class, frame]. Heads are frame, onset and
        offset, in this order; the last ones may be missing. Onsets may lie before those of events
        returned earlier, if these were shorter.

        Raises:
            InputError: the shape has other axes, or not one row per label and channel.
        """
        probs = probs[None] if probs.ndim == 3 else probs
        self._check(probs)
        rows = self._rows(probs)
        begin = range(0, rows.shape[2], BLOCK)
        return self._events([self._take(rows[..., i : i + BLOCK]) for i in begin])

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends; the scan is then used up."""
        if self._kept is None:
            return self._none
        silence = np.zeros((*self._kept.shape[:2], self._halo), np.float32)
        over = self._take(silence)
        rest, self._waiting = self._waiting, self._nothing
        return self._events([over, rest])

    def _rows(self, probs: Floats) -> Floats:
        """Return [head, row, frame]: a row per channel and class, or per channel alone.

        Then the classes are summed, and follow as heads of their own.
        """
        n_channels, n_heads, n_classes, n_frames = probs.shape
        if not self._votes:
            return np.moveaxis(probs, 0, 1).reshape(n_heads, n_channels * n_classes, n_frames)
        together = reduce(np.add, np.moveaxis(probs, 2, 0))
        heads = np.minimum(together, np.float32(1))
        return np.concatenate([heads, probs[:, 0]], axis=1).swapaxes(0, 1)

    def _check(self, probs: Floats) -> None:
        n_channels, n_labels = self._shape
        fits = probs.ndim == 4 and (probs.shape[0], probs.shape[2]) == self._shape
        if not fits or not 1 <= probs.shape[1] <= 3:
            raise InputError(
                f"probabilities of shape {list(probs.shape)} for {n_labels} labels in {n_channels} "
                f"channels; decode takes [head, class, frame] with one class per label and 1 to 3 "
                f"heads, and of several channels [channel, head, class, frame]"
            )

    def _take(self, probs: Floats) -> Pieces:
        """Cut what is now known on both sides; return the events that are over."""
        if self._kept is None:
            self._kept = np.zeros((*probs.shape[:2], 2 * self._halo), np.float32)
        known = np.concatenate([self._kept, probs], axis=2, dtype=np.float32)
        self._kept = known[..., -2 * self._halo :].copy()
        if not probs.shape[2]:
            return self._nothing
        stretch = Stretch.of(self.decoder, known, self._thresholds, votes=self._votes)
        pieces = stretch.pieces() if stretch else self._nothing.copy()
        for name in ("start", "stop"):
            pieces[name] += self._frame - self._halo
        self._frame += probs.shape[2]
        if not (len(pieces) or len(self._waiting)):
            return self._nothing
        return self._chained(self._closed(pieces))

    def _closed(self, pieces: Pieces) -> Pieces:
        """Join pieces to what sounded before; keep what sounds on, return the rest."""
        _continue(pieces, self._sounding)
        self._sounding = pieces[pieces["open"]]
        heard = pieces["loud"] | pieces["struck"]
        self._remember(pieces[~pieces["open"] & ~heard])
        return np.asarray(pieces[~pieces["open"] & heard])

    def _remember(self, quiet: Pieces) -> None:
        if not len(quiet):
            return
        both = np.concatenate([self._quiet, quiet])
        both = both[np.argsort(both["label"], kind="stable")]
        last = np.append(both["label"][1:] != both["label"][:-1], True)[: len(both)]
        self._quiet = both[last]

    def _chained(self, closed: Pieces) -> Pieces:
        """Close the gaps; keep per class the last event while it may go on, return the others."""
        both = np.concatenate([self._waiting, closed])
        both = both[np.lexsort((both["start"], both["label"]))]
        chains = _chains(both, self.decoder.gap_frames)
        last = np.append(chains["label"][1:] != chains["label"][:-1], True)[: len(chains)]
        waits = last & (
            self._next_start()[chains["label"]] - chains["stop"] <= self.decoder.gap_frames
        )
        self._waiting = chains[waits]
        return np.asarray(chains[~waits])

    def _next_start(self) -> Places:
        """Return per class the first frame where what may join its last event can begin.

        What sounds and was struck joins nothing.
        """
        frame = np.full(len(self._thresholds.low), self._frame)
        joins = self._sounding[~self._sounding["struck"]]
        frame[joins["label"]] = joins["start"]
        return frame

    def _events(self, parts: Sequence[Pieces]) -> EventList:
        """Turn finished rows into events, without those too short or too unsure."""
        rows = np.concatenate([self._nothing, *parts])
        if not len(rows):
            return self._none
        rows = rows[rows["stop"] - rows["start"] >= self.decoder.min_frames]
        score = scores(rows, self.decoder)
        rows, score = rows[score >= self.decoder.min_score], score[score >= self.decoder.min_score]
        onset = self._samples(rows["start"], rows["onset"])
        offset = self._samples(rows["stop"], rows["offset"])
        which = self._classes(rows)
        return EventList(
            onset,
            np.maximum(offset, onset + 1),
            self.labels[which],
            self.channels[which],
            score,
            self.timebase.rate_hz,
        )

    def _classes(self, rows: Pieces) -> Places:
        """Return which of `labels` each event has."""
        label: Places = rows["label"]
        return label * self._votes + rows["votes"].argmax(axis=1) if self._votes else label

    def _samples(self, frame: Places, lead: Doubles) -> Places:
        within = np.floor(lead * self.timebase.hop + 0.5).astype(np.int64)
        return self.timebase.sample_of(frame) + within


def decode(
    probs: Floats,
    timebase: Timebase,
    labels: Sequence[str],
    decoder: Decoder,
    *,
    channel: int = 0,
) -> EventList:
    """Return the events in probabilities [head, class, frame], each with a score from 0 to 1.

    Heads are frame, onset and offset, in this order; the last ones may be missing. Events lie
    within the frames. See `Decoder` for the rules and `Scan` for doing it bit by bit.

    Raises:
        InputError: the shape has not three axes, or not one row per label.

    >>> probs = np.array([[[0, 0.2, 0.9, 0.8, 0.1, 0]]], np.float32)
    >>> [event[:3] for event in decode(probs, Timebase(8000, hop=80), ("a",), Decoder())]
    [(154, 314, 'a')]
    """
    scan = Scan(decoder, timebase=timebase, labels=labels, channels=(channel,))
    events = scan.push(probs) + scan.finish()
    return events.crop(timebase.sample_of(0), timebase.sample_of(probs.shape[2]))


def features(rows: Pieces) -> Doubles:
    """Return the numbers [event, feature] that a score is made of; see `decoder.FEATURES`."""
    mean = rows["total"] * UNIT / np.maximum(rows["frames"], 1)
    odds = [_log_odds(p) for p in (mean, rows["top"], rows["onset_peak"])]
    return np.stack([*odds, np.log(np.maximum(rows["stop"] - rows["start"], 1))], axis=1)


def scores(rows: Pieces, decoder: Decoder) -> Doubles:
    """Return the calibrated probability, 0 to 1, that each event is true."""
    margin = features(rows) * np.asarray(decoder.weights)
    return np.asarray(1 / (1 + np.exp(-(margin.sum(axis=1) + decoder.bias))))


def _log_odds(probability: Doubles) -> Doubles:
    inside = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(inside / (1 - inside)))


def _continue(pieces: Pieces, before: Pieces) -> None:
    """Add to the pieces that go on what they were before; both hold one per class."""
    late = np.flatnonzero(pieces["joined"])
    early = before[np.searchsorted(before["label"], pieces["label"][late])]
    for name in ("start", "onset", "onset_peak", "struck"):
        pieces[name][late] = early[name]
    for name in SUMS & set(pieces.dtype.names or ()):
        pieces[name][late] += early[name]
    pieces["top"][late] = np.maximum(pieces["top"][late], early["top"])
    pieces["loud"][late] |= early["loud"]


def _chains(rows: Pieces, gap: int) -> Pieces:
    """Make one of events of a class, sorted by time, that are `gap` frames or less apart."""
    if not len(rows):
        return rows
    near = (rows["start"][1:] - rows["stop"][:-1] <= gap) & ~rows["struck"][1:]
    linked = near & (rows["label"][1:] == rows["label"][:-1])
    first = np.flatnonzero(np.append(True, ~linked))
    last = np.append(first[1:], len(rows)) - 1
    chains = rows[first]
    for name in ("stop", "offset"):
        chains[name] = rows[name][last]
    for name in SUMS & set(rows.dtype.names or ()):
        chains[name] = np.add.reduceat(rows[name], first)
    chains["top"] = np.maximum.reduceat(rows["top"], first)
    return chains
