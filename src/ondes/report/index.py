"""The first page of a batch: every recording with what was found in it, and what went wrong."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import numpy as np

from ondes.events import EventList
from ondes.report import page
from ondes.report.summary import share

SLICES = 60
MOST_LABELS = 4


@dataclass(frozen=True, kw_only=True)
class Row:
    """One recording: `report` is the path of its page, relative to the index; or its `error`."""

    file: str
    report: str = ""
    duration_s: float = 0.0
    n_events: int = 0
    labels: tuple[tuple[str, int], ...] = ()
    density: tuple[int, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    error: str = ""

    @classmethod
    def of(
        cls,
        file: str,
        events: EventList,
        *,
        duration_s: float,
        start_s: float = 0.0,
        report: str = "",
        scores: Mapping[str, float] | None = None,
    ) -> Row:
        """Sum up the events of a recording of `duration_s` from `start_s` on."""
        edges = np.linspace(start_s, start_s + duration_s, SLICES + 1)
        return cls(
            file=file,
            report=report,
            duration_s=duration_s,
            n_events=len(events),
            labels=tuple(Counter(events.label.tolist()).most_common(MOST_LABELS)),
            density=tuple(np.histogram(events.onset_s, edges)[0].tolist()),
            scores=scores or {},
        )

    @classmethod
    def failed(cls, file: str, error: str) -> Row:
        """Name a recording that could not be done, and why."""
        return cls(file=file, error=error)

    @property
    def address(self) -> str:
        """Link to the report: relative, whatever its name looks like."""
        return f"./{quote(self.report)}"

    @property
    def bars(self) -> str:
        """SVG path of the events over time, one unit square."""
        most = max(self.density, default=0) or 1
        steps = (
            f"M{index} 1V{1 - count / most:.3f}"
            for index, count in enumerate(self.density)
            if count
        )
        return "".join(steps)


def write(
    path: str | os.PathLike[str],
    rows: Sequence[Row],
    *,
    title: str = "",
    model: str = "",
    command: str = "",
) -> None:
    """Write the index of a batch as one HTML file that links to the reports beside it.

    Raises InputError when `path` cannot be written.
    """
    names = list(dict.fromkeys(name for row in rows for name in row.scores))
    context = {
        "title": title or f"{len(rows)} recordings",
        "facts": [fact for fact in (f"model {model}" if model else "", command) if fact],
        "tiles": _tiles(rows),
        "rows": rows,
        "score_names": names,
        "slices": SLICES,
        "share": share,
    }
    page.write(
        path,
        template="index.html.j2",
        context=context,
        styles=("assets/page.css", "assets/index.css"),
        scripts=(page.asset("assets/index.js"), page.asset("assets/theme.js")),
    )


def _tiles(rows: Sequence[Row]) -> list[tuple[str, str]]:
    failed = sum(bool(row.error) for row in rows)
    tiles = [
        ("recordings", f"{len(rows) - failed:,}"),
        ("failed", f"{failed:,}"),
        ("events", f"{sum(row.n_events for row in rows):,}"),
        ("in all", page.duration(sum(row.duration_s for row in rows))),
    ]
    return [tile for tile in tiles if tile != ("failed", "0")]
