"""What ondes is measured by: one benchmark a file, found by its name.

A benchmark is a file here whose name begins with a letter. `report()` runs it and returns a
section of Markdown, heading and table; its arguments are what can be set. `python -m benchmarks`
runs them, adds the command and the machine, and keeps the sections in docs/results.md.
"""

from __future__ import annotations

from types import ModuleType

from ondes.catalogue import Catalogue

__all__ = ["find", "names"]

BENCHMARKS = Catalogue(package=__name__, unknown="no benchmark is called")


def names() -> list[str]:
    """The benchmarks there are, in alphabetical order."""
    return BENCHMARKS.names()


def find(name: str) -> ModuleType:
    """The module of a benchmark; InputError with the nearest name where there is none."""
    return BENCHMARKS.find(name)
