"""What is wrong with clips and their labels, said before anything is learnt of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import (
    ChannelError,
    InputError,
    NotFiniteError,
    RateError,
    TooShortError,
    few,
    nearest,
)
from ondes.protocols import ENDLESS, Clip, ClipDataset, true_of
from ondes.spec import ClipSpec
from ondes.tasks.classify.reading import Target

Targets = NDArray[np.float64]

SEEN = 1000  # clips of an endless data set that are looked at, for what is true of them
SEEN_CHEAPLY = 2**14  # where their samples need not be computed for that


def check_fit(clips: ClipDataset, spec: ClipSpec) -> None:
    """Check that a data set is of the rate, channels and labels of a network.

    Raises:
        ChannelError, RateError, InputError: it is not.
    """
    if clips.n_channels != spec.channels:
        raise ChannelError(
            f"a data set of {clips.n_channels} channels for a network of {spec.channels}; choose "
            f"channels in the data set, or build the network for these"
        )
    if clips.rate_hz != spec.rate_hz:
        raise RateError(
            f"a data set at {clips.rate_hz:.10g} Hz for a network of {spec.rate_hz:.10g} Hz: let "
            f"the data set give that rate"
        )
    if tuple(clips.labels) != spec.outputs:
        raise InputError(
            f"the data have the labels {few(clips.labels)}, the network {few(spec.outputs)}"
            f"{_first_unlike(clips.labels, spec.outputs)}: give both the same, in one order"
        )


def check_clip(clip: Clip, spec: ClipSpec, target: Target) -> None:
    """Check that one clip is of a network's kind.

    Raises:
        ChannelError: it has other channels, or its axes seem to be swapped.
        TooShortError: it is shorter than the network takes.
        InputError: the shape of its samples or targets is another.
        NotFiniteError: a target is NaN or infinite.
    """
    check_samples(clip.x, channels=spec.channels, least=spec.least)
    check_targets(np.asarray(clip.y)[None], spec.outputs, target, what="the clip")


def targets(clips: ClipDataset) -> Targets:
    """Return what is true of all clips, or of the first of an endless data set, [clip, output].

    Taken from the data set's array ``y`` or its method ``y_of(index)`` where it has either,
    which spares computing the samples.

    Raises:
        InputError: the set is empty, or its clips' targets differ in shape.
    """
    if not len(clips):
        raise InputError(f"the data set {clips!r} holds no clip; nothing can be learnt of it")
    known = getattr(clips, "y", None)
    if isinstance(known, np.ndarray):
        return known.astype(np.float64)
    most = SEEN_CHEAPLY if hasattr(clips, "y_of") else SEEN
    places = range(most if len(clips) >= ENDLESS else len(clips))
    rows = [np.asarray(true_of(clips, index), np.float64) for index in places]
    shapes = sorted({row.shape for row in rows})
    if len(shapes) != 1:
        raise InputError(
            f"the data set {clips!r} has targets of {len(shapes)} shapes, {shapes[:3]}; give "
            f"every clip one number per label"
        )
    return np.stack(rows)


def check_targets(y: NDArray[Any], labels: Sequence[str], target: Target, *, what: str) -> None:
    """Check the targets [clip, output] of a data set, which messages call `what`.

    Raises:
        InputError: their shape is another, shares of classes do not add up to 1, or tags are not
            from 0 to 1.
        NotFiniteError: one is NaN or infinite.
    """
    if y.ndim != 2 or y.shape[1] != len(labels):
        raise InputError(
            f"{what} has targets of shape {list(y.shape[1:])} for {len(labels)} labels "
            f"{few(labels)}; give one number per label"
        )
    if not np.isfinite(y).all():
        clip, label = np.argwhere(~np.isfinite(y))[0]
        raise NotFiniteError(
            f"{what}: the target {labels[label]!r} of clip {clip} is {y[clip, label]}; give a "
            f"number, or leave the clip out"
        )
    if target == "number":
        return
    if target == "tags":
        wrong = ((y < 0) | (y > 1)).any(1)
        rule = "lie from 0 to 1"
    else:
        wrong = (y < 0).any(1) | (np.abs(y.sum(1) - 1) > 1e-3)
        rule = "be 0 or more and add up to 1; for several at once there is target: tags"
    if wrong.any():
        clip = int(wrong.argmax())
        raise InputError(f"{what}: targets of clip {clip}, {y[clip].tolist()}, must {rule}")


def check_learnable(
    y: Targets, labels: Sequence[str], target: Target, *, split: str, absent: bool = False
) -> None:
    """Check that all that is to be learnt or judged occurs in a split ("training", ...).

    Raises:
        InputError: there is one class only, a class or (in training) a tag is missing that may
            not be `absent`, a tag is true of every training clip, or a number never changes.
    """
    if target == "number":
        _check_numbers(y, labels, split)
        return
    count = (
        (y >= 0.5).sum(0) if target == "tags" else np.bincount(y.argmax(1), minlength=y.shape[1])
    )
    alone = len(labels) < 2 or (count > 0).sum() == 1
    if target == "class" and alone and (split == "training" or not absent):
        raise InputError(
            f"all {len(y)} {split} clips are of one class, {labels[int(count.argmax())]!r}: a "
            f"classifier needs two or more to tell apart; give two clips or more of every class, "
            f"and where groups are told clips of each in two groups"
        )
    always = [label for label, there in zip(labels, count == len(y), strict=True) if there]
    if always and target == "tags" and split == "training":
        raise InputError(
            f"{len(always)} of {len(labels)} tags are true of all {len(y)} training clips: "
            f"{few(always)}; give clips without them, or leave these tags out"
        )
    missing = [label for label, there in zip(labels, count > 0, strict=True) if not there]
    if missing and not absent and (target == "class" or split == "training"):
        kind = "classes" if target == "class" else "tags"
        raise InputError(
            f"{len(missing)} of {len(labels)} {kind} have no {split} clip: {few(missing)}; move "
            f"clips of them there (a stratified split does), leave these {kind} out, or say "
            f"absent: true (of the task) where they cannot be there"
        )


def check_samples(x: NDArray[Any], *, channels: int, least: int = 1, what: str = "a clip") -> None:
    """Check the shape of samples, which must be [channel, time].

    Raises:
        ChannelError: it has other channels; the message says so where axes seem to be swapped.
        TooShortError: it is shorter than `least`.
        InputError: it has other axes.
    """
    if x.ndim != 2:
        raise InputError(f"{what} of shape {list(x.shape)}; give [channel, time]")
    if x.shape[0] != channels:
        swapped = x.shape[1] == channels or x.shape[0] > x.shape[1]
        cure = (
            "its axes seem to be swapped: transpose it, [channel, time]"
            if swapped
            else "choose channels in the data set, or build the network for these"
        )
        raise ChannelError(f"{what} of shape {list(x.shape)} for {channels} channels; {cure}")
    if x.shape[1] < least:
        raise TooShortError(
            f"{what} of {x.shape[1]} samples for a network that takes {least} or more; give "
            f"longer clips"
        )


def _check_numbers(y: Targets, labels: Sequence[str], split: str) -> None:
    constant = [label for label, column in zip(labels, y.T, strict=True) if np.ptp(column) == 0]
    if constant and split == "training":
        raise InputError(
            f"{few(constant)}: the same number in all {len(y)} training clips; there is nothing "
            f"to learn of it, leave it out"
        )


def _first_unlike(ours: Sequence[str], theirs: Sequence[str]) -> str:
    for label in ours:
        if label not in theirs:
            return f" without {label!r}{nearest(label, theirs)}"
    return ""
