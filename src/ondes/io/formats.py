"""Formats are modules of a package, found by file name and chosen by suffix."""

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from ondes.errors import FormatError, InputError, nearest

AnyPath = str | os.PathLike[str]


@cache
def names(package: str) -> tuple[str, ...]:
    """Return the names of all formats in a package, sorted; imports none of them."""
    folder = list(import_module(package).__path__)
    return tuple(sorted(module.name for module in iter_modules(folder)))


def module(package: str, name: str) -> ModuleType:
    """Import the format called `name`; raises `FormatError` with the nearest name."""
    known = names(package)
    if name not in known:
        hint = nearest(name, known)
        raise FormatError(f"format {name!r} is none of {', '.join(known)}{hint}")
    return import_module(f"{package}.{name}")


def suffix_of(path: AnyPath, suffixes: Sequence[str]) -> str:
    """Return the longest of the suffixes that a file name ends with, or ''; case is ignored.

    >>> suffix_of("Take.Selections.TXT", [".txt", ".selections.txt"])
    '.selections.txt'
    """
    name = Path(path).name.lower()
    return max(filter(name.endswith, suffixes), key=len, default="")


def by_suffix(package: str, path: AnyPath) -> tuple[str, ...]:
    """Return the names of the formats that own a path's suffix, its main owner first.

    A format is the main owner of the first of its `SUFFIXES`. Raises `FormatError` when no
    format has such a suffix.
    """
    owned = {name: module(package, name).SUFFIXES for name in names(package)}
    suffix = suffix_of(path, [suffix for suffixes in owned.values() for suffix in suffixes])
    if not suffix:
        raise FormatError(
            f"{path}: no format has this suffix; rename the file, or name the format with "
            f"format=, one of {', '.join(owned)}"
        )
    owners = [name for name, suffixes in owned.items() if suffix in suffixes]
    return tuple(sorted(owners, key=lambda name: owned[name].index(suffix)))


def existing(path: AnyPath) -> Path:
    """Return the path of a file that is there; raises `InputError` with the nearest name."""
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path} is a folder; name a file in it, or use expand() to list them")
    if not file.exists():
        siblings = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
        raise InputError(f"{path}: there is no such file{nearest(file.name, siblings)}")
    return file
