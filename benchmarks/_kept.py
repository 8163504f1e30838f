"""Scores that take long to come by, kept in files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ondes.io import atomic_write


def kept(path: Path, scored: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Return the scores in a file, which is made where there is none."""
    if not path.exists():
        scores = dict(scored())
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(scores, indent=1))
    found: dict[str, Any] = json.loads(path.read_text())
    return found
