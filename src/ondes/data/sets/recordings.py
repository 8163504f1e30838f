"""Your own recordings with their event lists beside them: `take.wav` and `take.csv`.

The list may be in any event format, under the recording's name. Splits keep recordings apart: in
the order of their names, of every five the fourth is for `valid` and the fifth for `test`; `all`
is every recording. `train` draws clips at random places, `valid` cuts clips end to end, `test` and
`all` are whole recordings. An event that outlasts its recording ends with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ondes.data.files import Files
from ondes.errors import ChannelError, InputError, OndesError, RateError, RecipeError, nearest
from ondes.events import EventList
from ondes.io import (
    SignalFile,
    event_formats,
    event_suffix,
    read_event_table,
    read_events,
)
from ondes.ops.signals import resample
from ondes.protocols import Example
from ondes.signal import Signal

ABOUT = "Your own recordings with event lists beside them (take.wav, take.csv)."
PLACES = {"train": (0, 1, 2), "valid": (3,), "test": (4,), "all": (0, 1, 2, 3, 4)}
TESTS = ("test",)
TRAIN_CLIPS = 10**9


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where the recordings are, and what is taken of them.

    folder: of the recordings, which may lie in folders below it.
    rate_hz: to which they are resampled; 0 keeps their own, which must then be one for all.
    mix: take the mean of the channels.
    labels: the classes, in order; empty takes the labels that occur, sorted.
    n_samples: length of a clip of `train` and `valid`.
    files: what raw binary and NPY files do not say themselves.
    """

    folder: str
    rate_hz: float = 0.0
    mix: bool = False
    labels: tuple[str, ...] = ()
    n_samples: int = 2**17
    files: Files = field(default_factory=Files)


def build(config: Config, *, split: str, seed: int = 0) -> "Recordings | Clips":
    """Return one split; `seed` moves the clips of training alone.

    Raises:
        InputError: there is no recording, or the split is empty; without `labels`, or to be cut
            into clips, one has no list.
        FormatError: a file that is read for this cannot be.
    """
    if split not in PLACES:
        raise RecipeError(
            f"recordings has no split {split!r}{nearest(split, PLACES)}; there are "
            f"{', '.join(PLACES)}"
        )
    paths = config.files.under(config.folder)
    chosen = [path for place, path in enumerate(paths) if place % 5 in PLACES[split]]
    if not chosen:
        raise InputError(
            f"{config.folder} holds {len(paths)} recordings: {split} is one of every five; "
            "record more, or take the split all"
        )
    whole = Recordings(chosen, config, labels=config.labels or _labels(paths, config.files))
    if split in ("test", "all"):
        return whole
    return Clips(whole, config.n_samples, seed=seed if split == "train" else None)


class Recordings:
    """Whole recordings and their events, read when they are asked for.

    Asking for one raises FormatError or NotFiniteError where a file cannot be read, RateError or
    ChannelError where it differs from the others, InputError where its list is missing, is not
    its own or holds other labels.
    """

    def __init__(self, paths: Sequence[Path], config: Config, *, labels: Sequence[str]) -> None:
        self.paths, self.config, self.labels = tuple(paths), config, tuple(labels)
        first = _readable(paths, config.files)
        self.rate_hz = config.rate_hz or first.rate_hz
        self.n_channels = 1 if config.mix else first.n_channels

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Example:
        path = self.paths[index]
        signal, events = _load(path, self.config)
        _check_labels(path, events, self.labels)
        if signal.rate_hz != self.rate_hz:
            raise RateError(
                f"{path} is at {signal.rate_hz:.10g} Hz, others in {self.config.folder} at "
                f"{self.rate_hz:.10g} Hz: say rate_hz (--resample), and all are converted"
            )
        if signal.n_channels != self.n_channels:
            raise ChannelError(
                f"{path} has {signal.n_channels} channels, others in {self.config.folder} "
                f"{self.n_channels}: say mix (--mix), and all become one"
            )
        return Example(signal.samples, events)

    def seconds(self) -> list[float]:
        """Return the length of each recording."""
        return [self.config.files.open(path).duration_s for path in self.paths]


