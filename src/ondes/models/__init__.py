"""Architectures, floor 3: one file each, found by its name.

``models/<name>.py`` holds a frozen dataclass ``Config`` with a default for every option, a
``Module(config, *, rate_hz, channels, classes)`` whose ``spec`` says what it takes and gives, and
``CARD``, a few lines for the reader of a model card. ``Module.forward`` maps a batch
[b, channels, t] to logits [b, heads, classes, t // hop]. ``ondes.testing.check_model`` tests it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from ondes.errors import RecipeError, nearest

if TYPE_CHECKING:
    from torch import nn

__all__ = ["build", "card", "names"]


def names() -> list[str]:
    """Return the names of all architectures, in alphabetical order.

    >>> "inception_time" in names()
    True
    """
    return sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))


def build(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    rate_hz: float,
    channels: int,
    classes: Sequence[str],
) -> "nn.Module":
    """Return a new network of the architecture `name` with freshly drawn weights.

    Args:
        name: one of `names`.
        options: fields of the architecture's ``Config``, as JSON and YAML give them; what is
            left out keeps its default.
        rate_hz: sampling rate of the signals it will see.
        channels: number of channels of these signals.
        classes: the labels of its output, in order.

    Raises:
        RecipeError: there is no such architecture or option, or a value makes no sense.

    >>> net = build("inception_time", {"hop": 64}, rate_hz=8000, channels=1, classes=("a", "b"))
    >>> net.spec.hop
    64
    """
    module = _find(name)
    config = _configured(name, module.Config, options or {})
    built: nn.Module = module.Module(
        config, rate_hz=rate_hz, channels=channels, classes=tuple(classes)
    )
    return built


def card(name: str) -> str:
    """Return what the architecture `name` says of itself."""
    text: str = _find(name).CARD
    return text


def _find(name: str) -> ModuleType:
    if name not in names():
        raise RecipeError(
            f"no architecture is called {name!r}{nearest(name, names())}; "
            f"there are {', '.join(names())}"
        )
    return import_module(f"ondes.models.{name}")


def _configured(name: str, kind: type[Any], options: Mapping[str, Any]) -> object:
    """Return the dataclass `kind` with `options`, checked against its annotations."""
    known = [field.name for field in fields(kind)]
    for option in options:
        if option not in known:
            raise RecipeError(
                f"{name} has no option {option!r}{nearest(option, known)}; "
                f"there are {', '.join(known)}"
            )
    try:
        return TypeAdapter(kind).validate_python(dict(options))
    except ValidationError as error:
        wrong = "; ".join(_said(problem) for problem in error.errors())
        raise RecipeError(f"options of {name}: {wrong}") from error


def _said(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    return ": ".join(filter(None, (place, problem["msg"].removeprefix("Value error, "))))
