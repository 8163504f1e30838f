"""Common beats: a few of each class, of many persons, that every patient's network learns from.

Kiranyaz, Ince and Gabbouj 2016, "Real-time patient-specific ECG classification by 1-D convolutional
neural networks": 75 beats each of N, S and V, 13 of F and 7 of Q, drawn at random from the records
100 to 124 of the MIT-BIH Arrhythmia Database that are not paced. What the network is given of a
beat is the beat and its trio - from the beat before to the beat after -, each of 64 or 128 samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.data.ecg.hearts import Heart, heart
from ondes.data.ecg.records import UNKNOWN, Record, loaded, rows
from ondes.errors import InputError
from ondes.io.beats import Escapes
from ondes.ops.beats import RATE_HZ, average
from ondes.ops.degrade import Doubles, level_beats

COUNTS: Mapping[str, int] = MappingProxyType({"N": 75, "S": 75, "V": 75, "F": 13, "Q": 7})
HALF = 64  # samples at 360 Hz on either side of what is shown
STEADY = 0.1  # logarithm of an interval over the usual one, at most, of a beat surely normal


class Beats(NamedTuple):
    """Single beats of one person or several: x [beat, 2, size], label and person [beat].

    sure: which are surely what their label says. In a cut, which tells V alone, that is V, and
        those others that come in time and lie nearer to the average than half of them.
    """

    x: NDArray[np.float32]
    peaks: NDArray[np.int64]
    label: NDArray[np.str_]
    person: NDArray[np.str_]
    sure: NDArray[np.bool_]

    def at(self, kept: NDArray[np.int64] | NDArray[np.bool_]) -> Beats:
        """The beats at some places."""
        return Beats(
            self.x[kept], self.peaks[kept], self.label[kept], self.person[kept], self.sure[kept]
        )


def joined(several: Sequence[Beats]) -> Beats:
    """All beats, one set after the other."""
    x, peaks, label, person, sure = zip(*several, strict=True)
    return Beats(
        np.concatenate(x),
        np.concatenate(peaks),
        np.concatenate(label),
        np.concatenate(person),
        np.concatenate(sure),
    )


def beats_of(
    record: Record,
    *,
    leads: Sequence[str] = (),
    rest: str = "",
    escapes: Escapes = "S",
    size: int = 64,
) -> Beats:
    """The beats of a record; the arguments are those of `ondes.data.ecg.hearts.heart`."""
    own = heart(record, leads=leads, rest=rest, escapes=escapes)
    lead = rows(record, leads)[0]
    signal = loaded(record, 0.0 if record.rate_hz == RATE_HZ else RATE_HZ)
    told = not (record.annotations().label == UNKNOWN).any()
    return Beats(
        pairs(signal.samples[lead], own.peaks, size=size),
        own.peaks,
        own.label,
        np.full(len(own.peaks), own.person),
        np.full(len(own.peaks), told) | _sure(own),
    )


def pairs(samples: ArrayLike, peaks: ArrayLike, *, size: int) -> NDArray[np.float32]:
    """Return beats and their trios [beat, 2, size], each less its median.

    A beat is what lies within 64 samples of its peak, a trio what lies between 64 samples before
    the last peak and 64 after the next, both read off at `size` places, evenly; where there is no
    last or next beat, the trio begins or ends with the beat.

    >>> spikes = np.zeros(1000)
    >>> spikes[[200, 500, 800]] = 1.0
    >>> x = pairs(spikes, [200, 500, 800], size=128)
    >>> x.shape, np.flatnonzero(x[1, 0]).tolist()
    ((3, 2, 128), [64])
    """
    lead, at = np.asarray(samples, np.float64), np.asarray(peaks, np.int64)
    before, after = np.append(at[:1], at[:-1]), np.append(at[1:], at[-1:])
    beats = _read_off(lead, at - HALF, at + HALF, size)
    trios = _read_off(lead, before - HALF, after + HALF, size)
    return np.stack([level_beats(beats), level_beats(trios)], axis=1).astype(np.float32)


def common(several: Sequence[Beats], *, counts: Mapping[str, int] = COUNTS, seed: int = 0) -> Beats:
    """Draw common beats of each class, every person as likely, of those that are sure.

    Where a class has fewer than are asked for, all of them are drawn: see how many there are.

    Raises InputError where no class has any.
    """
    rng, every = np.random.default_rng(seed), joined(several)
    chosen = [
        _drawn(np.flatnonzero((every.label == label) & every.sure), every.person, count, rng)
        for label, count in counts.items()
    ]
    places = np.concatenate(chosen)
    if not len(places):
        raise InputError(
            f"{len(several)} records hold no beat of {', '.join(counts)}: give others "
            "(data.options.common)"
        )
    return every.at(places)


def _sure(own: Heart) -> NDArray[np.bool_]:
    """Which beats of a cut are surely what they are called."""
    steady = np.abs(own.rhythm).max(axis=1) < STEADY
    away = np.linalg.norm(own.shapes - average(own.shapes), axis=1)
    return np.asarray((own.label == "V") | (steady & (away <= np.median(away))))


def _drawn(
    places: NDArray[np.int64], person: NDArray[np.str_], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """`count` of some places, each once, every person as likely until theirs are used up."""
    if len(places) <= count:
        return places
    _, who, many = np.unique(person[places], return_inverse=True, return_counts=True)
    weight = 1.0 / many[who]
    return rng.choice(places, size=count, replace=False, p=weight / weight.sum())


def _read_off(
    lead: Doubles, start: NDArray[np.int64], stop: NDArray[np.int64], size: int
) -> Doubles:
    """Return what lies at `size` even places from `start` on, before `stop`: [beat, size]."""
    share = np.arange(size) / size
    places = start[:, None] + share * (stop - start)[:, None]
    return np.asarray(np.interp(places, np.arange(len(lead)), lead))
