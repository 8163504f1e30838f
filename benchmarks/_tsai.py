"""tsai's InceptionTime (Oguiza 2023, Apache-2.0) in an environment and a process of its own.

tsai is never installed beside ondes: its releases ask for other versions of what both need. Run as
a program in that environment this file answers requests, one JSON list a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import benchmarks
import ondes

NAME = "tsai 1.0.1"
TORCH = ("torch==2.13.0",)
ALONE = ("--no-deps", "tsai==1.0.1", "fastai==2.8.12", "torchvision==0.28.0")
BESIDE = (
    "fastcore==2.2.39",
    "fastdownload==0.0.8",
    "fastprogress==1.0.5",
    "fasttransform==0.0.5",
    "plum-dispatch==2.9.0",
    "cloudpickle",
    "imbalanced-learn",
    "matplotlib",
    "numpy",
    "packaging",
    "pandas",
    "pillow",
    "psutil",
    "pyts",
    "pyyaml",
    "requests",
    "scikit-learn<1.8",
    "scipy",
    "tqdm",
)

Ask = Callable[..., float]


def python(folder: Path) -> Path:
    """Return the interpreter of tsai's environment in a folder, made where there is none."""
    found = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for packages in (TORCH, ALONE, BESIDE):  # torch first: who needs it shall find it
            subprocess.run([found, "-m", "pip", "install", "-q", *packages], check=True)
        done.touch()
    return found


@contextmanager
def started(folder: Path, *, threads: int) -> Iterator[Ask]:
    """Lend a process that does what it is asked and answers with a number."""
    roots = (Path(benchmarks.__file__).parents[1], Path(ondes.__file__).parents[1])
    path = os.pathsep.join(str(root.resolve()) for root in roots)
    settings = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)}
    process = subprocess.Popen(
        [python(folder), "-W", "ignore", "-m", "benchmarks._tsai", str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=settings,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        yield lambda *request: _asked(process, request)
        process.stdin.close()


def _asked(process: subprocess.Popen[str], request: tuple[Any, ...]) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise RuntimeError(f"{NAME} ended while it was asked for {request[0]}")
    return float(answer)


def main(threads: int) -> None:
    """Answer ["once", shape, half, train] and ["accuracy", file, epochs, seed, half]."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what tsai prints is no answer
    import torch
    from tsai.models.InceptionTime import InceptionTime

    from benchmarks import _steps

    torch.set_num_threads(threads)
    jobs: dict[_steps.Job, Callable[[], float]] = {}
    for line in sys.stdin:
        what, first, *rest = json.loads(line)
        if what == "once":
            job = _steps.Job(tuple(first), *rest)
            if job not in jobs:
                jobs[job] = _steps.once(InceptionTime, job)
            answer = jobs[job]()
        else:
            epochs, seed, half = rest
            answer = _steps.accuracy(InceptionTime, first, epochs=epochs, seed=seed, half=half)
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
