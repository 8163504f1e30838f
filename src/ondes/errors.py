"""Every error ondes raises on purpose. Each message restates the call and names the cure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence


class OndesError(Exception):
    """Base of all errors raised by ondes."""


class InputError(OndesError, ValueError):
    """A value, signal, event list or file does not fit the call."""


class FormatError(InputError):
    """A file is unreadable, truncated, or of an unknown format."""


class RateError(InputError):
    """A sampling rate differs from the one that is needed."""


class ChannelError(InputError):
    """A channel is missing, or the number of channels differs from the one that is needed."""


class NotFiniteError(InputError):
    """Samples hold NaN or infinity."""


class TooShortError(InputError):
    """A signal is shorter than the operation needs."""


class LeakageError(InputError):
    """What a model learns from and what it is judged on are not apart."""


class RecipeError(OndesError, ValueError):
    """A recipe is invalid."""


class ArtefactError(OndesError):
    """A saved model is missing, damaged or inconsistent."""


class MissingExtraError(OndesError, ImportError):
    """An optional dependency is not installed."""


def few(names: Sequence[str], *, most: int = 5) -> str:
    """Name what is spoken of; of more than `most` the first ones, and how many there are.

    >>> few("abc"), few("abcdefg")
    ('a, b, c', 'a, b, c, d, e, ... (7)')
    """
    return ", ".join(map(str, names[:most])) + f", ... ({len(names)})" * (len(names) > most)


def nearest(word: str, candidates: Iterable[str]) -> str:
    """End of an "unknown name" message: the most similar candidate, or nothing.

    >>> nearest("detekt", ["detect", "separate"])
    "; did you mean 'detect'?"
    >>> nearest("zebra", ["detect", "separate"])
    ''
    """
    found = difflib.get_close_matches(word, list(candidates), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def check_options(
    owner: str,
    given: Iterable[str],
    known: Collection[str],
    *,
    error: type[OndesError] = InputError,
) -> None:
    """Raise `error`, naming the nearest, where an option that is given is none that `owner` knows.

    >>> check_options("vgg", ["depht"], ["depth"])
    Traceback (most recent call last):
    ondes.errors.InputError: vgg has no option 'depht'; did you mean 'depth'?; there are depth
    """
    for option in given:
        if option not in known:
            raise error(
                f"{owner} has no option {option!r}{nearest(option, known)}; there are "
                f"{', '.join(known) or 'none'}"
            )


def check_name(
    unknown: str,
    name: str,
    known: Collection[str],
    *,
    error: type[OndesError] = InputError,
) -> None:
    """Raise `error`, naming the nearest, where a name is none of those that are known.

    >>> check_name("no task is called", "detekt", ["detect"])
    Traceback (most recent call last):
    ondes.errors.InputError: no task is called 'detekt'; did you mean 'detect'?; there are detect
    """
    if name not in known:
        raise error(f"{unknown} {name!r}{nearest(name, known)}; there are {', '.join(known)}")
