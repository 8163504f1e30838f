"""Alarms of a recording as a file of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ondes.errors import FormatError
from ondes.io import atomic_write
from ondes.run.monitor.alarm import Alarm, Json, from_json, in_seconds
from ondes.run.monitor.rules import Rules

SUFFIX = ".alarms.json"


def rows(alarms: Sequence[Alarm], rules: Rules, *, rate_hz: float) -> list[Json]:
    """Return alarms as JSON has them, with their values in words."""
    return [
        {**in_seconds(alarm, rate_hz), "said": rules[alarm.rule].said(alarm.value)}
        for alarm in alarms
    ]


def write(alarms: Sequence[Alarm], path: Path, rules: Rules, *, rate_hz: float) -> None:
    """Write alarms; the file appears whole or not at all."""
    with atomic_write(path) as temporary:
        text = json.dumps(rows(alarms, rules, rate_hz=rate_hz), indent=2, ensure_ascii=False)
        temporary.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> list[Alarm]:
    """Return the alarms that `write` wrote.

    Raises:
        FormatError: the file holds something else.
    """
    try:
        return [from_json(row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path} holds no alarms ({error}): write it anew") from error
