"""Options from YAML against what will be called with them: names, then types, then values."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from inspect import Parameter, signature
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ondes.errors import RecipeError, nearest

T = TypeVar("T")
Path = tuple[str, ...]
Maker = Callable[..., Any]
Where = Callable[[Path], str]

_STRICT = ConfigDict(extra="forbid", strict=True)


def dotted(path: Path) -> str:
    """Write a path as YAML readers know it.

    >>> dotted(("train", "lr"))
    'train.lr'
    """
    return ".".join(path)


def paths(maker: Maker) -> Iterator[Path]:
    """Yield the path of each parameter of ``maker``; those of nested dataclasses too.

    >>> def maker(model: object, loss: str = "bce") -> None: ...
    >>> list(paths(maker))
    [('model',), ('loss',)]
    """
    hints = _hints(maker)
    for name in signature(maker).parameters:
        yield (name,)
        hint = hints.get(name)
        for part in (hint, *get_args(hint)):  # Decoder, or Decoder | None
            if isinstance(part, type) and is_dataclass(part) and get_origin(hint) is not tuple:
                yield from ((name, *path) for path in paths(part))


def typed(
    maker: Maker, values: Mapping[str, Any], path: Path, *, where: Where = dotted
) -> dict[str, Any]:
    """Return ``values`` in the types that ``maker`` declares; lists become tuples where it has so.

    Raises:
        RecipeError: there is no such parameter, or a value has another type (1.5 for a whole
            number, a word for a number).

    >>> def maker(size: int, kernels: tuple[int, ...] = ()) -> None: ...
    >>> typed(maker, {"size": 3, "kernels": [5, 7]}, ("model", "options"))
    {'size': 3, 'kernels': (5, 7)}
    >>> typed(maker, {"size": "big"}, ("model", "options"))
    Traceback (most recent call last):
    ondes.errors.RecipeError: model.options.size: 'big' will not do: Input should be a valid integer
    """
    hints, known = _hints(maker), signature(maker).parameters
    for name in values:
        if name not in known:
            raise RecipeError(f"{where((*path, name))}: unknown key{nearest(name, known)}")
    return {
        name: strict(hints[name], value, (*path, name), where=where)
        for name, value in values.items()
    }


def make(
    maker: Callable[..., T], values: Mapping[str, Any], path: Path, *, where: Where = dotted
) -> T:
    """Return ``maker(**values)``, values being of the right types already.

    Raises:
        RecipeError: one without a default is missing, or ``maker`` refuses the values.
    """
    for name, parameter in signature(maker).parameters.items():
        if name not in values and parameter.default is Parameter.empty:
            raise RecipeError(f"{where((*path, name))} is missing, and has no default")
    try:
        return maker(**values)
    except ValueError as error:
        raise RecipeError(f"{where(path)}: {error}") from error


def strict(hint: type[T], value: object, path: Path = (), *, where: Where = dotted) -> T:
    """Return ``value``, plain data from YAML, as the type ``hint``; no word becomes a number.

    Raises:
        RecipeError: it does not fit; one line for each place where it does not.
    """
    # A config does not reach a dataclass itself, but those within a tuple it does.
    adapter = TypeAdapter(tuple[hint], config=_STRICT)  # type: ignore[valid-type]
    try:
        return cast("T", adapter.validate_json(json.dumps([value]))[0])
    except ValidationError as error:
        problems = error.errors()
        unknown = [item for item in problems if item["type"] == "unexpected_keyword_argument"]
        lines = [_complaint(item, path, where) for item in unknown or problems]
        raise RecipeError("\n".join(lines)) from error
    except TypeError as error:  # YAML has dates and sets, recipes have not
        raise RecipeError(f"{where(path)}: {value!r} will not do: {error}") from error


def _complaint(item: ErrorDetails, path: Path, where: Where) -> str:
    place = where((*path, *map(str, item["loc"][1:])))
    if item["type"] == "unexpected_keyword_argument":
        return f"{place}: there is no such key"
    if item["type"] == "missing":
        return f"{place} is missing, and has no default"
    if item["type"] == "value_error":
        return f"{place}: {item['ctx']['error']}"
    return f"{place}: {item['input']!r} will not do: {item['msg']}"


def _hints(maker: Maker) -> dict[str, Any]:
    return get_type_hints(vars(maker)["__init__"] if isinstance(maker, type) else maker)
