"""Vallen's measurement files: SQLite databases, whose waveforms the package vallenae decodes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ondes.errors import FormatError, InputError, MissingExtraError

_DAMAGE = (sqlite3.Error, OSError, RuntimeError, KeyError, ValueError, TypeError, ArithmeticError)


def package() -> Any:  # noqa: ANN401 - a module that may be missing
    """Return `vallenae.io`; raises `MissingExtraError` where it is not installed."""
    try:
        import vallenae.io
    except ImportError as error:
        raise MissingExtraError(
            "Vallen's files need the package vallenae; install it with: pip install 'ondes[vallen]'"
        ) from error
    return vallenae.io


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a database to read from.

    Raises `FormatError` where the file is none, and where it turns out damaged while it is read.
    """
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as base:
            yield base
    except InputError:
        raise
    except _DAMAGE as error:
        raise FormatError(
            f"{path} cannot be read as a Vallen database ({error}): it is damaged, cut off or "
            "something else; copy it again from its source"
        ) from error


def ticks_per_s(base: sqlite3.Connection, prefix: str) -> int:
    """Return how many ticks of a database's clock make a second; `prefix` is ae or tr."""
    query = f"SELECT Value FROM {prefix}_globalinfo WHERE Key = 'TimeBase'"
    (value,) = base.execute(query).fetchone()
    return int(value)
