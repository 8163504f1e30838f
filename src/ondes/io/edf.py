"""EDF: the package that reads it, and what it stumbles over told as it should be."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ondes.errors import FormatError, InputError, MissingExtraError

if TYPE_CHECKING:
    from edfio import Edf

_DAMAGE = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, NameError),
    ArithmeticError,
)


def package(path: Path) -> Any:  # noqa: ANN401 - a module that may be missing
    """Return the package `edfio`; raises `MissingExtraError` where it is not installed."""
    try:
        import edfio
    except ImportError as error:
        raise MissingExtraError(
            f"{path}: EDF needs the package edfio; install it with: pip install 'ondes[edf]'"
        ) from error
    return edfio


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """Tell as `FormatError` whatever edfio stumbles over."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except _DAMAGE as error:
        raise FormatError(
            f"{path} cannot be read as EDF ({error}): it is damaged, cut off or something else; "
            "copy it again from its source"
        ) from error


def opened(path: Path) -> Edf:
    """Return a file whose samples are not read yet; raises `FormatError` where it lies."""
    edf: Edf = package(path).read_edf(path, lazy_load_data=True, header_encoding="latin-1")
    for signal in edf.signals:
        if not 0 < signal.sampling_frequency < 1e9 or signal.digital_min >= signal.digital_max:
            raise FormatError(
                f"{path} says of {signal.label!r} a rate of {signal.sampling_frequency:g} Hz and "
                f"integers of {signal.digital_min} to {signal.digital_max}, which cannot be: copy "
                "it again from its source"
            )
    return edf
