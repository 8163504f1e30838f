"""What networks learn from: banks of isolated sounds, mixtures of them, and data sets by name."""

from __future__ import annotations

from types import ModuleType

from ondes.catalogue import Catalogue
from ondes.errors import RecipeError
from ondes.protocols import Level

__all__ = ["find", "level", "names"]

SETS = Catalogue(package="ondes.data.sets", unknown="no data set is called", error=RecipeError)


def names() -> list[str]:
    """The data sets there are.

    >>> "tones" in names()
    True
    """
    return SETS.names()


def find(name: str) -> ModuleType:
    """The module of a data set: `Config`, `build`, `ABOUT`; RecipeError with the nearest name."""
    return SETS.find(name)


def level(name: str) -> Level:
    """Whether a data set says what sounds in each frame or what each clip is.

    >>> level("tones"), level("digits")
    ('frame', 'clip')
    """
    told: Level = getattr(find(name), "LEVEL", "frame")
    return told
