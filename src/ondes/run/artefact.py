"""A model on disk, whole or refused: a folder of weights and card, or one ONNX file.

A folder holds ``weights.safetensors`` - of a network, or the arrays of a classical rival - and
``card.json``; in an ONNX file the card is among the metadata, see `onnxfile`. The card says what
the model is, was trained on, scores and must not be used for. It holds the SHA-256 of the weights
and of itself, so that a flipped bit in either is caught, and nothing is ever executed.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ArtefactError, OndesError, nearest
from ondes.io import atomic_write, make_folder
from ondes.run import kinds, onnxfile
from ondes.run.card import Card, Json, check_weights, damaged, opened, sealed
from ondes.spec import ClipSpec, Spec, TranslatorSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["CARD", "WEIGHTS", "ZOO", "Card", "Json", "exists", "find", "names", "read_card"]
__all__ += ["read_arrays", "read_model", "read_weights", "save", "save_arrays"]

CARD, WEIGHTS = "card.json", "weights.safetensors"
T = TypeVar("T")
ZOO = Path(__file__).parents[1] / "zoo"


def names() -> list[str]:
    """Return the names of the models that come with ondes."""
    return sorted(path.parent.name for path in ZOO.glob(f"*/{CARD}"))


def find(model: str | os.PathLike[str]) -> Path:
    """Return where a model lies: a name of `names`, or the path of a folder or an ONNX file.

    Raises:
        ArtefactError: there is no such name, folder or file.
    """
    if isinstance(model, str) and model in names():
        return ZOO / model
    path = Path(model)
    is_model = path.is_dir() or (onnxfile.is_named(path) and path.is_file())
    if not os.fspath(model) or not is_model:
        raise ArtefactError(
            f"no model is called {os.fspath(model)!r}, and no folder or ONNX file"
            f"{nearest(str(model), names())}; there are {', '.join(names()) or 'none'}, or give "
            "the folder of a saved model, or the file of an exported one"
        )
    return path


def exists(model: str | os.PathLike[str]) -> bool:
    """Tell whether `find` finds a model."""
    try:
        find(model)
    except ArtefactError:
        return False
    return True


def save(folder: str | os.PathLike[str], model: "nn.Module", card: Card) -> None:
    """Write a model's weights and card; a crash leaves a folder that `load` takes or refuses.

    The folder is made where there is none; other files in it stay.

    Raises:
        InputError: the card holds what JSON cannot, or a file is in the folder's place.
    """
    from safetensors.torch import save as serialised

    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    _write(Path(folder), serialised(state), card)


def save_arrays(
    folder: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], card: Card
) -> None:
    """Write what is no network: arrays by name, and their card; as `save` else."""
    from safetensors.numpy import save as serialised

    content = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    _write(Path(folder), serialised(content), card)


def read_card(path: Path) -> Card:
    """Return the card in a folder or an ONNX file; loads no weights and no torch.

    Raises:
        ArtefactError: it is missing, damaged, or of a newer ondes.
    """
    return onnxfile.read(path)[0] if onnxfile.is_named(path) else _opened(path)[0]


def read_weights(folder: Path) -> "dict[str, Tensor]":
    """Return the weights in a folder, checked against its card.

    Raises:
        ArtefactError: a file is missing or damaged.
    """
    from safetensors.torch import load as parsed

    return _parsed(folder, parsed)


def read_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Return what `save_arrays` wrote, checked against its card; raises as `read_weights`."""
    from safetensors.numpy import load as parsed

    return _parsed(folder, parsed)


def read_model(folder: Path, card: Card) -> "nn.Module":
    """Return the network of a card with the weights beside it, in eval mode.

    Raises:
        ArtefactError: a file is missing or damaged, or the network that this ondes builds from
            the card takes other weights or gives another spec.
    """
    from ondes.nn.ensemble import united

    weights = read_weights(folder)
    kind = kinds.find(card.task["name"])
    spec = kind.spec(card.spec)
    try:
        members = [_built(card.model, spec) for _ in range(card.model.get("members", 1))]
        model = united(members, averages=kind.averages(card.task))
        model.load_state_dict(weights, strict=True)
    except (OndesError, RuntimeError) as error:
        raise ArtefactError(_strange(folder, card, str(error))) from error
    if model.spec != spec:
        raise ArtefactError(_strange(folder, card, f"its spec is {model.spec}, not {spec}"))
    return model.eval()


def _write(folder: Path, weights: bytes, card: Card) -> None:
    text = sealed(card, weights=weights)
    make_folder(folder)
    with atomic_write(folder / CARD) as card_path, atomic_write(folder / WEIGHTS) as weights_path:
        weights_path.write_bytes(weights)
        card_path.write_text(text, encoding="utf-8")


def _parsed(folder: Path, parsed: Callable[[bytes], dict[str, T]]) -> dict[str, T]:
    from safetensors import SafetensorError

    path = folder / WEIGHTS
    content = _bytes(path)
    check_weights(content, _opened(folder)[1], source=path)
    try:
        return parsed(content)
    except SafetensorError as error:
        raise ArtefactError(damaged(path, str(error))) from error


def _built(model: Json, spec: Spec | ClipSpec | TranslatorSpec) -> "nn.Module":
    """Return a network with random weights."""
    from ondes import models
    from ondes.models import translators

    if isinstance(spec, TranslatorSpec):
        return translators.build(
            model["name"],
            model["options"],
            rate_hz=spec.rate_hz,
            channels=spec.channels,
            outputs=spec.outputs,
            size=tuple(model["size"]),
        )
    return models.build(
        model["name"],
        model["options"],
        rate_hz=spec.rate_hz,
        channels=spec.channels,
        classes=spec.classes,
        level="clip" if isinstance(spec, ClipSpec) else "frame",
    )


def _opened(folder: Path) -> tuple[Card, str]:
    return opened(_bytes(folder / CARD), source=folder / CARD)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtefactError(
            f"{path} cannot be read ({error.strerror}): a model is a folder with {CARD} and "
            f"{WEIGHTS}; copy or save it again"
        ) from error


def _strange(folder: Path, card: Card, how: str) -> str:
    return (
        f"{folder}: the network {card.model.get('name')!r} of this ondes does not fit the saved "
        f"weights: {how}. Install ondes {card.ondes}, which wrote them, or train again"
    )
