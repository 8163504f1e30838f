"""``ondes models``: the trained models that come with ondes, and the architectures to train."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ondes.cli import _console, _options
from ondes.errors import ArtefactError, nearest

HEADINGS = ("model", "task", "rate", "classes", "frame F1", "size", "trained on")


def models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|DIR|FILE]",
            help="A model, a saved model's folder or ONNX file, an architecture.",
        ),
    ] = None,
    *,
    json: _options.Json = False,
) -> None:
    """List the models and architectures; with a name, show the card of that one."""
    document = _all() if name is None else _one(name)
    if json:
        _console.show_json(document)
    elif name is None:
        _console.show_table(HEADINGS, [_row(card) for card in document["models"]])
        print(f"Architectures for recipes: {', '.join(document['architectures'])}")
    else:
        _console.show_yaml(document)


def _all() -> dict[str, Any]:
    from ondes import models as architectures
    from ondes.run import artefact

    return {
        "models": [_one(name) for name in artefact.names()],
        "architectures": architectures.names(),
    }


def _one(name: str) -> dict[str, Any]:
    """Return a model's card and size, or what an architecture says of itself.

    Raises `ArtefactError` on an unknown name, or a damaged model.
    """
    from ondes import models as architectures
    from ondes.run import artefact

    if name in architectures.names():
        return {"architecture": name, "about": architectures.card(name)}
    known = [*artefact.names(), *architectures.names()]
    if name not in known and not Path(name).exists():
        raise ArtefactError(
            f"no model or architecture is called {name!r}, and no folder{nearest(name, known)}; "
            f"there are {', '.join(known)}"
        )
    place = artefact.find(name)
    kind, file = ("folder", place / artefact.WEIGHTS) if place.is_dir() else ("file", place)
    card = asdict(artefact.read_card(place))
    return {**card, kind: str(place), "bytes": file.stat().st_size}


def _row(card: dict[str, Any]) -> list[str]:
    spec = card["spec"]
    return [
        card["name"],
        card["task"]["name"],
        f"{spec['rate_hz']:.10g} Hz",
        f"{len(spec['classes'])}",
        _score(card["scores"]),
        f"{card['bytes'] / 1e6:.2f} MB",
        card["data"],
    ]


def _score(scores: dict[str, dict[str, float]]) -> str:
    """Return the frame F1 of the test, else of the validation."""
    for split in ("test", "valid"):
        if split in scores:
            return f"{scores[split]['frame_f1']:.3f} ({split})"
    return ""
