"""What `ondes translate` says of recordings: results, errors, and what a classifier says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ondes.cli._takes import Take

if TYPE_CHECKING:
    from ondes.run.labels import Labels

AS_IS, COARSE, TRANSLATED, TARGET = "as_is", "coarse", "translated", "target"


@dataclass(frozen=True)
class Part:
    """A recording, or the map of its frames from `onset_s` to `offset_s`.

    written: paths by format. figures: mean uncertainty; where the target is known the mean absolute
    errors of the translation and of what was there before. labels: what the classifier says of the
    recording as it is, of the coarse and the finished translation, and of the target.
    """

    written: Mapping[str, Path]
    figures: Mapping[str, float]
    labels: "Mapping[str, Labels]" = field(default_factory=dict)
    onset_s: float | None = None
    offset_s: float | None = None

    def agrees(self, which: str) -> bool | None:
        """Tell whether the classifier says of this what it says of the target; None if unknown."""
        if TARGET not in self.labels or which not in self.labels:
            return None
        return self.labels[which].chosen == self.labels[TARGET].chosen

    def document(self) -> dict[str, object]:
        """Return what ``--json`` says of it."""
        place = {} if self.onset_s is None else {"onset_s": self.onset_s, "offset_s": self.offset_s}
        said = {
            which: {"chosen": list(labels.chosen), "scores": labels.values}
            for which, labels in self.labels.items()
        }
        told = {"answers": said} if said else {}
        return {**place, "written": self.written, **self.figures, **told}


@dataclass(frozen=True)
class Done:
    """All that became of a recording, now or, with `before`, by a run before this one."""

    take: Take
    parts: Sequence[Part]
    duration_s: float
    before: bool = False

    def document(self) -> dict[str, object]:
        """Return what ``--json`` says of the recording."""
        told = {"file": self.take.name, "duration_s": self.duration_s, "done_before": self.before}
        parts = [part.document() for part in self.parts]
        whole = len(parts) == 1 and self.parts[0].onset_s is None
        return {**told, **parts[0]} if whole else {**told, "maps": parts}

    def line(self) -> str:
        """Return what to print of the recording."""
        paths = [path for part in self.parts for path in part.written.values()]
        n_maps = len(self.parts)
        where = f"{n_maps} maps, the first {paths[0]}" if n_maps > 1 else ", ".join(map(str, paths))
        said = self._said() if n_maps == 1 else ""
        return f"{self.take.name}: {said}{where}{' (before)' if self.before else ''}"

    def _said(self) -> str:
        labels = self.parts[0].labels
        words = [
            f"{which.replace('_', ' ')} {'+'.join(labels[which].chosen) or 'none'}"
            for which in (AS_IS, TRANSLATED, TARGET)
            if which in labels
        ]
        return f"{', '.join(words)}; " if words else ""


@dataclass(frozen=True)
class Results:
    """Where results belong: a file of each kind, by its suffix."""

    folder: Path
    kinds: dict[str, str]
    skip: bool

    def paths(self, take: Take, number: int | None = None) -> dict[str, Path]:
        """Return where a recording's results belong, or those of one of its maps."""
        some = "" if number is None else f".{number:04}"
        return {
            kind: take.result(self.folder, f"{some}{suffix}") for kind, suffix in self.kinds.items()
        }

    def there(self, take: Take, n_maps: int) -> list[dict[str, Path]]:
        """Return the results of a recording that are to be kept, all of them or none."""
        numbers = range(n_maps) if n_maps > 1 else (None,)
        found = [self.paths(take, number) for number in numbers]
        whole = all(path.exists() for paths in found for path in paths.values())
        return found if self.skip and whole else []


def scores(done: Sequence[Done]) -> dict[str, float]:
    """Return means over all parts: errors, and how often the classifier says as of the target."""
    parts = [part for one in done for part in one.parts]
    names = dict.fromkeys(name for part in parts for name in part.figures)
    found = {
        name: float(np.mean([part.figures[name] for part in parts if name in part.figures]))
        for name in names
    }
    for which in (AS_IS, TRANSLATED):
        agreed = [same for part in parts if (same := part.agrees(which)) is not None]
        if agreed:
            found[f"agreement_{which}"] = sum(agreed) / len(agreed)
    return found
