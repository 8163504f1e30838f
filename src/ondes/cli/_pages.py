"""The HTML pages of `ondes detect --report`: one for each recording, and the first page."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ondes.cli import _options
from ondes.cli._batch import REPORT, Found
from ondes.cli._takes import Failure
from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import SignalFile

if TYPE_CHECKING:
    from ondes.run.pipeline import Pipeline

INDEX = "index.html"


def write_page(
    path: Path, pipeline: "Pipeline", file: SignalFile, events: EventList, *, name: str
) -> None:
    """Write the page of one recording."""
    from ondes.report import detection

    detection.write(
        path,
        signal=file,
        events=events,
        file=name,
        model=pipeline.card.name,
        card=_options.summary(pipeline.card),
        labels=pipeline.spec.classes,
        command=_command(),
    )


def write_index(
    folder: Path, found: Sequence[Found], failures: Sequence[Failure], *, model: str
) -> Path:
    """Write the first page of a batch, which links to those of its recordings.

    Raises `InputError` when a recording's page has its name.
    """
    from ondes.report import index

    path = folder / INDEX
    if any(one.written[REPORT] == path for one in found):
        raise InputError(f"{path} is the page of a recording: rename that, for the first page")
    rows = [
        index.Row.of(
            one.name,
            one.events,
            duration_s=one.duration_s,
            report=one.written[REPORT].relative_to(folder).as_posix(),
        )
        for one in found
    ]
    rows += [index.Row.failed(one.name, one.reason) for one in failures]
    index.write(path, rows, model=model, command=_command())
    return path


def _command() -> str:
    return shlex.join(["ondes", *sys.argv[1:]])
