"""The log of a training: one JSON document per line, and the same figures in TensorBoard."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from accelerate import Accelerator

from ondes.io.atomic import atomic_write

FILE = "log.jsonl"


class Logbook:
    """Writes ``out/log.jsonl`` and the trackers. Rows after ``step`` are struck out at first.

    A row holds ``step``, ``split`` (``train`` or ``valid``), ``seconds`` and the figures; a figure
    that is not finite is written as null.
    """

    def __init__(self, accelerator: Accelerator, out: Path, *, step: int) -> None:
        self._accelerator, self._path = accelerator, out / FILE
        if accelerator.is_main_process:
            _strike(self._path, step)
        accelerator.init_trackers(
            "tensorboard", init_kwargs={"tensorboard": {"purge_step": step + 1}}
        )

    def write(self, step: int, split: str, seconds: float, figures: Mapping[str, float]) -> None:
        """Add one row, in the main process alone."""
        self._accelerator.log(
            {f"{split}/{name}": value for name, value in figures.items()}, step=step
        )
        if self._accelerator.is_main_process:
            row = {"step": step, "split": split, "seconds": round(seconds, 3), **_finite(figures)}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    def close(self) -> None:
        """Flush the trackers."""
        for tracker in self._accelerator.trackers:
            tracker.finish()


def read(out: Path) -> list[dict[str, float | str | None]]:
    """Return the rows of the training in ``out``."""
    return [_row(line) for line in (out / FILE).read_text(encoding="utf-8").splitlines()]


def _row(line: str) -> dict[str, float | str | None]:
    row: dict[str, float | str | None] = json.loads(line)
    return row


def _strike(path: Path, step: int) -> None:
    """Keep the rows up to ``step``: a resumed training writes the others again."""
    rows = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [row for row in rows if row.endswith("}") and json.loads(row)["step"] <= step]
    with atomic_write(path) as temporary:
        temporary.write_text("".join(row + "\n" for row in kept), encoding="utf-8")


def _finite(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}
