"""Clips in memory and what is true of each; the checks that bad data meet before any training."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ondes.data import splits
from ondes.data.splits import Split, Valid
from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError, nearest
from ondes.protocols import Clip
from ondes.signal import Signal
from ondes.timebase import exact_rate

Samples = NDArray[np.float32]
Doubles = NDArray[np.float64]
Target = Literal["class", "tags", "number"]


class Clips:
    """Clips of one rate and any lengths, in memory: a `ClipDataset`.

    Args:
        arrays: one array [channel, time] or [time] for each clip, of any real type.
        y: [clip, output], as `one_hot`, `multi_hot` or `numbers` gives it.
        labels: names of the outputs.
        rate_hz: of all clips.
        groups: where each clip comes from - a speaker, a person, a session -, for splits; none:
            each is its own.
        names: what messages call the clips; numbers without.
        channels: how many there are; needed where a clip has more channels than samples, which
            else is taken for [time, channel].

    Raises:
        InputError: `y`, `labels`, `groups` or `names` do not match the clips.
        ChannelError: the numbers of channels differ, or axes seem to be swapped.
        NotFiniteError: a sample is NaN or infinite.
        TooShortError: there is no clip, or a clip has no sample.
        RateError: the rate is not finite and above zero.

    >>> y = one_hot(["up", "down"], ["down", "up"])
    >>> clips = Clips([[0, 1, 2], [3, 2, 1, 0]], y, labels=["down", "up"], rate_hz=10)
    >>> clips[1].x, clips[1].y
    (array([[3., 2., 1., 0.]], dtype=float32), array([1., 0.], dtype=float32))
    """

    def __init__(
        self,
        arrays: Iterable[ArrayLike],
        y: ArrayLike,
        *,
        labels: Sequence[str],
        rate_hz: float,
        groups: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        channels: int | None = None,
    ) -> None:
        self.arrays = tuple(_samples(array) for array in arrays)
        self.labels, self.rate_hz = tuple(labels), float(exact_rate(rate_hz))
        places = tuple(map(str, range(len(self.arrays))))
        self.names = places if names is None else tuple(names)
        self.groups = self.names if groups is None else tuple(groups)
        self.y: NDArray[np.floating] = np.array(y, np.result_type(np.asarray(y), np.float32))
        self.y.setflags(write=False)
        _check_sizes(self)
        self.n_channels = _channels(self, channels)
        _check_samples(self)

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> Clip:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        return Clip(self.arrays[index], self.y[index])

    def __repr__(self) -> str:
        return (
            f"<Clips: {len(self)} of {self.n_channels} channels at {self.rate_hz:.10g} Hz, "
            f"{len(self.labels)} labels>"
        )

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """What is in each clip, as a hash: equal clips have equal ones."""
        return tuple(map(digest, self.arrays))

    @property
    def classes(self) -> list[str]:
        """The class of each clip: the likeliest one, where they are soft."""
        return [self.labels[place] for place in self.y.argmax(axis=1)]

    def part(self, parts: Split, name: str, *, of: str, valid: Valid = "group") -> Clips:
        """The clips of one part of a split; LeakageError unless all its parts are apart.

        `of` is what messages call the clips, `valid` as of `ondes.data.splits.check`.
        """
        splits.check(parts, groups=self.groups, content=self.digests, valid=valid, names=self.names)
        return self.take(parts.part(name, of=of))

    def take(self, places: Iterable[int]) -> Clips:
        """The clips at these places, sharing memory."""
        chosen = [int(place) for place in places]
        return Clips(
            [self.arrays[k] for k in chosen],
            self.y[chosen],
            labels=self.labels,
            rate_hz=self.rate_hz,
            groups=[self.groups[k] for k in chosen],
            names=[self.names[k] for k in chosen],
            channels=self.n_channels,
        )


def digest(samples: NDArray[Any]) -> str:
    """A hash of an array's shape and values."""
    made = blake2b(str((samples.shape, samples.dtype.str)).encode(), digest_size=16)
    made.update(np.ascontiguousarray(samples).data)
    return made.hexdigest()


