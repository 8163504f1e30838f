"""Which kernel computes a convolution: the one that is fixed, or the one that a probe found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from threading import RLock

from ondes.errors import InputError, nearest
from ondes.ops.convolution import probe, store
from ondes.ops.convolution.job import Job
from ondes.ops.convolution.kernels import Banded, Direct, Fft, Kernel, Last
from ondes.ops.convolution.products import matrix_units

VARIABLE = "ONDES_CONVOLUTION"
AUTO = "auto"
FAMILIES = ("direct", "blocked", "fft", "banded", "split", "half", "last")
NUMBERLESS = ("direct", "last")
BLOCK, FRAME = 4096, 16  # of a family that is named without a number

_fixed: ContextVar[str | None] = ContextVar("fixed", default=None)
_lock = RLock()


@contextmanager
def fixed(name: str) -> Iterator[None]:
    """Let one kernel compute all long convolutions within, whatever a probe says.

    Args:
        name: ``direct``, ``last`` (channels last in memory), ``blocked``, ``fft``, ``banded``
            (float32), ``split`` (bfloat16 halves) or ``half`` (bfloat16), each but the first two
            also with its size: ``fft-1024``, ``banded-16``. What it cannot do (``banded`` in
            groups) is done directly. ``auto`` probes. The variable ONDES_CONVOLUTION says the same
            for the whole process.

    Raises:
        InputError: there is no such kernel.

    >>> with fixed("fft"):
    ...     pass
    """
    _named(name)
    token = _fixed.set(name)
    try:
        yield
    finally:
        _fixed.reset(token)


def chosen(job: Job) -> Kernel:
    """Return the kernel for a job; one job has one kernel in a process, and on a machine."""
    name = _fixed.get() or os.environ.get(VARIABLE) or AUTO
    if name != AUTO:
        return _suited(_named(name), job)
    if not job.worth_probing:
        return Direct(BLOCK) if job.pool else Direct()
    with _lock:
        return _probed(job, store.machine(), str(store.path()))


def preferred(key: str, calls: Callable[[], Mapping[str, probe.Call]], *, plain: str) -> str:
    """Return the name of the fastest of several ways, probed once like a kernel and kept.

    Where a kernel is fixed, it is the way of that name or, without one, the plain way.

    Args:
        key: what the choice depends on besides the machine.
        calls: makes the ways to time, the plainest first.
        plain: name of the plainest.
    """
    name = _fixed.get() or os.environ.get(VARIABLE) or AUTO
    if name != AUTO:
        _named(name)
        return name if name in NUMBERLESS[1:] else plain
    machine, place = store.machine(), str(store.path())
    with _lock:
        known = _preferences.get((key, machine, place)) or store.load(machine).get(key)
        if known is None:
            ways = calls()
            for first in ways.values():  # which also makes what later calls use
                first()
            known = list(ways)[probe.quickest(list(ways.values()))]
            store.keep(machine, key, known)
        _preferences[key, machine, place] = known
        return known


_preferences: dict[tuple[str, str, str], str] = {}


@cache
def _probed(job: Job, machine: str, _: str) -> Kernel:
    """Return the kernel that the cache's file says, or else a probe."""
    able = {kernel.name: kernel for kernel in candidates(job)}
    kept = store.load(machine).get(job.key)
    if kept in able:
        return able[kept]
    best = probe.fastest(job, list(able.values()))
    store.keep(machine, job.key, best.name)
    return best


def candidates(job: Job) -> list[Kernel]:
    """Return the kernels that can do a job at its precision, the plainest first."""
    spectrum = 2 ** max(7, (2 * max(job.kernels) - 1).bit_length())
    every: list[Kernel] = [Direct(BLOCK)] if job.long else [Direct(), Direct(BLOCK)]
    every += [Last()]
    every += [Fft(spectrum * factor) for factor in (1, 2, 4, 8)]
    every += [Banded(frame) for frame in (8, 16, 32)]
    if matrix_units():
        every += [Banded(frame, 3) for frame in (16, 32)]
        every += [Banded(frame, 1) for frame in (16, 32) if job.rounded]
    return [kernel for kernel in every if _takes(kernel, job)]


@dataclass(frozen=True)
class _Named:
    family: str
    size: int | None


def _named(name: str) -> _Named:
    """Read a kernel's name."""
    family, _, size = name.partition("-")
    sized = size.isdecimal() and int(size) > 0 and family not in NUMBERLESS
    if name != AUTO and (family not in FAMILIES or not (sized or name == family)):
        raise InputError(
            f"no way to convolve is called {name!r}{nearest(family, (*FAMILIES, AUTO))}; there are "
            f"{', '.join(FAMILIES)}, with a size where wanted as in fft-1024, and {AUTO}"
        )
    return _Named(family, int(size) if sized else None)


def _suited(named: _Named, job: Job) -> Kernel:
    """Return the kernel of that name, or the direct one where that cannot do the job."""
    longest = max(job.kernels)
    size = {"fft": 2 ** max(8, (4 * longest - 1).bit_length()), "blocked": BLOCK}
    n = named.size or size.get(named.family, FRAME)
    every: dict[str, Kernel] = {
        "direct": Direct(),
        "blocked": Direct(n),
        "last": Last(),
        "fft": Fft(n),
        "banded": Banded(n),
        "half": Banded(n, 1),
        "split": Banded(n, 3),
    }
    kernel = every[named.family]
    return kernel if _takes(kernel, job) else Direct()


def _takes(kernel: Kernel, job: Job) -> bool:
    return all(kernel.takes(taps, job.groups) for taps in job.kernels)
