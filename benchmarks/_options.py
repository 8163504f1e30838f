"""The options of benchmarks, which are the arguments of their `report`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from inspect import signature

from ondes.errors import InputError, nearest

Given = Mapping[str, str]


def by_benchmark(names: Sequence[str], settings: Sequence[str]) -> dict[str, Given]:
    """The settings of each benchmark, which are written NAME.OPTION=VALUE.

    Raises InputError where one is written otherwise, or for a benchmark that is not run.
    """
    given: dict[str, dict[str, str]] = {name: {} for name in names}
    for setting in settings:
        target, equals, value = setting.partition("=")
        name, _, option = target.partition(".")
        if not equals or not option:
            raise InputError(f"--set {setting}: write NAME.OPTION=VALUE, as in rivals.clips=20")
        if name not in given:
            raise InputError(f"--set {setting}: {name} is not run{nearest(name, given)}")
        given[name][option] = value
    return dict(given)


def typed(name: str, report: Callable[..., str], given: Given) -> dict[str, int | str]:
    """The options in the types of their defaults, whole numbers or texts.

    Raises InputError where there is no such option, or a value is of another type.
    """
    known = {key: type(option.default) for key, option in signature(report).parameters.items()}
    values: dict[str, int | str] = {}
    for key, value in given.items():
        if key not in known:
            has = ", ".join(known) or "none"
            raise InputError(f"{name} has no option {key!r}{nearest(key, known)}; it has {has}")
        try:
            values[key] = known[key](value)
        except ValueError as error:
            raise InputError(f"--set {name}.{key}={value}: give a whole number") from error
    return values


def named(
    option: str, given: str, known: Collection[str], *, of: Callable[[str], str] = str
) -> list[str]:
    """The names that an option NAME.OPTION lists, with commas; all that are known if empty.

    Raises InputError where there is none of a name; `of` tells which part of it is looked for.
    """
    names = given.split(",") if given else list(known)
    for name in names:
        if of(name) not in known:
            raise InputError(
                f"{option}={given}: there is no {name!r}{nearest(name, known)}; there are "
                f"{', '.join(known)}"
            )
    return names
