"""Recipe files: found by name, read as plain YAML, and laid over each other.

A recipe may say ``base: tones/spec2map`` and then only what differs. Any key may be dotted:
``train.lr: 1e-3`` is ``train: {lr: 1e-3}``. The layers are, from the lowest, base, file, scale and
``--set``. A layer that names another data set, model or task starts that section afresh, for the
options of one do not fit another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ondes.errors import FormatError, RecipeError, nearest
from ondes.io import plain

Document = dict[str, Any]

SHIPPED = Path(str(files("ondes"))).resolve() / "recipes"
_CHOICES = {"data": "set", "model": "name", "task": "name"}
_OWN = ("name", "about", "published")  # what a recipe says of itself, not of those built on it


@dataclass(frozen=True)
class Layer:
    """What one source says; errors name the source."""

    source: str
    content: Document


def names() -> list[str]:
    """Return the names of the package's recipes, as ``tones/spec2map-big-24k``.

    A file whose name begins with an underscore is a base for others, not a recipe.
    """
    found = (path.relative_to(SHIPPED) for path in SHIPPED.rglob("*.yaml"))
    return sorted(path.with_suffix("").as_posix() for path in found if path.name[0] != "_")


def layers(recipe: str | Path) -> list[Layer]:
    """Return what a recipe's file and its bases say, lowest first.

    Raises:
        RecipeError: there is no such recipe or base, or a file is not readable.
    """
    path = find(recipe)
    stack: list[Layer] = []
    seen: list[Path] = []
    while True:
        if path in seen:
            raise RecipeError(f"{path}: its bases run in a circle, {[p.stem for p in seen]}")
        seen.append(path)
        layer = _file(path)
        base = layer.content.pop("base", None)
        stack.insert(0, replace(layer, content=_heritage(layer.content)) if stack else layer)
        if base is None:
            return stack
        path = find(str(base), beside=path.parent)


def scale_layer(scale: str, stack: Sequence[Layer]) -> Layer:
    """Return what a recipe changes at a scale.

    Raises:
        RecipeError: it has no such scale.
    """
    known = merge(stack).get("scales", {})
    if scale not in known:
        raise RecipeError(
            f"{stack[-1].source} has no scale {scale!r}{nearest(scale, known)}; "
            f"it has {', '.join(known) or 'none'}"
        )
    return Layer(f"{stack[-1].source}, scale {scale}", known[scale])


def override_layer(text: str, *, short: Mapping[str, str] = MappingProxyType({})) -> Layer:
    """Return what one ``key=value`` says; a key among `short` stands for a longer one.

    Raises:
        RecipeError: it is not written so.
    """
    said, equals, value = text.partition("=")
    key = said.strip()
    if not equals or not key:
        raise RecipeError(f"--set {text}: write it as key=value, as in --set train.lr=1e-3")
    if key.split(".")[0] in ("base", "scales", "short"):
        raise RecipeError(f"--set {text}: only a file can say that; set the keys themselves")
    source = f"--set {text}"
    return Layer(source, expand({short.get(key, key): parse(value, source=source)}))


def override_layers(texts: Sequence[str], stack: Sequence[Layer]) -> list[Layer]:
    """Return what ``key=value`` texts say over a recipe, which may have short words for keys.

    Raises:
        RecipeError: one is not written so.
    """
    short = merge(stack).get("short", {})
    return [override_layer(text, short=short) for text in texts]


def merge(stack: Sequence[Layer]) -> Document:
    """Lay the layers over each other."""
    return reduce(_over, (layer.content for layer in stack), {})


def source_of(path: Sequence[str], stack: Sequence[Layer]) -> str:
    """Return the source that has the last word on ``path``; the whole recipe's for none."""
    for layer in reversed(stack):
        if holds(layer.content, path):
            return layer.source
    return stack[-1].source


def find(recipe: str | Path, *, beside: Path = Path()) -> Path:
    """Return the file of a recipe: a path from the folder ``beside``, or a name in the package.

    The package's own may be called by their files too, ``recipes/ecg/beats.yaml``.

    Raises:
        RecipeError: there is none; the nearest name is suggested.
    """
    own = SHIPPED / str(recipe).removeprefix("recipes/")
    for path in (
        *(beside / recipe, SHIPPED / f"{recipe}.yaml", beside / f"{recipe}.yaml"),
        *([own] if own.suffix == ".yaml" else []),
    ):
        if path.is_file():
            return path.resolve()
    like = [name for name in names() if str(recipe) in name]
    raise RecipeError(
        f"no recipe {str(recipe)!r}: neither a file nor one of `ondes recipes`"
        + (f"; there are {', '.join(like)}" if len(like) > 1 else nearest(str(recipe), names()))
    )


def laid(under: Mapping[str, Any], over: Mapping[str, Any]) -> Document:
    """Lay one mapping over another, mappings within them too.

    >>> laid({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}})
    {'a': 1, 'b': {'c': 2, 'd': 3}}
    """
    document = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(document.get(key), Mapping)
        document[key] = laid(document[key], value) if both else value
    return document


def holds(content: object, path: Sequence[str]) -> bool:
    """Say whether there is anything at a path."""
    for word in path:
        if not isinstance(content, Mapping) or word not in content:
            return False
        content = content[word]
    return True


def expand(content: Mapping[str, Any]) -> Document:
    """Split dotted keys.

    >>> expand({"train.lr": 0.1, "train": {"steps": 3}})
    {'train': {'lr': 0.1, 'steps': 3}}
    """
    document: Document = {}
    for key, value in content.items():
        nested = expand(value) if isinstance(value, Mapping) else value
        for word in reversed(str(key).split(".")):
            nested = {word: nested}
        document = laid(document, nested)
    return document


def parse(text: str | bytes, *, source: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Read YAML, nothing but plain values; ``1e-3`` is a number.

    Raises:
        RecipeError: it is not YAML.
    """
    try:
        return plain.parse(text, source=source)
    except FormatError as error:
        raise RecipeError(str(error)) from error


def _heritage(content: Document) -> Document:
    return {key: value for key, value in content.items() if key not in _OWN}


def _file(path: Path) -> Layer:
    shipped = path.is_relative_to(SHIPPED)
    source = path.relative_to(SHIPPED).as_posix() if shipped else str(path)
    name = source.removesuffix(".yaml") if shipped else path.stem
    content = parse(path.read_bytes(), source=source)
    if not isinstance(content, dict):
        raise RecipeError(f"{source} holds no mapping; a recipe has keys: data, model, train ...")
    return Layer(source, {"name": name, **expand(content)})


def _over(under: Document, over: Document) -> Document:
    """Lay one document over another, starting a section afresh where it chooses another."""
    under = dict(under)
    for section, key in _CHOICES.items():
        old, new = _at(under, section, key), _at(over, section, key)
        if None not in (old, new) and old != new:
            under.pop(section)
    return laid(under, over)


def _at(document: Document, section: str, key: str) -> object:
    return document[section][key] if holds(document, (section, key)) else None
