"""What a call of `explain` was given, checked: refusals are in the words of the call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import TypeGuard

from ondes.errors import InputError


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite number.

    >>> is_number(0.5), is_number(float("nan")), is_number("8k"), is_number(True)
    (True, False, False, False)
    """
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def check_whole(name: str, value: object, *, least: int) -> None:
    """Raise InputError where a value is no whole number, or below `least`.

    >>> check_whole("seeds", 1.5, least=1)
    Traceback (most recent call last):
    ondes.errors.InputError: explain(seeds=1.5): give a whole number, 1 or more
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise InputError(f"explain({name}={value!r}): give a whole number, {least} or more")


def check_share(name: str, value: object) -> None:
    """Raise InputError where a value is no number from 0 on.

    >>> check_share("tv", -1)
    Traceback (most recent call last):
    ondes.errors.InputError: explain(tv=-1): give a number, 0 or more
    """
    if not (is_number(value) and value >= 0):
        raise InputError(f"explain({name}={value!r}): give a number, 0 or more")


def check_choice(name: str, value: object, known: Sequence[str]) -> None:
    """Raise InputError where a value is none of those known.

    >>> check_choice("method", "hill", ["sphere", "adam"])
    Traceback (most recent call last):
    ondes.errors.InputError: explain(method='hill'): choose one of sphere, adam
    """
    if value not in known:
        raise InputError(f"explain({name}={value!r}): choose one of {', '.join(known)}")
