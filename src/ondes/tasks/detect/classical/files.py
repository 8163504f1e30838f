"""Classical detectors by name, and as JSON files."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ondes.errors import ArtefactError, InputError, check_name, nearest
from ondes.tasks.detect.classical.rule import Rule
from ondes.tasks.detect.classical.sta_lta import StaLta
from ondes.tasks.detect.classical.threshold import Threshold

FAMILIES: Mapping[str, type[Rule]] = {"threshold": Threshold, "sta-lta": StaLta}
KEY = "detector"


def names() -> list[str]:
    """Return the names of all families.

    >>> names()
    ['sta-lta', 'threshold']
    """
    return sorted(FAMILIES)


def build(name: str, options: Mapping[str, Any] | None = None) -> Rule:
    """Return a detector of a family, with some of its numbers given.

    Raises:
        InputError: there is no such family or number, or one is out of its range.

    >>> build("threshold", {"threshold": 6.0}).threshold
    6.0
    """
    check_name("no classical detector is called", name, names())
    family, options = FAMILIES[name], options or {}
    known = [field.name for field in fields(family)]
    for option in options:
        if option not in known:
            raise InputError(
                f"the detector {name!r} has no {option!r}{nearest(option, known)}; there are "
                f"{', '.join(known)}"
            )
    try:
        return family(**options)
    except TypeError as error:
        raise InputError(f"{name} with {dict(options)}: {error}") from error


def to_dict(rule: Rule) -> dict[str, Any]:
    """Return what JSON can hold; `from_dict` brings it back unchanged."""
    name = next(name for name, family in FAMILIES.items() if type(rule) is family)
    return {KEY: name, **asdict(rule), "labels": list(rule.labels)}


def from_dict(values: Mapping[str, Any]) -> Rule:
    """Build a detector from `to_dict`'s mapping; what is left out has its default.

    Raises:
        InputError: as `build`, or the family is not named.

    >>> from_dict({"detector": "sta-lta", "on": 5}) == StaLta(on=5)
    True
    """
    if KEY not in values:
        raise InputError(
            f"a classical detector without {KEY!r}: name one of {', '.join(names())} under it"
        )
    return build(str(values[KEY]), {name: values[name] for name in values if name != KEY})


def read(path: str | os.PathLike[str]) -> Rule:
    """Read a detector from a JSON file.

    Raises:
        ArtefactError: the file is missing, is no JSON, or says what cannot be.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise InputError(f"it holds a {type(values).__name__}, not names and numbers")
        return from_dict(values)
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path} holds no classical detector: {error}") from error
