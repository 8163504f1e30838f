"""From what a user names to its card and the network that it is about, ready to run."""

import os
from pathlib import Path
from typing import NamedTuple

from ondes.errors import ArtefactError, MissingExtraError, nearest
from ondes.run import artefact, kinds, onnxfile
from ondes.run.card import Card
from ondes.run.predictors import Precision, Predictor


class Opened(NamedTuple):
    """A model's file or folder, its card and its network."""

    path: Path
    card: Card
    predictor: Predictor


def opened(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    precision: Precision = "auto",
    threads: int = 0,
) -> Opened:
    """Return the network of a model: one that comes with ondes, one saved, or one exported.

    Args:
        model: a name, or the path of a folder or an ONNX file. The file needs ONNX Runtime and no
            torch.
        device, precision, threads: as for `ondes.load`.

    Raises:
        ArtefactError: there is no such model, it is damaged, or its task is unknown here.
        InputError: there is no such device here.
        MissingExtraError: what runs it is not installed.
    """
    path = artefact.find(model)
    if onnxfile.is_named(path):
        from ondes.run.predictors import onnx

        card, content = onnxfile.read(path)
        _check_task(path, card)
        return Opened(
            path,
            card,
            onnx.load(content, source=path, device=device, precision=precision, threads=threads),
        )
    card = artefact.read_card(path)
    _check_task(path, card)
    return Opened(path, card, _saved(path, card, device, precision, threads))


def _saved(folder: Path, card: Card, device: str, precision: Precision, threads: int) -> Predictor:
    if "fitted" in card.model:
        from ondes.run.predictors import rival

        return rival.load(folder, card, device=device, precision=precision)
    try:
        from ondes.run.predictors import torch as by_torch
    except ImportError as error:
        raise MissingExtraError(
            f"the model in {folder} needs torch, which cannot be imported ({error}): install it "
            "(pip install torch), or export the model where there is torch (ondes export)"
        ) from error
    return by_torch.load(folder, card, device=device, precision=precision, threads=threads)


def _check_task(path: Path, card: Card) -> None:
    name = card.task.get("name", "")
    if name not in kinds.names():
        raise ArtefactError(
            f"{path}: the card's task {name!r} is none of this ondes{nearest(name, kinds.names())}."
            f" Install ondes {card.ondes}, which wrote it"
        )
