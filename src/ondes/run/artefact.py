"""A model in a folder: ``weights.safetensors`` and ``card.json``, whole or refused.

The card says what the model is, was trained on, scores and must not be used for. It holds the
SHA-256 of the weights and of itself, so that a flipped bit in either file is caught, and nothing
in the folder is ever executed.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ondes.errors import ArtefactError, InputError, OndesError, nearest
from ondes.io import atomic_write
from ondes.spec import Spec

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT = 1
CARD, WEIGHTS = "card.json", "weights.safetensors"
ZOO = Path(__file__).parents[1] / "zoo"

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What travels beside weights; every value is JSON.

    name: what the model is called.
    model: ``{"name": architecture, "options": {...}}``, as `ondes.models.build` takes them.
    spec: of the network, as ``Spec.to_dict``.
    task: ``{"name": task, "options": {...}, "decoder": {...}}``, as `ondes.tasks.build` takes them.
    recipe: the recipe it was trained by, in full.
    data: what it was trained and tested on.
    scores: measured ones, by the data they were measured on.
    licence: of the weights.
    limits: where it fails and what it is not for.
    ondes: version of ondes that wrote the card.
    """

    name: str
    model: Json
    spec: Json
    task: Json
    recipe: Json = field(default_factory=dict)
    data: str = ""
    scores: Json = field(default_factory=dict)
    licence: str = ""
    limits: str = ""
    ondes: str = ""


def names() -> list[str]:
    """Return the names of the models that come with ondes."""
    return sorted(path.parent.name for path in ZOO.glob(f"*/{CARD}"))


def find(model: str | os.PathLike[str]) -> Path:
    """Return the folder of a model: a name of `names`, or a path to a folder.

    Raises:
        ArtefactError: there is no such name or folder.
    """
    if isinstance(model, str) and model in names():
        return ZOO / model
    folder = Path(model)
    if not folder.is_dir():
        raise ArtefactError(
            f"no model is called {os.fspath(model)!r} and no folder{nearest(str(model), names())}; "
            f"there are {', '.join(names()) or 'none'}, or give the folder of a saved model"
        )
    return folder


def save(folder: str | os.PathLike[str], model: "nn.Module", card: Card) -> None:
    """Write a model's weights and card; a crash leaves a folder that `load` takes or refuses.

    The folder is made where there is none; other files in it stay.

    Raises:
        InputError: the card holds what JSON cannot.
    """
    from safetensors.torch import save as serialised

    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    weights = serialised(state)
    text = _written(card, weights)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / CARD) as card_path, atomic_write(folder / WEIGHTS) as weights_path:
        weights_path.write_bytes(weights)
        card_path.write_text(text, encoding="utf-8")


def read_card(folder: Path) -> Card:
    """Return the card in a folder; loads no weights and no torch.

    Raises:
        ArtefactError: it is missing, damaged, or of a newer ondes.
    """
    document = _document(folder)
    content = {key: document[key] for key in document if key not in _SEALS}
    try:
        return Card(**content)
    except TypeError as error:
        raise ArtefactError(_damaged(folder / CARD, f"{error}")) from error


def read_weights(folder: Path) -> "dict[str, Tensor]":
    """Return the weights in a folder, checked against its card.

    Raises:
        ArtefactError: a file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as parsed

    path = folder / WEIGHTS
    content = _bytes(path)
    found, promised = _sha256(content), _document(folder)["weights"]
    if found != promised:
        raise ArtefactError(_damaged(path, f"its SHA-256 is {found}, the card says {promised}"))
    try:
        return parsed(content)
    except SafetensorError as error:
        raise ArtefactError(_damaged(path, str(error))) from error


def read_model(folder: Path, card: Card) -> "nn.Module":
    """Return the network of a card with the weights beside it, in eval mode.

    Raises:
        ArtefactError: a file is missing or damaged, or the network that this ondes builds from
            the card takes other weights or gives another spec.
    """
    from ondes.models import build

    weights = read_weights(folder)
    spec = Spec.from_dict(card.spec)
    try:
        model = build(
            card.model["name"],
            card.model["options"],
            rate_hz=spec.rate_hz,
            channels=spec.channels,
            classes=spec.classes,
        )
        model.load_state_dict(weights, strict=True)
    except (OndesError, RuntimeError) as error:
        raise ArtefactError(_strange(folder, card, str(error))) from error
    if model.spec != spec:
        raise ArtefactError(_strange(folder, card, f"its spec is {model.spec}, not {spec}"))
    return model.eval()


_SEALS = ("format", "weights", "sha256")


def _written(card: Card, weights: bytes) -> str:
    content = {"format": FORMAT, **_plain(asdict(card)), "weights": _sha256(weights)}
    try:
        sealed = {**content, "sha256": _seal(content)}
        return json.dumps(sealed, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError(f"the card of {card.name!r} cannot be written as JSON: {error}") from error


def _document(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    try:
        document = json.loads(_bytes(path))
    except ValueError as error:
        raise ArtefactError(_damaged(path, f"it is no JSON: {error}")) from error
    if not isinstance(document, dict) or "sha256" not in document:
        raise ArtefactError(_damaged(path, "it is no card of ondes"))
    if document.get("format", 0) != FORMAT and isinstance(document.get("format"), int):
        raise ArtefactError(
            f"{path} has format {document['format']}, this ondes reads {FORMAT}: install the "
            f"ondes that wrote it, {document.get('ondes', 'unknown')}"
        )
    content = {key: value for key, value in document.items() if key != "sha256"}
    if document["sha256"] != _seal(content):
        raise ArtefactError(_damaged(path, "its content does not match its own SHA-256"))
    return document


def _seal(content: Json) -> str:
    """Return the SHA-256 of what a card says, whatever its layout."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return _sha256(text.encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtefactError(
            f"{path} cannot be read ({error.strerror}): a model is a folder with {CARD} and "
            f"{WEIGHTS}; copy or save it again"
        ) from error


def _damaged(path: Path, how: str) -> str:
    return f"{path} is damaged: {how}; copy it again from its source, or save the model again"


def _strange(folder: Path, card: Card, how: str) -> str:
    return (
        f"{folder}: the network {card.model.get('name')!r} of this ondes does not fit the saved "
        f"weights: {how}. Install ondes {card.ondes}, which wrote them, or train again"
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what JSON has: lists for tuples, null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
