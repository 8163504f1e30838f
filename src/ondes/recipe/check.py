"""From layers to a recipe: every key known, every value of its type, else an error with place."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from ondes.errors import RecipeError
from ondes.recipe import options
from ondes.recipe.documents import Layer, merge, source_of
from ondes.recipe.options import Path, Where, dotted
from ondes.recipe.schema import Data, Model, Named, Published, Recipe
from ondes.train.config import TrainConfig

_PARTS: dict[str, type[BaseModel]] = {
    "data": Data,
    "model": Model,
    "task": Named,
    "published": Published,
}
_FREE: tuple[Path, ...] = (("data", "limit"), ("published", "scores"), ("scales",), ("short",))

SCHEMA: frozenset[Path] = frozenset(
    [
        *((key,) for key in ("base", *Recipe.model_fields)),
        *((key, name) for key, part in _PARTS.items() for name in part.model_fields),
        *(("train", field.name) for field in fields(TrainConfig)),
    ]
)
"""The paths of the keys that every recipe may have."""

SECTIONS: dict[Path, str] = {
    ("data", "options"): "data",
    ("data", "train"): "data",
    ("data", "valid"): "data",
    ("data", "test"): "data",
    ("data", "vary"): "vary",
    ("model", "options"): "model",
    ("model", "game"): "game",
    ("task", "options"): "task",
}
"""Where options stand, and whose they are: keys depend on the data set, model or task chosen."""


def recipe_of(stack: Sequence[Layer]) -> Recipe:
    """Return the recipe that the layers make; its options are for ``refuse_unknown_options``.

    Raises:
        RecipeError: an unknown key, a missing one, or a value of the wrong type.
    """
    document = merge(stack)
    _refuse_unknown(document, SCHEMA, free={*_FREE, *SECTIONS}, stack=stack)
    return options.strict(Recipe, document, where=where_in(stack))


def refuse_unknown_options(
    stack: Sequence[Layer], makers: Mapping[str, options.Maker], *, given: Collection[str]
) -> None:
    """Raise RecipeError at an option that its data set, model or task does not have.

    ``makers`` says by ``data``, ``model`` and ``task`` what will be called with the options;
    ``given`` are parameters that do not come from a recipe.
    """
    known = SCHEMA | {
        (*section, *path)
        for section, owner in SECTIONS.items()
        for path in options.paths(makers[owner])
        if path[0] not in given
    }
    _refuse_unknown(merge(stack), known, free=_FREE, stack=stack)


def where_in(stack: Sequence[Layer]) -> Where:
    """Return what writes a path together with the source that set it."""
    return lambda path: f"{source_of(path, stack)}: {dotted(path)}"


def _refuse_unknown(
    document: Mapping[str, Any],
    known: Collection[Path],
    *,
    free: Collection[Path],
    stack: Sequence[Layer],
) -> None:
    for path in _paths(document, known, free):
        if path not in known:
            raise RecipeError(
                f"{source_of(path, stack)}: unknown key {dotted(path)!r}{_hint(path, known)}"
            )


def _paths(
    content: Mapping[str, Any], known: Collection[Path], free: Collection[Path], above: Path = ()
) -> Iterator[Path]:
    """Yield the path of each key, of mappings within others where their keys are known."""
    for key, value in content.items():
        path = (*above, key)
        yield path
        deeper = path not in free and any(other[: len(path)] == path != other for other in known)
        if isinstance(value, Mapping) and deeper:
            yield from _paths(value, known, free, path)


def _hint(path: Path, known: Iterable[Path]) -> str:
    """Name the nearest key: one of the same section, else one of any."""
    beside = {other[-1]: other for other in known if other[:-1] == path[:-1]}
    anywhere = {other[-1]: other for other in sorted(known, reverse=True)}
    for words in (beside, anywhere):
        if found := get_close_matches(path[-1], words, n=1):
            return f"; did you mean {dotted(words[found[0]])!r}?"
    return f"; there are {', '.join(sorted(beside))}" if beside else ""
