"""Pairs of one's own: what two sensors recorded at the same time.

They may lie in a folder with one folder for each sensor, whose files are called alike; in files
with two groups of channels; or in two recordings, one of which began later by a known offset or by
one that is found in what both heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.data.clips import Samples
from ondes.data.files import Files
from ondes.errors import (
    ChannelError,
    InputError,
    NotFiniteError,
    RateError,
    TooShortError,
    few,
    nearest,
)
from ondes.ops.align import By, Lag, lag
from ondes.protocols import Pair, Sensor
from ondes.signal import Signal
from ondes.timebase import Timebase

SIDES = ("source", "target")
ENOUGH = 8  # pairs from which on both sides are known well enough to tell a swap
NEARLY = 0.05  # of a sample: what an offset that was found may be wrong by
SURE = 3.0  # so much better must a pair fit when it is turned round


class Together(NamedTuple):
    """Two signals over the same stretch of time, and how sure their offset is, where it was found.

    Both begin at 0. What is left of the offset is less than half a sample of either.
    """

    source: Signal
    target: Signal
    lag: Lag | None


class Pairs:
    """Pairs in memory: a `PairDataset`.

    Args:
        sources, targets: arrays [channel, time], of which those of one place belong together.
        source, target: what they were recorded by.
        groups: where each pair comes from, for splits; none: each is its own.
        names: what messages call the pairs; numbers without.

    Raises:
        InputError: numbers or lengths differ, or a pair seems to be turned round.
        ChannelError: channels differ from their sensor's, or one is constant.
        NotFiniteError: a sample is NaN or infinite.
        TooShortError: there is no pair.

    >>> ramp, saw = [[0, 1, 2, 3]], [[0, 1]]
    >>> pairs = Pairs([ramp], [saw], source=Sensor(4, 1), target=Sensor(2, 1))
    >>> len(pairs), pairs[0].target
    (1, array([[0., 1.]], dtype=float32))
    """

    def __init__(
        self,
        sources: Sequence[ArrayLike],
        targets: Sequence[ArrayLike],
        *,
        source: Sensor,
        target: Sensor,
        groups: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.source, self.target = source, target
        self.names = tuple(map(str, range(len(sources)))) if names is None else tuple(names)
        self.groups = self.names if groups is None else tuple(groups)
        _check_counts(len(sources), len(targets), self.names, self.groups)
        shapes = [np.shape(array) for array in (*sources, *targets)]
        _check_channels(self, shapes)
        sides = zip(sources, targets, strict=True)
        self.pairs = tuple(Pair(_samples(a), _samples(b)) for a, b in sides)
        for name, pair in zip(self.names, self.pairs, strict=True):
            _check_pair(pair, source, target, name)
        _check_order(self)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {len(self)}")
        return self.pairs[index]

    def known(self, told: Sequence[str], labels: Sequence[str]) -> KnownPairs:
        """The same pairs, of which is known what was there; of some of them nothing may be."""
        return KnownPairs(self, tuple(told), tuple(labels))

    def take(self, places: Sequence[int]) -> Pairs:
        """The pairs at these places, sharing memory."""
        chosen = [self.pairs[place] for place in places]
        return Pairs(
            [pair.source for pair in chosen],
            [pair.target for pair in chosen],
            source=self.source,
            target=self.target,
            groups=[self.groups[place] for place in places],
            names=[self.names[place] for place in places],
        )


@dataclass(frozen=True, eq=False)
class KnownPairs:
    """Pairs of which is known what was there, by which translations are judged.

    told: for each pair one of `labels`, or nothing.
    """

    pairs: Pairs
    told: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def source(self) -> Sensor:
        """The pairs' own."""
        return self.pairs.source

    @property
    def target(self) -> Sensor:
        """The pairs' own."""
        return self.pairs.target

    @property
    def names(self) -> tuple[str, ...]:
        """The pairs' own."""
        return self.pairs.names

    @property
    def groups(self) -> tuple[str, ...]:
        """The pairs' own."""
        return self.pairs.groups

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        return self.pairs[index]

    def y_of(self, index: int) -> NDArray[np.float32] | None:
        """One class's 1 among zeros, or None where nothing is known."""
        told = self.told[index]
        return np.array([label == told for label in self.labels], np.float32) if told else None


