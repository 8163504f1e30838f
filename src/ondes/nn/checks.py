"""Refuse, with a cure, what a network cannot take."""

import torch
from torch import Tensor

from ondes.errors import ChannelError, InputError, NotFiniteError, TooShortError
from ondes.nn.ragged import Ragged
from ondes.spec import ClipSpec, Spec


def check_input(x: Tensor, spec: Spec) -> None:
    """Check that x is a batch [b, channels, t] of finite samples, at least one frame long.

    Skipped while a network is compiled or exported, when there is nothing to look at.

    Raises:
        InputError: x has not three axes.
        ChannelError: the second axis has not ``spec.channels`` entries.
        TooShortError: t is less than ``spec.hop``.
        NotFiniteError: a sample is NaN or infinite.
    """
    if torch.compiler.is_compiling():
        return
    call = _check_shape(tuple(x.shape), spec)
    if x.shape[2] < spec.hop:
        raise TooShortError(
            f"{call} is {x.shape[2]} samples long, one output frame takes {spec.hop}; "
            f"extend it with silence"
        )
    _check_finite(x)


def check_clips(x: Ragged, spec: ClipSpec) -> None:
    """Check that x is a batch [b, channels, t] of finite samples, with zeros in its padding.

    Skipped while a network is compiled or exported, when there is nothing to look at.

    Raises:
        InputError: x has not three axes.
        ChannelError: the second axis has not ``spec.channels`` entries.
        TooShortError: a clip has fewer samples than ``spec.least``.
        NotFiniteError: a sample is NaN or infinite.
    """
    if torch.compiler.is_compiling():
        return
    call = _check_shape(tuple(x.values.shape), spec)
    least = x.values.shape[2] if x.lengths is None else int(x.lengths.min())
    if least < spec.least:
        raise TooShortError(
            f"{call} holds a clip of {least} samples, the model takes {spec.least} or more; give "
            "longer clips"
        )
    _check_finite(x.values)


def _check_shape(shape: tuple[int, ...], spec: Spec | ClipSpec) -> str:
    """Check the axes and channels; return what to call the batch."""
    call = f"a batch of shape {list(shape)}"
    if len(shape) != 3:
        raise InputError(f"{call} given; the model takes [batch, channel, time]")
    if shape[1] != spec.channels:
        raise ChannelError(
            f"{call} has {shape[1]} channels, the model takes {spec.channels}; choose channels or "
            f"train a model for {shape[1]}"
        )
    return call


def _check_finite(x: Tensor) -> None:
    finite = torch.isfinite(x)
    if bool(finite.all()):
        return
    item, channel, sample = (int(i) for i in (~finite).nonzero()[0])
    raise NotFiniteError(
        f"{int((~finite).sum())} of {x.numel()} samples are NaN or infinite, the first in item "
        f"{item}, channel {channel}, sample {sample}; repair the recording or cut that part out"
    )
