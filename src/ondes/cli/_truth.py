"""What recordings truly are, where the call or the folders they lie in say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ondes.cli._takes import Take
from ondes.errors import InputError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ondes.run.classifier import Classifier


@dataclass(frozen=True)
class Truth:
    """Targets [output] of recordings by their names, and where they are from, in words."""

    targets: "Mapping[str, NDArray[np.floating]]"
    told: str


def truth_of(model: "Classifier", takes: Sequence[Take], named: Path | None) -> Truth | None:
    """Return what recordings are, if that is known.

    Args:
        model: whose classes, tags or numbers they are.
        takes: the recordings.
        named: a table with the columns file and label, or a folder of one folder a class; None
            takes the folders that the recordings lie in, if each is called as a class.

    Raises:
        InputError: `named` is neither, says nothing of any recording, or what the model does not
            know.
        FormatError: the table is none.
    """
    if named is None:
        return _of_folders(model, takes)
    words = _listed(named, takes) if named.is_file() else _below(named, takes)
    if not words:
        raise InputError(f"--truth {named} says nothing of any of the {len(takes)} recordings")
    told = str(named) if len(words) == len(takes) else f"{named}, of {len(words)} recordings"
    return Truth(_targets(model, words), told)


def _of_folders(model: "Classifier", takes: Sequence[Take]) -> Truth | None:
    if model.reading.kind != "class":
        return None
    words = {take.name: _folder(take, model.classes) for take in takes}
    if not all(words.values()):
        return None
    return Truth(_targets(model, words), "the folders that the recordings lie in")


def _folder(take: Take, classes: Sequence[str]) -> str:
    """Return the folder of a recording that is called as a class, the nearest first."""
    beside = take.path.resolve().parent.name
    return next((name for name in (beside, Path(take.name).parts[0]) if name in classes), "")


def _below(folder: Path, takes: Sequence[Take]) -> dict[str, str]:
    """Return the first folder of each recording on its way from the folder of classes."""
    if not folder.is_dir():
        raise InputError(f"--truth {folder}: name a table file,label (.csv) or a folder of classes")
    root = folder.resolve()
    ways = {take.name: take.path.resolve() for take in takes}
    inside = {name: way.relative_to(root) for name, way in ways.items() if root in way.parents}
    return {name: way.parts[0] for name, way in inside.items() if len(way.parts) > 1}


def _listed(table: Path, takes: Sequence[Take]) -> dict[str, str]:
    """Return the label of each recording in a table, whose files lie beside it or are names."""
    from ondes.data.rows import read_rows

    labels: dict[object, str] = {}
    for row in read_rows(table, ("file", "label")):
        if labels.setdefault(row["file"], row["label"]) != row["label"]:
            raise InputError(f"--truth {table}: {row['file']} has two labels; give each file one")
        labels[(table.parent / row["file"]).resolve()] = row["label"]
    found = {take.name: labels.get(take.path.resolve(), labels.get(take.name)) for take in takes}
    return {name: label for name, label in found.items() if label is not None}


def _targets(model: "Classifier", words: Mapping[str, str]) -> "Mapping[str, NDArray[np.floating]]":
    from ondes.data.found import targets

    kind, names = model.reading.kind, model.classes
    for file, word in words.items():
        tags = {"class": [word], "tags": [tag.strip() for tag in word.split(";") if tag.strip()]}
        for name in tags.get(kind, ()):
            if name not in names:
                raise InputError(
                    f"{file} is truly {name!r}, which {model.card.name} does not know"
                    f"{nearest(name, names)}; it knows {', '.join(names)}"
                )
    rows, _ = targets(list(words.values()), kind, names, clips=list(words))
    return dict(zip(words, rows, strict=True))
