"""YAML of plain values, as people write it."""

import re
from typing import Any

import yaml

from ondes.errors import FormatError

# YAML 1.1 reads 1e-3 as a word, for want of a dot; everybody who writes it means a number.
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


class _Plain(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """YAML 1.2's booleans, true and false alone: `precision: no` is a word."""


_Plain.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")
)


def parse(text: str | bytes, *, source: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Read YAML or JSON, nothing but plain values; ``1e-3`` is a number, ``off`` a word.

    Raises:
        FormatError: it is not YAML.

    >>> parse("{lr: 1e-3, off: [N, true]}", source="a.yaml")
    {'lr': 0.001, 'off': ['N', True]}
    """
    try:
        return _numbers(yaml.load(text, Loader=_Plain))  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FormatError(f"{source} is not readable as YAML: {_told(error)}") from error


def _told(error: Exception) -> str:
    """Return what is wrong, and where, on one line."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', error)}"


def _numbers(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value
