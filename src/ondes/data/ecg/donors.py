"""Libraries of donors' filters in files: learnt from records, kept without pickle, found by name.

A library is a folder: `filters.safetensors`, and `library.json`, which says whose filters they are,
how well they fit, how far they spread, where they come from, their licence and the SHA-256 of the
former.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondes.data.ecg.hearts import Heart, heart
from ondes.data.ecg.records import Record
from ondes.data.places import located
from ondes.errors import FormatError, InputError, nearest
from ondes.io import atomic_write, make_folder
from ondes.io.beats import Escapes
from ondes.ops.beats import average
from ondes.ops.donors import Library

SHIPPED = Path(__file__).with_name("libraries")
FILTERS, ABOUT = "filters.safetensors", "library.json"
MOST = 100
"""Filters of each donor and class that a library keeps."""


def names() -> list[str]:
    """The names of the libraries that come with ondes.

    >>> names()
    ['mit-bih']
    """
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{ABOUT}"))


def learnt(heart_: Heart, labels: Sequence[str]) -> Library | None:
    """The filters of one heart to its beats of some classes; None where it has no such, or no N."""
    normal, chosen = heart_.of("N"), heart_.at(np.isin(heart_.label, list(labels)))
    if not len(normal.peaks) or not len(chosen.peaks):
        return None
    return Library.learn(
        heart_.person, average(normal.shapes), chosen.shapes, chosen.label, rhythm=chosen.rhythm
    )


def learn(
    records: Sequence[Record],
    *,
    labels: Sequence[str] = ("V",),
    leads: Sequence[str] = (),
    rest: str = "",
    escapes: Escapes = "S",
    most: int = MOST,
) -> Library:
    """The filters of all records that hold beats of these classes, at most `most` of each.

    Raises InputError where there is none.
    """
    hearts = (heart(record, leads=leads, rest=rest, escapes=escapes) for record in records)
    found = [library for each in hearts if (library := learnt(each, labels)) is not None]
    if not found:
        raise InputError(
            f"none of {len(records)} records holds normal beats and such of class "
            f"{' or '.join(labels)}: there are no donors; name a library "
            f"(data.options.donors={names()[0]})"
        )
    return sum(found[1:], found[0]).at_most(most)


def keep(
    library: Library, folder: str | os.PathLike[str], *, about: str = "", licence: str = ""
) -> Path:
    """Write a library to a folder, filters as float32; `kept` brings it back."""
    from safetensors.numpy import save

    path = make_folder(folder)
    tensors = {k: v.astype(np.float32) if k == "filters" else v for k, v in _plain(library)}
    written = save(tensors)
    said = {"about": about, "licence": licence, **_described(library)}
    for name, content in (
        (FILTERS, written),
        (ABOUT, _json({**said, "sha256": sha256(written).hexdigest()})),
    ):
        with atomic_write(path / name) as temporary:
            temporary.write_bytes(content)
    return path


def kept(name: str) -> Library:
    """The library of a name of `names`, or in a folder, here or in $ONDES_DATA.

    Raises InputError where there is none, FormatError where it is damaged.

    >>> sorted(set(kept("mit-bih").donor.tolist()))
    ['100', '105', '106', '114', '123', '200']
    """
    path = SHIPPED / name if name in names() else _located(name)
    try:
        written, said = (path / FILTERS).read_bytes(), json.loads((path / ABOUT).read_text())
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} holds no library of donors ({error}): make it anew") from error
    if not isinstance(said, dict) or said.get("sha256") != sha256(written).hexdigest():
        raise FormatError(f"{path / FILTERS} is damaged: its SHA-256 is not that in {ABOUT}")
    from safetensors.numpy import load

    tensors = load(written)
    return Library.of_tensors({**tensors, "filters": tensors["filters"].astype(np.float64)})


def _located(name: str) -> Path:
    try:
        return located(name, option="donors")
    except InputError as error:
        known = names()
        raise InputError(
            f"no library of donors is called {name!r}{nearest(name, known)}, there are "
            f"{', '.join(known)}; and {error}"
        ) from error


def _plain(library: Library) -> Sequence[tuple[str, NDArray[Any]]]:
    return [(k, np.ascontiguousarray(v)) for k, v in library.tensors().items()]


def _described(library: Library) -> dict[str, object]:
    """What a reader is told: whose filters, how well they fit and how far they spread."""
    labels = sorted(set(library.label.tolist()))
    return {
        "samples": library.size,
        "taps": library.filters.shape[1],
        "ridge": library.ridge,
        "classes": {label: _class_described(library.of(label)) for label in labels},
    }


def _class_described(library: Library) -> dict[str, object]:
    donors, counts = np.unique(library.donor, return_counts=True)
    mean, deviation = library.spread()
    return {
        "filters": dict(zip(donors.tolist(), counts.tolist(), strict=True)),
        "median_error": round(float(np.median(library.error)), 5),
        "spread": round(float(np.linalg.norm(deviation) / np.linalg.norm(mean)), 3),
    }


def _json(values: Mapping[str, object]) -> bytes:
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()
