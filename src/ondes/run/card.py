"""The card that travels with a model, and its seal; every value in it is JSON."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ondes.errors import ArtefactError, InputError

FORMAT = 1
SEALS = ("format", "weights", "sha256")

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What travels beside weights; every value is JSON.

    name: what the model is called.
    model: ``{"name": architecture, "options": {...}}``, as `ondes.models.build` takes them, and
        of an ensemble ``"members"``; of a classical rival its family, and its numbers, "fitted".
    spec: of the network, as ``Spec.to_dict``.
    task: ``{"name": task, "options": {...}, "decoder": {...}}``, as `ondes.tasks.build` takes them.
    recipe: the recipe it was trained by, in full.
    data: what it was trained and tested on.
    facts: about those data, that whoever uses the model needs, as the data set tells them.
    scores: measured ones, by the data they were measured on.
    baselines: classical rivals by family: detectors tuned on the same validation data, each as
        `ondes.tasks.detect.classical.to_dict` writes it; of those of classifiers, fitted to the
        same training data, the scores (they lie in folders of their own, see `ondes.run.rivals`).
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
    facts: Json = field(default_factory=dict)
    scores: Json = field(default_factory=dict)
    baselines: Json = field(default_factory=dict)
    licence: str = ""
    limits: str = ""
    ondes: str = ""


def sealed(card: Card, *, weights: bytes) -> str:
    """Return the text of a card that names the SHA-256 of `weights` and its own.

    Raises:
        InputError: the card holds what JSON cannot.
    """
    content = {"format": FORMAT, **_plain(asdict(card)), "weights": sha256(weights)}
    try:
        whole = {**content, "sha256": seal(content)}
        return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError(f"the card of {card.name!r} cannot be written as JSON: {error}") from error


def opened(text: bytes, *, source: object) -> tuple[Card, str]:
    """Return the card in a text, and the SHA-256 that it names of the weights.

    Raises:
        ArtefactError: the text is damaged, or of a newer ondes; `source` says whence it came.
    """
    document = _document(text, source)
    content = {key: document[key] for key in document if key not in SEALS}
    try:
        return Card(**content), str(document["weights"])
    except (KeyError, TypeError) as error:
        raise ArtefactError(damaged(source, f"{error}")) from error


def check_weights(weights: bytes, promised: str, *, source: object) -> None:
    """Raise ArtefactError unless the SHA-256 of `weights` is what a card promised."""
    found = sha256(weights)
    if found != promised:
        raise ArtefactError(damaged(source, f"its SHA-256 is {found}, the card says {promised}"))


def damaged(source: object, how: str) -> str:
    """Return the message that a file is damaged."""
    return f"{source} is damaged: {how}; copy it again from its source, or save the model again"


def seal(content: Json) -> str:
    """Return the SHA-256 of what a card says, whatever its layout."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return sha256(text.encode())


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _document(text: bytes, source: object) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ArtefactError(damaged(source, f"it is no JSON: {error}")) from error
    if not isinstance(document, dict) or "sha256" not in document:
        raise ArtefactError(damaged(source, "it is no card of ondes"))
    if document.get("format", 0) != FORMAT and isinstance(document.get("format"), int):
        raise ArtefactError(
            f"{source} has format {document['format']}, this ondes reads {FORMAT}: install the "
            f"ondes that wrote it, {document.get('ondes', 'unknown')}"
        )
    content = {key: value for key, value in document.items() if key != "sha256"}
    if document["sha256"] != seal(content):
        raise ArtefactError(damaged(source, "its content does not match its own SHA-256"))
    return document


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what JSON has: lists for tuples, null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