class Clips:
    """Clips of `n_samples` from recordings: at random places drawn by `seed`, else end to end.

    A recording shorter than a clip, and what is left at the end of one, is followed by silence.
    """

    def __init__(self, whole: Recordings, n_samples: int, *, seed: int | None) -> None:
        self.whole, self.n_samples, self.seed = whole, n_samples, seed
        self.rate_hz, self.n_channels, self.labels = whole.rate_hz, whole.n_channels, whole.labels
        clips = [-int(-s * self.rate_hz // n_samples) for s in whole.seconds()]
        self._stops = np.cumsum(clips)

    def __len__(self) -> int:
        return TRAIN_CLIPS if self.seed is not None else int(self._stops[-1])

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        if self.seed is None:
            return self._cut(*self._next(index))
        return self._cut(*self._drawn(np.random.default_rng((self.seed, index))))

    def _drawn(self, rng: np.random.Generator) -> tuple[int, int]:
        """Return a recording, more often a long one, and where a clip begins in it."""
        recording = int(np.searchsorted(self._stops, rng.integers(self._stops[-1]), side="right"))
        length = self.whole[recording].x.shape[1]
        return recording, int(rng.integers(max(length - self.n_samples, 0) + 1))

    def _next(self, index: int) -> tuple[int, int]:
        recording = int(np.searchsorted(self._stops, index, side="right"))
        before = int(self._stops[recording - 1]) if recording else 0
        return recording, (index - before) * self.n_samples

    def _cut(self, recording: int, start: int) -> Example:
        x, events = self.whole[recording]
        stop = min(start + self.n_samples, x.shape[1])
        clip = np.zeros((self.n_channels, self.n_samples), np.float32)
        clip[:, : stop - start] = x[:, start:stop]
        return Example(clip, events.crop(start, stop).shift(-start))


@lru_cache(maxsize=8)
def _load(path: Path, config: Config) -> tuple[Signal, EventList]:
    signal, listed = config.files.open(path).read(), _list_of(path)
    events = read_events(listed, rate_hz=signal.rate_hz, file=path.name)
    if len(events) and events.onset[-1] >= signal.n_samples:
        raise InputError(
            f"{listed} has an event at {events.onset_s[-1]:g} s, {path} ends at "
            f"{signal.duration_s:g} s: give the list of this recording"
        )
    if config.mix:
        signal = Signal.of(signal.samples.mean(axis=0), rate_hz=signal.rate_hz)
        events = replace(events, channel=np.zeros(len(events), np.int64))
    if config.rate_hz:
        signal, events = resample(signal, config.rate_hz), events.resample(config.rate_hz)
    return signal, events.crop(0, signal.n_samples)


def _readable(paths: Sequence[Path], files: Files) -> SignalFile:
    """Return the first recording that can be opened, or say why the very first cannot."""
    reasons: list[OndesError] = []
    for path in paths:
        try:
            return files.open(path)
        except OndesError as error:
            reasons.append(error)
    raise reasons[0]


def _check_labels(path: Path, events: EventList, known: Sequence[str]) -> None:
    strange = [label for label in events.labels if label not in known]
    if strange:
        raise InputError(
            f"the list of {path} has the labels {', '.join(strange)}, which are none of "
            f"{', '.join(known)}{nearest(strange[0], known)}"
        )


def _list_of(path: Path) -> Path:
    """Return the event list beside a recording."""
    suffixes = dict.fromkeys(event_suffix(name) for name in ("csv", *event_formats()))
    candidates = [path.with_name(path.stem + suffix) for suffix in suffixes]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    names = ", ".join(candidate.name for candidate in candidates)
    raise InputError(f"{path} has no event list beside it: put one there, {names}")


def _labels(paths: Sequence[Path], files: Files) -> tuple[str, ...]:
    """Return the labels that occur in any recording, sorted."""
    found: set[str] = set()
    for path in paths:
        rate_hz = files.open(path).rate_hz
        for events in read_event_table(_list_of(path), rate_hz=rate_hz).values():
            found.update(events.labels)
    return tuple(sorted(found))