def together(
    source: Signal,
    target: Signal,
    *,
    offset_s: float | None = None,
    by: By = "auto",
    most_s: float | None = None,
) -> Together:
    """What both have in common, where `target` begins `offset_s` later than `source`.

    None looks for the offset in what both heard, see `ondes.ops.align.lag`; 0 says that both began
    at the same moment. Raises InputError where what is found is not sure, TooShortError where
    nothing is in common.
    """
    found = None if offset_s is not None else lag(source, target, by=by, most_s=most_s)
    if found is not None and not found.sure:
        raise InputError(
            f"together(...): the offset of the two recordings cannot be told ({found}): give it "
            "(offset_s), bound it (most_s), or give longer recordings of something that changes"
        )
    later = found.offset_s if found is not None else offset_s or 0.0
    start = max(0.0, later)
    lasts = min(source.duration_s, later + target.duration_s) - start
    sizes = [int(lasts * signal.rate_hz + NEARLY) for signal in (source, target)]
    if min(sizes) < 1:
        raise TooShortError(
            f"together(offset_s={later:g}) of {source.duration_s:g} and {target.duration_s:g} s: "
            "they have no time in common; look at the sign, above zero the target begins later"
        )
    begins = (start, start - later)
    cut = [_cut(*each) for each in zip((source, target), begins, sizes, strict=True)]
    return Together(cut[0], cut[1], found)


def windows(both: Together, seconds: float) -> Iterator[Pair]:
    """Cut both end to end into pairs of `seconds`; what is left at the end is too short for one.

    Raises TooShortError where not one fits.
    """
    sizes = [signal.timebase.samples(seconds) for signal in both[:2]]
    if not _fits(both, 0, seconds, sizes) or min(sizes) < 1:
        raise TooShortError(
            f"pairs of {seconds:g} s from {both.source.duration_s:g} s: give shorter ones (seconds)"
        )
    k = 0
    while _fits(both, k, seconds, sizes):
        starts = [signal.timebase.samples(k * seconds) for signal in both[:2]]
        cuts = zip((both.source, both.target), starts, sizes, strict=True)
        yield Pair(*(signal.samples[:, at : at + size] for signal, at, size in cuts))
        k += 1


def parted(signal: Signal, source: Sequence[str], target: Sequence[str]) -> Together:
    """Both sides of a signal that holds them as two groups of channels, by name.

    Raises ChannelError where a channel is missing or in both groups.
    """
    shared = sorted({*source} & {*target})
    if shared or not source or not target:
        raise ChannelError(
            f"parted({few(source)} | {few(target)}): name channels for both sides, each for one"
        )
    sides = []
    for names in (source, target):
        rows = [signal.channels.index(signal.channel(name).channels[0]) for name in names]
        samples = signal.samples[rows]
        sides.append(Signal.of(samples, rate_hz=signal.rate_hz, channels=tuple(names)))
    return Together(sides[0], sides[1], None)


def matched(folder: Path, source: str, target: str, files: Files) -> list[tuple[Path, Path]]:
    """The files of two folders within `folder` that are called alike, but for their endings.

    Raises InputError where a folder is missing or a file has no partner.
    """
    sides = []
    for name in (source, target):
        inner = folder / name
        if not inner.is_dir():
            there = [path.name for path in folder.iterdir() if path.is_dir()]
            raise InputError(
                f"{folder} holds no folder {name!r}{nearest(name, there)}: put the recordings of "
                "each sensor into a folder and name both (source, target)"
            )
        paths = files.under(inner)
        sides.append({str(path.relative_to(inner).with_suffix("")): path for path in paths})
    alone = sorted(sides[0].keys() ^ sides[1].keys())
    if alone:
        raise InputError(
            f"{folder}: recordings of one sensor alone: {few(alone)}; a pair is two files that are "
            f"called alike in {source} and {target}: add what is missing, or take these out"
        )
    return [(sides[0][name], sides[1][name]) for name in sorted(sides[0])]


def _cut(signal: Signal, begin_s: float, size: int) -> Signal:
    first = min(signal.timebase.samples(begin_s), signal.n_samples - size)
    own = signal.shift(-signal.start)
    return own.crop(first, first + size).shift(-first)


def _fits(both: Together, k: int, seconds: float, sizes: Sequence[int]) -> bool:
    signals = (both.source, both.target)
    return all(
        signal.timebase.samples(k * seconds) + size <= signal.n_samples
        for signal, size in zip(signals, sizes, strict=True)
    )


def _samples(array: ArrayLike) -> Samples:
    with np.errstate(over="ignore"):  # what overflows is reported as not finite
        samples = np.array(array, np.float32)
    samples.setflags(write=False)
    return samples


