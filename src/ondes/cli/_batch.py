"""Many recordings, one after the other: what fails is named at the end, the rest is done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from ondes.cli import _console, why
from ondes.cli._takes import Failure, Take
from ondes.errors import InputError, OndesError
from ondes.events import EventList
from ondes.io import event_suffix, make_folder

REPORT = "report"
ALARMS = "alarms"
Told = Callable[[float], None]  # is told which share of a recording is done, 0 to 1
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Wanted:
    """Which results each recording shall have in `folder`; none where that is None.

    Raises `FormatError` on an unknown format, `InputError` on results without a folder.
    """

    folder: Path | None
    formats: tuple[str, ...]
    report: bool = False
    alarms: bool = False

    def __post_init__(self) -> None:
        suffixes = [name for name in self.suffixes if name != ALARMS]
        if self.folder is not None and self.folder.is_file():
            raise InputError(f"-o {self.folder} is a file: name a folder for the results")
        if self.folder is None and (self.report or suffixes != ["csv"]):
            raise InputError(
                f"{' and '.join(suffixes)} without a place to write to: name a folder with -o "
                "(without one, CSV goes to stdout)"
            )

    def make_folder(self) -> None:
        """Make the folder, before any work is done for it.

        Raises `InputError` where it cannot be made, or cannot be written to.
        """
        if self.folder is not None:
            make_folder(self.folder)

    @property
    def suffixes(self) -> dict[str, str]:
        """Suffix of each kind of result."""
        suffixes = {name: event_suffix(name) for name in self.formats}
        suffixes |= {REPORT: ".html"} if self.report else {}
        return suffixes | ({ALARMS: ".alarms.json"} if self.alarms else {})

    def paths(self, take: Take) -> dict[str, Path]:
        """Return where the results of a recording belong."""
        if self.folder is None:
            return {}
        return {name: take.result(self.folder, suffix) for name, suffix in self.suffixes.items()}

    def are_there(self, take: Take) -> bool:
        """Tell whether a recording has all its results already."""
        paths = self.paths(take).values()
        return bool(paths) and all(path.exists() for path in paths)


@dataclass(frozen=True)
class Found:
    """What was found in a recording, now or, with `before`, by a run before this one."""

    name: str
    written: Mapping[str, Path]
    duration_s: float
    events: EventList
    before: bool = False
    alarms: Sequence[dict[str, object]] | None = None

    def document(self) -> dict[str, object]:
        """Return what ``--json`` says of the recording."""
        return {
            "file": self.name,
            "duration_s": self.duration_s,
            "written": {name: str(path) for name, path in self.written.items()},
            "done_before": self.before,
            "events": _rows(self.events),
            **({} if self.alarms is None else {"alarms": self.alarms}),
        }

    def tell(self, *, with_header: bool) -> None:
        """Print what was found: where it was written to, else the events themselves as CSV."""
        if not self.written:
            _console.show_events(self.events, self.name, with_header=with_header)
            self._tell_alarms()
            return
        when = " before" if self.before else ""
        n_channels = len(set(self.events.channel.tolist()))
        where = f" in {n_channels} channels" if n_channels > 1 else ""
        paths = ", ".join(map(str, self.written.values()))
        events = "1 event" if len(self.events) == 1 else f"{len(self.events)} events"
        print(f"{self.name}: {events}{where}{self._alarmed}{when}, {paths}")

    def _tell_alarms(self) -> None:
        for row in self.alarms or ():
            span = f"{row['onset_s']:.2f} to {row['offset_s']:.2f} s"
            where = f"channel {row['channel']}"
            _console.note(f"{self.name}, {span}, {where}: {row['rule']}, {row['said']}")

    @property
    def _alarmed(self) -> str:
        if self.alarms is None:
            return ""
        return f", {len(self.alarms)} alarm{'' if len(self.alarms) == 1 else 's'}"


class Job(Protocol):
    """What is done with each recording."""

    def do(self, take: Take, told: Told) -> Found:
        """Find its events and write its results."""

    def recall(self, take: Take) -> Found:
        """Read what was found before from its results."""


def unless_done(
    job: Job, wanted: Wanted, *, skip_existing: bool = False
) -> Callable[[Take, Told], Found]:
    """Return what does a job, or with `skip_existing` recalls it where all results are there."""

    def do(take: Take, told: Told) -> Found:
        return job.recall(take) if skip_existing and wanted.are_there(take) else job.do(take, told)

    return do


def work_through(
    takes: Sequence[Take], do: Callable[[Take, Told], Outcome]
) -> Iterator[Outcome | Failure]:
    """Yield what is done with each recording; one that fails does not stop the others."""
    with _console.progress(len(takes)) as advance:
        for index, take in enumerate(takes):
            told = _part(advance, index, take.name)
            told(0)
            try:
                yield do(take, told)
            except (OndesError, OSError) as error:
                yield Failure(take.name, why(error).removeprefix(f"{take.path}: "))


def complain(done: int, failures: Sequence[Failure]) -> None:
    """Name what failed, if anything did."""
    if failures:
        _console.note(f"{done} done, {len(failures)} failed:")
    for failure in failures:
        _console.note(f"  {failure.told}")


def failed_rows(failures: Sequence[Failure]) -> list[dict[str, str]]:
    """Return what ``--json`` says of what failed."""
    return [{"file": one.name, "reason": one.reason} for one in failures]


def _part(advance: _console.Advance, index: int, name: str) -> Told:
    return lambda share: advance(index + share, name)


def _rows(events: EventList) -> list[dict[str, object]]:
    seconds = events.timebase.seconds
    return [
        {
            "onset_s": seconds(event.onset),
            "offset_s": seconds(event.offset),
            "label": event.label,
            "channel": event.channel,
            "score": event.score,
        }
        for event in events
    ]