def from_signals(
    signals: Sequence[Signal],
    y: ArrayLike,
    *,
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> Clips:
    """Clips of Signals, which must be of one rate; raises what `Clips` does.

    >>> ramp = Signal.of([0, 1, 2], rate_hz=2)
    >>> from_signals([ramp, ramp], [[1], [2]], labels=["slope"])
    <Clips: 2 of 1 channels at 2 Hz, 1 labels>
    """
    if not signals:
        raise TooShortError("no signal was given: give one or more")
    first = signals[0]
    for place, signal in enumerate(signals):
        if signal.rate_hz != first.rate_hz:
            raise RateError(
                f"clip {place} is at {signal.rate_hz:.10g} Hz, clip 0 at {first.rate_hz:.10g} Hz: "
                "bring all to one rate with ondes.resample(signal, rate_hz)"
            )
    return Clips(
        [signal.samples for signal in signals],
        y,
        labels=labels,
        rate_hz=first.rate_hz,
        groups=groups,
        names=names,
        channels=first.n_channels,
    )


def joined(first: Clips, second: Clips) -> Clips:
    """The clips of two sets of the same labels, one after the other; raises what `Clips` does."""
    if first.labels != second.labels or first.rate_hz != second.rate_hz:
        raise InputError(
            f"joined({first!r}, {second!r}): give clips of the same labels at the same rate"
        )
    return Clips(
        [*first.arrays, *second.arrays],
        np.concatenate([first.y, second.y]),
        labels=first.labels,
        rate_hz=first.rate_hz,
        groups=[*first.groups, *second.groups],
        names=[*first.names, *second.names],
        channels=first.n_channels,
    )


def classes_of(names: Iterable[str]) -> tuple[str, ...]:
    """The different names, sorted; numbers by their value.

    >>> classes_of(["10", "9", "9"]), classes_of(["b", "a", "10"])
    (('9', '10'), ('10', 'a', 'b'))
    """
    found = sorted(set(names))
    return tuple(sorted(found, key=int) if all(map(_whole, found)) else found)


def one_hot(names: Sequence[str], labels: Sequence[str], *, clips: Sequence[str] = ()) -> Samples:
    """The targets [clip, class] of clips of one class each; else as `multi_hot`."""
    return multi_hot([[name] for name in names], labels, clips=clips)


def multi_hot(
    tags: Sequence[Collection[str]], labels: Sequence[str], *, clips: Sequence[str] = ()
) -> Samples:
    """The targets [clip, tag] of clips with any number of tags.

    Raises InputError on an unknown tag; `clips` are what it calls them, numbers without.

    >>> multi_hot([["a", "c"], []], ["a", "b", "c"])
    array([[1., 0., 1.],
           [0., 0., 0.]], dtype=float32)
    """
    places = {label: place for place, label in enumerate(labels)}
    y = np.zeros((len(tags), len(labels)), np.float32)
    for row, names in enumerate(tags):
        for name in names:
            if name not in places:
                raise InputError(
                    f"{called(row, clips)} is labelled {name!r}, which is none of "
                    f"{', '.join(labels)}{nearest(str(name), labels)}"
                )
            y[row, places[name]] = 1
    return y


def called(place: int, clips: Sequence[str]) -> str:
    """What messages call a clip: by its name if it has one, else by its place.

    >>> called(1, ["a.wav", "b.wav"]), called(1, [])
    ('b.wav', 'clip 1')
    """
    return clips[place] if clips else f"clip {place}"


def numbers(values: ArrayLike) -> Doubles:
    """The targets [clip, number] of values [clip] or [clip, number].

    Raises InputError on what is no such table of numbers, NotFiniteError on NaN.

    >>> numbers([0.5, 2])
    array([[0.5],
           [2. ]])
    """
    try:
        y = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"what is to be learnt are no numbers: {error}") from error
    y = y[:, None] if y.ndim == 1 else y
    if y.ndim != 2:
        raise InputError(f"numbers of shape {y.shape}: give [clip] or [clip, number]")
    if not np.isfinite(y).all():
        place = int(np.argmax(~np.isfinite(y).all(axis=1)))
        raise NotFiniteError(f"the number of clip {place} is NaN or infinite: leave the clip out")
    return y


def check_moving(train: Clips) -> None:
    """Raise ChannelError where a channel is constant throughout all clips to learn from."""
    first = train.arrays[0][:, :1]
    constant = np.all([np.all(x == first, axis=1) for x in train.arrays], axis=0)
    if constant.any():
        place = int(constant.argmax())
        raise ChannelError(
            f"channel {place} of {train.n_channels} is {first[place, 0]:g} throughout all "
            f"{len(train)} clips for training: leave it out, or look at the sensor"
        )


def _samples(array: ArrayLike) -> Samples:
    values = np.asarray(array)
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2):
        raise InputError(
            f"a clip of {values.dtype} {list(values.shape)}: give real numbers [channel, time]"
        )
    with np.errstate(over="ignore"):  # what overflows is reported as not finite
        samples = np.atleast_2d(values).astype(np.float32, copy=values.flags.writeable)
    samples.setflags(write=False)
    return samples


def _check_sizes(clips: Clips) -> None:
    n = len(clips)
    if not n:
        raise TooShortError("no clip was given: give one or more")
    if clips.y.ndim != 2 or clips.y.shape != (n, len(clips.labels)):
        raise InputError(
            f"{n} clips, {len(clips.labels)} labels and y of shape {list(clips.y.shape)}: y is "
            "[clip, label], one row for each clip"
        )
    if len(set(clips.labels)) < len(clips.labels) or not clips.labels:
        raise InputError(f"labels {clips.labels}: name one or more, all different")
    for what, words in (("groups", clips.groups), ("names", clips.names)):
        if len(words) != n:
            raise InputError(f"{n} clips and {len(words)} {what}: give one for each clip")
    if not np.isfinite(clips.y).all():
        row = int(np.argmax(~np.isfinite(clips.y).all(axis=1)))
        raise NotFiniteError(f"y of clip {clips.names[row]} is NaN or infinite: leave the clip out")


def _channels(clips: Clips, told: int | None) -> int:
    """The number of channels of all clips."""
    expected = len(clips.arrays[0]) if told is None else told
    for name, x in zip(clips.names, clips.arrays, strict=True):
        if len(x) != expected:
            raise ChannelError(
                f"clip {name} has {len(x)} channels of {x.shape[1]} samples, not {expected} "
                "channels: give all as [channel, time], with the same channels"
            )
        if told is None and len(x) > x.shape[1] > 0:
            raise ChannelError(
                f"clip {name} has {len(x)} channels of {x.shape[1]} samples: clips are [channel, "
                f"time]; swap the axes (x.T), or where it is meant so say channels={len(x)}, and "
                "give Signals to an estimator"
            )
    return expected


def _check_samples(clips: Clips) -> None:
    for name, x in zip(clips.names, clips.arrays, strict=True):
        if not x.size:
            raise TooShortError(f"clip {name} holds no samples: leave it out")
        if not np.isfinite(x).all():
            channel, sample = np.argwhere(~np.isfinite(x))[0]
            raise NotFiniteError(
                f"clip {name}, channel {channel}, sample {sample} is NaN or infinite: repair it "
                "(numpy.nan_to_num) or leave the clip out"
            )


def _whole(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()
