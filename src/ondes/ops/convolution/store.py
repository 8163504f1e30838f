"""Choices that outlive the process: one small JSON file in the user's cache folder."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import torch

FILE = Path("ondes", "convolution.json")

Choices = dict[str, dict[str, str]]  # of a machine, of a job: the kernel's name


def load(machine: str) -> dict[str, str]:
    """Return what was chosen on this machine; nothing where the file is missing or damaged."""
    return _read(path()).get(machine, {})


def keep(machine: str, job: str, kernel: str) -> None:
    """Add a choice to the file, whole or not at all; a folder that cannot be written is no error.

    The file is read again first: other processes may have added theirs.
    """
    target = path()
    choices = _read(target)
    choices.setdefault(machine, {})[job] = kernel
    temporary = target.with_name(f".{target.name}.{uuid4().hex}")
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(json.dumps(choices, indent=1, sort_keys=True), encoding="utf-8")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def path() -> Path:
    """Return where choices are kept: in the folder that the system has for caches."""
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        folder = home / "Library" / "Caches"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return folder / FILE


def machine() -> str:
    """Return what choices depend on besides the shape: processor, torch, number of threads."""
    units = "AMX" if torch.cpu.get_capabilities().get("amx_bf16", False) else "no AMX"
    return (
        f"{_processor()}, {torch.backends.cpu.get_cpu_capability()}, {units}; "
        f"torch {torch.__version__}; {torch.get_num_threads()} threads"
    )


@cache
def _processor() -> str:
    with suppress(OSError):
        listed = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        if named := re.search(r"model name\s*:\s*(.+)", listed):
            return named[1]
    return platform.processor() or platform.machine()


def _read(file: Path) -> Choices:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if _sound(content) else {}


def _sound(content: object) -> bool:
    return isinstance(content, dict) and all(
        isinstance(jobs, dict) and all(isinstance(name, str) for name in jobs.values())
        for jobs in content.values()
    )
