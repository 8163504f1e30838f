"""What `ondes classify` says of recordings: rows of a table, lines, JSON."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ondes.cli._takes import Take
from ondes.errors import FormatError
from ondes.io import atomic_write
from ondes.io.text import read_text

if TYPE_CHECKING:
    from ondes.run.labels import Labels

FIRST, PLACE, SAID = ("file",), ("onset_s", "offset_s"), ("label", "score")


class Part(NamedTuple):
    """What a recording is as a whole, or from `onset_s` to `offset_s`."""

    labels: "Labels"
    onset_s: float | None = None
    offset_s: float | None = None


@dataclass(frozen=True)
class Answer:
    """All that is said of a recording, now or, with `before`, by a run before this one."""

    take: Take
    parts: Sequence[Part]
    before: bool = False


@dataclass(frozen=True)
class Table:
    """How answers are told: a column for what is chosen, one for each name that is scored.

    kind: what the model tells, as its reading says.
    windows: whether parts of recordings are told of.
    """

    names: Sequence[str]
    kind: str
    windows: bool

    @property
    def header(self) -> list[str]:
        """The names of the columns; a class that is called like another column says so."""
        fixed = (*FIRST, *(PLACE if self.windows else ()), *SAID)
        return [*fixed, *(f"class {name}" if name in fixed else name for name in self.names)]

    def rows(self, answer: Answer) -> Iterator[list[str]]:
        """Yield a row for each part; floats are written so that reading gives the same bits."""
        for part in answer.parts:
            place = [repr(part.onset_s), repr(part.offset_s)] if self.windows else []
            yield [
                answer.take.name,
                *place,
                self.label(part.labels),
                _text(score_of(part.labels)),
                *map(repr, part.labels.scores.tolist()),
            ]

    def label(self, labels: "Labels") -> str:
        """Return what is chosen: a class, tags joined by semicolons; of numbers the numbers."""
        numbers = map(repr, labels.scores.tolist())
        return ";".join(numbers if self.kind == "number" else labels.chosen)

    def line(self, answer: Answer) -> str:
        """Return what to print of a recording: what it is, or how many windows it has."""
        when = " (before)" if answer.before else ""
        if self.windows:
            n = len(answer.parts)
            return f"{answer.take.name}: {n} {'window' if n == 1 else 'windows'}{when}"
        labels = answer.parts[0].labels
        label, score = self.label(labels) or "none", score_of(labels)
        return f"{answer.take.name}: {label}{'' if score is None else f' {score:.3f}'}{when}"

    def document(self, answer: Answer) -> dict[str, object]:
        """Return what ``--json`` says of a recording."""
        told = {"file": answer.take.name, "done_before": answer.before}
        parts = [self._plain(part) for part in answer.parts]
        return {**told, "windows": parts} if self.windows else {**told, **parts[0]}

    def _plain(self, part: Part) -> dict[str, object]:
        labels = part.labels
        place = {"onset_s": part.onset_s, "offset_s": part.offset_s} if self.windows else {}
        return {
            **place,
            "label": self.label(labels),
            "chosen": list(labels.chosen),
            "score": score_of(labels),
            "scores": labels.values,
        }

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        """Return rows as CSV."""
        made = io.StringIO()
        csv.writer(made, lineterminator="\n").writerows(rows)
        return made.getvalue()

    def write(self, path: Path, answers: Sequence[Answer]) -> None:
        """Write a file with all answers, whole or not at all."""
        rows = [row for answer in answers for row in self.rows(answer)]
        with atomic_write(path) as temporary:
            temporary.write_text(self.text([self.header, *rows]), encoding="utf-8", newline="")

    def read(self, path: Path) -> dict[str, list[Part]]:
        """Return what a file says of each recording.

        Raises `FormatError` where it is no table of this kind, by this model.
        """
        rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
        if not rows or rows[0] != self.header:
            raise FormatError(
                f"{path} was not written by this model with these windows: its header is "
                f"{','.join(rows[0] if rows else [])[:200]}; name another file with -o, or leave "
                "out --skip-existing"
            )
        parts: dict[str, list[Part]] = {}
        for number, row in enumerate(rows[1:], 2):
            try:
                parts.setdefault(row[0], []).append(self._part(row))
            except (ValueError, IndexError) as error:
                raise FormatError(f"{path}, line {number}: {error}: write it anew") from error
        return parts

    def _part(self, row: list[str]) -> Part:
        from ondes.run.labels import Labels

        if len(row) != len(self.header):
            raise ValueError(f"{len(row)} fields under {len(self.header)} columns")
        first = len(row) - len(self.names)
        label = row[first - 2]
        tags = tuple(filter(None, label.split(";")))
        chosen = {"class": (label,), "tags": tags, "number": ()}[self.kind]
        labels = Labels(tuple(self.names), np.array(row[first:], np.float64), chosen)
        return Part(labels, *map(float, row[1:3])) if self.windows else Part(labels)


def score_of(labels: "Labels") -> float | None:
    """Return the score of what is chosen, of several tags the least; of numbers none."""
    return min((labels.values[name] for name in labels.chosen), default=None)


def _text(score: float | None) -> str:
    return "" if score is None else repr(score)
