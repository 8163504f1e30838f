"""Experiments as YAML files: found by name, checked key by key, built and trained.

``names()`` lists those of the package; ``load`` reads one and refuses what it does not know, with
the nearest key; ``ondes.recipe.run.train`` makes a model of it. Listing loads no torch.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ondes.recipe import check, documents
from ondes.recipe.documents import Layer, names
from ondes.recipe.schema import Recipe

__all__ = ["Recipe", "load", "names", "of", "outline"]


def outline(recipe: str | Path) -> Recipe:
    """Return a recipe whose options are not looked at yet, which costs no torch.

    Raises:
        RecipeError: there is none, or it is invalid.

    >>> outline("tones/spec2map-big-augmented-24k").published.scores["frame_f1"]
    0.9429
    """
    return check.recipe_of(documents.layers(recipe))


def load(recipe: str | Path, *, overrides: Sequence[str] = (), scale: str | None = None) -> Recipe:
    """Return a recipe by its name in the package or its path, every key and value checked.

    ``scale`` is one of its ``scales``; ``overrides`` are ``key=value`` texts with dotted keys and
    YAML values, and have the last word.

    Raises:
        RecipeError: no such recipe or scale; an unknown key, an unknown name or a value of the
            wrong type, with its source, its path and the nearest key that there is.

    >>> load("tones/spec2map-big-augmented-24k", overrides=["train.lr=1e-3"]).train.lr
    0.001
    """
    from ondes.recipe import build  # loads torch

    stack = documents.layers(recipe)
    for name in _checked(stack).scales:
        _checked([*stack, documents.scale_layer(name, stack)])
    if scale is not None:
        stack.append(documents.scale_layer(scale, stack))
    stack += documents.override_layers(overrides, stack)
    checked = _checked(stack)
    build.check_values(checked, where=check.where_in(stack))
    return checked


def of(document: Mapping[str, Any], *, source: str) -> Recipe:
    """Return a recipe whose content is at hand; `source` is what messages call it.

    Raises:
        RecipeError: as `load`.
    """
    return _checked([Layer(source, dict(document))])


def _checked(stack: Sequence[Layer]) -> Recipe:
    """Return a recipe whose keys are all known and whose values have their types."""
    from ondes.recipe import build

    recipe, where = check.recipe_of(stack), check.where_in(stack)
    makers = build.makers(recipe, where=where)
    check.refuse_unknown_options(stack, makers, given=build.GIVEN)
    build.check_options(recipe, where=where)
    return recipe
