"""``ondes models``: the trained models that come with ondes, and the architectures to train."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ondes.cli import _console, _options
from ondes.errors import ArtefactError, nearest

HEADINGS = ("model", "task", "rate", "classes", "score", "size", "trained on")


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
        print(f"Translators for recipes: {', '.join(document['translators'])}")
        for task, rivals in document["rivals"].items():
            print(f"Classical rivals, {task}: {', '.join(rivals)}")
    else:
        _console.show_yaml(document)


def _all() -> dict[str, Any]:
    from ondes import models as architectures
    from ondes.models import translators
    from ondes.run import artefact, kinds

    return {
        "models": [_one(name) for name in artefact.names()],
        "architectures": architectures.names(),
        "translators": translators.names(),
        "rivals": {task: list(kinds.find(task).families()) for task in kinds.names()},
    }


def _one(name: str) -> dict[str, Any]:
    """Return a model's card and size, or what an architecture or a rival says of itself.

    Raises `ArtefactError` on an unknown name, or a damaged model.
    """
    from ondes import models as architectures
    from ondes.models import translators
    from ondes.run import artefact
    from ondes.tasks.classify import classical

    if name in architectures.names():
        levels = [f"{level}s" for level in architectures.levels(name)]
        return {"architecture": name, "judges": levels, "about": architectures.card(name)}
    if name in translators.names():
        return {"translator": name, "judges": ["pairs"], "about": translators.card(name)}
    if name in classical.names():
        return {"classical rival": name, "judges": ["clips"], "about": classical.about(name)}
    known = [*artefact.names(), *architectures.names(), *translators.names(), *classical.names()]
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
        f"{len(spec.get('classes', spec.get('outputs')))}",
        _score(card["scores"]),
        f"{card['bytes'] / 1e6:.2f} MB",
        card["data"],
    ]


def _score(scores: dict[str, dict[str, float]]) -> str:
    """Return the score that tells most, of the test, else of the validation."""
    for split in ("test", "valid"):
        if said := _console.telling(scores.get(split, {})):
            return f"{said} ({split})"
    return ""
