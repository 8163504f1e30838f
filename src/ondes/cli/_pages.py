"""The HTML pages of `ondes detect --report`: one for each recording, and the first page."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ondes.cli import _options
from ondes.cli._batch import REPORT, Found, Wanted
from ondes.cli._takes import Failure, Take
from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import SignalFile

if TYPE_CHECKING:
    from ondes.run.classical import Classical
    from ondes.run.monitor import Alarm, Rules
    from ondes.run.pipeline import Pipeline

INDEX = "index.html"


def write_page(
    path: Path,
    pipeline: "Pipeline | Classical",
    file: SignalFile,
    events: EventList,
    *,
    name: str,
    alarms: "Sequence[Alarm]" = (),
    rules: "Rules | None" = None,
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
        alarms=alarms,
        rules=rules,
    )


def check_first_page(folder: Path, wanted: Wanted, takes: Sequence[Take]) -> None:
    """Raise `InputError` when the page of a recording would have the name of the first page."""
    for take in takes:
        if wanted.paths(take)[REPORT] == folder / INDEX:
            raise InputError(
                f"{take.path}: its page would be {folder / INDEX}, which is the first page's name: "
                "rename the recording, or leave out --report"
            )


def write_index(
    folder: Path, found: Sequence[Found], failures: Sequence[Failure], *, model: str
) -> Path:
    """Write the first page of a batch, which links to those of its recordings."""
    from ondes.report import index

    path = folder / INDEX
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
