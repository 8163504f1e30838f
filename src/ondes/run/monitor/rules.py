"""Rules in a small file of YAML or JSON, each name, number and unit checked.

`alarms` holds rules by their names, each a mapping with its `kind` and what that takes (`Run`,
`Rate`, `Pause`, `Lasting`, `Count`); `quality` says what signal is not to be judged. Rules that
come with ondes are files in `shipped`, named by file name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from os import PathLike, fspath
from pathlib import Path
from typing import Any, cast

from ondes.errors import InputError, nearest
from ondes.io.plain import parse
from ondes.run.monitor.kinds import KINDS, Rule
from ondes.run.monitor.quality import Quality

SHIPPED = Path(__file__).parent / "shipped"
_KINDS = {kind.KIND: kind for kind in KINDS}
_LABELS = ("of", "among")


@dataclass(frozen=True)
class Rules:
    """What raises an alarm, and what signal is not judged.

    >>> Rules.of({"alarms": {"three": {"kind": "run", "of": "V", "count": 3}}}).alarms[0].of
    ('V',)
    """

    alarms: tuple[Rule, ...]
    quality: Quality | None = None
    name: str = "rules"

    @classmethod
    def of(cls, document: object, *, name: str = "rules") -> Rules:
        """Return the rules that plain mappings say.

        Raises:
            InputError: an unknown name, one that is missing, or a value out of its range.
        """
        content = _mapping(document, name, ("alarms", "quality"))
        alarms = _mapping(content.get("alarms", {}), "alarms")
        quality = content.get("quality")
        rules = tuple(_rule(str(key), value) for key, value in alarms.items())
        if not rules and quality is None:
            raise InputError(f"{name} says no rule: name alarms, or quality")
        return cls(rules, None if quality is None else Quality.of(quality), name)

    @property
    def digest(self) -> str:
        """What tells these rules from others, in eight letters."""
        said = [[rule.KIND, asdict(cast(Any, rule))] for rule in self.alarms]
        text = json.dumps([said, self.quality and asdict(self.quality)])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def unheard(self, classes: Sequence[str]) -> list[str]:
        """Return, in words, which rules cannot come true with a model that tells these classes."""
        known = [*classes, *(self.quality.labels if self.quality else ())]
        return [
            f"{rule.name!r} cannot be raised: the model tells {', '.join(classes)}, and none of "
            f"{', '.join(rule.of)}{nearest(rule.of[0], known) if len(rule.of) == 1 else ''}"
            for rule in self.alarms
            if not set(rule.of) & set(known)
        ]

    def __getitem__(self, name: str) -> Rule:
        return next(rule for rule in self.alarms if rule.name == name)


def names() -> list[str]:
    """Return the names of the rules that come with ondes.

    >>> names()
    ['ecg']
    """
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load(source: str | PathLike[str]) -> Rules:
    """Return the rules of a name or of a file of YAML or JSON.

    Raises:
        InputError: there is no such file, or it says what cannot be.
        FormatError: it is no YAML.

    >>> [rule.name for rule in load("ecg").alarms][:2]
    ['ventricular run', 'tachycardia']
    """
    word, path = fspath(source), Path(source)
    path = SHIPPED / f"{word}.yaml" if word in names() else path
    if not path.is_file():
        raise InputError(
            f"--rules {word}: neither a file nor one of {', '.join(names())}"
            f"{nearest(word, names())}"
        )
    document = parse(path.read_bytes(), source=str(path))
    try:
        return Rules.of(document, name=path.stem)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _rule(name: str, value: object) -> Rule:
    where = f"alarm {name!r}"
    given = dict(_mapping(value, where))
    kind = str(given.pop("kind", "none"))
    if kind not in _KINDS:
        raise InputError(
            f"{where}: kind {kind!r} is none of {', '.join(_KINDS)}{nearest(kind, _KINDS)}"
        )
    known = {field.name: field for field in fields(_KINDS[kind]) if field.name != "name"}
    _mapping(given, f"{where}, kind {kind}", tuple(known))
    for field in known.values():
        if field.name not in given and field.default is MISSING:
            raise InputError(f"{where}, kind {kind}: say {field.name}")
    checked: dict[str, Any] = {
        key: _value(where, key, str(known[key].type), item) for key, item in given.items()
    }
    return _KINDS[kind](name=name, **checked)


def _value(where: str, key: str, kind: str, value: object) -> object:
    """Return a value as its field has it: labels, a whole number, or a number."""
    if key in _LABELS:
        labels = [value] if isinstance(value, str) else value
        if isinstance(labels, list) and all(isinstance(label, str) for label in labels):
            return tuple(labels)
        raise InputError(f"{where}: {key}={value!r} must name labels, each in quotes if need be")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (kind == "int" and value != int(cast(float, value))):
        what = "a whole number" if kind == "int" else "a number"
        raise InputError(f"{where}: {key}={value!r} must be {what}")
    return int(cast(float, value)) if kind == "int" else float(cast(float, value))


def _mapping(value: object, where: str, known: Sequence[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} holds {value!r}, which is no mapping of names to values")
    for key in value:
        if known and key not in known:
            raise InputError(
                f"{where} has no {key!r}{nearest(str(key), known)}; it takes {', '.join(known)}"
            )
    return value