def _check_counts(sources: int, targets: int, names: Sequence[str], groups: Sequence[str]) -> None:
    if not sources == targets == len(names) == len(groups):
        raise InputError(
            f"Pairs of {sources} sources, {targets} targets, {len(names)} names and {len(groups)} "
            "groups: give one of each for every pair; unpaired recordings belong to no pair"
        )
    if not sources:
        raise TooShortError("Pairs of nothing: give one pair or more")


def _check_channels(pairs: Pairs, shapes: Sequence[tuple[int, ...]]) -> None:
    n = len(shapes) // 2
    wanted = pairs.source.n_channels, pairs.target.n_channels
    for name, *found in zip(pairs.names, shapes[:n], shapes[n:], strict=True):
        for side, shape in zip(SIDES, found, strict=True):
            if len(shape) != 2 or not shape[1]:
                raise InputError(f"pair {name}, {side}: {list(shape)} is no [channel, time]")
        have = found[0][0], found[1][0]
        if have == wanted:
            continue
        swapped = have == wanted[::-1]
        raise ChannelError(
            f"pair {name} has {have[0]} channels of the source and {have[1]} of the target, not "
            f"{wanted[0]} and {wanted[1]}: "
            + ("its sensors are swapped, turn it round" if swapped else "give those channels")
        )


def _check_pair(pair: Pair, source: Sensor, target: Sensor, name: str) -> None:
    for side, x in zip(SIDES, pair, strict=True):
        if not np.isfinite(x).all():
            channel, at = np.argwhere(~np.isfinite(x))[0]
            raise NotFiniteError(
                f"pair {name}, {side}: channel {channel} is NaN or infinite at sample {at}: leave "
                "the pair out, or repair it"
            )
        still = x.max(axis=1) == x.min(axis=1)
        if still.any() and x.shape[1] > 1:
            channel = int(still.argmax())
            raise ChannelError(
                f"pair {name}, {side}: channel {channel} is {x[channel, 0]:g} throughout: leave "
                "the pair or the channel out, or look at the sensor"
            )
    sides = zip((source, target), pair, strict=True)
    lasts = [Timebase(sensor.rate_hz).seconds(x.shape[1]) for sensor, x in sides]
    if abs(lasts[0] - lasts[1]) > (1 + 1e-6) / min(source.rate_hz, target.rate_hz):
        raise InputError(
            f"pair {name}: the source lasts {lasts[0]:g} s, the target {lasts[1]:g} s: cut both to "
            "the same time, together(source, target, offset_s=...) does"
        )


def _check_order(pairs: Pairs) -> None:
    """Refuse a pair that fits the others far better when it is turned round."""
    if len(pairs) < ENOUGH or pairs.source.n_channels != pairs.target.n_channels:
        return
    looks = np.array([[_look(x) for x in pair] for pair in pairs.pairs])  # [pair, side, feature]
    middle = np.median(looks, axis=0)
    spread = np.median(np.abs(looks - middle), axis=0).max(axis=0) + 0.05
    if not (np.abs(middle[0] - middle[1]) > 6 * spread).any():
        return  # the sensors look alike: nothing can be told
    fits = [np.abs((side - middle) / spread).mean(axis=(1, 2)) for side in (looks, looks[:, ::-1])]
    worst = int((fits[0] / (fits[1] + 1)).argmax())
    if fits[0][worst] > SURE * (fits[1][worst] + 1):
        raise InputError(
            f"pair {pairs.names[worst]}: its source looks like the targets of the others, and its "
            "target like their sources: turn it round"
        )


def _look(x: NDArray[np.float32]) -> tuple[float, float]:
    """Level and colour of a signal: logarithms of its RMS and of its steps' over its own."""
    level = float(x.std(axis=1, dtype=np.float64).mean())
    steps = float(np.diff(x, axis=1).std(axis=1, dtype=np.float64).mean()) if x.shape[1] > 1 else 0
    least = float(np.finfo(np.float32).tiny)
    return float(np.log(level + least)), float(np.log((steps + least) / (level + least)))


def check_rates(signals: Sequence[Signal], sensor: Sensor, names: Sequence[str]) -> None:
    """Raise RateError where a signal is not at its sensor's rate."""
    for signal, name in zip(signals, names, strict=True):
        if signal.rate_hz != sensor.rate_hz:
            raise RateError(
                f"{name} is at {signal.rate_hz:.10g} Hz, others of {sensor.name or 'its sensor'} "
                f"at {sensor.rate_hz:.10g} Hz: bring all of a sensor to one rate; if the sensors "
                "are swapped, turn the pair round"
            )
