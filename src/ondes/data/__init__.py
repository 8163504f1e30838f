"""What networks learn from: banks of isolated sounds, mixtures of them, and data sets by name."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from ondes.data import sets
from ondes.errors import RecipeError, nearest
from ondes.protocols import Level

__all__ = ["find", "level", "names"]


def names() -> list[str]:
    """The data sets there are.

    >>> "tones" in names()
    True
    """
    return sorted(module.name for module in iter_modules(sets.__path__))


def find(name: str) -> ModuleType:
    """The module of a data set: `Config`, `build`, `ABOUT`; RecipeError with the nearest name."""
    if name not in names():
        raise RecipeError(
            f"no data set is called {name!r}{nearest(name, names())}; there are "
            f"{', '.join(names())}"
        )
    return import_module(f"ondes.data.sets.{name}")


def level(name: str) -> Level:
    """Whether a data set says what sounds in each frame or what each clip is.

    >>> level("tones"), level("digits")
    ('frame', 'clip')
    """
    told: Level = getattr(find(name), "LEVEL", "frame")
    return told
