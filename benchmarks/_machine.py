"""The machine that benchmarks run on, in words, and one thread of it for everything."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psutil
import torch
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch, BLAS and OpenMP to one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def described() -> str:
    """The processor and the memory, the software, and how busy the machine is just now."""
    cores, memory = os.cpu_count() or 1, psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"one thread of {processor()} with {cores} cores and {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}, torch {version('torch')}; "
        f"load of the whole machine {load:.1f}"
    )


def processor() -> str:
    """What the processor calls itself."""
    source = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", source.read_text()) if source.exists() else None
    return named[1] if named else platform.processor() or platform.machine()
