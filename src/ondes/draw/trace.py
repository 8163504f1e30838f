"""Trace a network: by torch.export, or where that fails by hooks in the order of calls."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

import torch
from torch import Tensor, nn

from ondes.draw import hooks, read
from ondes.draw.step import Traced
from ondes.errors import InputError, OndesError

CURE = (
    "a network that decides by the values it sees what to compute cannot be drawn whole: decide by "
    "shapes or options, or by torch.where and torch.cond"
)


def trace(module: nn.Module, inputs: tuple[Tensor, ...], *, call: str) -> tuple[Traced, str]:
    """Return the steps of a network in evaluation mode, and what a reader must know of them.

    The module is left as it was.

    Raises:
        InputError: it cannot be traced in either way, or the inputs do not fit.
    """
    was = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad(), _quiet():
            return _either(module, inputs, call)
    finally:
        for part, training in was.items():
            part.training = training


def _either(module: nn.Module, inputs: tuple[Tensor, ...], call: str) -> tuple[Traced, str]:
    try:
        program = torch.export.export(module, inputs, strict=False)
    except Exception as error:  # torch.export raises anything at all
        return _by_hooks(module, inputs, call, reason=_first_line(error))
    return read.traced(program), ""


def _by_hooks(
    module: nn.Module, inputs: tuple[Tensor, ...], call: str, *, reason: str
) -> tuple[Traced, str]:
    try:
        found = hooks.traced(module, inputs)
    except OndesError as refused:
        raise InputError(f"{call}: the network refuses its input: {refused}") from refused
    except Exception as error:  # as the module's own code raises
        raise InputError(
            f"{call}: the network cannot be computed for it: {_first_line(error)}. Give an input "
            "of the shape that it takes"
        ) from error
    if not found.outputs:
        raise InputError(f"{call}: it cannot be traced ({reason}); {CURE}")
    return found, (
        f"Drawn in the order in which its modules were called, for torch.export fails: {reason} - "
        f"{CURE}"
    )


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= 200 else f"{text[:199]}…"


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what torch says of its own insides, which it prints where it fails."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def example(given: object) -> tuple[Tensor, ...]:
    """Return tensors to trace with: those given, or zeros of a shape that is given.

    Raises:
        InputError: it is neither.
    """
    if isinstance(given, Tensor):
        return (given,)
    values = tuple(given) if isinstance(given, Iterable) else ()
    if values and all(isinstance(value, Tensor) for value in values):
        return tuple(value for value in values if isinstance(value, Tensor))
    sizes = [value for value in values if isinstance(value, int) and value > 0]
    if not sizes or len(sizes) < len(values):
        raise InputError(
            f"network(example_input={given!r}): give a tensor, several, or the shape of one, as "
            "(1, 1, 16000) for [batch, channel, time]"
        )
    return (torch.zeros(sizes),)
