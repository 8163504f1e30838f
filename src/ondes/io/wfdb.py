"""WFDB, PhysioNet's format: what a header's first line says, and the package that reads the rest.

Source: header(5) and annot(5) of the WFDB Applications Guide, https://physionet.org/physiotools/wag.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

from ondes.errors import FormatError, MissingExtraError

DEFAULT_RATE_HZ = 250.0  # of a header that says none
LARGEST_RATE_HZ = 1e9


class Length(NamedTuple):
    """Rate of a record, and its samples per channel where the header tells them."""

    rate_hz: float
    n_samples: int | None


def package() -> Any:  # noqa: ANN401 - a module that may be missing
    """Return the package `wfdb`; raises `MissingExtraError` where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the versions of pandas it was written for
            import wfdb
    except ImportError as error:
        raise MissingExtraError(
            "WFDB records need the package wfdb; install it with: pip install 'ondes[wfdb]'"
        ) from error
    return wfdb


def length(path: Path) -> Length:
    """Read the record line of a header.

    Raises `FormatError` where it is none, or says a rate that cannot be.
    """
    text = path.read_bytes().decode("latin-1")
    rows = (row.split() for row in text.splitlines() if row.strip() and not row.startswith("#"))
    first = next(rows, [])
    try:
        rate_hz = float(first[2].split("/")[0].split("(")[0]) if len(first) > 2 else DEFAULT_RATE_HZ
        n_samples = int(first[3]) if len(first) > 3 else 0
        int(first[1])
    except (IndexError, ValueError):
        raise FormatError(
            f"{path}: its first line is {' '.join(first)[:60]!r}, and a WFDB header begins with "
            "name, channels, rate and samples, as '100 2 360 650000': copy it again from its source"
        ) from None
    if not 0 < rate_hz <= LARGEST_RATE_HZ:
        raise FormatError(
            f"{path} says a rate of {rate_hz:g} Hz, which cannot be: write the true one as the "
            "third word of its first line"
        )
    return Length(rate_hz, n_samples or None)
