"""What all verbs share at the terminal: results go to stdout, everything else to stderr."""

import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ondes.events import EventList
from ondes.io import write_events

Advance = Callable[[float, str], None]
PATIENCE_S = 2.0
TELLING = {
    "frame_f1": "frame F1",
    "roc_auc": "ROC AUC",
    "accuracy": "accuracy",
    "r2": "R²",
    "f1_translated": "translated F1",
    "l1": "L1",
}


def show_json(document: object) -> None:
    """Print one JSON document on stdout; NaN, which JSON lacks, becomes null."""
    print(json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (bool, int, str, type(None))) else str(value)


def show_scores(scores: Mapping[str, Mapping[str, float]], published: Mapping[str, float]) -> None:
    """Print scores on stdout: a row for each, a column for each split, then published figures."""
    columns = {**scores, "published": published} if published else scores
    rows = dict.fromkeys(name for column in columns.values() for name in column)
    show_table(
        ("", *columns),
        [(row, *(_figure(column.get(row)) for column in columns.values())) for row in rows],
    )


def telling(scores: Mapping[str, float]) -> str:
    """Return the score by which models of a task are told apart first; nothing without any.

    >>> telling({"accuracy": 0.91, "ece": 0.02})
    'accuracy 0.910'
    """
    known = (f"{words} {scores[name]:.3f}" for name, words in TELLING.items() if name in scores)
    return next(known, "")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def show_events(events: EventList, file: str, *, with_header: bool) -> None:
    """Print events on stdout as CSV."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "events.csv")
        write_events(events, path, file=file)
        header, rows = path.read_text(encoding="utf-8").split("\n", maxsplit=1)
    print((f"{header}\n" if with_header else "") + rows, end="")


def note(text: str) -> None:
    """Say something that is no result: on stderr."""
    print(text, file=sys.stderr)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on stdout: folded to a terminal's width, in full anywhere else."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width, highlight=False, markup=False).print(table)


def show_yaml(document: object) -> None:
    """Print nested values on stdout as YAML: long texts as blocks, lists of numbers on one line."""
    import yaml

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)

    def items(dumper: yaml.SafeDumper, value: list[object]) -> yaml.Node:
        flat = not any(isinstance(item, (dict, list)) for item in value)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)

    readable: Any = type("Readable", (yaml.SafeDumper,), {})
    readable.add_representer(str, text)
    readable.add_representer(list, items)
    said = yaml.dump(
        _plain(document), Dumper=readable, sort_keys=False, allow_unicode=True, width=98
    )
    print(said, end="")


@contextmanager
def progress(total: float) -> Iterator[Advance]:
    """Yield a function that draws how much of `total` is done and what is being worked on.

    It draws on a terminal alone, and only after two seconds; time left is beside the bar.
    """
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield _keep_quiet
        return
    from rich.console import Console
    from rich.progress import Progress

    begin = time.monotonic()
    with_bar = Progress(console=Console(stderr=True), transient=True)
    bar = with_bar.add_task("", total=total)

    def advance(done: float, what: str) -> None:
        if time.monotonic() - begin > PATIENCE_S:
            with_bar.start()
        with_bar.update(bar, completed=done, description=what)

    try:
        yield advance
    finally:
        with_bar.stop()


def _keep_quiet(done: float, what: str) -> None:
    """Draw nothing."""
