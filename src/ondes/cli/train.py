"""``ondes train``: from a recipe to a model in a folder."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options

if TYPE_CHECKING:
    from ondes.train.loop import Progress

EVERY_S = 60.0  # between lines where there is no terminal


def train(
    recipe: Annotated[str, typer.Argument(help="One of `ondes recipes`, or a YAML file.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder of the model; runs/RECIPE if none."
        ),
    ] = None,
    scale: Annotated[
        str | None, typer.Option(metavar="NAME", help="One of the recipe's scales, as laptop.")
    ] = None,
    overrides: _options.Overrides = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in the folder.")
    ] = False,
    json: _options.Json = False,
    threads: _options.Threads = 0,
) -> None:
    """Train a model: fit it, fit its decoder on validation data, write its card."""
    from ondes import recipe as room
    from ondes.recipe import run
    from ondes.run.artefact import read_card
    from ondes.train import devices

    _options.use_threads(threads)
    loaded = room.load(recipe, overrides=overrides or [], scale=scale)
    with _progress() as progress:
        folder = run.train(
            loaded, out or Path("runs") / loaded.name, resume=resume, progress=progress
        )
    if _is_first():
        scores = read_card(folder).scores
        if json:
            _console.show_json({"folder": str(folder), "scores": scores})
        else:
            _console.show_scores(scores, loaded.published.scores if loaded.published else {})
            print(f"The model is in {folder}. Score it: ondes evaluate {folder}")
    devices.leave()


def _is_first() -> bool:
    """Tell whether this is the only process, or the first of `torchrun`'s."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def _progress() -> Iterator["Progress | None"]:
    """Yield what shows the steps: a bar on a terminal, a line a minute elsewhere."""
    if not _is_first():
        yield None
    elif sys.stdout.isatty() and sys.stderr.isatty():
        with _console.progress(1.0) as advance:
            yield partial(_advance, advance)
    else:
        yield _Lines()


def _advance(
    advance: _console.Advance,
    step: int,
    total: int,
    logs: Mapping[str, float],
    seconds_left: float,  # noqa: ARG001 - the bar tells it itself
) -> None:
    """Draw the bar with as many figures as fit beside it."""
    shown = {name: logs[name] for name in ("loss", "valid/loss") if name in logs}
    advance(step / total, _said(step, total, shown))


class _Lines:
    """Says how far it is, once a minute, on stderr."""

    def __init__(self) -> None:
        self._next = time.monotonic()

    def __call__(
        self, step: int, total: int, logs: Mapping[str, float], seconds_left: float
    ) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_S
            minutes, seconds = divmod(round(seconds_left), 60)
            _console.note(f"{_said(step, total, logs)}, {minutes}:{seconds:02} left")


def _said(step: int, total: int, logs: Mapping[str, float]) -> str:
    figures = "".join(f", {name} {value:.4g}" for name, value in logs.items())
    return f"step {step} of {total}{figures}"
