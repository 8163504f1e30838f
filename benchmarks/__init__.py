"""What ondes is measured by: one benchmark a file, found by its name.

A benchmark is a file here whose name begins with a letter. `report()` runs it and returns a
section of Markdown, heading and table; its arguments are what can be set. `python -m benchmarks`
runs them, adds the command and the machine, and keeps the sections in docs/results.md.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from ondes.errors import InputError, nearest

__all__ = ["find", "names"]


def names() -> list[str]:
    """The benchmarks there are, in alphabetical order."""
    return sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))


def find(name: str) -> ModuleType:
    """The module of a benchmark; InputError with the nearest name where there is none."""
    if name not in names():
        raise InputError(
            f"no benchmark is called {name!r}{nearest(name, names())}; "
            f"there are {', '.join(names())}"
        )
    return import_module(f"benchmarks.{name}")
