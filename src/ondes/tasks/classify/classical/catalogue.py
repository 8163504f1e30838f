"""Families of rivals by name: fit one to clips, bring one back from arrays and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from ondes.errors import ArtefactError, InputError, check_options, nearest
from ondes.protocols import ClipDataset
from ondes.spec import ClipSpec
from ondes.tasks.classify.classical import families
from ondes.tasks.classify.classical.rival import Arrays, Rival, training
from ondes.tasks.classify.reading import Reading, Target


def names() -> list[str]:
    """Return the names of all families.

    >>> names()
    ['minirocket', 'nn-dtw', 'random-forest']
    """
    return sorted(module.name.replace("_", "-") for module in iter_modules(families.__path__))


def about(name: str) -> str:
    """Return what a family says of itself; InputError where there is none of that name."""
    text: str = _find(name).ABOUT
    return text


def fit(
    name: str,
    clips: ClipDataset,
    *,
    seed: int = 0,
    target: Target = "class",
    absent: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Rival:
    """Fit a family to clips; the same clips, seed and options give the same rival.

    Args:
        name: one of `names`.
        clips: of any lengths; all of them are held in memory.
        seed: of whatever is drawn.
        target: what y of a clip is: shares of classes, of which the greatest is true ("class"),
            "tags" that hold from .5 on, or a "number" or several.
        absent: whether classes or tags without a clip are allowed; they are never found.
        options: numbers of the family's ``Options``; what is left out keeps its default.

    Raises:
        InputError: there is no such family or option, a number is out of its range, the data set
            is empty or endless, or there is nothing to tell apart.
        ChannelError, TooShortError, NotFiniteError: a clip cannot be learnt from.
    """
    family = _find(name)
    chosen = _options(name, family.Options, options or {})
    train = training(clips, target, absent=absent)
    model = family.fit(train, chosen, rate_hz=clips.rate_hz, seed=seed)
    spec = ClipSpec(clips.rate_hz, clips.n_channels, tuple(clips.labels), family.least(model))
    return Rival(name, spec, Reading(kind=target), model, asdict(chosen))


def from_arrays(arrays: Arrays, document: Mapping[str, Any]) -> Rival:
    """Return the rival that `Rival.to_arrays` took apart; its scores are the same to the bit.

    Raises:
        ArtefactError: arrays and document do not belong together, or are no rival's.
    """
    try:
        name, spec = document["name"], ClipSpec.from_dict(document["spec"])
        model = _find(name).from_arrays(arrays, document["model"])
        return Rival(name, spec, Reading.from_dict(document["reading"]), model, document["options"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ArtefactError(
            f"these arrays and this document hold no rival ({error!r}); save it again"
        ) from error


def _find(name: str) -> ModuleType:
    if name not in names():
        raise InputError(
            f"no classical rival is called {name!r}{nearest(name, names())}; there are "
            f"{', '.join(names())}"
        )
    return import_module(f"{families.__name__}.{name.replace('-', '_')}")


def _options(name: str, kind: type[Any], options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    check_options(name, options, [field.name for field in fields(kind)])
    return kind(**options)
