"""What can be learnt, floor 4: one folder per task, found by its name.

``tasks/<name>/`` has a ``task.py`` and exports ``Task``, a class built as ``Task(model,
**options)`` around a network. A task holds its model, turns examples into targets (``prepare``),
batches into losses (``step``) and says how training alternates (``phases``); a model knows no task.
The folder ``explain``, which learns nothing, has none.
"""

from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from ondes.errors import RecipeError, check_name, check_options

__all__ = ["build", "find", "names"]


def names() -> list[str]:
    """Return the names of all tasks, in alphabetical order.

    >>> "detect" in names()
    True
    """
    here = Path(__path__[0])
    return sorted(m.name for m in iter_modules(__path__) if (here / m.name / "task.py").exists())


def find(name: str) -> type[Any]:
    """Return the class of the task `name`.

    Raises:
        RecipeError: there is no such task.
    """
    check_name("no task is called", name, names(), error=RecipeError)
    task: type[Any] = import_module(f"ondes.tasks.{name}").Task
    return task


def build(name: str, model: object, options: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
    """Return the task `name` around `model`; lists among `options` become tuples.

    Raises:
        RecipeError: there is no such task or option, or a value makes no sense.
    """
    task, options = find(name), options or {}
    known = [option for option in signature(task).parameters if option != "model"]
    check_options(f"the task {name!r}", options, known, error=RecipeError)
    return task(model, **{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})
